import math

import numpy as np
import pytest
from hypothesis import given as given_data, settings, strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from ablate.stats.equivalence import equivalence_test, paired_equivalence_from_summaries, welch_equivalence
from tests.analysis.stats_cases import expected, given


def test_the_published_case_of_lakens() -> None:
    data, case = given("tost_paired_published_TOSTER"), expected("tost_paired_published_TOSTER")
    test = paired_equivalence_from_summaries(
        (data["m1"], data["m2"]), (data["sd1"], data["sd2"]), data["r12"], data["n"], case["margin_raw"]
    )
    assert (test.t_low, test.t_high) == pytest.approx((case["t_lower"], case["t_upper"]))
    assert (test.p_low, test.p_high, test.p) == pytest.approx((case["p_lower"], case["p_upper"], case["p_tost"]))


def test_agrees_with_statsmodels() -> None:
    data, case = given("tost_paired_raw_n5"), expected("tost_paired_raw_n5")
    arm, baseline = np.array(data["arm"]), np.array(data["baseline"])
    p, low, high = ttost_paired(arm, baseline, -data["margin"], data["margin"])
    difference = arm - baseline
    test = equivalence_test(difference.mean(), stats.sem(difference), 4, data["margin"])
    assert (test.t_low, test.p_low, test.t_high, test.p_high) == pytest.approx((*low[:2], *high[:2]))
    assert test.p == pytest.approx(p) == pytest.approx(case["p_tost"])


@given_data(st.floats(-2, 2), st.floats(0.1, 2), st.integers(1, 30), st.floats(0.01, 3))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_it_is_significant_just_when_the_90_percent_interval_lies_within(
    mean: float, se: float, df: int, margin: float
) -> None:
    half_width = stats.t.ppf(0.95, df) * se
    inside = -margin <= mean - half_width and mean + half_width <= margin
    assert (equivalence_test(mean, se, df, margin).p <= 0.05) == inside


def test_welch_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(0, 1, 8), rng.normal(0.1, 3, 12)
    p, low, high = ttost_ind(x, y, -2, 2, usevar="unequal")
    test = welch_equivalence(x, y, 2.0)
    assert (test.p, test.t_low, test.t_high, test.df) == pytest.approx((p, low[0], high[0], low[2]))


def test_too_little_for_a_test() -> None:
    assert welch_equivalence([1.0], [1.0, 2.0], 0.5) is None
    assert welch_equivalence([1.0, 1.0], [2.0, 2.0], 0.5) is None


@pytest.mark.parametrize(("se", "margin"), [(0.0, 1.0), (1.0, 0.0), (1.0, -1.0), (math.nan, 1.0)])
def test_refuses_what_is_not_positive(se: float, margin: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        equivalence_test(0.0, se, 4, margin)
