"""Power averaged over an uncertain spread, against a simulation of all of it and against statsmodels."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from ablate.stats.assurance import assured_power, seeds_for_assurance, smallest_assured_effect
from ablate.stats.power import smallest_effect
from tests.simulations import different_whatever_the_spread, rate


@pytest.mark.parametrize(("n", "difference", "sd", "df", "alpha"), [(8, 1.0, 0.8, 4, 0.05), (5, 3.0, 1.5, 2, 0.01)])
def test_is_how_often_the_planned_test_is_significant(n, difference, sd, df, alpha) -> None:
    """Draw a spread, then a study with it, then test it; no formula of a power anywhere."""
    draws = 200_000
    share = rate(different_whatever_the_spread(n, difference, sd, df, alpha), draws, seed=n)
    assert assured_power(n, difference, sd, df, alpha) == pytest.approx(share, abs=4 * (0.25 / draws) ** 0.5)


@pytest.mark.parametrize("df", [1, 2, 7, 50])
def test_the_integral_is_exact(df: int) -> None:
    """Over equally likely spreads, one by one. Far from zero scipy has no number for what is none of a distribution."""
    noncentrality = 1.3 * np.sqrt(6 * stats.chi2.ppf((np.arange(4000) + 0.5) / 4000, df) / df)
    critical = stats.t.ppf(0.975, 5)
    powers = stats.nct.sf(critical, 5, noncentrality) + np.nan_to_num(stats.nct.cdf(-critical, 5, noncentrality))
    oracle = np.mean(powers)
    assert assured_power(6, 1.3, 1.0, df) == pytest.approx(oracle, abs=1e-5)


def test_a_known_spread_gives_the_power_itself() -> None:
    plain = TTestPower().power(0.6, 12, 0.05)
    assert assured_power(12, -0.3, 0.5, None) == pytest.approx(plain)
    assert assured_power(12, 0.3, 0.5, 1e6) == pytest.approx(plain, abs=1e-5)
    assert smallest_assured_effect(12, None) == smallest_effect(12)


@pytest.mark.parametrize("df", [2, 4, None])
@pytest.mark.parametrize("difference", [0.2, 1.0, 30.0])
def test_one_seed_fewer_would_not_do(difference: float, df: int | None) -> None:
    n = seeds_for_assurance(difference, 1.0, df, 0.01)
    assert n is not None
    assert assured_power(n, difference, 1.0, df, 0.01) >= 0.8
    assert n == 3 or assured_power(n - 1, difference, 1.0, df, 0.01) < 0.8


def test_no_number_of_seeds_in_reach() -> None:
    assert seeds_for_assurance(0.0, 1.0, 4) is None
    assert seeds_for_assurance(1e-4, 1.0, 4) is None


@pytest.mark.parametrize("df", [2, 4, 20])
@pytest.mark.parametrize("n", [2, 3, 5, 30])
def test_the_smallest_effect_reaches_the_power_and_little_more(n: int, df: int) -> None:
    effect = smallest_assured_effect(n, df, 0.05)
    assert effect is not None
    assert assured_power(n, effect, 1.0, df) >= 0.8 > assured_power(n, effect * 0.9998, 1.0, df)


def test_refusals() -> None:
    assert smallest_assured_effect(1, 4) is None
    with pytest.raises(ValueError, match="positive"):
        assured_power(5, 1.0, 0.0, 4)
    with pytest.raises(ValueError, match="positive"):
        assured_power(5, 1.0, 1.0, 0)
