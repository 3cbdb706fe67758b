import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given as given_data, settings, strategies as st
from scipy import stats

from ablate.core.records import METRICS, MetricInfo
from ablate.stats.resampled import resampled_mean
from ablate.verdicts.decisions import Question, decide_family, estimate_difference
from ablate.verdicts.engine import (
    ArmValues,
    PairedQuestion,
    Relation,
    judge_arms,
    judge_claims,
    judge_differences,
    judge_effects,
    judge_exploratory,
    judge_pairs,
)
from ablate.verdicts.pairing import pair_values
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word
from tests.analysis.stats_cases import expected, given

ACCURACY, LOSS = METRICS["test_accuracy"], METRICS["val_loss"]
SCORE = MetricInfo("reward", "reward", "max", "points")


def values(*numbers: float, **kwargs: object) -> ArmValues:
    return ArmValues(dict(enumerate(numbers)), **kwargs)


def same_runs(n: int, margin: float | None = None, metric: MetricInfo = SCORE, **digests: str) -> Verdict:
    """Of an arm whose runs have the values and, but for those that are given, the digests of the baseline's."""
    said = {seed: f"run {seed}" for seed in range(n)}
    base = values(*range(n), digests=said)
    arm = values(
        *range(n), digests={**said, **{int(seed.removeprefix("seed")): each for seed, each in digests.items()}}
    )
    return judge_arms({"base": base, "arm": arm}, "base", metric, margin=margin)[0]


def has_no_nan(verdict: Verdict) -> bool:
    numbers = [getattr(verdict, field.name) for field in fields(verdict)]
    return not any(isinstance(number, float) and math.isnan(number) for number in numbers)


# the published cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", expected("verdicts_single_arm_alpha05"), ids=lambda case: case["name"])
def test_the_table_of_cases(case: dict) -> None:
    if case["verdict"] == "identical":
        # What is said once it is known that the runs are the same; of the numbers alone it is not.
        assert judge_differences(case["D"], case["margin"]).word is Word.NO_DIFFERENCE_SEEN
        verdict = same_runs(len(case["D"]), case["margin"])
    else:
        verdict = judge_differences(case["D"], case["margin"])
    # The table knows two seeds; what is judged has no word below three.
    assert verdict.word == (case["verdict"] if len(case["D"]) >= 3 else None)
    for name, field in (("mean", "diff"), ("p", "p_diff"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
        if name in case:
            assert getattr(verdict, field) == pytest.approx(case[name], abs=1e-12)
    if "ci90_low" in case:
        low, high = verdict.ci_equiv_low, verdict.ci_equiv_high
        assert (low, high) == pytest.approx((case["ci90_low"], case["ci90_high"]))


def test_sleep() -> None:
    data, case = given("paired_t_sleep"), expected("paired_t_sleep")
    arms = {"base": values(*data["baseline"]), "drug": values(*data["arm"])}
    (verdict,) = judge_arms(arms, "base", SCORE)
    assert verdict.word is Word.BETTER
    found = (verdict.n, verdict.diff, verdict.sd, verdict.p_diff, verdict.ci_low, verdict.ci_high)
    assert found == pytest.approx([case[key] for key in ("n", "mean_diff", "sd_diff", "p", "ci_low", "ci_high")])
    sizes = (verdict.dz, verdict.gz, verdict.gz_low, verdict.gz_high)
    assert sizes == pytest.approx([case[key] for key in ("dz", "gz_hedges", "dz_ci_low", "dz_ci_high")])
    assert (verdict.rho, verdict.vr) == pytest.approx((case["corr"], case["var_ratio_paired_over_unpaired"]))
    assert (verdict.wins, verdict.ties, verdict.losses) == (case["wins"], case["ties"], case["losses"])
    assert verdict.p_improve == pytest.approx(case["prob_improve"])


def test_equivalent_accuracies() -> None:
    data, case = given("tost_paired_raw_n5"), expected("tost_paired_raw_n5")
    arms = {"base": values(*data["baseline"]), "arm": values(*data["arm"])}
    (verdict,) = judge_arms(arms, "base", ACCURACY, margin=data["margin"])
    assert verdict.word == case["verdict"]
    found = (verdict.diff, verdict.p_diff, verdict.p_tost, verdict.ci_low, verdict.ci_high)
    assert found == pytest.approx([case[key] for key in ("mean_diff", "p_diff", "p_tost", "ci95_low", "ci95_high")])
    narrow = (verdict.ci_equiv_low, verdict.ci_equiv_high)
    assert narrow == pytest.approx((case["ci90_low"], case["ci90_high"]))


@pytest.mark.parametrize("ratio", [1 / 9, 0.25, 1.0])
def test_seeds_with_splits_of_their_own_have_the_corrected_interval(ratio: float) -> None:
    """Nadeau and Bengio 2003, equation 10, by scipy's t; and nothing that takes seeds for independent."""
    differences = np.random.default_rng(3).normal(0.4, 0.5, 10)
    arms = {"base": values(*np.zeros(10)), "arm": values(*differences)}
    (verdict,) = judge_arms(arms, "base", LOSS, margin=0.1, test_to_train=ratio)
    se = math.sqrt((1 / 10 + ratio) * float(np.var(differences, ddof=1)))
    interval = stats.t.interval(0.95, 9, differences.mean(), se)
    assert (verdict.ci_low, verdict.ci_high) == pytest.approx(interval)
    assert verdict.p_diff == pytest.approx(2 * stats.t.sf(differences.mean() / se, 9))
    assert resampled_mean(list(differences), ratio).se == pytest.approx(se)
    assert verdict.sd == pytest.approx(float(np.std(differences, ddof=1)))
    unsaid = (verdict.gz_low, verdict.pi_high, verdict.p_perm, verdict.seeds_needed_high, verdict.holds_new_test)
    assert unsaid == (None,) * 5
    assert Flag.RESPLITS in verdict.flags
    assert "overlapping splits" in verdict.test_name


def test_exact_flips_beside_the_t_test() -> None:
    case = expected("signflip_exact_n6")
    verdict = judge_differences(given("signflip_exact_n6")["D"])
    assert (verdict.p_perm, verdict.p_diff) == pytest.approx((case["p_perm"], case["p_t"]))
    assert Flag.TEST_DISAGREE in verdict.flags


# the same runs ---------------------------------------------------------------------------------------


def test_every_pair_has_to_be_one_run() -> None:
    whole, other = same_runs(5, 1.0), same_runs(5, 1.0, seed3="another")
    assert (whole.word, whole.ci_low, whole.p_tost) == (Word.IDENTICAL, None, None)
    assert (other.word, other.seeds_needed_high) == (Word.NO_DIFFERENCE_SEEN, None)
    assert Flag.IDENTICAL_RUNS in whole.flags
    assert Flag.IDENTICAL_RUNS not in other.flags
    nothing_kept = ArmValues(dict(enumerate(range(5))), digests=dict.fromkeys(range(5)))
    assert judge_arms({"base": nothing_kept, "arm": nothing_kept}, "base", SCORE)[0].word is Word.NO_DIFFERENCE_SEEN


def test_what_the_digests_are_is_asked_where_no_value_differs() -> None:
    class Unread(dict):
        def get(self, *key: object) -> None:
            raise AssertionError("a digest was asked for")

    arms = {"base": values(1, 2, 3, digests=Unread()), "arm": values(1, 2, 3.5, digests=Unread())}
    judge_arms(arms, "base", SCORE)
    with pytest.raises(AssertionError, match="asked for"):
        judge_arms({**arms, "arm": arms["base"]}, "base", SCORE)


def test_runs_that_diverge_alike_are_the_same_too() -> None:
    digests = {seed: f"run {seed}" for seed in range(5)}
    base = ArmValues({0: 0.9, 1: 0.8, 2: 0.7}, range(5), diverged=(3, 4), digests=digests)
    other = replace(base, digests={**digests, 4: "another"})
    judged = judge_arms({"base": base, "same": base, "other": other}, "base", ACCURACY, classes=10)
    assert [row.word for row in judged] == [Word.IDENTICAL, Word.INCONCLUSIVE]
    assert judged[1].qualifier.startswith("identical when it trains")


def test_whole_numbers_within_a_step_of_each_other() -> None:
    whole = replace(SCORE, resolution=1.0)
    arms = {"base": values(*[7.0] * 3), "arm": values(*[7.0] * 3)}
    (verdict,) = judge_arms(arms, "base", whole, margin=0.3)
    assert (verdict.word, verdict.p_diff) == (Word.NO_DIFFERENCE_SEEN, 1.0)
    assert verdict.ci_equiv_high > 1
    assert verdict.seeds_needed_high > 3
    (verdict,) = judge_arms(arms, "base", whole, margin=2.0)
    assert verdict.word is Word.EQUIVALENT


# arms ------------------------------------------------------------------------------------------------


@given_data(st.integers(0, 2**32 - 1), st.sampled_from([None, 0.5]), st.sampled_from(["holm", "joint"]))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_a_family_of_arms_is_decided_by_the_table(seed: int, margin: float | None, multiplicity: str) -> None:
    """What the calibration finds of `decide_family` holds for `judge_arms`; and p ≤ α says what the interval says."""
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 6), rng.integers(3, 9)
    base, arms = rng.normal(size=n), rng.normal(size=(m, n)) + rng.choice([0, 3], (m, 1))
    named = {"base": values(*base), **{f"arm {index}": values(*arm) for index, arm in enumerate(arms)}}
    metric = replace(SCORE, direction=rng.choice(["min", "max"]))
    verdicts = judge_arms(named, "base", metric, margin=margin, multiplicity=multiplicity)
    questions = [Question((estimate_difference(metric.sign * (arm - base), margin),)) for arm in arms]
    for verdict, decision in zip(verdicts, decide_family(questions, 0.05, multiplicity), strict=True):
        assert (verdict.word, verdict.qualifier) == (decision.word, decision.qualifier)
        assert verdict.p_diff_adj == pytest.approx(decision.p_difference_adjusted)
        assert (verdict.p_diff_adj <= 0.05) == (verdict.ci_adj_low > 0 or verdict.ci_adj_high < 0)


def test_arms_come_in_the_planned_order_and_each_against_the_baseline() -> None:
    arms = {"c": values(3, 4, 5), "base": values(1, 2, 3), "a": values(2, 3, 4.5)}
    verdicts = judge_arms(arms, "base", SCORE)
    assert [(verdict.subject, verdict.arm, verdict.reference) for verdict in verdicts] == [
        ("c", "c", "base"), ("a", "a", "base"),
    ]  # fmt: skip
    assert {verdict.family for verdict in verdicts} == {Family.ARMS}


def test_differences_stand_in_the_direction_of_the_metric() -> None:
    arms = {"base": values(0.50, 0.52, 0.51, 0.50), "arm": values(0.40, 0.41, 0.42, 0.39)}
    (verdict,) = judge_arms(arms, "base", LOSS, margin=0.01)
    assert (verdict.word, verdict.sign) == (Word.BETTER, -1)
    assert (verdict.diff, verdict.raw_diff) == pytest.approx((-0.1025, -0.1025))
    assert verdict.ci_low < verdict.diff < verdict.ci_high < 0
    assert verdict.ci_adj_low == verdict.ci_low
    assert verdict.dz < 0
    assert (verdict.wins, verdict.losses) == (4, 0)
    assert verdict.diff_pct_error == pytest.approx(100 * (0.405 / 0.5075 - 1))
    assert verdict.differences == pytest.approx({0: -0.10, 1: -0.11, 2: -0.09, 3: -0.11})


def test_an_arm_without_any_value_counts_in_the_adjustment() -> None:
    base, good = values(1, 2, 3, 4), values(2, 3.1, 4, 5)
    (alone,) = judge_arms({"base": base, "good": good}, "base", SCORE)
    failed = ArmValues({}, planned=range(4), failed=range(4))
    beside, nothing = judge_arms({"base": base, "good": good, "failed": failed}, "base", SCORE)
    assert beside.p_diff_adj == pytest.approx(2 * alone.p_diff_adj)
    assert beside.alpha_i == 0.025
    assert (nothing.n, nothing.n_planned, nothing.word, nothing.p_diff) == (0, 4, None, None)
    assert nothing.qualifier == "no seed with a value on both sides; 0 of 4 planned"


def test_joint_tests_every_arm_at_the_same_level() -> None:
    rng = np.random.default_rng(0)
    arms = {name: values(*rng.normal(size=6)) for name in ("base", "a", "b", "c")}
    assert {verdict.alpha_i for verdict in judge_arms(arms, "base", SCORE, multiplicity="joint")} == {0.05 / 3}


def test_seeds_that_would_resolve_the_margin() -> None:
    """s = 0.004, n = 5, margin 0.005: 8 to 15, the specification's example."""
    differences = 0.004 * np.array([-1, -1, 0, 1, 1])
    verdict = judge_differences(differences, 0.005)
    assert verdict.sd == pytest.approx(0.004)
    case = expected("sample_size")
    assert verdict.seeds_needed_low == case["int_n_margin_0p005_sd_0p004"]
    assert verdict.seeds_needed_high == case["int_n_margin_0p005_sd_upper"]


def test_seeds_for_half_a_margin_that_the_design_had_the_power_for() -> None:
    """A mean of .55 margins with a standard error of .274: t(29) is 2.005 from none and 1.64 from the margin."""
    spread = np.repeat([-1.0, 1.0], 15) * math.sqrt(29 / 30)
    verdict = judge_differences(0.55 + 1.5 * spread, 1.0)
    assert verdict.word is Word.INCONCLUSIVE
    assert verdict.sd == pytest.approx(1.5)
    upper = 1.5 * math.sqrt(29 / stats.chi2.ppf(0.2, 29))
    n = next(n for n in range(3, 200) if _power(n, 1 / upper) >= 0.8)
    half = next(n for n in range(3, 200) if _power(n, 0.5 / upper) >= 0.8)
    assert n <= 30 < half
    assert (verdict.seeds_needed_high, verdict.seeds_needed_half) == (n, half)


def _power(n: int, ratio: float) -> float:
    """The smaller power: of the two-sided t, and of both one-sided ones by draws of the spread at their quantiles."""
    critical = stats.t.ppf(0.975, n - 1)
    detects = stats.nct.sf(critical, n - 1, ratio * n**0.5) + stats.nct.cdf(-critical, n - 1, ratio * n**0.5)
    u = np.sqrt(stats.chi2.ppf((np.arange(4000) + 0.5) / 4000, n - 1) / (n - 1))
    room = ratio * n**0.5 - stats.t.ppf(0.95, n - 1) * u
    return min(float(detects), float(np.mean(np.maximum(2 * stats.norm.cdf(room) - 1, 0))))


@pytest.mark.parametrize("differences", [[0.1], [0.1, 0.2]])
def test_below_three_seeds_nothing_is_forecast(differences: list[float]) -> None:
    verdict = judge_differences(differences, 0.05)
    assert (verdict.seeds_needed_low, verdict.seeds_needed_high, verdict.seeds_needed_half) == (None, None, None)


def test_more_seeds_do_not_say_what_a_difference_is_good_for() -> None:
    arms = {"base": values(1, 2, 3), "arm": values(9, 10, 11.1)}
    (differing,) = judge_arms(arms, "base", METRICS["gradient_norm"], margin=0.5)
    (alike,) = judge_arms({**arms, "arm": values(1, 2.5, 2.8)}, "base", METRICS["gradient_norm"], margin=0.5)
    assert differing.seeds_needed_high is None
    assert alike.seeds_needed_high is not None


def test_pairs_are_formed_by_seed() -> None:
    arms = {"base": ArmValues({5: 1.0, 6: 2.0, 7: 3.0}), "arm": ArmValues({7: 3.5, 6: 2.4, 5: 1.6, 8: 99.0})}
    (verdict,) = judge_arms(arms, "base", SCORE)
    assert verdict.differences == pytest.approx({5: 0.6, 6: 0.4, 7: 0.5})
    assert verdict.arm_mean == pytest.approx(2.5)


def test_a_metric_without_a_better_has_no_better_arm() -> None:
    norm = METRICS["gradient_norm"]
    arms = {"base": values(1, 2, 3), "arm": values(9, 10, 11.1)}
    (verdict,) = judge_arms(arms, "base", norm)
    assert (verdict.word, verdict.qualifier) == (Word.INCONCLUSIVE, "they differ, and neither direction is better")


def test_refuses_what_the_plan_got_wrong() -> None:
    with pytest.raises(ValueError, match="no arm is named 'nobody'; there are base"):
        judge_arms({"base": values(1, 2, 3)}, "nobody", SCORE)
    with pytest.raises(ValueError, match="reward"):
        judge_arms({"base": values(1, 2, 3), "arm": values(2, 3, 4)}, "base", SCORE, margin="10%")


# the log scale ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", [ACCURACY, LOSS], ids=lambda metric: metric.name)
def test_a_relative_margin_is_judged_on_log_errors(metric: MetricInfo) -> None:
    errors = {"base": (0.020, 0.022, 0.021, 0.020), "arm": (0.015, 0.0163, 0.0158, 0.0151)}
    arms = {name: values(*(1 - np.array(e) if metric is ACCURACY else e)) for name, e in errors.items()}
    (verdict,) = judge_arms(arms, "base", metric, margin="10%")
    oracle = stats.ttest_rel(np.log(errors["arm"]), np.log(errors["base"]))
    assert (verdict.scale, verdict.sign, verdict.word) == (Scale.LOG_ERROR, -1, Word.BETTER)
    assert verdict.qualifier == "by more than the margin"
    assert verdict.margin == pytest.approx(math.log(1.1))
    assert verdict.p_diff == pytest.approx(oracle.pvalue)
    assert (verdict.ci_low, verdict.ci_high) == pytest.approx(tuple(oracle.confidence_interval()))
    assert verdict.raw_diff == pytest.approx(metric.sign * 0.0052, abs=2e-4)
    assert verdict.diff_pct_error == pytest.approx(100 * math.expm1(verdict.diff))
    assert verdict.wins == 4
    assert verdict.test_name == "paired t on log errors"


def test_a_perfect_run_counts_as_half_an_error_on_the_scale_of_all_pairs() -> None:
    arms = {"base": values(0.98, 0.97, 0.99), "arm": values(1.0, 0.99, 0.98), "other": values(0.96, 0.97, 0.95)}
    perfect, other = judge_arms(arms, "base", ACCURACY, margin="10%", n_examples=100)
    assert perfect.test_name == other.test_name == "paired t on log errors"
    oracle = stats.ttest_rel(np.log([0.005, 0.01, 0.02]), np.log([0.02, 0.03, 0.01]))
    assert list(perfect.differences.values()) == pytest.approx(np.log([0.25, 1 / 3, 2]))
    assert perfect.p_diff == pytest.approx(oracle.pvalue)
    assert perfect.diff_pct_error == pytest.approx(100 * ((0.25 / 3 * 2) ** (1 / 3) - 1))
    assert Flag.NOT_POSITIVE not in perfect.flags
    without = judge_arms({"base": arms["base"], "other": arms["other"]}, "base", ACCURACY, margin="10%")
    assert other.differences == without[0].differences


def test_without_the_number_of_examples_a_perfect_run_cannot_be_judged() -> None:
    arms = {"base": values(0.98, 0.97, 0.99), "arm": values(1.0, 0.99, 0.98)}
    (verdict,) = judge_arms(arms, "base", ACCURACY, margin="10%")
    assert (verdict.word, verdict.n, verdict.diff) == (Word.INCONCLUSIVE, 0, None)
    assert verdict.qualifier == "an error that is not positive has no logarithm"
    assert verdict.raw_diff == pytest.approx(0.01)
    assert Flag.NOT_POSITIVE in verdict.flags


# divergence ------------------------------------------------------------------------------------------


def test_better_when_it_trains_is_no_verdict() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(0.97, 0.002, 10)
    arm = dict(enumerate(base + 0.01 + rng.normal(0, 0.001, 10))) | {2: math.nan, 5: math.inf}
    arms = {"base": values(*base), "arm": ArmValues(arm, diverged=[8])}
    (verdict,) = judge_arms(arms, "base", ACCURACY, margin=0.002, classes=10)
    assert (verdict.word, verdict.n, verdict.n_diverged) == (Word.INCONCLUSIVE, 7, 3)
    assert verdict.qualifier == "better when it trains; diverged 3/10"
    assert verdict.ci_low > 0
    composite = np.where(np.isin(np.arange(10), [2, 5, 8]), 0.1, [arm[seed] for seed in range(10)]) - base
    assert verdict.p_diff == 1.0, composite.mean()


def test_divergence_does_not_hide_what_both_analyses_say() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(0.97, 0.002, 10)
    arms = {"base": values(*base), "arm": ArmValues(dict(enumerate(base[:9] - 0.3)), diverged=[9])}
    (verdict,) = judge_arms(arms, "base", ACCURACY, resolution=1e-4)
    assert verdict.word is Word.WORSE
    assert Flag.DIVERGED in verdict.flags
    composite = [-0.3] * 9 + [0.0 - base[9]]
    assert verdict.p_diff == pytest.approx(stats.ttest_1samp(composite, 0).pvalue)


def test_a_baseline_that_diverges() -> None:
    rng = np.random.default_rng(2)
    arm = rng.normal(0.5, 0.01, 5)
    arms = {
        "sgd": ArmValues(dict(enumerate(arm[:4] + np.array([0.1, 0.11, 0.12, 0.09]))), diverged=[4]),
        "adam": values(*arm),
    }
    (verdict,) = judge_arms(arms, "sgd", LOSS, classes=10)
    assert verdict.n_diverged_reference == 1
    assert verdict.qualifier == "better when it trains; sgd diverged 1/5"


def test_an_arm_that_never_trains() -> None:
    arms = {"base": values(0.9, 0.91, 0.92), "arm": ArmValues(dict.fromkeys(range(3), math.nan))}
    (verdict,) = judge_arms(arms, "base", ACCURACY)
    assert (verdict.word, verdict.n, verdict.n_planned) == (Word.INCONCLUSIVE, 0, 3)
    # McNemar: 2 · (1/2)³ of three seeds that diverged on one side only.
    rates = "3 of 3 [0.29, 1.00] against 0 of 3 [0.00, 0.71]"
    assert verdict.qualifier == f"every run of arm diverged: {rates}, McNemar's exact test 0.25"
    assert (verdict.p_diff, verdict.p_perm, verdict.wins, verdict.losses) == (None, None, 0, 0)


@pytest.mark.parametrize("worst", [None, 100.0])
@pytest.mark.parametrize("side", ["arm", "base"])
def test_where_a_whole_side_diverged_there_are_rates_and_no_verdict(side: str, worst: float | None) -> None:
    arms = {"base": values(*np.linspace(0.4, 0.5, 10)), "arm": values(*np.linspace(0.5, 0.6, 10)[::-1])}
    arms[side] = ArmValues(dict.fromkeys(range(10), math.nan))
    (verdict,) = judge_arms(arms, "base", LOSS, margin=0.01, worst=worst)
    counts = ["10 of 10 [0.69, 1.00]", "0 of 10 [0.00, 0.31]"][:: 1 if side == "arm" else -1]
    assert verdict.word is Word.INCONCLUSIVE
    rates = " against ".join(counts)
    assert verdict.qualifier == f"every run of {side} diverged: {rates}, McNemar's exact test 0.002"
    assert f"{stats.binomtest(0, 10).pvalue:.2g}" == "0.002"


def test_not_every_run_diverged_where_some_failed_or_are_missing() -> None:
    arms = {"base": values(0.9, 0.91, 0.92), "arm": ArmValues({0: math.nan, 1: None}, planned=range(3), failed=[2])}
    (verdict,) = judge_arms(arms, "base", SCORE)
    assert (verdict.word, verdict.n) == (None, 0)
    assert verdict.qualifier == "no seed with a value on both sides; diverged 1/1; 0 of 3 planned"


NOT_JUDGED = "not judged: say the worst value (`--worst`)"


def test_without_a_worst_value_diverged_runs_leave_no_verdict() -> None:
    arms = {
        "base": values(*np.linspace(1.0, 1.1, 10)),
        "arm": ArmValues(dict.fromkeys(range(7), 2.0), diverged=[9]),
    }
    (verdict,) = judge_arms(arms, "base", SCORE, margin=0.01)
    assert (verdict.word, verdict.n, verdict.ci_low > 0) == (Word.INCONCLUSIVE, 7, True)
    assert verdict.qualifier.startswith(NOT_JUDGED)
    assert verdict.qualifier.endswith("; diverged 1/8")
    assert (verdict.p_diff, verdict.p_diff_adj) == (None, None)
    # A known worst lets the same numbers be judged; those that did not diverge need none.
    assert judge_arms({**arms, "arm": values(*[2.0] * 10)}, "base", SCORE)[0].word is Word.BETTER
    assert not judge_arms(arms, "base", SCORE, worst=0.9)[0].qualifier.startswith("not judged")
    with pytest.raises(ValueError, match="finite"):
        judge_arms(arms, "base", SCORE, worst=math.nan)


def test_a_claim_whose_runs_diverged_needs_a_worst_value() -> None:
    lost = ArmValues({**LOW.values, 0: math.nan})
    assert claim(Relation.LESS, LOW, HIGH).word is Word.SUPPORTED
    found = claim(Relation.LESS, lost, HIGH)
    assert found.word is Word.NOT_RESOLVED
    assert found.qualifier.startswith(NOT_JUDGED)
    norm = claim(Relation.LESS, lost, HIGH, METRICS["gradient_norm"], worst=9.0)
    assert norm.word is Word.NOT_RESOLVED
    assert norm.qualifier == (
        "not judged: neither direction is worse, so no value stands for a diverged run; diverged 1/4"
    )
    worse = claim(Relation.GREATER, ArmValues({**HIGH.values, 0: math.nan}), LOW, worst=0.6)
    assert worse.word is Word.SUPPORTED


def test_a_value_that_is_worse_than_the_worst_takes_its_place() -> None:
    base, arm = {0: 0.5, 1: 0.6, 2: 0.4, 3: 0.5}, {0: 0.4, 1: 0.49, 2: 0.31, 3: math.nan}
    arms = {"base": ArmValues(base), "arm": ArmValues(arm), "other": values(7.0, 0.5, 0.5, 0.5)}
    verdict, _ = judge_arms(arms, "base", LOSS, classes=10, multiplicity="joint")
    composite = [-0.1, -0.11, -0.09, 7.0 - 0.5]
    assert verdict.p_diff == 1.0, "the two analyses point in opposite directions"
    assert (verdict.wins, verdict.losses) == (3, 1)
    paired = pair_values(arms["arm"], arms["base"], LOSS, classes=10, all_values=[0.3, 7.0])
    assert list(paired.composite.values()) == pytest.approx(composite)
    assert pair_values(arms["arm"], arms["base"], LOSS, classes=10).worst == math.log(10)


def test_what_stands_beside_the_verdict_counts_diverged_runs_as_it_does() -> None:
    """Ten seeds: the arm is .01 ahead on seven of them, lost on seeds 7 and 8, and on seed 9 both sides are."""
    base = dict.fromkeys(range(9), 0.9) | {9: math.nan}
    arm = dict.fromkeys(range(7), 0.91) | dict.fromkeys((7, 8, 9), math.nan)
    (verdict,) = judge_arms({"base": ArmValues(base), "arm": ArmValues(arm)}, "base", ACCURACY, resolution=1e-4)
    composite = np.array([0.01] * 7 + [-0.9] * 2 + [0.0])
    assert (verdict.n, verdict.counted) == (7, 10)
    assert (verdict.wins, verdict.ties, verdict.losses) == (7, 1, 2)
    assert verdict.p_improve == pytest.approx(0.75)
    # Clopper and Pearson's of 7 wins and half a tie.
    interval = stats.beta.ppf(0.025, 7.5, 3.5), stats.beta.ppf(0.975, 8.5, 2.5)
    assert (verdict.pi_low, verdict.pi_high) == pytest.approx(interval)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 10)).reshape(10, -1)
    flipped = np.abs(composite @ signs)
    assert verdict.p_perm == pytest.approx((flipped >= abs(composite.sum()) - 1e-9).mean())
    assert Flag.TEST_DISAGREE not in verdict.flags
    assert verdict.word is Word.INCONCLUSIVE


def test_a_directed_claim_counts_diverged_runs_among_its_seeds() -> None:
    base, arm = values(*[0.5] * 6), ArmValues({**dict.fromkeys(range(4), 0.4), 4: math.nan, 5: math.nan})
    for relation, claimed in ((Relation.LESS, 4), (Relation.GREATER, 2)):
        found = claim(relation, arm, base, classes=10)
        assert (found.n, found.counted, found.as_claimed, found.wins) == (4, 6, claimed, 4)


def test_a_bare_difference_that_is_not_finite_leaves_no_verdict() -> None:
    verdict = judge_differences([1.0, 1.1, 0.9, math.nan], 0.1)
    assert (verdict.word, verdict.n, verdict.n_diverged) == (Word.INCONCLUSIVE, 3, 1)
    assert verdict.qualifier == "better when it trains; diverged 1/4"


# both kinds of chance --------------------------------------------------------------------------------


def correctness(rng: np.random.Generator, rate: float, n: int = 6, examples: int = 500) -> dict[int, np.ndarray]:
    return {seed: rng.random(examples) < rate for seed in range(n)}


def arm_of(correct: dict[int, np.ndarray]) -> ArmValues:
    return ArmValues({seed: float(row.mean()) for seed, row in correct.items()}, correct=correct)


def test_whether_it_holds_for_a_new_test_set() -> None:
    rng = np.random.default_rng(4)
    base = correctness(rng, 0.7)
    clear = judge_arms({"base": arm_of(base), "arm": arm_of(correctness(rng, 0.9))}, "base", ACCURACY)[0]
    assert clear.holds_new_test is True
    assert clear.se_twoway >= clear.sd / math.sqrt(6)
    # The same 13 examples are gained in every run: certain for these examples, not for others.
    gained = {seed: row.copy() for seed, row in base.items()}
    for row in gained.values():
        row[:13] = True
    base = {seed: np.where(np.arange(500) < 13, np.arange(500) % 3 == 0, row) for seed, row in base.items()}
    lucky = {seed: np.where(np.arange(500) < 3, rng.random(500) < 0.97, row) for seed, row in base.items()}
    narrow = judge_arms({"base": arm_of(base), "arm": arm_of(lucky)}, "base", ACCURACY)[0]
    assert narrow.word is Word.BETTER
    assert narrow.holds_new_test is False


def test_without_predictions_nothing_is_said_of_a_new_test_set() -> None:
    (verdict,) = judge_arms({"base": values(0.9, 0.8, 0.7), "arm": values(0.91, 0.82, 0.7)}, "base", ACCURACY)
    assert (verdict.se_twoway, verdict.holds_new_test) == (None, None)


def test_predictions_on_other_examples_are_not_crossed() -> None:
    rng = np.random.default_rng(5)
    arms = {"base": arm_of(correctness(rng, 0.7)), "arm": arm_of(correctness(rng, 0.9, examples=400))}
    assert judge_arms(arms, "base", ACCURACY)[0].holds_new_test is None


# claims ----------------------------------------------------------------------------------------------

LOW, HIGH = values(0.40, 0.41, 0.42, 0.39), values(0.50, 0.52, 0.51, 0.50)


def claim(relation: Relation, first: ArmValues, second: ArmValues, metric: MetricInfo = LOSS, **more: object):
    question = PairedQuestion(f"a {relation} b", "a", "b", metric, first, second, relation, **more)
    return judge_claims([question])[0]


@pytest.mark.parametrize("metric", [LOSS, ACCURACY], ids=lambda metric: metric.name)
@pytest.mark.parametrize("margin", [0.001, "1%"])
def test_claims_are_about_values_and_wins_about_what_is_better(metric: MetricInfo, margin: float | str) -> None:
    supported = claim(Relation.LESS, LOW, HIGH, metric, margin=margin)
    refuted = claim(Relation.GREATER, LOW, HIGH, metric, margin=margin)
    assert (supported.word, refuted.word) == (Word.SUPPORTED, Word.REFUTED)
    assert supported.family is Family.CLAIMS
    assert supported.diff == refuted.diff
    assert supported.sign == -refuted.sign == (1 if supported.diff > 0 else -1)
    assert supported.wins == refuted.wins == (4 if metric is LOSS else 0)


def test_not_worse_follows_the_metric() -> None:
    assert claim(Relation.NOT_WORSE, LOW, HIGH, LOSS, margin=0.01).word is Word.SUPPORTED
    assert claim(Relation.NOT_WORSE, LOW, HIGH, ACCURACY, margin=0.01).word is Word.REFUTED


def test_sameness() -> None:
    near = values(0.401, 0.409, 0.421, 0.389)
    assert claim(Relation.SAME, near, LOW, margin=0.01).word is Word.SUPPORTED
    assert claim(Relation.SAME, near, HIGH, margin=0.01).word is Word.REFUTED
    assert claim(Relation.SAME, near, LOW).word is Word.NOT_RESOLVED


def test_claims_share_their_errors() -> None:
    question = PairedQuestion("a < b", "a", "b", LOSS, LOW, HIGH, Relation.LESS)
    one, (two, _) = judge_claims([question])[0], judge_claims([question, question])
    assert two.p_diff_adj == pytest.approx(2 * one.p_diff_adj)


def test_against_a_stated_number_it_is_a_one_sample_t() -> None:
    measured, number = (0.9952, 0.9949, 0.9955, 0.9951, 0.9953), 0.9957
    stated = values(*[number] * 5)
    verdict = claim(Relation.GREATER, values(*measured), stated, ACCURACY, has_stated_reference=True)
    found = stats.ttest_1samp(measured, number)
    assert verdict.word is Word.REFUTED
    assert verdict.p_diff == pytest.approx(found.pvalue)
    low, high = found.confidence_interval()
    assert (verdict.ci_low, verdict.ci_high) == pytest.approx((low - number, high - number))
    assert (verdict.test_name, verdict.rho, verdict.vr) == ("one-sample t against a stated value", None, None)
    assert Flag.PAIRING_USELESS not in verdict.flags


def test_a_claim_needs_a_relation() -> None:
    with pytest.raises(ValueError, match="no relation"):
        judge_claims([PairedQuestion("a ? b", "a", "b", LOSS, LOW, HIGH)])


# exploratory -----------------------------------------------------------------------------------------


def test_exploratory_rows_have_numbers_and_no_word() -> None:
    questions = [PairedQuestion(name, name, "b", LOSS, LOW, HIGH) for name in ("one", "two")]
    for verdict in judge_exploratory(questions):
        assert (verdict.family, verdict.word, verdict.qualifier) == (Family.EXPLORATORY, None, "")
        assert verdict.p_diff_adj == pytest.approx(2 * verdict.p_diff)
        assert Flag.EXPLORATORY_METRIC in verdict.flags


def test_effects_of_a_grid() -> None:
    case = expected("per_seed_contrast")
    effects = {"optimizer": {0: 0.02, 1: 0.025, 2: 0.02, 3: 0.01}, "nothing": {0: 0.0, 1: 0.0, 2: 0.0}}
    main, nothing = judge_effects(effects, ACCURACY, margin=0.01)
    assert (main.diff, main.p_diff) == pytest.approx((case["main"], case["p_main"]))
    assert (main.ci_low, main.ci_high) == pytest.approx((case["ci_low"], case["ci_high"]))
    assert (main.word, main.arm, main.base_mean) == (None, "", None)
    assert Flag.EXPLORATORY_METRIC not in main.flags
    assert (nothing.diff, nothing.p_diff) == (0.0, None)


# poor data -------------------------------------------------------------------------------------------

POOR = {
    "nothing": {},
    "one": {0: 0.5},
    "two": {0: 0.5, 1: 0.6},
    "constant": dict.fromkeys(range(5), 0.5),
    "ones": dict.fromkeys(range(5), 1.0),
    "zeros": dict.fromkeys(range(5), 0.0),
    "other seeds": {10: 0.5, 11: 0.6, 12: 0.7},
    "all diverged": dict.fromkeys(range(4), math.nan),
    "holes": {0: 0.5, 1: None, 2: math.inf, 3: 0.7, 4: 0.4},
    "ties": {0: 0.5, 1: 0.5, 2: 0.6, 3: 0.6, 4: 0.5, 5: 0.6},
    "huge": {0: 1e300, 1: -1e300, 2: 1e300, 3: 1e299},
    "tiny": {0: 1e-300, 1: 2e-300, 2: 1.5e-300},
}


@pytest.mark.parametrize("baseline", POOR)
@pytest.mark.parametrize("margin", [None, 0.01, "10%"])
@pytest.mark.parametrize("metric", [ACCURACY, LOSS], ids=lambda metric: metric.name)
def test_poor_data_neither_raise_nor_print_nan(baseline: str, margin: float | str | None, metric: MetricInfo) -> None:
    arms = {name: ArmValues(data) for name, data in POOR.items()}
    for n_examples, classes in ((None, None), (200, 10)):
        verdicts = judge_arms(arms, baseline, metric, margin=margin, n_examples=n_examples, classes=classes)
        assert len(verdicts) == len(POOR) - 1
        assert all(has_no_nan(verdict) for verdict in verdicts)
        assert all(verdict.word in (None, Word.INCONCLUSIVE) for verdict in verdicts if verdict.n < 3)


@pytest.mark.parametrize(("n", "qualifier"), [(0, ""), (1, "single seed"), (2, "two seeds")])
def test_below_three_seeds_there_is_no_word(n: int, qualifier: str) -> None:
    """Of arms, of claims, of a confirmation, and of a bare difference alike."""
    base, arm = values(*[0.90, 0.91][:n]), values(*[0.95, 0.97][:n])
    sides = PairedQuestion("arm", "arm", "base", SCORE, arm, base, margin=0.01)
    claims = judge_claims([replace(sides, relation=relation) for relation in Relation])
    rows = [*judge_arms({"base": base, "arm": arm}, "base", SCORE, margin=0.01), *judge_pairs([sides]), *claims]
    rows.append(judge_differences([0.05, 0.06][:n], 0.01))
    assert {(row.word, row.n, row.seeds_needed_high) for row in rows} == {(None, n, None)}
    assert all(row.qualifier == qualifier for row in rows) or not n


def test_a_baseline_alone_is_no_question() -> None:
    assert judge_arms({"base": values(1, 2, 3)}, "base", SCORE) == ()


@pytest.mark.parametrize("differences", [[], [0.0], [1.0, 1.0], [0.0, 0.0, 1e-320], [1e200, 1e200, 1.0]])
def test_poor_differences(differences: list[float]) -> None:
    assert has_no_nan(judge_differences(differences, 0.1))
