"""Several metrics of a table, folds of one data set, and whole numbers: by scipy, statsmodels and simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ablate.analysis.tidy_frame import Asked, TableProblem, judge_metrics, table_of, verdicts_from_frame
from ablate.verdicts.verdict import Family, Flag, Verdict, Word
from tests.simulations import DIFFERENT, further_metrics, rate, slack, table_of_arms, three_metrics

SEEDS = 6


def p_of(verdict: Verdict) -> float:
    return float(stats.ttest_1samp(list(verdict.differences.values()), 0).pvalue)


@pytest.mark.parametrize("primary", [0.0, 5.0])
def test_the_primary_metric_is_a_family_and_the_others_are_another(primary: float) -> None:
    first, *others = judge_metrics(three_metrics(np.random.default_rng(7), primary), baseline="base")
    rest = [row for own in others for row in own]
    for family in (first, rest):
        _, adjusted, *_ = multipletests([p_of(row) for row in family], method="holm")
        assert [row.p_diff_adj for row in family] == pytest.approx(list(adjusted))
    assert [(row.metric.title, row.arm) for row in rest] == [
        ("loss", "a"), ("loss", "b"), ("seconds", "a"), ("seconds", "b"),
    ]  # fmt: skip
    alone = judge_metrics(three_metrics(np.random.default_rng(7), primary)[:1], baseline="base")
    assert alone == [first]


def test_an_arm_has_words_on_the_others_only_where_the_primary_metric_is_resolved() -> None:
    seeds = np.arange(6.0)
    ahead = seeds + np.array([1, 1.1, 1, 1, 0.9, 1])
    tables = [
        table_of_arms("score", {"base": seeds, "a": ahead, "b": seeds + np.array([1, -1, 1, -1, 1, -1])}),
        table_of_arms("loss", {"base": seeds, "a": ahead, "b": ahead}),
    ]
    primary, (a, b) = judge_metrics([Asked(table, "max") for table in tables], baseline="base")
    assert [row.word for row in primary] == [Word.BETTER, Word.INCONCLUSIVE]
    assert (a.word, a.family, Flag.PRIMARY_OPEN in a.flags) == (Word.BETTER, Family.ARMS, False)
    assert (b.word, b.family, Flag.PRIMARY_OPEN in b.flags) == (None, Family.EXPLORATORY, True)
    assert (b.p_diff_adj, b.ci_adj_low) == pytest.approx((a.p_diff_adj, a.ci_adj_low), rel=0.1)


def test_the_family_errors_of_null_metrics_are_bounded() -> None:
    """Four rows of nothing behind a primary metric that is resolved, and all six of nothing. Each row at its own p
    would be wrong far more often, which is what the first bound is shown to be able to miss."""
    rng, studies = np.random.default_rng(11), 400
    bound = 0.05 + slack(0.05, studies)
    assert rate(further_metrics(50.0), studies) <= bound
    # Without a margin nothing of no effect is resolved but by an error, so that the gate bounds both families at once.
    assert rate(further_metrics(0.0, is_any=True), studies) <= bound
    at_any_p = 0
    for _ in range(studies):
        first, *others = judge_metrics(three_metrics(rng, primary=50.0), baseline="base")
        assert all(row.word in DIFFERENT for row in first)
        at_any_p += any(p_of(row) <= 0.05 for own in others for row in own)
    assert bound < at_any_p / studies


# folds -----------------------------------------------------------------------------------------------


def frame_of(differences: np.ndarray, key: str = "fold") -> pd.DataFrame:
    base = np.linspace(3.0, 4.0, len(differences))
    rows = [("base", fold, value) for fold, value in enumerate(base)]
    rows += [("arm", fold, value) for fold, value in enumerate(base + differences)]
    return pd.DataFrame(rows, columns=["arm", key, "score"])


def judged(differences: np.ndarray, ratio: float | None, key: str = "fold", **more: object) -> Verdict:
    table = table_of(frame_of(differences, key), metric="score", key=key)
    ((verdict,),) = judge_metrics([Asked(table, "max", **more)], baseline="base", test_to_train=ratio)
    return verdict


@pytest.mark.parametrize("ratio", [1 / 9, 0.25])
def test_folds_have_the_corrected_resampled_t(ratio: float) -> None:
    """Nadeau and Bengio 2003, by scipy's t; and nothing that takes folds for independent."""
    differences = np.random.default_rng(3).normal(0.4, 0.5, 10)
    verdict = judged(differences, ratio, margin=0.1)
    se = math.sqrt((1 / 10 + ratio) * float(np.var(differences, ddof=1)))
    assert (verdict.ci_low, verdict.ci_high) == pytest.approx(stats.t.interval(0.95, 9, differences.mean(), se))
    assert verdict.p_diff == pytest.approx(2 * stats.t.sf(abs(differences.mean()) / se, 9))
    tost = max(stats.t.sf((differences.mean() + 0.1) / se, 9), stats.t.cdf((differences.mean() - 0.1) / se, 9))
    assert verdict.p_tost == pytest.approx(tost)
    unsaid = (verdict.p_perm, verdict.p_improve, verdict.pi_low, verdict.gz_low, verdict.seeds_needed_high)
    assert unsaid == (None,) * 5
    assert "Nadeau and Bengio 2003" in verdict.test_name
    assert Flag.RESPLITS in verdict.flags


def test_a_floor_of_folds_is_corrected_too() -> None:
    """Whole numbers: a step of 1 has the spread 1/√12 at least, and 1 where two sides are to be shown alike."""
    verdict = judged(np.zeros(5), 0.25, margin=3.0)
    table = table_of(frame_of(np.zeros(5)), metric="score", key="fold")
    ((stepped,),) = judge_metrics([Asked(table, "max", 3.0, resolution=1.0)], baseline="base", test_to_train=0.25)
    assert verdict.word is Word.NO_DIFFERENCE_SEEN
    half = stats.t.ppf(0.95, 4) * math.sqrt(1 / 5 + 0.25)
    assert (stepped.ci_equiv_low, stepped.ci_equiv_high) == pytest.approx((-half, half))


@pytest.mark.parametrize("ratio", [None, 0.25])
def test_what_is_called_a_fold_has_words_only_with_its_ratio(ratio: float | None) -> None:
    for key in ("fold", "Folds", "cv_fold", "fold_2"):
        verdict = judged(np.array([1.0, 1.1, 0.9, 1.0, 1.2]), ratio, key)
        assert (verdict.word, Flag.OTHER_SPLITS in verdict.flags) == (
            (None, True) if ratio is None else (Word.BETTER, False)
        )
    assert judged(np.array([1.0, 1.1, 0.9, 1.0, 1.2]), None, "manifold").word is Word.BETTER
    known = judged(np.array([1.0, 1.1, 0.9, 1.0, 1.2]), 0.0)
    assert (known.word, known.test_name) == (Word.BETTER, "paired t")


def test_folds_that_nothing_pairs_have_no_word() -> None:
    """The correction is one of paired differences, so Welch's test of them would take folds for independent."""
    table = table_of(frame_of(np.array([5.0, 5.1, 4.9, 5.0, 5.2])), metric="score", key="fold")
    ((row,),) = judge_metrics([Asked(table, "max")], baseline="base", test_to_train=0.25, unpaired=True)
    assert row.sizes is not None
    assert (row.word, Flag.OTHER_SPLITS in row.flags) == (None, True)


@pytest.mark.parametrize("ratio", [-0.1, math.inf, math.nan])
def test_a_ratio_is_a_number(ratio: float) -> None:
    with pytest.raises(TableProblem, match="ratio of test to training"):
        judged(np.array([1.0, 1.1, 0.9]), ratio)


def test_overlapping_folds_are_called_different_at_the_stated_rate() -> None:
    """Differences of no effect with the correlation that the correction assumes, n_test of all examples."""
    rng, studies, folds, ratio = np.random.default_rng(5), 2000, 10, 0.25
    shared = ratio / (1 + ratio)
    draws = math.sqrt(shared) * rng.normal(size=(studies, 1)) + math.sqrt(1 - shared) * rng.normal(
        size=(studies, folds)
    )
    found = [judged(row, ratio).word in DIFFERENT for row in draws[:1000]]
    assert abs(np.mean(found) - 0.05) <= slack(0.05, len(found))
    naive = stats.ttest_1samp(draws, 0, axis=1).pvalue <= 0.05
    assert naive.mean() > 0.2


# whole numbers ---------------------------------------------------------------------------------------


def whole(values: list[float], arm: list[float], **more: object) -> Verdict:
    rows = [("base", seed, value) for seed, value in enumerate(values)]
    rows += [("arm", seed, value) for seed, value in enumerate(arm)]
    frame = pd.DataFrame(rows, columns=["arm", "seed", "epochs_used"])
    asked = {"metric": "epochs_used", "baseline": "base", "direction": "min", **more}
    (verdict,) = verdicts_from_frame(frame, **asked)
    return verdict


def test_whole_numbers_move_by_ones() -> None:
    """Five differences of −1: the spread is that of rounding to ones, 1/√12."""
    verdict = whole([5, 6, 7, 5, 6], [4, 5, 6, 4, 5])
    half = stats.t.ppf(0.975, 4) / math.sqrt(12 * 5)
    assert (verdict.ci_low, verdict.ci_high) == pytest.approx((-1 - half, -1 + half))
    assert Flag.VARIANCE_FLOOR in verdict.flags


def test_equal_whole_numbers_are_not_equivalent_within_less_than_a_step() -> None:
    equal = [5.0, 6.0, 7.0, 5.0, 6.0]
    assert whole(equal, equal, margin=0.3).word is Word.NO_DIFFERENCE_SEEN
    assert whole(equal, equal, margin=0.3).ci_equiv_high == pytest.approx(stats.t.ppf(0.95, 4) / math.sqrt(5))
    assert whole(equal, equal, margin=2).word is Word.EQUIVALENT


def test_a_stated_resolution_and_a_fraction_say_otherwise() -> None:
    assert Flag.VARIANCE_FLOOR not in whole([5, 6, 7, 5], [4, 5, 6, 4.001], margin=2).flags
    assert whole([5, 6, 7, 5], [4, 5, 6, 4], resolution=0.1).sd == pytest.approx(0.1 / math.sqrt(12))


def test_zeros_and_ones_of_a_share_are_no_counts() -> None:
    """Right or wrong on one example each: a share, whose steps are those of its examples."""
    (verdict,) = verdicts_from_frame(
        pd.DataFrame(
            [(arm, seed, value) for arm, side in (("base", [0, 1, 0, 1]), ("arm", [1, 1, 1, 1]))
             for seed, value in enumerate(side)],
            columns=["arm", "seed", "right"],
        ),
        metric="right",
        baseline="base",
        direction="max",
    )  # fmt: skip
    assert verdict.ci_equiv_low is not None
    assert (verdict.ci_equiv_high - verdict.diff) == pytest.approx(
        stats.t.ppf(0.95, 3) * np.std([1, 0, 1, 0], ddof=1) / 2
    )


# examples --------------------------------------------------------------------------------------------


def test_examples_are_of_shares_alone() -> None:
    with pytest.raises(TableProblem, match="column 'epochs_used': no share of examples"):
        whole([5, 6, 7], [4, 5, 6], n_examples=100)
    rng = np.random.default_rng(1)
    tables = three_metrics(rng)
    share = Asked(table_of_arms("acc", {name: rng.uniform(0.8, 0.9, SEEDS) for name in ("base", "a", "b")}), "max")
    judge_metrics([*tables, share], baseline="base", n_examples=100)
    *_, (a, _) = judge_metrics([tables[0], share], baseline="base", n_examples=100)
    assert a.metric.counts_examples
