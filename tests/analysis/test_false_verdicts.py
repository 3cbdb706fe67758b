"""Real runs that differ in nothing but their random numbers: how often is one arm called better or worse?

A pool of runs of one recipe is trained once. A study takes some of its seeds and deals the runs of every seed to
its arms at random, so the arms are equal in truth, are paired by seed, and share no run; given the pool, studies
are independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.values import metric_values
from ablate.core.records import METRICS
from ablate.core.specs import Numerics
from ablate.verdicts.engine import ArmValues, judge_arms
from ablate.verdicts.verdict import Verdict, Word
from tests.requests import spec

pytestmark = pytest.mark.slow

SALTS, SEEDS, STUDIES, ALPHA = 8, 40, 200, 0.05
Pool = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Metric → [seed, salt], of the default network on digits after ten epochs."""
    from ablate.runner.trainer import Trainer

    asked, trainer = spec("training.epochs=10"), Trainer(None, Numerics("cpu", "xla", 1))
    runs = [
        [
            metric_values(trainer.train(replace(asked, seed=seed, salt=salt), lambda epoch, epochs, metrics: None))
            for salt in range(SALTS)
        ]
        for seed in range(SEEDS)
    ]
    return {
        metric: np.array([[run[metric] for run in row] for row in runs]) for metric in ("val_loss", "test_accuracy")
    }


def studies(values: np.ndarray, seeds: int, shift: float = 0.0, **asked) -> Iterator[tuple[Verdict, ...]]:
    """The verdicts of every study; `shift` is what its first arm has more than it should."""
    rng = np.random.default_rng(20_260)
    for _ in range(STUDIES):
        chosen = rng.choice(SEEDS, seeds, replace=False)
        dealt = rng.permuted(values[chosen], axis=1)
        dealt[:, 1] += shift
        arms = {f"arm {arm}": ArmValues(dict(zip(chosen.tolist(), dealt[:, arm], strict=True))) for arm in range(SALTS)}
        yield judge_arms(arms, "arm 0", alpha=ALPHA, **asked)


ASKED = [
    {"metric": METRICS["val_loss"], "margin": "10%"},
    {"metric": METRICS["val_loss"]},
    {"metric": METRICS["test_accuracy"], "n_examples": 360, "classes": 10},
]


@pytest.mark.parametrize("asked", ASKED, ids=["ratio", "loss", "accuracy"])
@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_equal_arms_are_rarely_told_apart(pool: Pool, asked: dict, seeds: int) -> None:
    judged = list(studies(pool[asked["metric"].name], seeds, **asked))
    false = sum(any(row.word in (Word.BETTER, Word.WORSE) for row in rows) for rows in judged)
    assert false / STUDIES <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / STUDIES)
    # Of accuracies on 360 examples three in a row may be equal by chance; of losses none.
    if asked["metric"].name == "val_loss":
        assert not any(row.word is Word.IDENTICAL for rows in judged for row in rows)


def test_arms_that_differ_are_told_apart(pool: Pool) -> None:
    """Else silence would pass: four standard deviations of a run are seen by eight seeds nearly always."""
    values = pool["val_loss"]
    judged = studies(values, 8, shift=4 * float(values.std(axis=1).mean()), metric=METRICS["val_loss"])
    assert sum(rows[0].word is Word.WORSE for rows in judged) > 0.9 * STUDIES


def test_no_two_runs_of_the_pool_are_the_same(pool: Pool) -> None:
    assert len(np.unique(pool["val_loss"])) == SALTS * SEEDS
