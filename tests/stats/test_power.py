from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from statsmodels.stats.power import TTestIndPower, TTestPower, zt_ind_solve_power

from ablate.stats import power
from tests.analysis.stats_cases import expected

CASE = expected("sample_size")


@pytest.mark.parametrize(
    ("ratio", "alpha", "name"),
    [
        (0.5, 0.05, "n_exact_dz0p5"),
        (1, 0.05, "n_dz1"),
        (1.5, 0.05, "n_dz1p5"),
        (1, 0.05 / 8, "n_dz1_alpha_05_over_8"),
    ],
)
def test_the_exact_size_as_r_prints_it(ratio: float, alpha: float, name: str) -> None:
    n = optimize.brentq(lambda n: power.power_of_difference(n, ratio, alpha) - 0.8, 2.1, 100)
    assert n == pytest.approx(CASE[name], rel=1e-5)


def test_whole_seeds_for_a_difference() -> None:
    whole = [power.seeds_for_difference(ratio) for ratio in (0.5, 1, 2, 3)]
    assert whole == [CASE[f"int_n_dz{name}"] for name in ("0p5", "1", "2", "3")]
    assert power.seeds_for_difference(1, 0.05 / 8) == CASE["int_n_dz1_m8"]


def test_whole_seeds_for_equivalence() -> None:
    assert power.seeds_for_equivalence(0.3) == CASE["tost_int_n_exact_dz0p3"]
    assert power.seeds_for_equivalence(1) == CASE["tost_int_n_margin_eq_1sd"]
    assert power.seeds_for_equivalence(2) == CASE["tost_int_n_margin_eq_2sd"]
    assert power.normal_seeds_for_equivalence(0.3) == pytest.approx(CASE["tost_n_normal_dz0p3"])
    assert power.power_of_equivalence(10, 1) == pytest.approx(CASE["tost_power_n10_margin1sd"])


@pytest.mark.parametrize(("n", "ratio", "alpha"), [(3, 4.0, 0.05), (5, 1.5, 0.05), (40, 0.5, 0.01), (300, 0.2, 0.05)])
def test_the_power_of_equivalence_agrees_with_a_numerical_integral(n: int, ratio: float, alpha: float) -> None:
    df, reach = n - 1, ratio * n**0.5
    critical = stats.t.ppf(1 - alpha, df)

    def integrand(x: float) -> float:
        """Over χ² itself, unlike the code: sd = √(x/df)."""
        width = critical * (x / df) ** 0.5
        return max(stats.norm.cdf(reach - width) - stats.norm.cdf(width - reach), 0.0) * stats.chi2.pdf(x, df)

    edges = stats.chi2.ppf([1e-12, 0.1, 0.5, 0.9, 1 - 1e-12], df)
    oracle = sum(integrate.quad(integrand, low, high, limit=200)[0] for low, high in pairwise(edges))
    assert power.power_of_equivalence(n, ratio, alpha) == pytest.approx(oracle, abs=1e-5)


@pytest.mark.parametrize(("n", "ratio"), [(5, 0.8), (8, 1.2), (20, 0.5)])
def test_the_power_of_a_difference_agrees_with_statsmodels(n: int, ratio: float) -> None:
    assert power.power_of_difference(n, ratio) == pytest.approx(TTestPower().power(ratio, n, 0.05), abs=1e-9)


@pytest.mark.parametrize(("n", "ratio", "alpha"), [(5, 1.8, 0.05), (8, 1.2, 0.01), (64, 0.5, 0.05)])
def test_the_power_of_unpaired_arms_agrees_with_statsmodels(n: int, ratio: float, alpha: float) -> None:
    oracle = TTestIndPower().power(ratio, n, alpha)
    assert power.power_of_difference(n, ratio, alpha, paired=False) == pytest.approx(oracle, abs=1e-9)


def test_seeds_a_side_of_unpaired_arms() -> None:
    """R, power.t.test(delta=.5, sd=1, power=.8): n = 63.76576 in each group; of a difference of 1 sd 16.71477."""
    found = [power.seeds_for_difference(ratio, paired=False) for ratio in (0.5, 1.0)]
    assert found == [64, 17]
    n = [TTestIndPower().solve_power(ratio, alpha=0.05 / 8, power=0.9) for ratio in (0.5, 1.0, 2.0)]
    found = [power.seeds_for_difference(ratio, 0.05 / 8, 0.9, paired=False) for ratio in (0.5, 1.0, 2.0)]
    assert found == [int(np.ceil(each)) for each in n]


def test_the_equivalence_of_unpaired_arms_against_a_simulation() -> None:
    rng, n, margin = np.random.default_rng(2), 9, 1.6
    x, y = rng.standard_normal((2, 100_000, n))
    difference = x.mean(axis=1) - y.mean(axis=1)
    se = np.sqrt((x.var(axis=1, ddof=1) + y.var(axis=1, ddof=1)) / n)
    share = np.mean(np.abs(difference) + stats.t.ppf(0.95, 2 * n - 2) * se <= margin)
    assert power.power_of_equivalence(n, margin, paired=False) == pytest.approx(share, abs=0.006)
    needed = power.seeds_for_equivalence(margin, paired=False)
    assert needed is not None
    assert power.power_of_equivalence(needed, margin, paired=False) >= 0.8
    assert power.power_of_equivalence(needed - 1, margin, paired=False) < 0.8


def test_unpaired_seeds_for_a_margin_either_way() -> None:
    needed = power.seeds_needed(1.0, 1.0, 5, paired=False)
    single = power.seeds_for_difference(1.0, paired=False), power.seeds_for_equivalence(1.0, paired=False)
    assert needed.low == max(single) == 18
    # The spread of both arms together has 2(n − 1) degrees of freedom.
    upper = (8 / stats.chi2.ppf(0.2, 8)) ** 0.5
    assert needed.high == power.seeds_needed(1.0, upper, 5, paired=False).low


@pytest.mark.parametrize("ratio", [0.03, 0.4, 1.1, 8.0, 1e5])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 200])
def test_one_seed_fewer_would_not_do(ratio: float, alpha: float) -> None:
    for seeds_for, power_of in (
        (power.seeds_for_difference, power.power_of_difference),
        (power.seeds_for_equivalence, power.power_of_equivalence),
    ):
        n = seeds_for(ratio, alpha)
        assert power_of(n, ratio, alpha) >= 0.8
        assert n == 3 or power_of(n - 1, ratio, alpha) < 0.8


def test_the_largest_of_both_questions_from_both_ends_of_the_spread() -> None:
    assert power.sd_upper_bound(0.004, 5) == pytest.approx(CASE["sd_upper80_from_s_0p004_n5"])
    needed = power.seeds_needed(0.005, 0.004, 5)
    assert (needed.low, needed.high) == (CASE["int_n_margin_0p005_sd_0p004"], CASE["int_n_margin_0p005_sd_upper"])
    assert power.seeds_needed(0.004, 0.004, 5).low == 11  # equivalence is the dearer one there


@pytest.mark.parametrize("n", [3, 5, 8])
@pytest.mark.parametrize("ratio", [0.7, 1.0, 2.0])
def test_the_promised_power_holds_in_four_of_five_pilots(n: int, ratio: float) -> None:
    """P(power at N ≥ .8) ≥ .8 over pilots of `n`, the power being that at the true spread; it is not so at the lower
    number."""
    _holds_in_four_of_five(n, ratio, alpha=0.05, pilots=600)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 4, 5, 8, 10, 15])
@pytest.mark.parametrize("ratio", [0.3, 0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 8])
def test_the_promised_power_holds_for_all_designs(n: int, ratio: float, alpha: float) -> None:
    _holds_in_four_of_five(n, ratio, alpha, pilots=3000)


def _holds_in_four_of_five(n: int, ratio: float, alpha: float, pilots: int) -> None:
    draws = np.random.default_rng(n).standard_normal((pilots, n)).std(axis=1, ddof=1)
    needed = [power.seeds_needed(ratio, float(sd), n, alpha, alpha) for sd in draws]

    def share(numbers: list[int | None]) -> float:
        return float(np.mean([_power_of_both(int(number or 0), ratio, alpha) >= 0.8 for number in numbers]))

    assert share([each.high for each in needed]) >= 0.8 - 3 * (0.16 / pilots) ** 0.5
    if ratio <= 1:
        # Where a seed more or less is a large step in power, the lower number may do.
        assert share([each.low for each in needed]) < 0.7


@cache
def _power_of_both(n: int, ratio: float, alpha: float) -> float:
    """The power for the dearer question, by scipy and by quantiles of the spread."""
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    # Far from zero scipy has no number for what is none of the distribution.
    upper, lower = np.nan_to_num([stats.nct.cdf(end, n - 1, ratio * n**0.5) for end in (critical, -critical)])
    detects = 1 - upper + lower
    u = np.sqrt(stats.chi2.ppf((np.arange(4000) + 0.5) / 4000, n - 1) / (n - 1))
    room = ratio * n**0.5 - stats.t.ppf(1 - alpha, n - 1) * u
    return min(float(detects), float(np.mean(np.maximum(2 * stats.norm.cdf(room) - 1, 0))))


def test_half_the_margin_is_asked_where_the_whole_needs_no_more_seeds() -> None:
    """s = 0.004, n = 16: an upper bound of .00487, so about 12 seeds for .005, and more than 16 for its half."""
    had, half = power.seeds_needed(0.005, 0.004, 16), power.seeds_needed(0.0025, 0.004, 16)
    assert had.high is not None
    assert had.high <= 16
    assert (had.half, half.half) == (half.high, None)
    assert power.seeds_needed(0.005, 0.004, 5).half is None


def test_noether() -> None:
    assert power.seeds_for_improvement(0.75) == pytest.approx(CASE["noether_gamma_0p75"])


def test_nothing_to_plan_for() -> None:
    assert power.seeds_for_difference(0.0) is None
    assert power.seeds_for_equivalence(0.0) is None
    assert power.seeds_for_difference(1e-9) is None
    assert power.seeds_needed(0.005, 0.0, 5) == power.SeedsNeeded(None, None)
    assert power.sd_upper_bound(0.1, 1) is None
    assert power.smallest_effect(1) is None


TABLE = [  # n, half width ÷ s, then the smallest effect for m = 1, 4, 8, 16, as statistics.md prints it
    (3, 2.484, 3.26, 6.55, 9.26, 13.1),
    (4, 1.591, 2.13, 3.45, 4.36, 5.51),
    (5, 1.242, 1.68, 2.48, 2.98, 3.56),
    (8, 0.836, 1.16, 1.53, 1.74, 1.96),
    (10, 0.715, 1.00, 1.28, 1.43, 1.59),
    (20, 0.468, 0.66, 0.81, 0.89, 0.96),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"n={row[0]}")
def test_what_a_design_can_see(row: tuple[float, ...]) -> None:
    n, width, *effects = row
    assert power.half_width(int(n)) == pytest.approx(width, abs=6e-4)
    for m, effect in zip((1, 4, 8, 16), effects, strict=True):
        assert power.smallest_effect(int(n), 0.05 / m) == pytest.approx(effect, rel=6e-3)


def test_the_statement_of_a_plan() -> None:
    statement = power.power_statement(5, 8, margin=0.005, sd=power.difference_noise_floor(0.02, 10_000))
    assert statement.sd == pytest.approx(0.001414, abs=1e-6)
    assert statement.smallest_effect_in_sds == pytest.approx(2.98, abs=0.005)
    assert statement.smallest_effect == pytest.approx(2.98 * 0.001414, rel=2e-3)
    assert statement.half_width == pytest.approx(1.242 * 0.001414, rel=1e-3)
    assert statement.smallest_exact_p == 0.0625
    ratio = 0.005 / statement.sd
    assert statement.seeds_for_margin == power.seeds_for_difference(ratio, 0.05 / 8)


def test_a_statement_without_pilot_or_margin() -> None:
    statement = power.power_statement(1, 3)
    assert (statement.smallest_effect, statement.half_width, statement.seeds_for_margin) == (None, None, None)
    assert statement.smallest_exact_p == 1.0


def test_the_noise_of_a_finite_test_set() -> None:
    """2 % errors, 10,000 examples: a difference of two runs has a spread of 0.14 percentage points."""
    assert power.difference_noise_floor(0.02, 10_000) == pytest.approx(0.0014, abs=2e-5)
    assert power.run_noise_floor(0.02, 10_000) == pytest.approx(0.001)


@pytest.mark.parametrize(("ratio", "alpha"), [(0.1, 0.05), (0.05, 0.0125)])
def test_examples_for_a_difference_agree_with_statsmodels(ratio: float, alpha: float) -> None:
    """With an equivalence test that asks for fewer, as it is held to a laxer level."""
    n = zt_ind_solve_power(ratio, alpha=alpha, power=0.8, ratio=0)
    assert power.examples_needed(ratio, 1 / 30, 900, alpha, 0.4) == np.ceil(n)


def test_examples_for_equivalence_are_those_of_toster() -> None:
    assert power.examples_needed(0.3, 0.1, 100, 0.5) == np.ceil(power.normal_seeds_for_equivalence(0.3))
    assert power.examples_needed(0.3, 0.1, 100, 0.5, se_equivalence=0.2) == np.ceil(
        power.normal_seeds_for_equivalence(0.15)
    )


def test_examples_do_not_shrink_what_the_seeds_leave() -> None:
    """So many of them that the standard error is just small enough: its part of the seeds and what they have left."""
    n = power.examples_needed(0.1, 0.06, 500, alpha_equivalence=0.4, se_endless=0.03)
    assert n is not None
    for examples, is_enough in ((n, True), (n - 1, False)):
        se = np.sqrt(0.03**2 + (0.06**2 - 0.03**2) * 500 / examples)
        assert (se * (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) <= 0.1) is np.bool_(is_enough)
    assert power.examples_needed(0.1, 0.06, 500, se_endless=0.05) is None
    assert power.examples_needed(0.1, 0.0, 500) is None
