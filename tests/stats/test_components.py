"""Variances of the parts of a seed: numbers by hand, scipy's distributions, and coverage under known components."""

import numpy as np
import pytest
from scipy import stats

from ablate.stats.components import VariancePart, variance_components

TOGETHER = [1.0, 5.0, 3.0, 7.0, 4.0]  # variance 5
PARTS = {"order": [1.0, 2.0, 3.0], "split": [0.0, 4.0, 2.0, 2.0]}  # variances 1 and 8/3


def test_numbers_by_hand() -> None:
    found = variance_components(TOGETHER, PARTS)
    order, split = found.parts["order"], found.parts["split"]
    assert (found.together.variance, order.variance, split.variance) == pytest.approx((5, 1, 8 / 3))
    assert (found.together.share, order.share, split.share) == pytest.approx((None, 0.2, 8 / 15))
    assert (order.n, order.df, order.sd) == (3, 2, 1)
    # χ²(2) has the quantile −2 ln(1 − p), by hand.
    assert (order.low, order.high) == pytest.approx((2 / (-2 * np.log(0.025)), 2 / (-2 * np.log(0.975))))
    f = stats.f(3, 4)
    assert (split.share_low, split.share_high) == pytest.approx((8 / 15 / f.ppf(0.975), 8 / 15 / f.ppf(0.025)))


def test_the_parts_added_up() -> None:
    found = variance_components(TOGETHER, PARTS, confidence=0.8).summed
    df = (1 + 8 / 3) ** 2 / (1 / 2 + (8 / 3) ** 2 / 3)
    assert (found.n, found.variance, found.df, found.share) == pytest.approx((7, 11 / 3, df, 11 / 15))
    assert (found.low, found.high) == pytest.approx(tuple(df * 11 / 3 / stats.chi2.ppf([0.9, 0.1], df)))
    assert found.share_high == pytest.approx(11 / 15 / stats.f.ppf(0.1, df, 4))


def test_what_cannot_be_said_is_none() -> None:
    found = variance_components([1.0], {"order": [1.0, 2.0], "masks": [3.0]})
    assert found.together == VariancePart(1)
    assert (found.parts["order"].variance, found.parts["order"].share) == (pytest.approx(0.5), None)
    assert found.parts["masks"] == VariancePart(1)
    assert found.summed == VariancePart(3)
    assert variance_components(TOGETHER, {}).summed == VariancePart(0)
    assert variance_components([2.0, 2.0], PARTS).parts["order"].share is None


def test_a_part_that_changes_nothing_has_no_share() -> None:
    found = variance_components(TOGETHER, {"masks": [0.1, 0.1, 0.1]})
    masks = found.parts["masks"]
    assert (masks.variance, masks.low, masks.high, masks.share, masks.share_high) == (0, 0, 0, 0, 0)
    assert (found.summed.variance, found.summed.df, found.summed.share) == (0, None, 0)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        variance_components(TOGETHER, {"order": [1.0, float("nan")]})


def test_intervals_cover_known_components_as_often_as_they_say() -> None:
    """A run is 3 · initialisation + 2 · order + split: shares 9/14, 4/14 and 1/14, with nothing left over."""
    rng = np.random.default_rng(11)
    scales, studies = {"initialisation": 3.0, "order": 2.0, "split": 1.0}, 2000
    covered: dict[str, int] = dict.fromkeys([*scales, "variance of the order", "summed"], 0)
    for _ in range(studies):
        parts = {name: scale * rng.standard_normal(8) for name, scale in scales.items()}
        together = sum(scale * rng.standard_normal(10) for scale in scales.values())
        found = variance_components(together, parts, confidence=0.9)
        for name, scale in scales.items():
            low, high = found.parts[name].share_low, found.parts[name].share_high
            covered[name] += low <= scale**2 / 14 <= high
        covered["variance of the order"] += found.parts["order"].low <= 4 <= found.parts["order"].high
        covered["summed"] += found.summed.share_low <= 1 <= found.summed.share_high
    error = 3.5 * (0.9 * 0.1 / studies) ** 0.5
    exact = [count / studies for name, count in covered.items() if name != "summed"]
    assert exact == pytest.approx([0.9] * len(exact), abs=error)
    assert covered["summed"] / studies == pytest.approx(0.9, abs=error + 0.02)
