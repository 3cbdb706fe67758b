"""Data sets of an example or two: each is trained on, or refused in words before anything is."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from ablate.core.errors import AblateError
from ablate.core.records import Status
from ablate.core.specs import Numerics
from ablate.runner.trainer import Trainer
from tests.requests import spec

TASKS = {"classification": "loss=cross_entropy dataset.classes=2", "regression": "loss=mse"}
CUTS = ("dataset.validation_fraction=0.1", "dataset.validation_fraction=0.5", "dataset.validation_last=1")
SIZES = tuple(product((1, 2, 3), (0, 1)))


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(None, Numerics("cpu", "eager", 1))


def archive(folder: Path, task: str, examples: int, tests: int) -> str:
    """The words of a data set of so many examples; of no test examples where they are to be drawn."""
    draws = np.random.default_rng(examples)
    features = draws.random((examples + tests, 3)).astype(np.float32)
    targets = np.arange(examples + tests) % 2 if task == "classification" else draws.random(examples + tests)
    arrays = {"x_train": features[:examples], "y_train": targets[:examples]}
    if tests:
        arrays |= {"x_test": features[examples:], "y_test": targets[examples:]}
    path = folder / f"{task}_{examples}_{tests}.npz"
    np.savez(path, **arrays)
    named = " dataset.test_features=x_test dataset.test_targets=y_test" if tests else ""
    return f"dataset=npz dataset.path={path}{named}"


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("examples", "tests"), SIZES)
def test_few_examples_are_trained_on_or_refused_in_words(
    tmp_path: Path, trainer: Trainer, task: str, examples: int, tests: int
) -> None:
    data = archive(tmp_path, task, examples, tests)
    outcomes = set()
    for cut, batch_size in product(CUTS, (1, 32)):
        small = f"model.hidden=[2] training.epochs=1 numerics.engine=eager training.batch_size={batch_size}"
        words = f"{data} {TASKS[task]} {cut} {small}"
        try:
            described = spec(*words.split())
        except AblateError as error:
            outcomes.add(type(error).__name__)
            continue
        run = trainer.train(described, lambda epoch, epochs, metrics: None)
        assert run.record.status is Status.COMPLETED
        assert all(map(np.isfinite, run.record.metrics.values()))
        outcomes.add("trained")
    # Of one example none are left beside those to validate with, or to test with.
    assert ("trained" in outcomes) == (examples > (1 if tests else 2))
    assert outcomes - {"trained"} <= {"ConfigError", "DataError"}


def test_a_batch_is_no_larger_than_what_there_is_to_train_on(tmp_path: Path) -> None:
    words = f"{archive(tmp_path, 'regression', 11, 2)} loss=mse dataset.validation_last=1"
    with pytest.raises(AblateError, match=r"training\.batch_size=11: allowed is a whole number from 1 to 10"):
        spec(*words.split(), "training.batch_size=11")
    assert spec(*words.split(), "training.batch_size=10").training.arguments["batch_size"] == 10
