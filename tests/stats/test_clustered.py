"""Clustered standard errors, against statsmodels and against the sum over pairs of the paper."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from ablate.stats.clustered import ClusteredMean, by_group, clustered_mean
from ablate.stats.crossed import crossed_mean


def some(seed: int = 0, groups: int = 12) -> tuple[list[float], list[str]]:
    """Groups of one to six examples, that agree among themselves."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 7, groups)
    values = np.concatenate([rng.normal() + rng.normal(size=size) for size in sizes])
    return values.tolist(), [f"text {index}" for index, size in enumerate(sizes) for _ in range(size)]


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_statsmodels(seed: int) -> None:
    values, groups = some(seed)
    found = clustered_mean(values, groups)
    codes = np.unique(groups, return_inverse=True)[1]
    fit = OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": True, "df_correction": True}, use_t=True
    )
    assert (found.mean, found.se, found.p) == pytest.approx((fit.params[0], fit.bse[0], fit.pvalues[0]))
    assert found.interval(0.1) == pytest.approx(tuple(fit.conf_int(0.1)[0]))
    assert (found.n, found.df, found.n_examples) == (12, 11, len(values))


def test_is_the_sum_over_pairs_of_the_paper() -> None:
    """Var/n + Σ over pairs within a group ÷ n², Var with n in place of its n − 1; times G/(G − 1)."""
    values, groups = some()
    n, mean = len(values), float(np.mean(values))
    pairs = sum(
        (values[i] - mean) * (values[j] - mean) for i in range(n) for j in range(n) if i != j and groups[i] == groups[j]
    )
    squared = (float(np.var(values)) / n + pairs / n**2) * 12 / 11
    assert clustered_mean(values, groups).se == pytest.approx(squared**0.5)


@pytest.mark.parametrize("alone", [None, list("abcdef")])
def test_examples_that_stand_alone_give_the_paired_t_test(alone: list[str] | None) -> None:
    first, second = [1.0, 0.5, 0.7, 0.0, 1.0, 0.2], [0.5, 0.5, 0.9, 0.0, 0.1, 0.1]
    oracle = stats.ttest_rel(first, second)
    found = clustered_mean([x - y for x, y in zip(first, second, strict=True)], alone)
    assert (found.p, found.df, found.design_effect) == pytest.approx((oracle.pvalue, 5, 1))


def test_the_order_of_the_examples_does_not_matter() -> None:
    values, groups = some()
    order = np.random.default_rng(1).permutation(len(values))
    mixed = clustered_mean([values[i] for i in order], [groups[i] for i in order])
    assert mixed.se == pytest.approx(clustered_mean(values, groups).se)


def test_copies_cost_nothing_and_bring_nothing() -> None:
    """Every example three times over: the same standard error, and a third of the examples in effect."""
    values = [0.1, 0.5, -0.2, 0.4, 0.0]
    copied = clustered_mean(values * 3, list(range(5)) * 3)
    alone = clustered_mean(values)
    assert (copied.se, copied.df, copied.p) == pytest.approx((alone.se, alone.df, alone.p))
    assert copied.design_effect == pytest.approx(3 * (14 / 15) * (5 / 4))


def test_too_little_to_say() -> None:
    assert clustered_mean([]) == ClusteredMean(0)
    assert clustered_mean([2.0]) == ClusteredMean(1, 2.0, n_examples=1)
    one_group = clustered_mean([1.0, 2.0], ["a", "a"])
    assert (one_group.mean, one_group.se, one_group.p, one_group.design_effect) == (1.5, None, None, None)
    constant = clustered_mean([0.1] * 4, [0, 0, 1, 1])
    assert (constant.se, constant.p, constant.design_effect) == (0, None, None)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="finite"):
        clustered_mean([1.0, float("inf")])
    with pytest.raises(ValueError, match="2 values, but 1 groups"):
        clustered_mean([1.0, 2.0], ["a"])


def test_is_wrong_as_often_as_it_says_where_the_plain_test_is_not() -> None:
    """Forty groups of five examples that share half of their variance, no true difference."""
    rng = np.random.default_rng(5)
    studies, groups = 2000, np.repeat(np.arange(40), 5).tolist()
    plain, clustered = 0, 0
    for _ in range(studies):
        values = (rng.normal(size=(40, 1)) + rng.normal(size=(40, 5))).ravel().tolist()
        plain += (clustered_mean(values).p or 1) <= 0.05
        clustered += (clustered_mean(values, groups).p or 1) <= 0.05
    assert plain / studies > 0.15
    assert clustered / studies == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / studies) ** 0.5)


def test_groups_as_examples_have_the_clustered_standard_error() -> None:
    values, groups = some()
    table = by_group([values], groups)
    assert table.shape == (1, 12)
    assert table.mean() == pytest.approx(np.mean(values))
    assert table.std(ddof=1) / 12**0.5 == pytest.approx(clustered_mean(values, groups).se)


def test_groups_of_one_are_the_examples() -> None:
    table = np.random.default_rng(2).normal(size=(3, 5))
    assert by_group(table, list("abcde")) == pytest.approx(table)
    assert by_group(np.zeros((3, 0)), []).shape == (3, 0)


def test_copies_of_examples_bring_nothing_over_seeds_either() -> None:
    """Every example three times over, as a group: the crossed mean is that of the examples alone."""
    table = np.random.default_rng(3).normal(size=(4, 6))
    copied = by_group(np.repeat(table, 3, axis=1), np.repeat(np.arange(6), 3).tolist())
    assert crossed_mean(copied).se == pytest.approx(crossed_mean(table).se)


def test_every_example_has_a_group() -> None:
    with pytest.raises(ValueError, match="3 values, but 2 groups"):
        by_group(np.zeros((2, 3)), ["a", "b"])
