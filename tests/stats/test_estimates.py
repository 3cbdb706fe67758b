import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from ablate.stats.estimates import estimate_mean

samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20).filter(lambda data: np.std(data) > 1e-6)


@given(samples, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_agrees_with_scipy(data: list[float], confidence: float) -> None:
    estimate = estimate_mean(dict(enumerate(data)), confidence)
    oracle = stats.ttest_1samp(data, 0.0)
    low, high = oracle.confidence_interval(confidence)
    assert estimate.mean == pytest.approx(np.mean(data), abs=1e-9)
    assert estimate.sd == pytest.approx(np.std(data, ddof=1))
    assert estimate.se == pytest.approx(stats.sem(data))
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    assert estimate.t == pytest.approx(oracle.statistic, rel=1e-6, abs=1e-9)
    assert estimate.p_two_sided == pytest.approx(oracle.pvalue, rel=1e-6)
    assert (estimate.n, estimate.df) == (len(data), len(data) - 1)
    assert (estimate.minimum, estimate.maximum) == (min(data), max(data))


def test_values_stand_in_the_order_of_the_seeds() -> None:
    estimate = estimate_mean({7: 0.7, 1: 0.1, 3: 0.3})
    assert estimate.seeds == (1, 3, 7)
    assert estimate.values == (0.1, 0.3, 0.7)


def test_no_value_says_nothing() -> None:
    estimate = estimate_mean({})
    assert (estimate.n, estimate.mean, estimate.sd, estimate.ci_low, estimate.t, estimate.p_two_sided) == (
        0, None, None, None, None, None,
    )  # fmt: skip
    assert estimate.minimum is None


def test_one_value_has_a_mean_and_no_precision() -> None:
    estimate = estimate_mean({4: 0.25})
    assert (estimate.mean, estimate.minimum, estimate.maximum) == (0.25, 0.25, 0.25)
    assert (estimate.sd, estimate.se, estimate.df, estimate.ci_low, estimate.ci_high, estimate.t) == (None,) * 6


@pytest.mark.parametrize("data", [(0.5, 0.5, 0.5), (0.0, 0.0), (0.1 + 0.2, 0.3, 0.3)])
def test_values_without_spread_have_an_interval_without_width_and_no_test(data: tuple[float, ...]) -> None:
    estimate = estimate_mean(dict(enumerate(data)))
    assert estimate.sd == 0.0
    assert estimate.ci_low == estimate.mean == estimate.ci_high
    assert estimate.t is None
    assert estimate.p_two_sided is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_what_is_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        estimate_mean({0: 1.0, 1: value})
