import math

import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from scipy.special import gamma

from ablate.stats.effect_sizes import EffectSize, effect_size, hedges_factor, noncentral_t_cdf
from tests.analysis.stats_cases import expected


def test_sleep() -> None:
    case = expected("paired_t_sleep")
    size = effect_size(case["mean_diff"], case["sd_diff"], case["n"])
    assert size.dz == pytest.approx(case["dz"])
    assert size.gz == pytest.approx(case["gz_hedges"])
    assert (size.low, size.high) == pytest.approx((case["dz_ci_low"], case["dz_ci_high"]))
    assert hedges_factor(case["df"]) == pytest.approx(case["J"])


@pytest.mark.parametrize("df", [2, 4, 9, 30])
def test_hedges_factor_is_the_ratio_of_gamma_functions(df: int) -> None:
    assert hedges_factor(df) == pytest.approx(gamma(df / 2) / (math.sqrt(df / 2) * gamma((df - 1) / 2)))


@given(st.floats(-30, 30), st.integers(2, 60), st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_at_the_ends_of_the_interval_what_was_seen_is_just_improbable(dz: float, n: int, confidence: float) -> None:
    size = effect_size(dz, 1.0, n, confidence)
    t, tail = dz * math.sqrt(n), (1 - confidence) / 2
    assert stats.nct.sf(t, n - 1, size.low * math.sqrt(n)) == pytest.approx(tail, abs=1e-6)
    assert stats.nct.cdf(t, n - 1, size.high * math.sqrt(n)) == pytest.approx(tail, abs=1e-6)


@pytest.mark.parametrize("mean", [1e3, -1e3, 1e9])
def test_a_huge_ratio_has_an_interval_still(mean: float) -> None:
    """There the spread of s alone counts: the ends are dz · √(χ²/df)."""
    size = effect_size(mean, 1e-3, 3)
    ends = sorted(size.dz * math.sqrt(stats.chi2.ppf(tail, 2) / 2) for tail in (0.025, 0.975))
    assert (size.low, size.high) == pytest.approx(tuple(ends), rel=1e-3)


def test_far_tails_are_numbers() -> None:
    assert noncentral_t_cdf(-40.0, 20, 40.0) == 0.0
    assert noncentral_t_cdf(40.0, 20, -40.0) == 1.0


@pytest.mark.parametrize(("mean", "sd", "n"), [(0.1, 0.0, 5), (0.0, 0.0, 3), (0.1, 0.2, 1), (0.0, 0.0, 0)])
def test_without_spread_there_is_no_size(mean: float, sd: float, n: int) -> None:
    assert effect_size(mean, sd, n) == EffectSize()
