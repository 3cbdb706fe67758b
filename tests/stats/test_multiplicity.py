import pytest
from hypothesis import given as given_data, settings, strategies as st
from statsmodels.stats.multitest import multipletests

from ablate.stats.multiplicity import bonferroni, holm
from tests.analysis.stats_cases import expected, given

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_holms_example() -> None:
    data, case = given("holm"), expected("holm")
    adjustment = holm(data["p"], data["alpha"])
    assert adjustment.adjusted == pytest.approx(tuple(case["p_holm"]))
    assert adjustment.rejected == tuple(case["reject"])
    assert adjustment.alphas == pytest.approx(tuple(case["step_alpha"]))
    assert bonferroni(data["p"], data["alpha"]).adjusted == pytest.approx(tuple(case["p_bonferroni"]))


@given_data(p_values, st.sampled_from([0.01, 0.05, 0.2]))
@settings(deadline=None, derandomize=True, max_examples=10)  # Holm's takes statsmodels a tenth of a second
def test_agrees_with_statsmodels(p: list[float], alpha: float) -> None:
    for adjust, method in ((holm, "holm"), (bonferroni, "bonferroni")):
        rejected, adjusted, *_ = multipletests(p, alpha, method)
        assert adjust(p, alpha).adjusted == pytest.approx(tuple(adjusted))
        assert adjust(p, alpha).rejected == tuple(rejected)


@given_data(p_values)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_level_of_each_step_decides_it(p: list[float]) -> None:
    for adjustment in (holm(p), bonferroni(p)):
        assert adjustment.rejected == tuple(value <= alpha for value, alpha in zip(p, adjustment.alphas, strict=True))


def test_a_planned_question_without_a_p_value_counts() -> None:
    assert holm([0.03, None]).adjusted == (0.06, 1.0)
    assert holm([0.03]).adjusted == (0.03,)
    assert bonferroni([0.03, None, None]).alphas == pytest.approx((0.05 / 3,) * 3)


def test_no_question() -> None:
    assert holm([]) == bonferroni([])
    assert holm([]).adjusted == ()
