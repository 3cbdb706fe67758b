import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from ablate.stats.crossed import crossed_mean, mcnemar, noise_floor
from ablate.stats.estimates import estimate_mean


def test_mean_squares_agree_with_the_analysis_of_variance() -> None:
    import pandas as pd

    table = np.random.default_rng(0).normal(size=(4, 6)) + np.arange(4)[:, None] + np.arange(6) ** 2
    rows = [(seed, example, table[seed, example]) for seed in range(4) for example in range(6)]
    frame = pd.DataFrame(rows, columns=["seed", "example", "y"])
    anova = sm.stats.anova_lm(ols("y ~ C(seed) + C(example)", frame).fit(), typ=2)
    squares, df = anova["sum_sq"] / anova["df"], anova["df"]
    total = squares["C(seed)"] + squares["C(example)"] - squares["Residual"]
    found = crossed_mean(table)
    assert found.mean == pytest.approx(table.mean())
    assert found.se == pytest.approx(math.sqrt(total / 24))
    assert found.df == pytest.approx(total**2 / (squares**2 / df).sum())
    assert found.seed_sd == pytest.approx(math.sqrt((squares["C(seed)"] - squares["Residual"]) / 6))


def test_seeds_alone_are_the_standard_error_of_the_usual_test() -> None:
    table = np.random.default_rng(1).integers(0, 2, (6, 50))
    usual = estimate_mean(dict(enumerate(table.mean(axis=1))))
    assert crossed_mean(table).se_seeds == pytest.approx(usual.se)


def test_it_never_claims_more_than_the_seeds_alone() -> None:
    """All examples alike: only the seeds are left, with their n − 1 degrees of freedom."""
    table = np.repeat(np.array([[1.0], [2.0], [4.0]]), 10, axis=1)
    found = crossed_mean(table)
    assert found.se == pytest.approx(stats.sem([1, 2, 4]))
    assert found.df == 2
    assert found.interval() == pytest.approx(stats.t.interval(0.95, 2, 7 / 3, stats.sem([1, 2, 4])))


def test_it_covers_over_new_seeds_and_examples() -> None:
    """2000 studies of 8 seeds × 40 examples; the seeds alone cover far less."""
    rng = np.random.default_rng(12345)
    covered = {"both": 0, "seeds": 0}
    for _ in range(2000):
        table = 0.3 * rng.normal(size=(8, 1)) + 0.5 * rng.normal(size=(1, 40)) + rng.normal(size=(8, 40))
        found = crossed_mean(table)
        low, high = found.interval()
        covered["both"] += low <= 0 <= high
        covered["seeds"] += abs(found.mean) <= stats.t.ppf(0.975, 7) * found.se_seeds
    assert covered["both"] / 2000 >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 2000)
    assert covered["seeds"] / 2000 < 0.93


def test_examples_that_agree_too_well_give_no_precision() -> None:
    """MS_example < MS_residual: the sum would fall below what the seeds alone give, and so would its df."""
    table = np.array([[0.0, 1.0, 0.0, 1.2], [3.0, 2.0, 3.1, 2.0], [1.0, 1.1, 1.0, 1.0]])
    found = crossed_mean(table)
    assert found.se == found.se_seeds == pytest.approx(stats.sem(table.mean(axis=1)))
    assert found.df == 2


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (3, 1), (3, 0)])
def test_too_little_for_an_interval(shape: tuple[int, int]) -> None:
    found = crossed_mean(np.ones(shape))
    assert (found.se, found.interval(), found.p) == (None, None, None)


def test_no_spread_at_all() -> None:
    found = crossed_mean(np.zeros((3, 4)))
    assert (found.mean, found.se, found.p, found.seed_sd) == (0.0, 0.0, None, 0.0)
    assert found.interval() == (0.0, 0.0)


def test_mcnemar_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.random(60) < 0.8, rng.random(60) < 0.7
    table = [[np.sum(first & second), np.sum(first & ~second)], [np.sum(~first & second), np.sum(~first & ~second)]]
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (table[0][1], table[1][0])
    assert found.p == pytest.approx(statsmodels_mcnemar(table, exact=True).pvalue)
    assert mcnemar(first, first).p == 1.0


def test_the_noise_floor_is_what_a_test_set_makes() -> None:
    """Runs that differ by nothing but luck on each example: their accuracies spread as the floor says."""
    rng = np.random.default_rng(3)
    chance = rng.choice([0.5, 0.9, 1.0], size=400)
    correct = rng.random((3000, 400)) < chance
    assert noise_floor(correct) == pytest.approx(correct.mean(axis=1).std(ddof=1), rel=0.05)
    few = np.mean([noise_floor(correct[start : start + 3]) ** 2 for start in range(0, 3000, 3)])
    assert few == pytest.approx(noise_floor(correct) ** 2, rel=0.01)
    assert noise_floor(correct[:1]) is None
