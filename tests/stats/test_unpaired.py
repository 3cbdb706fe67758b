import pytest
from scipy import stats

from ablate.stats.unpaired import UnpairedDifference, welch
from tests.analysis.stats_cases import expected, given


def test_sleep_as_if_it_were_unpaired() -> None:
    data, case = given("unpaired_welch_sleep"), expected("unpaired_welch_sleep")
    found = welch(data["arm"], data["baseline"])
    assert (found.t, found.df, found.p) == pytest.approx((case["t"], case["df"], case["p"]))
    assert (found.ci_low, found.ci_high) == pytest.approx((case["ci_low"], case["ci_high"]))
    assert (found.d, found.g) == pytest.approx((case["cohen_ds"], case["hedges_g"]))


def test_agrees_with_scipy_for_unequal_sizes() -> None:
    x, y = [1.0, 2.0, 4.0], [2.0, 9.0, 4.0, 5.5, 6.0]
    oracle = stats.ttest_ind(x, y, equal_var=False)
    found = welch(x, y, 0.9)
    assert (found.t, found.p, found.df) == pytest.approx((oracle.statistic, oracle.pvalue, oracle.df))
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(oracle.confidence_interval(0.9)))


def test_too_few_values() -> None:
    assert welch([], [1.0]) == UnpairedDifference(0, 1)
    assert welch([2.0], [1.0, 3.0]) == UnpairedDifference(1, 2, 0.0)
    constant = welch([2.0, 2.0], [1.0, 1.0])
    assert (constant.mean, constant.se, constant.t, constant.p) == (1.0, 0.0, None, None)


def test_what_an_engine_reads() -> None:
    x, y = [1.0, 2.0, 4.0], [2.0, 9.0, 4.0, 5.5, 6.0]
    found = welch(x, y)
    assert found.n == 3
    assert found.sd == pytest.approx(((stats.tvar(x) + stats.tvar(y)) / 2) ** 0.5)
    oracle = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.9)
    assert found.interval(0.1) == pytest.approx(tuple(oracle))
    assert found.interval(0.05) == (found.ci_low, found.ci_high)
    assert welch([1.0], [2.0]).interval() is None
