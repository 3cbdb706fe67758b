"""What may be said of arms and claims: the one place where numbers become words.

    arms = {"sgd": ArmValues({0: 0.97, 1: 0.96, 2: 0.97}), "adam": ArmValues({0: 0.98, 1: 0.98, 2: 0.98})}
    for verdict in judge_arms(arms, "sgd", METRICS["test_accuracy"], margin=0.005):
        verdict.subject, verdict.word, verdict.ci_adj_low, verdict.flags

One engine: every question is one difference per seed and a one-sample t on it, whose intervals the decision table
reads (`decisions`). There is no choice of test after a look at the data. A family of questions shares its errors:
the arms of a sweep on its one metric, or its claims; anything else is exploratory and gets no word.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ablate.core.claims import EPOCHS_TO, Relation
from ablate.core.records import MetricInfo
from ablate.stats.crossed import CrossedMean, crossed_mean
from ablate.stats.effect_sizes import effect_size
from ablate.stats.improvement import paired_improvement
from ablate.stats.power import MINIMUM_SEEDS, SeedsNeeded, seeds_needed
from ablate.stats.sign_flips import sign_flip_p
from ablate.verdicts.decisions import Decision, DifferenceEstimate, Question, Signs, decide_family, estimate_difference
from ablate.verdicts.divergence import divergence_rates, worst_rank
from ablate.verdicts.effects import EffectValues, effect_of_differences
from ablate.verdicts.flags import MIN_EXACT_SEEDS, Observed, engine_flags
from ablate.verdicts.pairing import ArmValues, PairedValues, pair_values
from ablate.verdicts.scales import analysis_scale, better_sign
from ablate.verdicts.unpaired import UnpairedSides, share_no_seed, unpaired_sides
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word

__all__ = [
    "ArmValues",
    "PairedQuestion",
    "Relation",
    "arm_questions",
    "arm_spreads",
    "judge_arms",
    "judge_claims",
    "judge_differences",
    "judge_effects",
    "judge_exploratory",
    "judge_pairs",
]

ALPHA = 0.05
DIFFERENCE = MetricInfo("difference", "difference (positive is good)", "max", "")
PAIRED_T = "paired t"
ONE_SAMPLE_T = "one-sample t on per-seed contrasts"
STATED_T = "one-sample t against a stated value"
OF_SPLITS = "corrected for overlapping splits (Nadeau and Bengio 2003)"
# Of diverged runs that nothing stands for, by whether the metric has a bad end at all.
NO_WORST = "not judged: say the worst value (`--worst`), or `sweep.worst` of a sweep's metric"
NO_WORSE = "not judged: neither direction is worse, so no value stands for a diverged run"
SIGN_TEST = "sign test of pairs"
WELCH = "Welch's t, unpaired"


@dataclass(frozen=True)
class PairedQuestion:
    """Two sides and what is asked of them; a `relation` makes a claim of it, else it asks whether `arm` is better.

    `has_stated_reference` says that the reference is one stated number, the same for every seed, and no arm;
    `is_unpaired` that equal seeds make no pairs. Sides that share no seed are unpaired without being said to be.
    `margin` and `scale` are as in `analysis_scale`; `n_examples`, `classes`, `resolution`, `all_values` and `worst` as
    in `pair_values`; `test_to_train` as in `estimate_difference`, where every seed has a split of its own.
    """

    subject: str
    arm: str
    reference: str
    metric: MetricInfo
    arm_values: ArmValues
    reference_values: ArmValues
    relation: Relation | None = None
    margin: float | str | None = None
    scale: Scale | None = None
    n_examples: int | None = None
    classes: int | None = None
    resolution: float | None = None
    all_values: Sequence[float] | None = None
    has_stated_reference: bool = False
    worst: float | None = None
    is_unpaired: bool = False
    test_to_train: float = 0.0


# who asks --------------------------------------------------------------------------------------------


def judge_arms(
    arms: Mapping[str, ArmValues],
    baseline: str,
    metric: MetricInfo,
    *,
    margin: float | str | None = None,
    scale: Scale | None = None,
    alpha: float = ALPHA,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    classes: int | None = None,
    resolution: float | None = None,
    others: int = 0,
    worst: float | None = None,
    unpaired: bool = False,
    test_to_train: float = 0.0,
) -> tuple[Verdict, ...]:
    """A verdict for every arm but the baseline, in the order of `arms`: the family of a sweep's one metric.

    Args:
        arms: every planned arm, those without any value included: they count in the adjustment.
        margin: the smallest difference that matters, in the unit of the metric, or `10%` of the error; without
            one nothing can be called equivalent.
        multiplicity, others: `holm` or `joint`, and what shares the error beside the arms, see `decide_family`.
        n_examples, classes, resolution: of the evaluation set, see `pair_values`.
        worst: what stands for a diverged run; without it the metric's own, and where it has none no verdict.
        unpaired: whether the arms are independent samples, though they may have equal seeds; see `verdicts.unpaired`.
        test_to_train: where every seed has a split of its own, see `estimate_difference`.

    Raises:
        ValueError: when no arm is named `baseline`, for a margin that does not fit the scale, a metric that leaves
            no error for the log scale, or a worst value that is not finite. Poor data never raise: they are
            inconclusive, with a flag.
    """
    questions = arm_questions(
        arms,
        baseline,
        metric,
        margin=margin,
        scale=scale,
        n_examples=n_examples,
        classes=classes,
        resolution=resolution,
        worst=worst,
        test_to_train=test_to_train,
        unpaired=unpaired,
    )
    return _judge([_case(question) for question in questions], Family.ARMS, alpha, multiplicity, others)


def arm_spreads(
    arms: Mapping[str, ArmValues],
    baseline: str,
    metric: MetricInfo,
    *,
    margin: float | str | None = None,
    scale: Scale | None = None,
    n_examples: int | None = None,
) -> list[tuple[int, float]]:
    """The pairs of seeds and the sd of their differences, of every arm that has a spread: `n` and `sd` of the verdicts
    of `judge_arms`, without what else it takes to judge.

    Raises:
        ValueError: as `judge_arms`.
    """
    questions = arm_questions(arms, baseline, metric, margin=margin, scale=scale, n_examples=n_examples)
    estimates = [_case(question).estimates()[0] for question in questions]
    return [(estimate.n, estimate.sd) for estimate in estimates if estimate.sd]


def arm_questions(
    arms: Mapping[str, ArmValues],
    baseline: str,
    metric: MetricInfo,
    *,
    margin: float | str | None = None,
    scale: Scale | None = None,
    n_examples: int | None = None,
    classes: int | None = None,
    resolution: float | None = None,
    worst: float | None = None,
    test_to_train: float = 0.0,
    unpaired: bool = False,
) -> list[PairedQuestion]:
    """What `judge_arms` asks of every arm but the baseline, for a family that is made of more than that: `judge_pairs`
    judges the questions of several metrics together.

    Raises:
        ValueError: when no arm is named `baseline`.
    """
    if baseline not in arms:
        raise ValueError(f"no arm is named {baseline!r}; there are {', '.join(arms) or 'none'}")
    everything = [value for arm in arms.values() for value in arm.finite.values()]
    # The worst of all is one of these two: so each arm need not look through all values again.
    extremes = [min(everything), max(everything)] if everything else []
    return [
        PairedQuestion(
            subject=name,
            arm=name,
            reference=baseline,
            metric=metric,
            arm_values=values,
            reference_values=arms[baseline],
            margin=margin,
            scale=scale,
            n_examples=n_examples,
            classes=classes,
            resolution=resolution,
            all_values=extremes,
            worst=worst,
            test_to_train=test_to_train,
            is_unpaired=unpaired,
        )
        for name, values in arms.items()
        if name != baseline
    ]


def judge_claims(
    claims: Sequence[PairedQuestion], alpha: float = ALPHA, multiplicity: str = "holm", others: int = 0
) -> tuple[Verdict, ...]:
    """Supported, refuted, no practical difference or not resolved, for each claim, in their order.

    A claim is tested two-sided, so that it can be refuted. `~` is supported by equivalence and refuted by a difference
    beyond the margin; `not worse than` is supported when the 1 − 2α interval lies above −margin and refuted when
    it lies below; its `p_tost` is one-sided, in the direction that the data point.

    Args:
        others: what shares the error beside them, see `decide_family`.

    Raises:
        ValueError: for a claim without a relation, and as `judge_arms`.
    """
    for claim in claims:
        if claim.relation is None:
            raise ValueError(f"the claim {claim.subject!r} has no relation")
    return _judge([_case(claim) for claim in claims], Family.CLAIMS, alpha, multiplicity, others)


def judge_pairs(
    questions: Sequence[PairedQuestion], alpha: float = ALPHA, multiplicity: str = "holm", others: int = 0
) -> tuple[Verdict, ...]:
    """A verdict for each pair of arms, in their order: a family with a reference of its own for every question."""
    return _judge([_case(question) for question in questions], Family.ARMS, alpha, multiplicity, others)


def judge_exploratory(questions: Sequence[PairedQuestion], alpha: float = ALPHA) -> tuple[Verdict, ...]:
    """Numbers without words, adjusted by Holm among themselves: secondary metrics, all pairs of arms."""
    verdicts = _judge([_case(question) for question in questions], Family.EXPLORATORY, alpha, "holm")
    return tuple(_with_flag(verdict, Flag.EXPLORATORY_METRIC) for verdict in verdicts)


def judge_effects(
    effects: Mapping[str, EffectValues | Mapping[int, float]],
    metric: MetricInfo,
    *,
    margin: float | str | None = None,
    scale: Scale | None = None,
    alpha: float = ALPHA,
) -> tuple[Verdict, ...]:
    """Effects of a grid, each already a contrast per seed: numbers without words, adjusted by Holm among themselves.

    Where runs of an effect diverged, its p is the larger of the two analyses, as for arms; None where nothing can stand
    for such a run.

    Args:
        effects: name → contrasts on the scale that `margin` and `scale` give, and their runs; or name → seed →
            contrast, where one that is not finite counts as diverged.
    """
    chosen, half = analysis_scale(margin, scale)
    cases = [
        _effect_case(name, _effect(values), metric, better_sign(metric, chosen), half, chosen)
        for name, values in effects.items()
    ]
    return _judge(cases, Family.EXPLORATORY, alpha, "holm")


def judge_differences(
    differences: Mapping[int, float] | Sequence[float],
    margin: float | None = None,
    alpha: float = ALPHA,
    *,
    metric: MetricInfo = DIFFERENCE,
    resolution: float | None = None,
    subject: str = "difference",
) -> Verdict:
    """The verdict on one difference per seed, asked alone. A positive difference is good, and so `better`, unless the
    metric is one of which less is better, as in `metric=METRICS["val_loss"]`.

    Args:
        differences: seed → arm − reference, or a plain sequence. One that is not finite counts as diverged.
        metric: says which sign is good.
    """
    by_seed = differences if isinstance(differences, Mapping) else dict(enumerate(differences))
    half = analysis_scale(margin, Scale.RAW)[1]
    values = effect_of_differences(by_seed)
    case = _effect_case(subject, values, metric, metric.sign, half, Scale.RAW, resolution)
    return _judge([case], Family.ARMS, alpha, "holm")[0]


# what is asked ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """A question on its scale. `sign` orients it for the table, `better` for wins; 0 where nothing is better.

    `unjudged` says why there is no verdict whatever the numbers are; empty where there may be one.
    """

    subject: str
    arm: str
    reference: str
    metric: MetricInfo
    scale: Scale
    sign: int
    better: int
    relation: Relation | None
    margin: float | None
    differences: Mapping[int, float]
    composite: Mapping[int, float] | None
    floor: float
    n_planned: int
    n_diverged: int
    n_diverged_reference: int
    disagreement: str
    test_name: str
    paired: PairedValues | None = None
    effect: EffectValues | None = None
    n_examples: int | None = None
    classes: int | None = None
    has_stated_reference: bool = False
    unjudged: str = ""
    signs: Signs | None = None
    unpaired: UnpairedSides | None = None
    test_to_train: float = 0.0

    @property
    def orientation(self) -> int:
        return self.sign or 1

    @property
    def counted(self) -> Mapping[int, float]:
        """The differences that count every run: with the worst value for those that diverged, where there is one."""
        return self.composite or self.differences

    def estimates(self) -> tuple[DifferenceEstimate, ...]:
        if self.signs is not None:
            # A mean over those that got there would prefer the side that seldom does, and fast.
            mean = _means(self).difference
            return (DifferenceEstimate(self.signs.n, None if mean is None else self.orientation * mean),)
        if self.unpaired is not None:
            return self.unpaired.estimates(self.orientation, self.margin)
        magnitude = 0.0 if self.paired is None else self.paired.magnitude
        return tuple(
            estimate_difference(
                [self.orientation * value for value in values.values()],
                self.margin,
                self.floor,
                magnitude,
                identical=self._is_identical(values),
                test_to_train=self.test_to_train,
            )
            for values in (self.differences, self.composite)
            if values is not None
        )

    def _is_identical(self, differences: Mapping[int, float]) -> bool:
        """Digests are made where nothing else tells the sides apart, and nowhere else: they read all of a run."""
        return self.paired is not None and not any(differences.values()) and self.paired.are_same_runs(differences)


def _case(question: PairedQuestion) -> _Case:
    arm, reference = question.arm_values, question.reference_values
    if question.metric.measure == EPOCHS_TO:
        # Whatever is said of pairs: a mean would leave out the runs that never got there.
        return _sign_case(question)
    is_unpaired = question.is_unpaired or share_no_seed(arm, reference)
    return _unpaired_case(question) if is_unpaired and not question.has_stated_reference else _paired_case(question)


def _paired_case(question: PairedQuestion) -> _Case:
    asked = _asked_case(question)
    paired = pair_values(
        question.arm_values,
        question.reference_values,
        question.metric,
        asked.scale,
        question.n_examples,
        question.resolution,
        question.classes,
        question.all_values,
        question.worst,
    )
    test = STATED_T if question.has_stated_reference else PAIRED_T
    return replace(
        asked,
        differences=paired.differences,
        composite=paired.composite,
        floor=paired.floor,
        test_name=_on_scale(f"{test} {OF_SPLITS}" if question.test_to_train else test, asked.scale),
        paired=paired,
        unjudged=_unjudged(question, paired.worst, asked.disagreement),
        test_to_train=question.test_to_train,
    )


def _unpaired_case(question: PairedQuestion) -> _Case:
    asked, arm, reference = _asked_case(question), question.arm_values, question.reference_values
    sides = unpaired_sides(
        arm,
        reference,
        question.metric,
        asked.scale,
        question.n_examples,
        question.resolution,
        question.classes,
        question.all_values,
        question.worst,
    )
    return replace(
        asked,
        floor=sides.floor,
        n_planned=min(len(arm.planned_seeds), len(reference.planned_seeds)),
        test_name=_on_scale(WELCH, asked.scale),
        unpaired=sides,
        unjudged=_unjudged(question, sides.worst, asked.disagreement),
    )


def _sign_case(question: PairedQuestion) -> _Case:
    """Of what a run may never reach: who is ahead, pair by pair, whatever the data; neither side, where neither gets
    there. A margin has no part in it."""
    arm, reference, metric = question.arm_values, question.reference_values, question.metric
    ranks = worst_rank(
        arm.finite,
        reference.finite,
        {*arm.diverged_seeds, *arm.unreached},
        {*reference.diverged_seeds, *reference.unreached},
        metric.sign,
    )
    asked = _asked_case(replace(question, margin=None, scale=Scale.RAW))
    paired = pair_values(arm, reference, metric)
    ahead, behind = (ranks.wins, ranks.losses) if asked.sign == metric.sign else (ranks.losses, ranks.wins)
    return replace(
        asked,
        differences=paired.differences,
        disagreement="",
        test_name=SIGN_TEST,
        paired=paired,
        signs=Signs(ahead, ranks.ties, behind),
    )


def _asked_case(question: PairedQuestion) -> _Case:
    """The question on its scale, before any of its values: what paired and unpaired sides have in common."""
    scale, margin = analysis_scale(question.margin, question.scale)
    arm, reference, metric = question.arm_values, question.reference_values, question.metric
    return _Case(
        subject=question.subject,
        arm=question.arm,
        reference=question.reference,
        metric=metric,
        scale=scale,
        sign=_sign(question.relation, metric, scale),
        better=better_sign(metric, scale),
        relation=question.relation,
        margin=margin,
        differences={},
        composite=None,
        floor=0.0,
        n_planned=len(arm.planned_seeds & reference.planned_seeds),
        n_diverged=len(arm.diverged_seeds),
        n_diverged_reference=len(reference.diverged_seeds),
        disagreement=_divergence(question),
        test_name="",
        n_examples=question.n_examples,
        classes=question.classes,
        has_stated_reference=question.has_stated_reference,
    )


def _on_scale(test: str, scale: Scale) -> str:
    return f"{test} on log errors" if scale is Scale.LOG_ERROR else test


def _divergence(question: PairedQuestion) -> str:
    """How many runs of each side diverged; empty where none did."""
    arm, reference = question.arm_values, question.reference_values
    of_arm = f"diverged {arm.divergence}" if arm.diverged_seeds else ""
    of_reference = f"{question.reference or 'reference'} diverged {reference.divergence}"
    return ", ".join(filter(None, (of_arm, of_reference if reference.diverged_seeds else "")))


def _unjudged(question: PairedQuestion, worst: float | None, notes: str) -> str:
    """Why runs that diverged leave no verdict; empty where there may be one, as where none did."""
    if not notes:
        return ""
    sides = (
        (question.arm or "arm", question.arm_values),
        (question.reference or "reference", question.reference_values),
    )
    lost = [name for name, side in sides if side.diverged_seeds and side.diverged_seeds >= side.planned_seeds]
    if lost:
        # A run that trains well and never gets there has no value either.
        fate = "diverged or never got there" if question.metric.measure == EPOCHS_TO else "diverged"
        return f"every run of {' and of '.join(lost)} {fate}{_rates(question)}"
    if worst is not None or not all(side.finite for _, side in sides):
        return ""
    return f"{NO_WORST if question.metric.sign else NO_WORSE}; {notes}"


def _rates(question: PairedQuestion) -> str:
    """What is left to say of two sides where one has diverged as a whole; nothing of a stated number."""
    arm, reference = question.arm_values, question.reference_values
    ended = [{*side.finite, *side.diverged_seeds} for side in (arm, reference)]
    rates = divergence_rates(arm.diverged_seeds, reference.diverged_seeds, ended[0] & ended[1])
    if question.has_stated_reference or not rates.arm.n:
        return ""
    counts = [f"{rate.count} of {rate.n} [{rate.low:.2f}, {rate.high:.2f}]" for rate in (rates.arm, rates.reference)]
    return f": {' against '.join(counts)}, McNemar's exact test {rates.p:.2g}"


def _sign(relation: Relation | None, metric: MetricInfo, scale: Scale) -> int:
    """+1 where a positive difference on `scale` is what is asked for."""
    if relation is Relation.WORSE:
        return -better_sign(metric, scale)
    if relation not in (Relation.LESS, Relation.GREATER):
        return better_sign(metric, scale)
    says = 1 if relation is Relation.GREATER else -1
    # A larger accuracy is a smaller error; a larger loss is a larger error.
    return -says if scale is Scale.LOG_ERROR and metric.sign > 0 else says


def _effect(values: EffectValues | Mapping[int, float]) -> EffectValues:
    return values if isinstance(values, EffectValues) else effect_of_differences(values)


def _effect_case(
    subject: str,
    values: EffectValues,
    metric: MetricInfo,
    sign: int,
    margin: float | None,
    scale: Scale,
    resolution: float | None = None,
) -> _Case:
    return _Case(
        subject=subject,
        arm="",
        reference="",
        metric=metric,
        scale=scale,
        sign=sign,
        better=sign,
        relation=None,
        margin=margin,
        differences=values.contrasts,
        composite=values.composite,
        floor=(resolution or 0.0) / math.sqrt(12),
        n_planned=values.n_planned,
        n_diverged=values.n_diverged,
        n_diverged_reference=0,
        disagreement=f"diverged {values.divergence}" if values.n_diverged else "",
        test_name=f"{ONE_SAMPLE_T} of log errors" if scale is Scale.LOG_ERROR else ONE_SAMPLE_T,
        effect=values,
    )


# the answer ------------------------------------------------------------------------------------------


def _judge(
    cases: Sequence[_Case], family: Family, alpha: float, multiplicity: str, others: int = 0
) -> tuple[Verdict, ...]:
    questions = [Question(case.estimates(), case.relation, case.disagreement, case.signs) for case in cases]
    decisions = decide_family(questions, alpha, multiplicity, others)
    return tuple(
        _verdict(case, question.estimates[0], decision, family, alpha, len(cases) + others)
        for case, question, decision in zip(cases, questions, decisions, strict=True)
    )


def _verdict(
    case: _Case, estimate: DifferenceEstimate, decision: Decision, family: Family, alpha: float, m: int
) -> Verdict:
    """Of one of the `m` cases of a family."""
    measured = _with_difference(_asked(case, estimate, family, alpha), case, estimate)
    decided = _with_decision(measured, case, estimate, decision)
    checked = _with_second_opinions(decided, case, decision)
    if case.test_to_train:
        checked = _of_dependent_seeds(checked)
    return replace(checked, flags=engine_flags(_observed(checked, case, estimate, m)))


def _asked(case: _Case, estimate: DifferenceEstimate, family: Family, alpha: float) -> Verdict:
    """The question alone, and what became of its runs."""
    return Verdict(
        family=family,
        subject=case.subject,
        arm=case.arm,
        reference=case.reference,
        metric=case.metric,
        scale=case.scale,
        sign=case.sign,
        test_name=case.test_name,
        alpha=alpha,
        margin=case.margin,
        relation=case.relation,
        n=estimate.n,
        sizes=None if case.unpaired is None else (len(case.unpaired.arm), len(case.unpaired.reference)),
        n_planned=case.n_planned,
        n_diverged=case.n_diverged,
        n_diverged_reference=case.n_diverged_reference,
        differences=dict(case.differences),
        n_unreached=0 if case.paired is None else len(case.paired.arm_values.unreached),
        n_unreached_reference=0 if case.paired is None else len(case.paired.reference_values.unreached),
    )


def _with_difference(verdict: Verdict, case: _Case, estimate: DifferenceEstimate) -> Verdict:
    """With how far the two sides lie apart: in units, in spreads, and in seeds."""
    sign, means, level = case.orientation, _means(case), 1 - verdict.alpha
    size = effect_size(sign * (estimate.mean or 0.0), estimate.sd or 0.0, estimate.n, level)
    improvement = paired_improvement([(case.better or 1) * value for value in _ahead(case)], level)
    ci_low, ci_high = _turned(estimate.interval(verdict.alpha), sign)
    return replace(
        verdict,
        base_mean=means.reference,
        arm_mean=means.arm,
        raw_diff=means.difference,
        diff=None if estimate.mean is None else sign * estimate.mean,
        diff_pct_error=_percent_of_error(case, means),
        sd=estimate.sd,
        ci_low=ci_low,
        ci_high=ci_high,
        dz=size.dz,
        gz=size.gz,
        gz_low=size.low,
        gz_high=size.high,
        wins=improvement.wins,
        ties=improvement.ties,
        losses=improvement.losses,
        p_improve=improvement.probability,
        pi_low=improvement.low,
        pi_high=improvement.high,
    )


def _ahead(case: _Case) -> list[float]:
    """One number a pair, whose sign is that of arm − reference."""
    if case.signs is None:
        return list(case.counted.values())
    signs = [1.0] * case.signs.positive + [0.0] * case.signs.ties + [-1.0] * case.signs.negative
    return [case.orientation * sign for sign in signs]


def _with_decision(verdict: Verdict, case: _Case, estimate: DifferenceEstimate, decision: Decision) -> Verdict:
    """With what the decision table says, at the levels of the family; an exploratory question gets no word."""
    is_exploratory = verdict.family is Family.EXPLORATORY
    word, qualifier = (None, case.disagreement) if is_exploratory else _said(case, estimate, decision)
    needed = _needed(case, estimate, decision)
    ci_adj = _turned(estimate.interval(decision.alpha_difference), case.orientation)
    narrow = estimate.equivalence_interval(min(2 * decision.alpha_equivalence, 1.0))
    ci_equiv = _turned(narrow, case.orientation)
    return replace(
        verdict,
        word=word if _has_word(case, estimate, verdict.family) else None,
        qualifier=qualifier,
        alpha_i=decision.alpha_difference,
        ci_adj_low=ci_adj[0],
        ci_adj_high=ci_adj[1],
        ci_equiv_low=ci_equiv[0],
        ci_equiv_high=ci_equiv[1],
        p_diff=decision.p_difference,
        p_diff_adj=decision.p_difference_adjusted,
        p_tost=decision.p_equivalence,
        p_tost_adj=decision.p_equivalence_adjusted,
        seeds_needed_low=needed.low,
        seeds_needed_high=needed.high,
        seeds_needed_half=needed.half,
    )


def _with_second_opinions(verdict: Verdict, case: _Case, decision: Decision) -> Verdict:
    """With what never decides: what pairing gained, an exact test, and the test examples as a further sample."""
    if case.signs is not None:
        return verdict
    if case.unpaired is not None:
        return _with_superiority(verdict, case, case.unpaired)
    # Of a number without a spread nothing is gained or lost by pairing.
    pairing = _Pairing() if case.has_stated_reference else _pairing(case.paired)
    crossed = _crossed(case)
    return replace(
        verdict,
        rho=pairing.rho,
        vr=pairing.vr,
        p_perm=sign_flip_p(list(case.counted.values())) if len(case.counted) >= MIN_EXACT_SEEDS else None,
        se_twoway=None if crossed is None or case.scale is not Scale.RAW else crossed.se,
        holds_new_test=_holds(crossed, decision.alpha_difference),
    )


def _with_superiority(verdict: Verdict, case: _Case, sides: UnpairedSides) -> Verdict:
    """With how often one of two runs is better, whichever they are (Brunner and Munzel 2000). Nothing can be said of
    pairs, nor is a difference of unpaired runs one of seeds."""
    found = sides.superiority(case.better or 1)
    cleared = replace(verdict, dz=None, gz=None, gz_low=None, gz_high=None, p_improve=None, pi_low=None, pi_high=None)
    if found is None:
        return cleared
    low, high = (None if bound is None else min(max(bound, 0.0), 1.0) for bound in (found.low, found.high))
    return replace(cleared, p_improve=found.probability, pi_low=low, pi_high=high)


def _of_dependent_seeds(verdict: Verdict) -> Verdict:
    """Without what holds of seeds that are independent, as those with overlapping splits are not."""
    return replace(
        verdict,
        gz_low=None,
        gz_high=None,
        p_improve=None,
        pi_low=None,
        pi_high=None,
        p_perm=None,
        seeds_needed_low=None,
        seeds_needed_high=None,
        seeds_needed_half=None,
        se_twoway=None,
        holds_new_test=None,
    )


def _observed(verdict: Verdict, case: _Case, estimate: DifferenceEstimate, m: int) -> Observed:
    return Observed(
        differences=list(case.differences.values()),
        estimate=estimate,
        # Of the same differences as the exact test.
        p_t=(case.estimates()[1] if case.composite else estimate).p_difference,
        paired=case.paired,
        effect=case.effect,
        m=m,
        alpha=verdict.alpha,
        vr=verdict.vr,
        p_perm=verdict.p_perm,
        n_diverged=case.n_diverged + case.n_diverged_reference,
        n_examples=case.n_examples,
        classes=case.classes,
        is_of_signs=case.signs is not None,
        unpaired=case.unpaired,
        has_own_splits=case.test_to_train > 0,
    )


def _has_word(case: _Case, estimate: DifferenceEstimate, family: Family) -> bool:
    """Not what is exploratory, and not what fewer than three seeds tell, unless it is for divergence that they are
    few."""
    pairs = 0 if case.paired is None else len(case.paired.arm)
    counted = len(case.composite or ()) if case.unpaired is None else min(map(len, case.unpaired.counted))
    is_told = bool(case.unjudged) or max(estimate.n, pairs, counted) >= MINIMUM_SEEDS
    return family is not Family.EXPLORATORY and is_told


# What may be said where neither direction is better.
_ALIKE = (Word.EQUIVALENT, Word.IDENTICAL, Word.NO_DIFFERENCE_SEEN)


def _said(case: _Case, estimate: DifferenceEstimate, decision: Decision) -> tuple[Word, str]:
    word, qualifier = decision.word, decision.qualifier
    if case.unjudged:
        return Word.INCONCLUSIVE if case.relation is None else Word.NOT_RESOLVED, case.unjudged
    if any(side is not None and not side.is_positive for side in (case.paired, case.unpaired)):
        return word, "an error that is not positive has no logarithm"
    if case.sign == 0 and case.relation is not Relation.SAME and word not in _ALIKE:
        nothing = Word.INCONCLUSIVE if case.relation is None else Word.NOT_RESOLVED
        return (nothing, qualifier) if word is nothing else (nothing, "they differ, and neither direction is better")
    if estimate.n < min(MINIMUM_SEEDS, case.n_planned):
        qualifier = f"{qualifier}; {estimate.n} of {case.n_planned} planned"
    return word, qualifier


def _turned(interval: tuple[float, float] | None, sign: int) -> tuple[float | None, float | None]:
    """An interval of sign · difference as one of the difference."""
    if interval is None:
        return None, None
    return interval if sign > 0 else (-interval[1], -interval[0])


class _Means(NamedTuple):
    arm: float | None = None
    reference: float | None = None
    difference: float | None = None


def _means(case: _Case) -> _Means:
    if case.unpaired is not None:
        return _means_of(case.unpaired.arm, case.unpaired.reference)
    if case.paired is None:
        values = list(case.differences.values())
        known = values and case.scale is Scale.RAW
        return _Means(difference=math.fsum(values) / len(values) if known else None)
    if not case.paired.arm or (case.signs is not None and len(case.paired.arm) < case.signs.n):
        return _Means()
    return _means_of(list(case.paired.arm.values()), list(case.paired.reference.values()))


def _means_of(arm: Sequence[float], reference: Sequence[float]) -> _Means:
    if not (arm and reference):
        return _Means()
    first, second = (math.fsum(side) / len(side) for side in (arm, reference))
    return _Means(first, second, first - second)


def _percent_of_error(case: _Case, means: _Means) -> float | None:
    """The ratio of the mean errors; on the log scale the geometric one, which is what is tested there."""
    if means.arm is None or means.reference is None:
        return None
    if case.scale is Scale.LOG_ERROR and case.unpaired is not None and case.unpaired.is_positive:
        return 100 * math.expm1(_means_of(*case.unpaired.scaled).difference or 0.0)
    if case.scale is Scale.LOG_ERROR and case.differences:
        return 100 * math.expm1(math.fsum(case.differences.values()) / len(case.differences))
    before, after = case.metric.error(means.reference), case.metric.error(means.arm)
    return 100 * (after / before - 1) if before is not None and after is not None and before > 0 else None


class _Pairing(NamedTuple):
    rho: float | None = None
    vr: float | None = None


def _pairing(paired: PairedValues | None) -> _Pairing:
    """Correlation of the two sides, and the variance of their difference over the sum of theirs; None below three
    pairs, or for a side without spread."""
    if paired is None or len(paired.differences) < 3:
        return _Pairing()
    unit = paired.magnitude or 1.0
    arm, reference = (np.array(list(side.values())) / unit for side in (paired.arm_scaled, paired.reference_scaled))
    arm, reference = arm - arm.mean(), reference - reference.mean()
    rounding = (16 * np.finfo(np.float64).eps) ** 2 * len(arm)
    squares = float(arm @ arm), float(reference @ reference)
    if max(squares) <= rounding:
        return _Pairing()
    vr = float((arm - reference) @ (arm - reference)) / sum(squares)
    if min(squares) <= rounding:
        return _Pairing(None, vr)
    return _Pairing(max(-1.0, min(1.0, float(arm @ reference) / math.sqrt(squares[0] * squares[1]))), vr)


def _needed(case: _Case, estimate: DifferenceEstimate, decision: Decision) -> SeedsNeeded:
    """None below three seeds, whose spread is not judged, and where it is known that the sides differ and not what that
    is good for: no seeds tell."""
    is_open = decision.word in (Word.INCONCLUSIVE, Word.NO_DIFFERENCE_SEEN, Word.NOT_RESOLVED)
    spread, only_differs = estimate.spread_of_equivalence, case.sign == 0 and not is_open
    if estimate.margin is None or not spread or estimate.n < MINIMUM_SEEDS or only_differs:
        return SeedsNeeded(None, None)
    return seeds_needed(
        estimate.margin,
        spread,
        estimate.n,
        decision.alpha_difference,
        decision.alpha_equivalence,
        paired=case.unpaired is None,
    )


def _crossed(case: _Case) -> CrossedMean | None:
    """Seeds × examples of correct(arm) − correct(reference), over the pairs; None unless all are stored alike."""
    paired = case.paired
    if paired is None or not case.metric.counts_examples or len(paired.arm) < 2:
        return None
    arm, reference = paired.arm_values.correct, paired.reference_values.correct
    if not all(seed in arm and seed in reference for seed in paired.arm):
        return None
    rows = [(np.asarray(arm[seed], dtype=bool), np.asarray(reference[seed], dtype=bool)) for seed in paired.arm]
    if len({side.shape for row in rows for side in row}) > 1:
        return None
    return crossed_mean(np.stack([first.astype(np.int8) - second.astype(np.int8) for first, second in rows]))


def _holds(crossed: CrossedMean | None, alpha: float) -> bool | None:
    """Whether the interval over new seeds and new examples excludes zero too."""
    interval = None if crossed is None else crossed.interval(alpha)
    return None if interval is None else interval[0] > 0 or interval[1] < 0


def _with_flag(verdict: Verdict, flag: Flag) -> Verdict:
    return replace(verdict, flags=tuple(other for other in Flag if other is flag or other in verdict.flags))
