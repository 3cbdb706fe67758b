"""The correction of Nadeau and Bengio, against its formula by hand and against what overlapping folds do."""

import numpy as np
import pytest
from scipy import stats

from ablate.stats.estimates import MeanEstimate, estimate_mean
from ablate.stats.resampled import resampled_mean
from tests.simulations import overlapping_splits


def by_hand(values: list[float], test_to_train: float) -> tuple[float, float]:
    """The statistic and p as Bouckaert and Frank 2004 write it, sums and all."""
    k = len(values)
    mean = sum(values) / k
    variance = sum((value - mean) ** 2 for value in values) / (k - 1)
    t = mean / ((1 / k + test_to_train) * variance) ** 0.5
    return t, 2 * stats.t.sf(abs(t), k - 1)


@pytest.mark.parametrize("ratio", [1 / 9, 0.25, 0.5])
def test_the_formula_written_out(ratio: float) -> None:
    values = [0.021, 0.004, -0.01, 0.013, 0.017, 0.008, 0.001, 0.019, 0.03, -0.002]
    found = resampled_mean(values, ratio)
    t, p = by_hand(values, ratio)
    assert found.mean is not None
    assert found.se is not None
    assert (found.mean / found.se, found.p, found.df) == pytest.approx((t, p, 9))
    low, high = stats.t.interval(0.9, 9, found.mean, found.se)
    assert found.interval(0.1) == pytest.approx((low, high))


def test_round_numbers() -> None:
    """sd² = 2.5 of five, so se² = 2.5 · (1/5 + 1/4) = 1.125, where the naive one is 0.5."""
    found = resampled_mean([1, 2, 3, 4, 5], 1 / 4)
    assert (found.n, found.mean, found.df) == (5, 3, 4)
    assert (found.sd, found.se) == pytest.approx((2.5**0.5, 1.125**0.5))


def test_too_little_to_say() -> None:
    assert resampled_mean([], 0.1) == MeanEstimate(0)
    assert resampled_mean([2.0], 0.1) == MeanEstimate(1, 2.0)
    constant = resampled_mean([2.0] * 3, 0.1)
    assert (constant.sd, constant.se, constant.p, constant.interval()) == (0, 0, None, (2, 2))
    assert MeanEstimate(0).interval() is None


@pytest.mark.parametrize(("values", "ratio"), [([1.0, float("nan")], 0.1), ([1.0, 2.0], 0.0), ([1.0], float("inf"))])
def test_refusals(values: list[float], ratio: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        resampled_mean(values, ratio)


def test_overlapping_splits_are_not_taken_for_independent_ones() -> None:
    """The true difference is zero over data sets. The naive test is wrong several times as often as it says."""
    rng, studies = np.random.default_rng(3), 1000
    naive, corrected = 0, 0
    for _ in range(studies):
        differences = overlapping_splits(rng)
        naive += (estimate_mean(dict(enumerate(differences))).p_two_sided or 1) <= 0.05
        p = resampled_mean(differences.tolist(), 1 / 4).p
        corrected += p is not None and p <= 0.05
    assert naive / studies > 0.2
    assert corrected / studies <= 0.05 + 3 * (0.05 * 0.95 / studies) ** 0.5
