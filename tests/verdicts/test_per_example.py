"""Verdicts over examples, against statsmodels and scipy, and how often they are wrong where the truth is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from ablate.core.records import MetricInfo
from ablate.stats.crossed import crossed_mean
from ablate.verdicts.example_verdict import ExampleVerdict, Reach
from ablate.verdicts.per_example import SIGN, ExamplePair, judge_examples
from ablate.verdicts.verdict import Family, Flag, Word
from tests.simulations import (
    CORRECT,
    DIFFERENT,
    example_pair,
    grouped_scores,
    of_examples,
    rate,
    right_or_wrong,
    slack,
    trained_models,
)

WRONG = replace(CORRECT, name="wrong", direction="min")
SCORE = MetricInfo("score", "score", "max", "points")


def pair(arm: object, reference: object, groups: Sequence[object] | None = None, name: str = "arm") -> ExamplePair:
    return replace(example_pair(arm, reference, groups), arm=name)


def counted(both: int, only_arm: int, only_reference: int, neither: int, name: str = "arm") -> ExamplePair:
    counts = (both, only_arm, only_reference, neither)
    return pair(np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts), name=name)


def judged(one: ExamplePair, metric: MetricInfo = CORRECT, margin: float | None = None) -> ExampleVerdict:
    return judge_examples([one], metric, margin=margin)[0]


# right and wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts", [(40, 12, 3, 45), (40, 9, 1, 0), (50, 3, 9, 2), (10, 5, 5, 0), (7, 1, 0, 2)], ids=str
)
def test_the_test_of_right_and_wrong_is_mcnemars(counts: tuple[int, int, int, int]) -> None:
    found = judged(counted(*counts))
    both, arm, reference, neither = counts
    oracle = mcnemar([[both, arm], [reference, neither]], exact=True)
    assert found.p_mcnemar == found.verdict.p_diff == pytest.approx(oracle.pvalue)
    assert (found.only_arm, found.only_reference, found.verdict.ties) == (arm, reference, both + neither)
    assert found.verdict.test_name == "McNemar's exact test"
    assert found.reach is Reach.EXAMPLES


@pytest.mark.parametrize("counts", [(40, 12, 3, 45), (400, 60, 30, 200)], ids=str)
def test_its_standard_error_is_that_of_the_paired_differences(counts: tuple[int, int, int, int]) -> None:
    one = counted(*counts)
    found, (arm,), (reference,) = judged(one), one.arm_values, one.reference_values
    oracle = stats.ttest_rel(arm, reference)
    low, high = oracle.confidence_interval()
    assert found.verdict.raw_diff == pytest.approx(float(np.mean(arm) - np.mean(reference)))
    assert found.se == pytest.approx(found.verdict.raw_diff / oracle.statistic)
    assert found.df == sum(counts) - 1
    assert (found.verdict.base_mean, found.verdict.arm_mean) == (np.mean(reference), np.mean(arm))
    assert found.verdict.ci_low <= low + 1e-12 < high <= found.verdict.ci_high + 1e-12
    assert found.verdict.ci_high - found.verdict.ci_low < 1.15 * (high - low)


@pytest.mark.parametrize("n", [20, 300])
def test_a_word_and_mcnemars_p_agree(n: int) -> None:
    for ahead in range(n):
        found = judged(counted(n, ahead, 4, n))
        assert (found.verdict.word in DIFFERENT) == (found.p_mcnemar <= 0.05)
        assert (found.verdict.ci_low <= 0 <= found.verdict.ci_high) == (found.p_mcnemar > 0.05)


def test_where_less_is_better_the_arm_that_is_less_often_wrong_is_ahead() -> None:
    found = judged(counted(40, 3, 15, 40), WRONG)
    assert found.verdict.word is Word.BETTER
    assert found.verdict.raw_diff == pytest.approx(-12 / 98)
    assert (found.only_arm, found.only_reference) == (15, 3)
    assert found.verdict.ci_high < 0


def test_arms_share_the_error_by_holms_rule() -> None:
    pairs = [counted(40, ahead, 5, 50 - ahead, name=str(ahead)) for ahead in (16, 20, 12, 6)]
    rows = judge_examples(pairs, CORRECT, margin=0.1)
    for kind in ("diff", "tost"):
        plain = [getattr(row.verdict, f"p_{kind}") for row in rows]
        adjusted = [getattr(row.verdict, f"p_{kind}_adj") for row in rows]
        assert adjusted == pytest.approx(multipletests(plain, method="holm")[1])
    assert [row.verdict.word for row in rows] == [Word.INCONCLUSIVE, Word.BETTER, Word.INCONCLUSIVE, Word.EQUIVALENT]
    assert judged(pairs[0]).verdict.word is Word.BETTER


def test_two_that_hardly_differ_are_equivalent_within_a_margin() -> None:
    assert judged(counted(800, 6, 5, 189), margin=0.02).verdict.word is Word.EQUIVALENT
    assert judged(counted(80, 1, 1, 18), margin=0.02).verdict.word is Word.INCONCLUSIVE
    assert judged(counted(800, 6, 5, 189)).verdict.flags == (Flag.NO_MARGIN,)


def test_two_that_never_differ_are_equivalent_where_the_examples_are_many() -> None:
    assert judged(counted(600, 0, 0, 200), margin=0.02).verdict.word is Word.EQUIVALENT
    assert judged(counted(60, 0, 0, 20), margin=0.02).verdict.word is Word.NO_DIFFERENCE_SEEN
    assert judged(counted(600, 0, 0, 200)).verdict.p_diff == 1


def test_the_equivalence_test_is_tost_where_the_differences_vary_enough() -> None:
    one = counted(300, 40, 35, 125)
    found = judged(one, margin=0.05)
    oracle = ttost_paired(one.arm_values[0], one.reference_values[0], -0.05, 0.05)
    assert found.verdict.p_tost == pytest.approx(oracle[0])


def test_few_examples_have_no_word() -> None:
    found = judged(counted(1, 1, 0, 0)).verdict
    assert (found.word, found.qualifier) == (Word.INCONCLUSIVE, "2 examples")
    assert judged(ExamplePair("a", "b", np.zeros((1, 0)), np.zeros((1, 0)))).verdict.qualifier == "no examples"


# scores ----------------------------------------------------------------------------------------------


def scores(seed: int = 0, n: int = 40, shift: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=n)
    return reference + shift + 0.8 * rng.normal(size=n), reference


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_judged_by_the_paired_t_test(seed: int) -> None:
    arm, reference = scores(seed)
    found = judged(pair(arm, reference), SCORE, margin=0.5)
    oracle = stats.ttest_rel(arm, reference)
    assert found.verdict.p_diff == pytest.approx(oracle.pvalue)
    assert (found.verdict.ci_low, found.verdict.ci_high) == pytest.approx(tuple(oracle.confidence_interval()))
    assert found.verdict.p_tost == pytest.approx(ttost_paired(arm, reference, -0.5, 0.5)[0])
    assert (found.p_mcnemar, found.only_arm) == (None, None)


def test_scores_can_be_judged_by_their_signs() -> None:
    arm, reference = scores()
    (found,) = judge_examples([pair(arm, reference)], SCORE, margin=0.5, test=SIGN)
    ahead = int((arm > reference).sum())
    assert found.verdict.p_diff == pytest.approx(stats.binomtest(ahead, 40).pvalue)
    assert (found.verdict.wins, found.verdict.p_tost, found.verdict.ci_adj_low) == (ahead, None, None)
    assert found.verdict.word is (Word.BETTER if found.verdict.p_diff <= 0.05 else Word.INCONCLUSIVE)


def test_what_the_sign_test_knows_nothing_of_is_refused() -> None:
    arm, reference = scores()
    for one in (pair(arm, reference, range(40)), pair([arm, arm], [reference, reference])):
        with pytest.raises(ValueError, match="knows no groups and no seeds"):
            judge_examples([one], SCORE, test=SIGN)
    with pytest.raises(ValueError, match="a test is one of t, sign"):
        judge_examples([pair(arm, reference)], SCORE, test="welch")
    with pytest.raises(ValueError, match="no pair of tables"):
        pair(arm, reference[1:])


# groups and seeds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_score", [True, False])
def test_groups_are_clustered_as_statsmodels_does(is_score: bool) -> None:
    rng = np.random.default_rng(3)
    groups = rng.integers(0, 25, 150)
    arm, reference = scores(1, 150)
    arm = arm + rng.normal(size=25)[groups]
    if not is_score:
        arm, reference = (arm > 0).astype(int), (reference > 0).astype(int)
    found = judged(pair(arm, reference, groups), SCORE if is_score else CORRECT)
    fit = OLS(arm - reference, np.ones(150)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True, "df_correction": True}, use_t=True
    )
    assert (found.se, found.verdict.p_diff, found.df) == pytest.approx((fit.bse[0], fit.pvalues[0], 24))
    assert (found.verdict.ci_low, found.verdict.ci_high) == pytest.approx(tuple(fit.conf_int()[0]))
    assert (found.n_groups, found.verdict.n, found.p_mcnemar) == (25, 150, None)
    assert (found.only_arm is None) == is_score


def test_two_groups_have_no_word() -> None:
    arm, reference = scores()
    found = judged(pair(arm, reference, np.arange(40) % 2), SCORE).verdict
    assert (found.word, found.qualifier) == (Word.INCONCLUSIVE, "2 groups")


def test_several_seeds_are_crossed_with_the_examples() -> None:
    rng = np.random.default_rng(5)
    arm, reference = (rng.random((4, 200)) < share for share in (0.8, 0.7))
    found = judged(pair(arm, reference), margin=0.3)
    oracle = crossed_mean(arm.astype(int) - reference.astype(int))
    assert (found.se, found.df, found.verdict.p_diff) == pytest.approx((oracle.se, oracle.df, oracle.p))
    assert (found.n_seeds, found.verdict.n, found.reach) == (4, 200, Reach.SEEDS_AND_EXAMPLES)
    assert (found.only_arm, found.p_mcnemar) == (None, None)


def test_two_seeds_have_no_word() -> None:
    arm, reference = (np.stack([each, each + 0.1]) for each in scores(n=100, shift=3.0))
    found = judged(pair(arm, reference), SCORE).verdict
    assert (found.word, found.qualifier) == (Word.INCONCLUSIVE, "2 seeds")


def test_groups_of_one_change_nothing_with_seeds_either() -> None:
    rng = np.random.default_rng(6)
    arm, reference = rng.normal(size=(2, 1, 30)) + 0.2 * rng.normal(size=(2, 4, 30))
    alone, grouped = judged(pair(arm, reference), SCORE), judged(pair(arm, reference, range(30)), SCORE)
    assert (grouped.se, grouped.df) == pytest.approx((alone.se, alone.df))


def test_copies_of_examples_bring_nothing_over_seeds() -> None:
    rng = np.random.default_rng(7)
    sides = rng.normal(size=(2, 1, 30)) + 0.2 * rng.normal(size=(2, 4, 30))
    alone, copied = judged(pair(*sides), SCORE), judged(pair(*np.repeat(sides, 3, axis=2), np.arange(90) // 3), SCORE)
    assert (copied.se, copied.df) == pytest.approx((alone.se, alone.df))
    assert (copied.n_groups, copied.verdict.n) == (30, 90)
    assert copied.verdict.test_name == "t on the crossed mean of seeds and groups"


def test_what_is_exploratory_has_numbers_and_no_word() -> None:
    (found,) = judge_examples([counted(40, 20, 3, 37)], CORRECT, family=Family.EXPLORATORY)
    assert (found.verdict.word, found.verdict.qualifier) == (None, "")
    assert found.verdict.p_diff_adj is not None


# how many more ---------------------------------------------------------------------------------------


def test_so_many_examples_give_the_power_that_is_promised() -> None:
    """Of scores that differ by the margin, and of scores that do not differ."""
    rng = np.random.default_rng(8)
    found = judged(pair(rng.normal(size=50), np.zeros(50)), SCORE, margin=0.4)
    n = found.examples_needed
    assert n is not None
    assert found.more_examples == max(n - 50, 0)
    sd = found.verdict.sd
    for shift, word in ((0.4, (Word.BETTER,)), (0.0, (Word.EQUIVALENT,))):
        values = shift + sd * rng.normal(size=(400, n))
        rate = np.mean([judged(pair(row, np.zeros(n)), SCORE, margin=0.4).verdict.word in word for row in values])
        assert rate >= 0.8 - 3 * math.sqrt(0.16 / 400)


def test_more_examples_do_not_help_where_seeds_vary() -> None:
    rng = np.random.default_rng(9)
    level = np.array([[-1.0], [0.0], [1.0]])
    found = judged(pair(level + 0.1 * rng.normal(size=(3, 400)), np.zeros((3, 400))), SCORE, margin=0.1)
    assert (found.verdict.word, found.examples_needed, found.more_examples) == (Word.INCONCLUSIVE, None, None)


# how often it is wrong -------------------------------------------------------------------------------


def bound(studies: int) -> float:
    return 0.05 + slack(0.05, studies)


@pytest.mark.parametrize(("n", "share"), [(30, 0.2), (300, 0.05)])
def test_false_differences_of_right_and_wrong_are_few(n: int, share: float) -> None:
    assert rate(of_examples(DIFFERENT, right_or_wrong(n, share, share)), 1000) <= bound(1000)


@pytest.mark.parametrize(("n", "margin", "share"), [(100, 0.05, 0.0), (300, 0.02, 0.0), (1000, 0.02, 0.05)])
def test_false_equivalences_of_right_and_wrong_are_few(n: int, margin: float, share: float) -> None:
    """Also where a sample often shows no difference at all."""
    examples = right_or_wrong(n, share + margin, share)
    assert rate(of_examples([Word.EQUIVALENT], examples, margin), 1000) <= bound(1000)


def test_examples_in_groups_deceive_a_test_that_does_not_know_it() -> None:
    naive, grouped = (right_or_wrong(400, 0.1, 0.1, size=10, is_said=is_said) for is_said in (False, True))
    assert rate(of_examples(DIFFERENT, naive), 400) > 0.15
    assert rate(of_examples(DIFFERENT, grouped), 1000) <= bound(1000)


@pytest.mark.parametrize(("n", "size", "margin", "share"), [(200, 10, 0.05, 0.0), (1500, 5, 0.05, 0.02)])
def test_false_equivalences_of_groups_are_few(n: int, size: int, margin: float, share: float) -> None:
    examples = right_or_wrong(n, share + margin, share, size=size)
    assert rate(of_examples([Word.EQUIVALENT], examples, margin), 600) <= bound(600)


def test_scores_in_groups_deceive_it_too() -> None:
    naive, grouped = (grouped_scores(240, 8, is_said) for is_said in (False, True))
    assert rate(of_examples(DIFFERENT, naive, metric=SCORE), 400) > 0.15
    assert rate(of_examples(DIFFERENT, grouped, metric=SCORE), 1000) <= bound(1000)


def test_a_seed_that_moves_all_examples_is_no_difference_of_recipes() -> None:
    """Of the one run each a test over examples says that the models differ, rightly; over seeds the recipes do not."""
    assert rate(of_examples(DIFFERENT, trained_models(5)), 600) <= bound(600)
    assert rate(of_examples(DIFFERENT, trained_models(1)), 300) > 0.3
