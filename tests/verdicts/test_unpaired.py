"""Arms without a seed in common: Welch by scipy, calibrated, and nothing said of pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from ablate.core.claims import Relation, parse_statement, quantity_info
from ablate.core.records import METRICS
from ablate.verdicts.engine import PairedQuestion, judge_arms, judge_claims
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.unpaired import share_no_seed
from ablate.verdicts.verdict import Flag, Scale, Verdict, Word
from tests.simulations import DIFFERENT, rate, slack, unpaired

LOSS, ACCURACY = METRICS["val_loss"], METRICS["val_accuracy"]
ARM, BASE = [0.21, 0.25, 0.24, 0.20, 0.26], [0.30, 0.29, 0.34, 0.33]


def side(values: list[float], first_seed: int = 0, **more: object) -> ArmValues:
    return ArmValues({first_seed + number: value for number, value in enumerate(values)}, **more)  # type: ignore[arg-type]


def judged(arm: list[float] = ARM, base: list[float] = BASE, **more: object) -> Verdict:
    (verdict,) = judge_arms({"base": side(base), "arm": side(arm, 100)}, "base", LOSS, **more)  # type: ignore[arg-type]
    return verdict


def test_the_test_and_its_interval_are_welchs() -> None:
    verdict, welch = judged(), stats.ttest_ind(ARM, BASE, equal_var=False)
    assert verdict.test_name == "Welch's t, unpaired"
    assert (verdict.sizes, verdict.n, verdict.word) == ((5, 4), 4, Word.BETTER)
    assert verdict.p_diff == pytest.approx(welch.pvalue)
    assert (verdict.ci_low, verdict.ci_high) == pytest.approx(tuple(welch.confidence_interval()))
    assert (verdict.arm_mean, verdict.base_mean) == pytest.approx((np.mean(ARM), np.mean(BASE)))


@pytest.mark.parametrize("margin", [0.02, 0.1, 0.3])
def test_the_equivalence_test_is_statsmodels_of_unequal_variances(margin: float) -> None:
    oracle = CompareMeans(DescrStatsW(ARM), DescrStatsW(BASE)).ttost_ind(-margin, margin, usevar="unequal")[0]
    assert judged(margin=margin).p_tost == pytest.approx(oracle)


def test_ratios_of_errors_are_those_of_geometric_means() -> None:
    verdict = judged(margin="10%")
    logs = stats.ttest_ind(np.log(ARM), np.log(BASE), equal_var=False)
    assert (verdict.scale, verdict.p_diff) == (Scale.LOG_ERROR, pytest.approx(logs.pvalue))
    ratio = stats.gmean(ARM) / stats.gmean(BASE)
    assert (math.exp(verdict.diff or 0), verdict.diff_pct_error) == pytest.approx((ratio, 100 * (ratio - 1)))


def test_of_any_two_runs_how_often_the_arm_is_better() -> None:
    verdict = judged(arm=[0.21, 0.31, 0.24, 0.32, 0.26])
    assert verdict.p_improve == pytest.approx(np.mean([[a < b for b in BASE] for a in [0.21, 0.31, 0.24, 0.32, 0.26]]))
    assert verdict.pi_low is not None
    assert 0 <= verdict.pi_low <= verdict.p_improve <= (verdict.pi_high or 0) <= 1


def test_nothing_is_said_of_pairs() -> None:
    verdict = judged()
    assert (verdict.rho, verdict.vr, verdict.p_perm, verdict.dz, verdict.gz) == (None,) * 5
    assert (verdict.wins, verdict.ties, verdict.losses, dict(verdict.differences)) == (0, 0, 0, {})
    assert Flag.UNPAIRED in verdict.flags


def test_equal_seeds_are_pairs_unless_it_is_said() -> None:
    arms = {"base": side(BASE), "arm": side(ARM)}
    assert judge_arms(arms, "base", LOSS)[0].sizes is None
    (said,) = judge_arms(arms, "base", LOSS, unpaired=True)
    assert (said.sizes, said.p_diff) == ((5, 4), judged().p_diff)


def test_sides_share_no_seed_only_where_both_were_planned() -> None:
    assert share_no_seed(side(ARM), side(BASE, 100))
    assert not share_no_seed(side(ARM), side(BASE, 4))
    assert not share_no_seed(side(ARM), ArmValues({}))


def test_a_diverged_run_counts_as_the_worst_here_too() -> None:
    base, arm = side(BASE), side([*ARM, math.nan], 100)
    (open_,) = judge_arms({"base": base, "arm": arm}, "base", LOSS)
    assert open_.qualifier.startswith("not judged: say the worst value (`--worst`)")
    (counted,) = judge_arms({"base": base, "arm": arm}, "base", LOSS, worst=2.0)
    both = [stats.ttest_ind(values, BASE, equal_var=False) for values in (ARM, [*ARM, 2.0])]
    # The two analyses point in opposite directions.
    assert np.sign(both[0].statistic) != np.sign(both[1].statistic)
    assert (counted.p_diff, counted.word) == (1.0, Word.INCONCLUSIVE)


@pytest.mark.parametrize(("arm", "base"), [([0.2], BASE), ([], BASE), ([0.2, 0.3], BASE), ([0.3] * 3, [0.3] * 3)])
def test_poor_data_have_no_word_that_needs_more(arm: list[float], base: list[float]) -> None:
    assert judged(arm=arm, base=base, margin=0.1).word in (None, Word.INCONCLUSIVE, Word.NO_DIFFERENCE_SEEN)


def test_a_claim_is_judged_so_too() -> None:
    question = PairedQuestion("a < b", "a", "b", LOSS, side(ARM, 100), side(BASE), relation=Relation.LESS, margin=0.01)
    (claim,) = judge_claims([question])
    assert (claim.word, claim.sizes, claim.p_diff) == (Word.SUPPORTED, (5, 4), judged().p_diff)


def test_what_a_run_may_never_reach_has_no_mean_here_either() -> None:
    """Of the arm four of six runs never got there: the mean of the other two says nothing of it."""
    metric = quantity_info(parse_statement("a < b on epochs_to(val_loss, 0.1)").quantity)
    arm = ArmValues({seed: 2.0 if seed < 2 else math.inf for seed in range(6)}, unreached=range(2, 6))
    same, other = (
        PairedQuestion("a < b", "a", "b", metric, arm, side([3.0] * 6, first), relation=Relation.LESS, is_unpaired=True)
        for first in (0, 50)
    )
    (said,), (apart,) = judge_claims([same]), judge_claims([other])
    assert (said.sizes, said.test_name, said.wins, said.losses) == (None, "sign test of pairs", 2, 4)
    assert (apart.n, apart.word) == (0, None)


@pytest.mark.parametrize(("sizes", "sds"), [((5, 5), (1, 1)), ((4, 10), (3, 1)), ((8, 5), (1, 2))])
def test_under_the_null_and_at_the_margin_each_word_is_said_in_at_most_alpha(
    sizes: tuple[int, int], sds: tuple[float, float]
) -> None:
    for said, margin in ((DIFFERENT, None), ([Word.EQUIVALENT], 4.0)):
        assert rate(unpaired(said, sizes, sds, margin), 1500) <= 0.05 + slack(0.05, 1500)
