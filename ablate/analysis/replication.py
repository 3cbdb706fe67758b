"""A document put to the test: each number that it states beside ours, and what became of each conclusion.

    revisited = revisit(plan.sweeps[0], runs, judged.claims)
    revisited.numbers[0].stated, revisited.numbers[0].ours.mean, revisited.numbers[0].one_run
    revisited.conclusions[0].word

A document's number is one run. So it is measured by what one run of ours may be, the prediction interval, and
not by the interval of our mean, which is as much narrower as we have seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablate.analysis.quantities import value_of
from ablate.analysis.values import Runs, stored, values_by_seed
from ablate.core.claims import VALUE, parse_statement, quantity_info, resolve_statement
from ablate.core.plans import PlannedSweep
from ablate.core.records import MetricInfo
from ablate.core.specs import Conclusion, Original
from ablate.stats.estimates import Estimate, estimate_mean, student_interval
from ablate.verdicts.verdict import Family, Verdict, Word

__all__ = ["ConclusionFound", "NumberFound", "Revisited", "revisit"]

# One that is refuted, or makes no difference that matters, takes the conclusion with it.
_WORST_FIRST = (Word.REFUTED, Word.NO_PRACTICAL_DIFFERENCE, Word.NOT_RESOLVED)


@dataclass(frozen=True)
class NumberFound:
    """A number of the document, and ours.

    Attributes:
        stated: of one run.
        ours: over our seeds, of the weights that each run ended with.
        one_run: within which one further run of ours lies with probability 0.95; None below two seeds.
    """

    arm: str
    quantity: MetricInfo
    stated: float
    ours: Estimate
    one_run: tuple[float, float] | None

    @property
    def is_as_one_of_ours(self) -> bool | None:
        """Whether the document's run could be one of ours; None where that is not known."""
        return None if self.one_run is None else self.one_run[0] <= self.stated <= self.one_run[1]


@dataclass(frozen=True)
class ConclusionFound:
    """What became of a conclusion.

    Attributes:
        verdicts: one for each of its claims, in their order.
        stated: for each of them the document's numbers of its two sides, None where it states none.
    """

    conclusion: Conclusion
    verdicts: tuple[Verdict, ...]
    stated: tuple[tuple[float | None, float | None], ...]

    @property
    def word(self) -> Word | None:
        """Supported where all claims are, refuted where one is; None where there are none, or too few seeds to judge
        any. The claims share their errors, and so this word is no more often wrong than one of theirs. An exploratory
        claim resolves nothing."""
        if self.is_without_verdict:
            return None
        words = [verdict.word or Word.NOT_RESOLVED for verdict in self.verdicts]
        return next((word for word in _WORST_FIRST if word in words), Word.SUPPORTED) if words else None

    @property
    def is_without_verdict(self) -> bool:
        """Whether it has claims, and all of them too few seeds for a word."""
        planned = [verdict.word for verdict in self.verdicts if verdict.family is not Family.EXPLORATORY]
        return bool(planned) and len(planned) == len(self.verdicts) and not any(planned)


@dataclass(frozen=True)
class Revisited:
    """`is_on_its_data` says whether the sweep was run on the data that the document speaks of."""

    original: Original
    is_on_its_data: bool
    numbers: tuple[NumberFound, ...]
    conclusions: tuple[ConclusionFound, ...]


def revisit(sweep: PlannedSweep, runs: Runs, claims: Sequence[Verdict]) -> Revisited | None:
    """What became of the original that the sweep puts to the test; None where it names none.

    Args:
        claims: the verdicts of the sweep's claims.
    """
    original = sweep.spec.original
    if original is None:
        return None
    numbers = tuple(
        _number(sweep, runs, arm, quantity, float(stated))
        for quantity, by_arm in original.numbers.items()
        for arm, stated in by_arm.items()
    )
    arms = [arm.name for arm in sweep.arms]
    # In the order of the design, the sweep's metric first, whatever the order of the file that holds the plan.
    ordered = tuple(
        sorted(
            numbers,
            key=lambda each: (each.quantity.name != sweep.spec.metric, each.quantity.name, arms.index(each.arm)),
        )
    )
    stated = {(each.arm, each.quantity.name): each.stated for each in numbers}
    by_claim = {verdict.subject: verdict for verdict in claims}
    return Revisited(
        original,
        _is_on_its_data(sweep, original),
        ordered,
        tuple(_conclusion(each, by_claim, stated) for each in sweep.spec.conclusions),
    )


def _number(sweep: PlannedSweep, runs: Runs, arm: str, quantity: str, stated: float) -> NumberFound:
    statement = parse_statement(f"{arm} > {VALUE} {stated!r} on {quantity}")
    name, _ = resolve_statement(statement, sweep.arms)
    ours = estimate_mean(values_by_seed(stored(runs, sweep.runs_of(name)), value_of(statement.quantity)))
    return NumberFound(name, quantity_info(statement.quantity), stated, ours, _one_run(ours))


def _one_run(ours: Estimate) -> tuple[float, float] | None:
    """The prediction interval of one further value, Student's t with the standard error s·√(1 + 1/n)."""
    if ours.mean is None or ours.sd is None or ours.df is None:
        return None
    return student_interval(ours.mean, ours.sd * math.sqrt(1 + 1 / ours.n), ours.df, 1 - ours.confidence)


def _conclusion(
    conclusion: Conclusion, by_claim: Mapping[str, Verdict], stated: Mapping[tuple[str, str], float]
) -> ConclusionFound:
    verdicts = tuple(by_claim[claim] for claim in conclusion.claims)
    sides = tuple((_stated(each, each.arm, stated), _stated(each, each.reference, stated)) for each in verdicts)
    return ConclusionFound(conclusion, verdicts, sides)


def _stated(verdict: Verdict, side: str, stated: Mapping[tuple[str, str], float]) -> float | None:
    return stated.get((side, verdict.metric.name))


def _is_on_its_data(sweep: PlannedSweep, original: Original) -> bool:
    """True as well where it does not say of which data it speaks."""
    sources = {str(arm.settings["dataset"]["source"]["target"]) for arm in sweep.arms}  # type: ignore[index,call-overload]
    return not original.dataset or all(source.split(".")[-2] == original.dataset for source in sources)
