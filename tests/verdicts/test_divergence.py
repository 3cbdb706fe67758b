import math

import pytest
from scipy import stats

from ablate.core.records import METRICS
from ablate.verdicts.divergence import composite_values, divergence_rates, worst_rank, worst_value

ACCURACY, LOSS = METRICS["test_accuracy"], METRICS["val_loss"]


def test_rates_agree_with_scipy() -> None:
    rates = divergence_rates(arm={0, 1, 2, 3, 4, 99}, reference={4}, seeds=range(10))
    assert (rates.arm.count, rates.arm.n, rates.reference.count) == (5, 10, 1)
    interval = stats.binomtest(5, 10).proportion_ci(0.95)
    assert (rates.arm.low, rates.arm.high) == pytest.approx((interval.low, interval.high))
    assert (rates.only_arm, rates.only_reference) == (4, 0)
    assert rates.p == pytest.approx(stats.binomtest(0, 4).pvalue)


def test_no_seed_is_no_evidence() -> None:
    rates = divergence_rates(set(), set(), ())
    assert (rates.arm.low, rates.arm.high, rates.p) == (0.0, 1.0, 1.0)


def test_the_worst_value() -> None:
    assert worst_value(ACCURACY, [0.9, 0.95], classes=10) == 0.1
    assert worst_value(ACCURACY, [0.05, 0.95], classes=10) == 0.05
    assert worst_value(ACCURACY, [0.9, 0.95]) == 0.9
    assert worst_value(LOSS, [0.3, 0.2], classes=10) == pytest.approx(math.log(10))
    assert worst_value(LOSS, [4.0, 0.2], classes=10) == 4.0
    assert worst_value(LOSS, []) is None
    assert worst_value(METRICS["gradient_norm"], [1.0]) is None


def test_composite() -> None:
    assert composite_values({0: 0.9}, {1, 2}, 0.1) == {0: 0.9, 1: 0.1, 2: 0.1}


def test_in_ranks_a_diverged_run_loses_to_every_other_and_ties_with_its_like() -> None:
    found = worst_rank({0: 0.2, 1: 0.3}, {0: 0.4, 2: 0.3, 4: 1.0}, {2, 3}, {1, 3}, sign=-1)
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.p == 1.0
