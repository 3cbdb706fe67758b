import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.nonparametric import rank_compare_2indep
from statsmodels.stats.proportion import proportion_confint

from ablate.stats.improvement import (
    Improvement,
    clopper_pearson,
    paired_improvement,
    probability_of_superiority,
    sign_test_p,
)
from tests.analysis.stats_cases import expected, given


def test_fourteen_of_twenty() -> None:
    case = expected("prob_improvement_paired")
    improvement = paired_improvement([1.0] * 14 + [-1.0] * 6)
    assert improvement.probability == case["p_hat"]
    assert (improvement.low, improvement.high) == pytest.approx((case["cp_low"], case["cp_high"]))
    assert sign_test_p(14, 6) == pytest.approx(case["sign_test_p"])
    assert clopper_pearson(5, 5)[0] == pytest.approx(case["cp_5of5_low"])


def test_five_of_five_is_not_significant_though_wilson_would_say_so() -> None:
    assert clopper_pearson(5, 5)[0] < 0.5 < expected("prob_improvement_paired")["wilson_5of5_low"]


def test_sleep_has_a_tie() -> None:
    case, data = expected("paired_t_sleep"), given("paired_t_sleep")
    improvement = paired_improvement(np.subtract(data["arm"], data["baseline"]))
    assert (improvement.wins, improvement.ties, improvement.losses) == (9, 1, 0)
    assert improvement.probability == pytest.approx(case["prob_improve"])


@pytest.mark.parametrize(("count", "n"), [(0, 5), (3, 5), (5, 5), (1, 40)])
def test_the_interval_agrees_with_statsmodels(count: int, n: int) -> None:
    assert clopper_pearson(count, n, 0.9) == pytest.approx(proportion_confint(count, n, alpha=0.1, method="beta"))


@pytest.mark.parametrize(("wins", "losses"), [(0, 4), (5, 5), (9, 1), (3, 17)])
def test_the_sign_test_agrees_with_scipy(wins: int, losses: int) -> None:
    assert sign_test_p(wins, losses) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)


def test_nothing_was_compared() -> None:
    assert paired_improvement([]) == Improvement(0, 0, 0, None, None, None)
    assert sign_test_p(0, 0) == 1.0


def improvement_of(wins: int, ties: int, losses: int, confidence: float = 0.95) -> Improvement:
    return paired_improvement([1.0] * wins + [0.0] * ties + [-1.0] * losses, confidence)


def test_p_improve_lies_inside_its_interval() -> None:
    """Of ten wins and twenty ties it did not, while the ties had no part in the interval."""
    for n in range(1, 16):
        for wins in range(n + 1):
            for losses in range(n + 1 - wins):
                found = improvement_of(wins, n - wins - losses, losses)
                assert 0 <= found.low <= found.probability <= found.high <= 1
                mirrored = improvement_of(losses, n - wins - losses, wins)
                assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low))
    assert improvement_of(10, 20, 0).low < 0.5


def test_without_ties_the_interval_is_that_of_the_wins() -> None:
    found = improvement_of(4, 0, 3, 0.9)
    assert (found.low, found.high) == pytest.approx(proportion_confint(4, 7, alpha=0.1, method="beta"))


@pytest.mark.parametrize("n", [1, 3, 6, 10])
def test_the_interval_covers_at_least_as_often_as_it_says(n: int) -> None:
    """All outcomes of n seeds, over a grid of how often the arm is better, equal and worse."""
    outcomes = [(wins, n - wins - losses, losses) for wins in range(n + 1) for losses in range(n + 1 - wins)]
    found = [improvement_of(*outcome) for outcome in outcomes]
    low, high = (np.array([getattr(each, end) for each in found]) for end in ("low", "high"))
    for better in np.linspace(0, 1, 21):
        for worse in np.linspace(0, 1 - better, 11):
            shares = [better, max(0.0, 1 - better - worse), worse]
            truth = better + shares[1] / 2
            covers = (low <= truth + 1e-12) & (truth <= high + 1e-12)
            assert stats.multinomial.pmf(outcomes, n, shares)[covers].sum() >= 0.95 - 1e-9


def test_unpaired_sleep() -> None:
    case, data = expected("unpaired_welch_sleep"), given("unpaired_welch_sleep")
    found = probability_of_superiority(data["arm"], data["baseline"])
    assert found.probability == pytest.approx(case["prob_improve_unpaired"])
    assert found.cliffs_delta == pytest.approx(case["cliffs_delta"])
    assert found.p == pytest.approx(case["bm_p"])
    assert (found.low, found.high) == pytest.approx((case["bm_ci_low"], case["bm_ci_high"]))


def test_superiority_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 6, 7), rng.integers(0, 5, 9)
    oracle = rank_compare_2indep(x, y)
    found = probability_of_superiority(x, y, 0.9)
    assert found.probability == pytest.approx(oracle.prob1)
    assert found.p == pytest.approx(oracle.pvalue)
    assert (found.low, found.high) == pytest.approx(oracle.conf_int(alpha=0.1))


def test_superiority_without_spread() -> None:
    assert probability_of_superiority([], [1.0]) is None
    assert probability_of_superiority([2.0], [1.0, 1.5]).probability == 1.0
    complete = probability_of_superiority([3.0, 4.0], [1.0, 2.0])
    assert (complete.probability, complete.p, complete.low) == (1.0, None, None)
