import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ablate.stats.ranks import dunn_against_control, friedman, nemenyi_critical_difference, signed_ranks
from tests.analysis import stats_cases

CASE = stats_cases.expected("demsar2006")
AUC = np.array(stats_cases.given("demsar2006")["auc"])


def test_what_demsar_prints() -> None:
    test = friedman(AUC)
    assert test.ranks == pytest.approx(tuple(CASE["avg_ranks"]), abs=1e-6)
    assert test.chi2 == pytest.approx(CASE["friedman_chi2_uncorrected"])
    assert (test.iman_davenport, test.p_iman_davenport) == pytest.approx((CASE["iman_davenport_F"], CASE["p_F"]))
    assert test.chi2_ties == pytest.approx(CASE["friedman_chi2_scipy_tie_corrected"])
    assert nemenyi_critical_difference(4, 14) == pytest.approx(CASE["nemenyi_CD"])


def test_the_corrected_form_agrees_with_scipy() -> None:
    oracle = stats.friedmanchisquare(*AUC.T)
    assert (friedman(AUC).chi2_ties, friedman(AUC).p_chi2_ties) == pytest.approx((oracle.statistic, oracle.pvalue))


def test_against_the_control() -> None:
    """The paper takes C4.5+m+cf's z of C4.5 and so on; here every arm against C4.5."""
    found = dunn_against_control(friedman(AUC).ranks, 14, control=0)
    assert [row.arm for row in found] == [1, 2, 3]
    assert [row.z for row in found] == pytest.approx(CASE["dunn_z_vs_control"], abs=1e-5)
    assert [row.p for row in found] == pytest.approx(CASE["dunn_p_vs_control"])
    adjusted = multipletests(CASE["dunn_p_vs_control"], method="holm")[1]
    assert [row.p_adjusted for row in found] == pytest.approx(list(adjusted))


def test_wilcoxon_with_demsars_zeros() -> None:
    found = signed_ranks(AUC[:, 1] - AUC[:, 0])
    assert found.statistic == CASE["wilcoxon_T_C45_vs_m"]
    assert (found.positive, found.negative) == (CASE["wilcoxon_R_plus"], CASE["wilcoxon_R_minus"])


def test_wilcoxon_of_six_differences() -> None:
    case = stats_cases.expected("signflip_exact_n6")
    found = signed_ranks(stats_cases.given("signflip_exact_n6")["D"])
    assert (found.statistic, found.p) == (case["wilcoxon_W"], pytest.approx(case["wilcoxon_p"]))


def test_smaller_may_be_better() -> None:
    assert friedman(-AUC, larger_is_better=False) == friedman(AUC)


def test_too_little_to_rank() -> None:
    assert friedman(np.ones((3, 4))).chi2 is None
    assert friedman(np.empty((0, 3))).ranks == ()
    assert friedman(np.array([[1.0], [2.0]])).chi2 is None
    assert nemenyi_critical_difference(1, 5) is None
    assert dunn_against_control([1.0], 5, 0) == ()
    assert signed_ranks([0.0, 0.0]) is None
    assert signed_ranks([]) is None
    always = friedman(np.tile([3.0, 2.0, 1.0], (5, 1)))
    assert (always.ranks, always.iman_davenport) == ((1.0, 2.0, 3.0), None)


def test_refuses_holes() -> None:
    with pytest.raises(ValueError, match="finite"):
        friedman([[1.0, np.nan]])
