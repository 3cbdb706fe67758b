"""Every two choices of optimizer, engine, loss, precision and schedule together: trained, diverged, or refused in
words."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from ablate.core.errors import AblateError
from ablate.core.records import Status
from ablate.core.specs import Numerics
from ablate.runner.trainer import Trainer
from tests.config.support import tree
from tests.pairwise import pairs, pairwise
from tests.requests import spec

GROUPS = tree().groups
# What a loss is for decides about the data, the procedure and the model.
TASKS = {
    "classification": "dataset=digits model=mlp dataset.validation_fraction=0.9",
    "regression": "dataset=diabetes model=mlp dataset.validation_fraction=0.5",
    "generation": "model=gan procedure=adversarial procedure.components=4 dataset.validation_fraction=0.9",
}
MADE_FOR = {
    "regression": {"huber", "mae", "mse"},
    "generation": {"binary_cross_entropy", "least_squares"},
}
FACTORS = {
    "optimizer": GROUPS["optimizer"],
    "loss": GROUPS["loss"],
    "schedule": GROUPS["schedule"],
    "numerics.engine": ("xla", "graph", "eager"),
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
}
COMBINATIONS = pairwise(FACTORS)
MOST = 200


@given(strategies.lists(strategies.integers(1, 5), min_size=2, max_size=5))
@settings(max_examples=100)
def test_every_pair_occurs_in_few_combinations(sizes: list[int]) -> None:
    factors = {f"factor {number}": [str(level) for level in range(size)] for number, size in enumerate(sizes)}
    found = pairwise(factors)
    wanted = {
        frozenset([(one, first), (other, second)])
        for one, other in combinations(factors, 2)
        for first, second in product(factors[one], factors[other])
    }
    assert set().union(*map(pairs, found)) == wanted
    assert all(list(each) == list(factors) for each in found)
    # No fewer than the two largest factors have pairs, and no more than twice as many.
    *_, second_largest, largest = sorted(sizes)
    assert largest * second_largest <= len(found) <= 2 * largest * second_largest


def test_the_covering_is_small_enough_to_be_trained() -> None:
    assert len(COMBINATIONS) <= MOST
    assert set().union(*TASKS, *MADE_FOR.values()) >= {"mse"}


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(None, Numerics("cpu", "xla", 1))


@pytest.mark.slow
@pytest.mark.parametrize("levels", COMBINATIONS, ids=lambda levels: "-".join(levels.values()))
def test_every_pair_of_choices_is_trained_or_refused_in_words(trainer: Trainer, levels: dict[str, str]) -> None:
    task = next((task for task, losses in MADE_FOR.items() if levels["loss"] in losses), "classification")
    chosen = [f"{factor}={level}" for factor, level in levels.items()]
    try:
        described = spec(*TASKS[task].split(), *chosen, "model.hidden=[8]", "training.epochs=1")
    except AblateError:
        return
    run = trainer.train(described, lambda epoch, epochs, metrics: None)
    if run.record.status is Status.DIVERGED:
        assert run.record.divergence is not None
        assert not run.artefacts
    else:
        assert run.record.status is Status.COMPLETED
        assert all(map(np.isfinite, run.record.metrics.values()))
        assert all(np.isfinite(values).all() for values in run.artefacts["weights"].values())
