"""A study whose weights were made up: what its models answer is known without any training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ablate.config.runs import Settings
from ablate.core.records import Array
from ablate.core.specs import Sweep
from ablate.operations.request import read_run, read_settings
from tests.cli.kept import keep
from tests.synthetic import completed_runs, dropout_sweep

TINY = ("dataset=digits", "model.hidden=[16]", "numerics.engine=eager")
# The weights of this run are zero: it finds every class as likely as any other.
ZERO = ("dropout=0.3", 0)
# The weights of this one were not kept.
BARE = ("dropout=0.3", 1)


@pytest.fixture(scope="session")
def weighted_sweep() -> Sweep:
    """Two arms of two seeds on the digits."""
    sweep = dropout_sweep(rates=(0.0, 0.3), seeds=2)
    specs = [read_run((*TINY, f"model.dropout={arm.levels['model.dropout']}")) for arm in sweep.arms]
    return replace(sweep, arms=tuple(replace(arm, spec=spec) for arm, spec in zip(sweep.arms, specs, strict=True)))


@pytest.fixture(scope="session")
def settings(weighted_sweep: Sweep, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Where the study `dropout` was kept, with the weights of all runs but one."""
    root = tmp_path_factory.mktemp("weighted")
    runs = completed_runs(weighted_sweep)
    for arm in weighted_sweep.arms:
        for seed in (0, 1):
            run_id = arm.spec.with_seed(seed).run_id
            weights = made_up(seed, scale=0.0 if (arm.name, seed) == ZERO else 0.3)
            artefacts = {} if (arm.name, seed) == BARE else {"weights": weights}
            runs[run_id] = replace(runs[run_id], artefacts=artefacts)
    keep(root / "results", weighted_sweep, runs)
    return read_settings((f"results_dir={root}/results", f"reports_dir={root}/reports"))


def made_up(seed: int, scale: float) -> dict[str, Array]:
    draws = np.random.default_rng(seed)
    shapes = {
        "hidden_1/kernel": (64, 16),
        "hidden_1/bias": (16,),
        "logits/kernel": (16, 10),
        "logits/bias": (10,),
    }
    return {path: (scale * draws.standard_normal(shape)).astype(np.float32) for path, shape in shapes.items()}


def logits(weights: dict[str, Array], example: Array) -> Array:
    """What the model of these weights answers to one example, in numpy."""
    hidden = np.maximum(example.reshape(-1) @ weights["hidden_1/kernel"] + weights["hidden_1/bias"], 0)
    answers: Array = hidden @ weights["logits/kernel"] + weights["logits/bias"]
    return answers


@pytest.fixture
def no_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are not drawn, which takes longest; where one would be is known all the same."""
    from ablate.publishing.writing import Written

    def write(data: object, folder: Path, redraw: bool) -> Written:
        return Written(folder / "report.md", changed=True)

    monkeypatch.setattr("ablate.operations.publish.write_packed", write)
