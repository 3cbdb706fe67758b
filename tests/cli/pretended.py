"""A trainer that makes its runs up in a millisecond, with the validation loss that the optimizer asks for.

Each run that is trained leaves a line with its id in `<data_dir>/tried`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.core.specs import Numerics, RunSpec
from tests.runner.scripted import append_line
from tests.synthetic import QUALITIES, completed_run

NAME = "tests.cli.pretended.Trainer"
# Names it, as a user names their own.
WORDS = (f"trainer._target_={NAME}", "--allow-target", "tests")


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has this trainer train, in this process, what the usual one would: the same runs by the same ids."""
    monkeypatch.setattr("ablate.runner.do_job.USUAL", __name__)


class Trainer:
    def __init__(self, data_dir: Path | None, numerics: Numerics) -> None:
        assert data_dir is not None
        self._data_dir = data_dir

    def train(self, spec: RunSpec, progress):
        append_line(self._data_dir / "tried", spec.run_id)
        optimizer = spec.optimizer.target.rpartition(".")[2].lower()
        return completed_run(spec, QUALITIES.get(optimizer, 0.0))
