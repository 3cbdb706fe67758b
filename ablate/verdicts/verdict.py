"""One line of the verdict table: a question, what was measured, and what may be said of it.

A `Verdict` is what every judgement ends in, whoever asked: an arm against the baseline, a claim, an effect
of a grid. Its fields are the columns of the `verdicts` table. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ablate.core.claims import Relation
from ablate.core.records import MetricInfo

__all__ = ["Family", "Flag", "Scale", "Verdict", "Word"]


class Family(StrEnum):
    """Which questions share their errors. An exploratory question has its own adjustment and no word."""

    ARMS = "arms"
    CLAIMS = "claims"
    EXPLORATORY = "exploratory"


class Scale(StrEnum):
    """What a difference is: arm − baseline in the unit of the metric, or log(error of arm ÷ error of baseline),
    the error being 1 − value where larger is better and the value itself where smaller is."""

    RAW = "raw"
    LOG_ERROR = "log_error"


class Word(StrEnum):
    """What may be said. The first five are said of arms, the last four of claims."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"
    IDENTICAL = "identical"
    SUPPORTED = "supported"
    REFUTED = "refuted"
    NO_PRACTICAL_DIFFERENCE = "no practical difference"
    NOT_RESOLVED = "not resolved"


class Flag(StrEnum):
    """Something that a reader should know beside a verdict; `ablate.reporting.flags` has a sentence for each."""

    SINGLE_SEED = "single_seed"
    TWO_SEEDS = "two_seeds"
    FEW_SEEDS = "few_seeds"
    UNEQUAL_SEEDS = "unequal_seeds"
    INCOMPLETE = "incomplete"
    POST_HOC_SEEDS = "post_hoc_seeds"
    WITHDRAWN_SEEDS = "withdrawn_seeds"
    POST_HOC_CLAIMS = "post_hoc_claims"
    REPEATED_CONFIRMATION = "repeated_confirmation"
    NO_MARGIN = "no_margin"
    MARGIN_UNDER_NOISE = "margin_under_noise"
    UNTUNED_NUISANCE = "untuned_nuisance"
    SHARED_LR_BATCH = "shared_lr_batch"
    EDGE_OF_SEARCH = "edge_of_search"
    CEILING = "ceiling"
    CHANCE_LEVEL = "chance_level"
    DIVERGED = "diverged"
    CRASHED_DROPPED = "crashed_dropped"
    SELECTED_ON_TEST = "selected_on_test"
    STOPPED_EARLY_UNEQUAL = "stopped_early_unequal"
    STILL_IMPROVING = "still_improving"
    LAST_STEP_NOISE = "last_step_noise"
    MANY_ARMS = "many_arms"
    WINNER_CURSE = "winner_curse"
    PAIRING_USELESS = "pairing_useless"
    TEST_DISAGREE = "test_disagree"
    OUTLIER_SEED = "outlier_seed"
    VARIANCE_FLOOR = "variance_floor"
    IDENTICAL_RUNS = "identical_runs"
    NONDETERMINISM = "nondeterminism"
    MIXED_ENVIRONMENT = "mixed_environment"
    INTERACTION_PRESENT = "interaction_present"
    EXPLORATORY_METRIC = "exploratory_metric"
    NOT_POSITIVE = "not_positive"
    RESPLITS = "resplits"
    OTHER_SPLITS = "other_splits"


@dataclass(frozen=True)
class Verdict:
    """One judged question. What cannot be known is None, never NaN.

    Every difference (`diff`, the intervals, `margin`, `differences`, dz, gz) is arm − reference on `scale`, in
    the metric's own direction; `sign` is +1 where a positive difference is good (or is what the claim
    says) and −1 where a negative one is. Wins are always seeds in which the arm did better.

    Attributes:
        subject: the arm's name, or the text of the claim, or the name of the effect.
        arm, reference: the two sides, as names of arms; empty for an effect.
        n: the seeds that have a difference. n_planned: those that were to have one.
        n_diverged: diverged runs of the arm; n_diverged_reference: of the reference.
        base_mean, arm_mean: in the metric's unit, over the paired seeds.
        raw_diff: arm_mean − base_mean, in the metric's unit, whatever the scale.
        diff_pct_error: the change of the error in per cent of the reference's error.
        alpha_i: the level of the arm's step of the adjustment. ci_low, ci_high: the plain 1 − α interval.
        ci_adj_low, ci_adj_high: of level 1 − alpha_i, dual to the verdict.
        ci_equiv_low, ci_equiv_high: of level 1 − 2 · (the level of the equivalence test's step).
        margin: half-width of the zone that counts as equivalent, on `scale`.
        rho, vr: correlation of the two sides, and var(D) ÷ (var(arm) + var(reference)).
        p_perm: the exact sign-flip test, a second opinion that never decides.
        qualifier: what goes with the word, e.g. `by more than the margin`, `detectable but negligible`.
        seeds_needed_low, seeds_needed_high: for 80 % power at the stated margin, from the spread and from its 80 %
            upper bound: the second is what to plan with. seeds_needed_half: as the second, for half the margin, where
            that asks for no more seeds than there are.
        se_twoway: the standard error over seeds and test examples together. holds_new_test: whether the sign
            holds for fresh test examples too; None where no predictions are stored.
        differences: seed → difference.
        relation: of a claim: what it says of its two sides.
    """

    family: Family
    subject: str
    arm: str
    reference: str
    metric: MetricInfo
    scale: Scale
    sign: int
    test_name: str
    alpha: float
    n: int
    n_planned: int
    n_diverged: int = 0
    n_diverged_reference: int = 0
    base_mean: float | None = None
    arm_mean: float | None = None
    raw_diff: float | None = None
    diff: float | None = None
    diff_pct_error: float | None = None
    sd: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    alpha_i: float | None = None
    ci_adj_low: float | None = None
    ci_adj_high: float | None = None
    ci_equiv_low: float | None = None
    ci_equiv_high: float | None = None
    p_diff: float | None = None
    p_diff_adj: float | None = None
    margin: float | None = None
    p_tost: float | None = None
    p_tost_adj: float | None = None
    dz: float | None = None
    gz: float | None = None
    gz_low: float | None = None
    gz_high: float | None = None
    wins: int = 0
    ties: int = 0
    losses: int = 0
    p_improve: float | None = None
    pi_low: float | None = None
    pi_high: float | None = None
    rho: float | None = None
    vr: float | None = None
    p_perm: float | None = None
    word: Word | None = None
    qualifier: str = ""
    seeds_needed_low: int | None = None
    seeds_needed_high: int | None = None
    seeds_needed_half: int | None = None
    se_twoway: float | None = None
    holds_new_test: bool | None = None
    flags: tuple[Flag, ...] = ()
    differences: Mapping[int, float] = field(default_factory=dict)
    relation: Relation | None = None

    @property
    def as_claimed(self) -> int | None:
        """How many seeds differ the way the claim says; None where no claim names a direction."""
        if self.relation is None or not self.relation.is_directed:
            return None
        return sum(self.sign * difference > 0 for difference in self.differences.values())

    def as_exploratory(self, *why: Flag) -> Verdict:
        """The same numbers without a word, since what was planned for it no longer holds."""
        flags = tuple(flag for flag in Flag if flag in why or flag in self.flags)
        return replace(self, family=Family.EXPLORATORY, word=None, qualifier="", flags=flags)
