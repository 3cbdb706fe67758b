"""Models and histories as files: what is in them, and that each is told as soon as it is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.core.specs import Sweep
from ablate.operations.export import export
from tests.operations.conftest import logits, made_up

ARM = "dropout:dropout=0.0"


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_model_answers_as_its_weights_do(settings: Settings, tmp_path: Path, form: str) -> None:
    from ablate.exporting._models import load_model

    told: list[tuple[Path, bool]] = []

    def observe(path: Path) -> None:
        told.append((path, path.is_file()))

    found = export([ARM], settings=settings, form=form, out=tmp_path, observe=observe)
    assert found.paths == tuple(tmp_path / f"dropout=0.0_seed{seed}.{form}" for seed in (0, 1))
    assert told == [(path, True) for path in found.paths]
    example = np.random.default_rng(5).random((8, 8, 1), np.float32)
    answers = np.asarray(load_model(found.paths[1])(example[np.newaxis]))[0]
    assert answers == pytest.approx(logits(made_up(1, 0.3), example), abs=1e-4)


def test_histories_are_written_once(settings: Settings, weighted_sweep: Sweep, tmp_path: Path) -> None:
    run_id = weighted_sweep.baseline.spec.run_id
    found = export([run_id], settings=settings, form="tensorboard", out=tmp_path)
    assert found.paths == (tmp_path / run_id[:12],)
    assert list(found.paths[0].glob("*/events.*"))
    with pytest.raises(UsageError, match="is there already"):
        export([run_id], settings=settings, form="tensorboard", out=tmp_path)


@pytest.mark.parametrize(
    ("names", "form", "message"),
    [
        ([], "keras", "Which run"),
        ([ARM], "onnx", "onnx is no format of an export: h5, keras, tensorboard are"),
        (["nope:adam"], "keras", "No study nope"),
    ],
)
def test_what_cannot_be_written(settings: Settings, tmp_path: Path, names: list[str], form: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        export(names, settings=settings, form=form, out=tmp_path)
    assert raised.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []
