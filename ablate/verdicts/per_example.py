"""Models judged on the examples of one benchmark, paired example by example.

    >>> import numpy as np
    >>> from ablate.core.records import METRICS
    >>> base, new = np.zeros((1, 20)), np.zeros((1, 20))
    >>> new[0, :9] = 1
    >>> (found,) = judge_examples([ExamplePair("new", "base", new, base)], METRICS["test_accuracy"])
    >>> found.verdict.word, found.only_arm, found.only_reference, round(found.p_mcnemar, 5)
    (<Word.BETTER: 'better'>, 9, 0, 0.00391)

The estimate of a pair is the mean of its differences over all examples, with a standard error that allows for what
they are a sample of; the decision table of `decisions` reads it, and Holm's rule shares the error among the arms.

    right or wrong, one model a side         McNemar's exact test; t for the interval and for equivalence
    scores, one model a side                 paired t, or the sign test of pairs where that is asked for
    examples in groups                       t on the standard error clustered by them, on groups − 1 degrees of freedom
    several seeds of both sides              t on the crossed mean over seeds and examples (or groups)

What is bounded is over new examples like these, for these trained models; with several seeds over new seeds, too.

Few differences of right and wrong vary little by chance: of 100 examples, where one side gets 2 % of all right and the
other wrong, 13 % of samples show no difference at all. So the equivalence test takes each example to vary by δ(1 − δ)
at least, as a true difference of the margin δ makes it, and those of a group to do so together, which they may.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.core.records import MetricInfo
from ablate.stats.clustered import by_group, clustered_mean
from ablate.stats.crossed import crossed_mean
from ablate.stats.improvement import clopper_pearson, paired_improvement
from ablate.stats.power import MINIMUM_SEEDS, examples_needed
from ablate.verdicts.decisions import Decision, DifferenceEstimate, Question, Signs, decide_family
from ablate.verdicts.example_verdict import ExampleVerdict, Reach
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word

__all__ = ["MCNEMAR", "SIGN", "TESTS", "ExamplePair", "T", "judge_examples"]

Values = npt.NDArray[Any]

# What can be asked for.
T, SIGN = "t", "sign"
TESTS = (T, SIGN)
MCNEMAR = "McNemar's exact test"
PAIRED_T = "paired t over examples"
SIGN_TEST = "sign test of pairs over examples"
CLUSTERED_T = "t on the standard error clustered by group"
CROSSED_T = "t on the crossed mean of seeds and examples"
CROSSED_GROUPS_T = "t on the crossed mean of seeds and groups"


@dataclass(frozen=True)
class ExamplePair:
    """Two sides that have seen the same examples.

    Attributes:
        arm, reference: their names.
        arm_values, reference_values: [seeds, examples] of finite values, rows of equal seeds and columns of equal
            examples; one row where each side is one trained model.
        groups: [examples], what each belongs to; None where each stands for itself.
        n_planned: examples that either side has; those that are here when 0.
    """

    arm: str
    reference: str
    arm_values: Values
    reference_values: Values
    groups: Sequence[Hashable] | None = None
    n_planned: int = 0

    def __post_init__(self) -> None:
        if self.arm_values.shape != self.reference_values.shape or self.arm_values.ndim != 2:
            raise ValueError(f"shapes {self.arm_values.shape} and {self.reference_values.shape} are no pair of tables")

    @property
    def n_seeds(self) -> int:
        return int(self.arm_values.shape[0])

    @property
    def n_examples(self) -> int:
        return int(self.arm_values.shape[1])

    @property
    def is_right_or_wrong(self) -> bool:
        """Whether every value is 0 or 1."""
        return all(bool(np.isin(side, (0, 1)).all()) for side in (self.arm_values, self.reference_values))


def judge_examples(
    pairs: Sequence[ExamplePair],
    metric: MetricInfo,
    *,
    margin: float | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    test: str = T,
    family: Family = Family.ARMS,
) -> tuple[ExampleVerdict, ...]:
    """A verdict for each pair, in their order; all of them share the error.

    Args:
        metric: says which sign is good.
        margin: the smallest difference that matters, in the unit of the values.
        multiplicity: see `decide_family`.
        test: of the difference, one of `TESTS`; the sign test knows no margin, groups or seeds.
        family: an exploratory one gets no words.

    Raises:
        ValueError: for another test, the sign test of groups or of several seeds, or another multiplicity.
    """
    if test not in TESTS:
        raise ValueError(f"a test is one of {', '.join(TESTS)}, not {test!r}")
    if test == SIGN and any(pair.groups is not None or pair.n_seeds > 1 for pair in pairs):
        raise ValueError("the sign test takes every example for a draw of its own: it knows no groups and no seeds")
    cases = [_case(pair, metric.sign or 1, margin, test) for pair in pairs]
    questions = [Question((case.estimate,), signs=case.signs if test == SIGN else None) for case in cases]
    decisions = decide_family(questions, alpha, multiplicity)
    return tuple(
        _verdict(case, decision, metric, margin, alpha, family) for case, decision in zip(cases, decisions, strict=True)
    )


# estimates -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RightOrWrong(DifferenceEstimate):
    """The difference of two shares of the same examples, tested by McNemar's exact test.

    Its interval holds both that of Student's t and the exact one given how many examples differ, which excludes zero
    just where the test rejects (Clopper and Pearson 1934).
    """

    only_arm: int = 0
    only_reference: int = 0

    def interval(self, alpha: float) -> tuple[float, float] | None:
        plain, differing = super().interval(alpha), self.only_arm + self.only_reference
        if plain is None:
            return None
        exact = clopper_pearson(self.only_arm, differing, 1 - alpha)
        low, high = ((2 * share - 1) * differing / self.n for share in exact)
        return min(plain[0], low), max(plain[1], high)

    @property
    def p_difference(self) -> float | None:
        return Signs(self.only_arm, self.n - self.only_arm - self.only_reference, self.only_reference).p


@dataclass(frozen=True)
class _Case:
    """A pair turned so that positive is good: its estimate, and who is ahead on how many examples."""

    pair: ExamplePair
    sign: int
    test_name: str
    estimate: DifferenceEstimate
    signs: Signs
    differences: Values
    n_groups: int | None
    se_endless: float = 0.0

    @property
    def unit(self) -> str:
        """What has to be three or more."""
        return "seed" if self.pair.n_seeds > 1 else "example" if self.n_groups is None else "group"


def _case(pair: ExamplePair, sign: int, margin: float | None, test: str) -> _Case:
    differences = sign * (np.asarray(pair.arm_values, float) - np.asarray(pair.reference_values, float))
    by_example = differences.mean(axis=0) if len(differences) else np.zeros(0)
    signs = Signs(int((by_example > 0).sum()), int((by_example == 0).sum()), int((by_example < 0).sum()))
    groups = None if pair.groups is None else len(set(pair.groups))
    if pair.n_seeds > 1:
        estimate, se_endless = _over_seeds(pair, differences, margin)
        name = CROSSED_T if groups is None else CROSSED_GROUPS_T
        return _Case(pair, sign, name, estimate, signs, by_example, groups, se_endless)
    estimate = _over_examples(pair, by_example, margin)
    if test == SIGN:
        name = SIGN_TEST
    elif groups is not None:
        name = CLUSTERED_T
    elif pair.is_right_or_wrong:
        name = MCNEMAR
        fields = {key: getattr(estimate, key) for key in DifferenceEstimate.__dataclass_fields__}
        estimate = RightOrWrong(**fields, only_arm=signs.positive, only_reference=signs.negative)
    else:
        name = PAIRED_T
    return _Case(pair, sign, name, estimate, signs, by_example, groups)


def _over_examples(pair: ExamplePair, differences: Values, margin: float | None) -> DifferenceEstimate:
    """Of one trained model a side."""
    found = clustered_mean(differences.tolist(), pair.groups)
    if found.se is None or found.df is None:
        return DifferenceEstimate(found.n, found.mean, margin=margin)
    tied, se = not differences.any(), found.se
    if not pair.is_right_or_wrong:
        return DifferenceEstimate(found.n, found.mean, se or None, found.df, margin, found.sd, tied=tied)
    # Where all are alike, the spread that one group, or one example, would make by being otherwise.
    se = se or math.sqrt(float(np.square(_sizes(pair)).mean())) / pair.n_examples
    floor = _floor(pair, margin, found.n)
    return DifferenceEstimate(found.n, found.mean, se, found.df, margin, found.sd, tied=tied, floor=floor)


def _over_seeds(pair: ExamplePair, differences: Values, margin: float | None) -> tuple[DifferenceEstimate, float]:
    """Of several trained models a side; and the standard error that endless examples would leave."""
    table = differences if pair.groups is None else by_group(differences, pair.groups)
    found = crossed_mean(table)
    sd = float(differences.mean(axis=0).std(ddof=1)) if pair.n_examples > 1 else None
    floor = _floor(pair, margin, found.n_seeds) if pair.is_right_or_wrong else 0.0
    tied = not differences.any()
    estimate = DifferenceEstimate(
        found.n_seeds, found.mean, found.se or None, found.df, margin, sd, tied=tied, floor=floor
    )
    return estimate, (found.seed_sd or 0.0) / math.sqrt(found.n_seeds)


def _sizes(pair: ExamplePair) -> Values:
    """How many examples each group has."""
    groups: Sequence[Hashable] = range(pair.n_examples) if pair.groups is None else pair.groups
    counts: dict[Hashable, int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    return np.array(list(counts.values()), dtype=float)


def _floor(pair: ExamplePair, margin: float | None, units: int) -> float:
    """The `floor` by which a `DifferenceEstimate` of so many units has √(δ(1 − δ) · Σ size²) ÷ n as its least standard
    error of equivalence."""
    if margin is None or margin >= 1:
        return 0.0
    least = math.sqrt(margin * (1 - margin) * float(np.square(_sizes(pair)).sum())) / pair.n_examples
    return least * math.sqrt(units / 12)


# the answer ------------------------------------------------------------------------------------------


def _verdict(
    case: _Case, decision: Decision, metric: MetricInfo, margin: float | None, alpha: float, family: Family
) -> ExampleVerdict:
    pair, estimate, sign = case.pair, case.estimate, case.sign
    decided_by_signs = case.test_name == SIGN_TEST
    base_mean, arm_mean = (
        float(np.mean(side)) if side.size else None for side in (pair.reference_values, pair.arm_values)
    )
    diff = None if estimate.mean is None else sign * estimate.mean
    word, qualifier = _said(case, decision)
    ci, adjusted, equivalence = (
        _turned(interval, sign)
        for interval in (
            estimate.interval(alpha),
            estimate.interval(decision.alpha_difference),
            estimate.equivalence_interval(min(2 * decision.alpha_equivalence, 1.0)),
        )
    )
    verdict = Verdict(
        family=family,
        subject=pair.arm,
        arm=pair.arm,
        reference=pair.reference,
        metric=metric,
        scale=Scale.RAW,
        sign=metric.sign,
        test_name=case.test_name,
        alpha=alpha,
        n=pair.n_examples,
        n_planned=pair.n_planned or pair.n_examples,
        base_mean=base_mean,
        arm_mean=arm_mean,
        raw_diff=diff,
        diff=diff,
        diff_pct_error=_percent_of_error(metric, base_mean, arm_mean),
        sd=estimate.sd,
        ci_low=ci[0],
        ci_high=ci[1],
        alpha_i=decision.alpha_difference,
        ci_adj_low=None if decided_by_signs else adjusted[0],
        ci_adj_high=None if decided_by_signs else adjusted[1],
        ci_equiv_low=None if decided_by_signs else equivalence[0],
        ci_equiv_high=None if decided_by_signs else equivalence[1],
        p_diff=decision.p_difference,
        p_diff_adj=decision.p_difference_adjusted,
        margin=margin,
        p_tost=None if decided_by_signs else decision.p_equivalence,
        p_tost_adj=None if decided_by_signs else decision.p_equivalence_adjusted,
        wins=case.signs.positive,
        ties=case.signs.ties,
        losses=case.signs.negative,
        word=None if family is Family.EXPLORATORY else word,
        qualifier="" if family is Family.EXPLORATORY else qualifier,
        flags=(Flag.NO_MARGIN,) if margin is None else (),
    )
    if pair.n_seeds == 1 and case.n_groups is None:
        improvement = paired_improvement(case.differences.tolist(), 1 - alpha)
        verdict = replace(verdict, p_improve=improvement.probability, pi_low=improvement.low, pi_high=improvement.high)
    counts = pair.is_right_or_wrong and pair.n_seeds == 1
    return ExampleVerdict(
        verdict=verdict,
        reach=Reach.EXAMPLES if pair.n_seeds == 1 else Reach.SEEDS_AND_EXAMPLES,
        n_seeds=pair.n_seeds,
        n_groups=case.n_groups,
        se=estimate.se,
        df=estimate.df,
        only_arm=case.signs.positive if counts else None,
        only_reference=case.signs.negative if counts else None,
        p_mcnemar=estimate.p_difference if isinstance(estimate, RightOrWrong) else None,
        examples_needed=None if decided_by_signs else _needed(case, decision),
    )


def _said(case: _Case, decision: Decision) -> tuple[Word, str]:
    """The word, with a qualifier that speaks of what there is too little of."""
    if case.estimate.n < MINIMUM_SEEDS:
        n = case.estimate.n
        return Word.INCONCLUSIVE, f"{n or 'no'} {case.unit}{'' if n == 1 else 's'}"
    return decision.word, decision.qualifier.replace("seed", case.unit)


def _needed(case: _Case, decision: Decision) -> int | None:
    estimate = case.estimate
    if estimate.margin is None or estimate.se is None or estimate.n < MINIMUM_SEEDS:
        return None
    floored = math.sqrt(12 / estimate.n) * estimate.floor
    return examples_needed(
        estimate.margin,
        estimate.se,
        case.pair.n_examples,
        decision.alpha_difference,
        decision.alpha_equivalence,
        se_equivalence=max(estimate.se, floored),
        se_endless=min(case.se_endless, estimate.se),
    )


def _percent_of_error(metric: MetricInfo, before: float | None, after: float | None) -> float | None:
    """The change of the error in per cent of the reference's."""
    if before is None or after is None:
        return None
    old, new = metric.error(before), metric.error(after)
    return 100 * (new / old - 1) if old is not None and new is not None and old > 0 else None


def _turned(interval: tuple[float, float] | None, sign: int) -> tuple[float | None, float | None]:
    """An interval of sign · difference as one of the difference."""
    if interval is None:
        return None, None
    return interval if sign > 0 else (-interval[1], -interval[0])
