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

from ablate.core.claims import Relation
from ablate.core.records import MetricInfo
from ablate.stats.crossed import CrossedMean, crossed_mean
from ablate.stats.effect_sizes import effect_size
from ablate.stats.improvement import paired_improvement
from ablate.stats.power import MINIMUM_SEEDS, SeedsNeeded, seeds_needed
from ablate.stats.sign_flips import sign_flip_p
from ablate.verdicts.decisions import Decision, DifferenceEstimate, Question, decide_family, estimate_difference
from ablate.verdicts.flags import MIN_EXACT_SEEDS, Observed, engine_flags
from ablate.verdicts.pairing import ArmValues, PairedValues, pair_values
from ablate.verdicts.scales import analysis_scale, better_sign
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word

__all__ = [
    "ArmValues",
    "PairedQuestion",
    "Relation",
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
OF_SPLITS = "corrected for overlapping splits"


@dataclass(frozen=True)
class PairedQuestion:
    """Two sides and what is asked of them; a `relation` makes a claim of it, else it asks whether `arm` is better.

    `has_stated_reference` says that the reference is one stated number, the same for every seed, and no arm.
    `margin` and `scale` are as in `analysis_scale`; `n_examples`, `classes`, `resolution` and `all_values` as in
    `pair_values`; `test_to_train` as in `estimate_difference`, where every seed has a split of its own.
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
    test_to_train: float = 0.0,
) -> tuple[Verdict, ...]:
    """A verdict for every arm but the baseline, in the order of `arms`: the family of a sweep's one metric.

    Args:
        arms: every planned arm, those without any value included: they count in the adjustment.
        margin: the smallest difference that matters, in the unit of the metric, or `10%` of the error; without
            one nothing can be called equivalent.
        multiplicity, others: `holm` or `joint`, and what shares the error beside the arms, see `decide_family`.
        n_examples, classes, resolution: of the evaluation set, see `pair_values`.
        test_to_train: where every seed has a split of its own, see `estimate_difference`.

    Raises:
        ValueError: when no arm is named `baseline`, for a margin that does not fit the scale, or a metric that
            leaves no error for the log scale. Poor data never raise: they are inconclusive, with a flag.
    """
    questions = [
        replace(question, test_to_train=test_to_train)
        for question in _arm_questions(arms, baseline, metric, margin, scale, n_examples, classes, resolution)
    ]
    return _judge([_paired_case(question) for question in questions], Family.ARMS, alpha, multiplicity, others)


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
    questions = _arm_questions(arms, baseline, metric, margin, scale, n_examples, None, None)
    estimates = [_paired_case(question).estimates()[0] for question in questions]
    return [(estimate.n, estimate.sd) for estimate in estimates if estimate.sd]


def _arm_questions(
    arms: Mapping[str, ArmValues],
    baseline: str,
    metric: MetricInfo,
    margin: float | str | None,
    scale: Scale | None,
    n_examples: int | None,
    classes: int | None,
    resolution: float | None,
) -> list[PairedQuestion]:
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
    return _judge([_paired_case(claim) for claim in claims], Family.CLAIMS, alpha, multiplicity, others)


def judge_pairs(
    questions: Sequence[PairedQuestion], alpha: float = ALPHA, multiplicity: str = "holm", others: int = 0
) -> tuple[Verdict, ...]:
    """A verdict for each pair of arms, in their order: a family with a reference of its own for every question."""
    return _judge([_paired_case(question) for question in questions], Family.ARMS, alpha, multiplicity, others)


def judge_exploratory(questions: Sequence[PairedQuestion], alpha: float = ALPHA) -> tuple[Verdict, ...]:
    """Numbers without words, adjusted by Holm among themselves: secondary metrics, all pairs of arms."""
    verdicts = _judge([_paired_case(question) for question in questions], Family.EXPLORATORY, alpha, "holm")
    return tuple(_with_flag(verdict, Flag.EXPLORATORY_METRIC) for verdict in verdicts)


def judge_effects(
    effects: Mapping[str, Mapping[int, float]],
    metric: MetricInfo,
    *,
    margin: float | str | None = None,
    scale: Scale | None = None,
    alpha: float = ALPHA,
) -> tuple[Verdict, ...]:
    """Effects of a grid, each already a contrast per seed: numbers without words, adjusted by Holm among themselves.

    Args:
        effects: name → seed → contrast, on the scale that `margin` and `scale` give.
    """
    chosen, half = analysis_scale(margin, scale)
    cases = [
        _effect_case(name, contrasts, metric, better_sign(metric, chosen), half, chosen)
        for name, contrasts in effects.items()
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
    case = _effect_case(subject, by_seed, metric, metric.sign, half, Scale.RAW, resolution)
    return _judge([case], Family.ARMS, alpha, "holm")[0]


# what is asked ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """A question on its scale. `sign` orients it for the table, `better` for wins; 0 where nothing is better."""

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
    n_examples: int | None = None
    classes: int | None = None
    has_stated_reference: bool = False
    test_to_train: float = 0.0

    @property
    def orientation(self) -> int:
        return self.sign or 1

    def estimates(self) -> tuple[DifferenceEstimate, ...]:
        magnitude = 0.0 if self.paired is None else self.paired.magnitude
        return tuple(
            estimate_difference(
                [self.orientation * value for value in values.values()],
                self.margin,
                self.floor,
                magnitude,
                self.test_to_train,
            )
            for values in (self.differences, self.composite)
            if values is not None
        )


def _paired_case(question: PairedQuestion) -> _Case:
    scale, margin = analysis_scale(question.margin, question.scale)
    arm, reference, metric = question.arm_values, question.reference_values, question.metric
    paired = pair_values(
        arm,
        reference,
        metric,
        scale,
        question.n_examples,
        question.resolution,
        question.classes,
        question.all_values,
    )
    notes = [
        f"diverged {arm.divergence}" if arm.diverged_seeds else "",
        f"{question.reference or 'reference'} diverged {reference.divergence}" if reference.diverged_seeds else "",
    ]
    test = STATED_T if question.has_stated_reference else PAIRED_T
    test = f"{test} {OF_SPLITS}" if question.test_to_train else test
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
        differences=paired.differences,
        composite=paired.composite,
        floor=paired.floor,
        n_planned=len(arm.planned_seeds & reference.planned_seeds),
        n_diverged=len(arm.diverged_seeds),
        n_diverged_reference=len(reference.diverged_seeds),
        disagreement=", ".join(filter(None, notes)),
        test_name=f"{test} on {_ON_SCALE[scale, paired.is_logit]}" if scale is Scale.LOG_ERROR else test,
        paired=paired,
        n_examples=question.n_examples,
        classes=question.classes,
        has_stated_reference=question.has_stated_reference,
        test_to_train=question.test_to_train,
    )


_ON_SCALE = {(Scale.LOG_ERROR, False): "log errors", (Scale.LOG_ERROR, True): "empirical logits of errors"}


def _sign(relation: Relation | None, metric: MetricInfo, scale: Scale) -> int:
    """+1 where a positive difference on `scale` is what is asked for."""
    if relation is Relation.WORSE:
        return -better_sign(metric, scale)
    if relation not in (Relation.LESS, Relation.GREATER):
        return better_sign(metric, scale)
    says = 1 if relation is Relation.GREATER else -1
    # A larger accuracy is a smaller error; a larger loss is a larger error.
    return -says if scale is Scale.LOG_ERROR and metric.sign > 0 else says


def _effect_case(
    subject: str,
    contrasts: Mapping[int, float],
    metric: MetricInfo,
    sign: int,
    margin: float | None,
    scale: Scale,
    resolution: float | None = None,
) -> _Case:
    finite = {seed: float(value) for seed, value in sorted(contrasts.items()) if math.isfinite(value)}
    lost = len(contrasts) - len(finite)
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
        differences=finite,
        # Nothing can stand for a difference that is not finite, so no word survives one.
        composite={} if lost else None,
        floor=(resolution or 0.0) / math.sqrt(12),
        n_planned=len(contrasts),
        n_diverged=lost,
        n_diverged_reference=0,
        disagreement=f"diverged {lost}/{len(contrasts)}" if lost else "",
        test_name=ONE_SAMPLE_T,
    )


# the answer ------------------------------------------------------------------------------------------


def _judge(
    cases: Sequence[_Case], family: Family, alpha: float, multiplicity: str, others: int = 0
) -> tuple[Verdict, ...]:
    questions = [Question(case.estimates(), case.relation, case.disagreement) for case in cases]
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
    checked = _with_second_opinions(decided, case, estimate, decision)
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
        n_planned=case.n_planned,
        n_diverged=case.n_diverged,
        n_diverged_reference=case.n_diverged_reference,
        differences=dict(case.differences),
    )


def _with_difference(verdict: Verdict, case: _Case, estimate: DifferenceEstimate) -> Verdict:
    """With how far the two sides lie apart: in units, in spreads, and in seeds."""
    sign, means, level = case.orientation, _means(case), 1 - verdict.alpha
    size = effect_size(sign * (estimate.mean or 0.0), estimate.sd or 0.0, estimate.n, level)
    improvement = paired_improvement([(case.better or 1) * value for value in case.differences.values()], level)
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


def _with_decision(verdict: Verdict, case: _Case, estimate: DifferenceEstimate, decision: Decision) -> Verdict:
    """With what the decision table says, at the levels of the family; an exploratory question gets no word."""
    word, qualifier = (None, "") if verdict.family is Family.EXPLORATORY else _said(case, estimate, decision)
    needed = _needed(case, estimate, decision)
    ci_adj, ci_equiv = (
        _turned(estimate.interval(level), case.orientation)
        for level in (decision.alpha_difference, min(2 * decision.alpha_equivalence, 1.0))
    )
    return replace(
        verdict,
        word=word,
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


def _with_second_opinions(verdict: Verdict, case: _Case, estimate: DifferenceEstimate, decision: Decision) -> Verdict:
    """With what never decides: what pairing gained, an exact test, and the test examples as a further sample."""
    # Of a number without a spread nothing is gained or lost by pairing.
    pairing = _Pairing() if case.has_stated_reference else _pairing(case.paired)
    crossed = _crossed(case)
    return replace(
        verdict,
        rho=pairing.rho,
        vr=pairing.vr,
        p_perm=sign_flip_p(list(case.differences.values())) if estimate.n >= MIN_EXACT_SEEDS else None,
        se_twoway=None if crossed is None or case.scale is not Scale.RAW else crossed.se,
        holds_new_test=_holds(crossed, decision.alpha_difference),
    )


def _of_dependent_seeds(verdict: Verdict) -> Verdict:
    """Without what holds of seeds that are independent, as those with overlapping splits are not."""
    return replace(
        verdict,
        gz_low=None,
        gz_high=None,
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
        paired=case.paired,
        m=m,
        alpha=verdict.alpha,
        vr=verdict.vr,
        p_perm=verdict.p_perm,
        n_diverged=case.n_diverged + case.n_diverged_reference,
        n_examples=case.n_examples,
        classes=case.classes,
        has_own_splits=case.test_to_train > 0,
    )


def _said(case: _Case, estimate: DifferenceEstimate, decision: Decision) -> tuple[Word, str]:
    word, qualifier = decision.word, decision.qualifier
    if case.paired is not None and not case.paired.is_positive:
        return word, "an error that is not positive has no logarithm"
    if case.sign == 0 and case.relation is not Relation.SAME and word not in (Word.EQUIVALENT, Word.IDENTICAL):
        nothing = Word.INCONCLUSIVE if case.relation is None else Word.NOT_RESOLVED
        return (nothing, qualifier) if word is nothing else (nothing, "they differ, and neither direction is better")
    if estimate.n < min(3, case.n_planned):
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
    if case.paired is None:
        values = list(case.differences.values())
        known = values and case.scale is Scale.RAW
        return _Means(difference=math.fsum(values) / len(values) if known else None)
    if not case.paired.arm:
        return _Means()
    arm, reference = (math.fsum(side.values()) / len(side) for side in (case.paired.arm, case.paired.reference))
    return _Means(arm, reference, arm - reference)


def _percent_of_error(case: _Case, means: _Means) -> float | None:
    """The ratio of the mean errors; on the log scale the geometric one, which is what is tested there."""
    if means.arm is None or means.reference is None:
        return None
    if case.scale is Scale.LOG_ERROR and case.differences and not (case.paired and case.paired.is_logit):
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
    only_differs = case.sign == 0 and decision.word not in (Word.INCONCLUSIVE, Word.NOT_RESOLVED)
    if estimate.margin is None or not estimate.sd or estimate.n < MINIMUM_SEEDS or only_differs:
        return SeedsNeeded(None, None)
    return seeds_needed(estimate.margin, estimate.sd, estimate.n, decision.alpha_difference, decision.alpha_equivalence)


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
