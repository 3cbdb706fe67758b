from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from ablate.stats.contrasts import paired_difference, per_seed_contrast
from ablate.stats.estimates import estimate_mean

# R datasets::sleep; t.test(extra ~ group, paired = TRUE) prints t = -4.0621, df = 9, p-value = 0.002833.
SLEEP_BASELINE = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SLEEP_ARM = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def test_sleep() -> None:
    difference = paired_difference(dict(enumerate(SLEEP_ARM)), dict(enumerate(SLEEP_BASELINE)))
    assert (difference.n, difference.df) == (10, 9)
    assert difference.mean == pytest.approx(1.58)
    assert difference.sd == pytest.approx(1.2299954832798732)
    assert difference.t == pytest.approx(4.062127683382037)
    assert difference.p_two_sided == pytest.approx(0.002832890197384273)
    assert difference.ci_low == pytest.approx(0.7001142367230175)
    assert difference.ci_high == pytest.approx(2.459885763276983)


def test_agrees_with_the_paired_t_test_of_scipy() -> None:
    rng = np.random.default_rng(0)
    arm, baseline = rng.normal(size=(2, 7))
    difference = paired_difference(dict(enumerate(arm)), dict(enumerate(baseline)), confidence=0.9)
    oracle = stats.ttest_rel(arm, baseline)
    assert difference.t == pytest.approx(oracle.statistic)
    assert difference.p_two_sided == pytest.approx(oracle.pvalue)
    assert (difference.ci_low, difference.ci_high) == pytest.approx(tuple(oracle.confidence_interval(0.9)))


def test_pairs_by_seed_and_never_by_position() -> None:
    arm = {3: 13.0, 1: 11.0, 2: 12.0}
    baseline = {1: 1.0, 2: 2.0, 3: 3.0, 4: 400.0}
    difference = paired_difference(arm, baseline)
    assert difference.seeds == (1, 2, 3)
    assert difference.values == (10.0, 10.0, 10.0)


def test_the_sign_orients_it() -> None:
    arm, baseline = {0: 0.2, 1: 0.3}, {0: 0.5, 1: 0.4}
    assert paired_difference(arm, baseline).values == pytest.approx((-0.3, -0.1))
    assert paired_difference(arm, baseline, sign=-1).values == pytest.approx((0.3, 0.1))


def test_no_common_seed_is_no_difference() -> None:
    assert paired_difference({0: 1.0}, {1: 1.0}).mean is None


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.tuples(st.integers(-8, 8), st.floats(-1e6, 1e6)), min_size=1, max_size=20))
def test_it_is_the_exact_sum_rounded_once_whatever_the_order(terms: list[tuple[int, float]]) -> None:
    """Python's own `sum` is not, before 3.12, and differs from that of later versions."""
    products = [(1.0, {0: weight * value}) for weight, value in terms]
    exact = float(sum(Fraction(values[0]) for _, values in products))
    assert per_seed_contrast(products) == per_seed_contrast(products[::-1]) == {0: exact}


def test_what_is_out_of_the_range_of_floats_is_no_error() -> None:
    assert per_seed_contrast([(2.0, {0: 1e308}), (-1.0, {0: -1e308})]) == {0: np.inf}
    assert np.isnan(per_seed_contrast([(1.0, {0: np.inf}), (-1.0, {0: np.inf})])[0])


CELLS = {
    ("sgd", "relu"): (0.90, 0.91, 0.89, 0.92),
    ("sgd", "gelu"): (0.93, 0.94, 0.92, 0.95),
    ("adam", "relu"): (0.91, 0.93, 0.90, 0.92),
    ("adam", "gelu"): (0.96, 0.97, 0.95, 0.97),
}


@pytest.mark.parametrize(
    ("weights", "mean", "t", "p"),
    [
        ((-0.5, -0.5, 0.5, 0.5), 0.01875, 5.960395606792739, 0.009447103911477675),
        ((1.0, -1.0, -1.0, 1.0), 0.0175, 7.0, 0.005986255697707022),
    ],
    ids=["main effect", "interaction"],
)
def test_effects_of_a_grid_agree_with_the_repeated_measures_anova(
    weights: tuple[float, ...], mean: float, t: float, p: float
) -> None:
    """t² = 35.526316 and 49, the F that statsmodels' AnovaRM gives for the same numbers."""
    terms = [(weight, dict(enumerate(cell))) for weight, cell in zip(weights, CELLS.values(), strict=True)]
    effect = estimate_mean(per_seed_contrast(terms))
    assert effect.mean == pytest.approx(mean)
    assert effect.t == pytest.approx(t)
    assert effect.p_two_sided == pytest.approx(p)
