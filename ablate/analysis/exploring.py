"""What the verdicts of a sweep would be with another margin than the one that was stated before there were runs.

    explored = explore_margin(results, plan, runs, events, margin=0.01)
    explored.rows[0].stated_word, explored.rows[0].word
    explored.is_stated                      # whether it is the margin of the plan, and the words are the report's

The engine judges the sweep as it does for the report, with the same adjustment, and nothing else of the plan changed.
Whoever has seen the numbers can find a margin for any word, so none of them is a finding: all of it is exploratory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ablate.analysis.forecast import SeedsTable, tabulate_seeds
from ablate.analysis.judging import judge_sweep
from ablate.analysis.results import SweepResults
from ablate.analysis.values import Runs
from ablate.core.errors import UsageError
from ablate.core.late_changes import Event
from ablate.core.plans import StudyPlan
from ablate.core.records import MetricInfo
from ablate.verdicts.scales import analysis_scale
from ablate.verdicts.verdict import Scale, Verdict, Word

__all__ = ["BadMargin", "Exploration", "ExploredRow", "explore_margin", "is_relative"]


class BadMargin(UsageError):
    """A margin that the sweep could not have been planned with."""


@dataclass(frozen=True)
class ExploredRow:
    """A question with what is said of it at the stated margin, and at the explored one."""

    stated: Verdict
    explored: Verdict

    @property
    def subject(self) -> str:
        return self.stated.subject

    @property
    def stated_word(self) -> Word | None:
        return self.stated.word

    @property
    def word(self) -> Word | None:
        return self.explored.word

    @property
    def has_changed(self) -> bool:
        """Whether anything is said otherwise: the word, or what goes with it."""
        return (self.stated.word, self.stated.qualifier) != (self.explored.word, self.explored.qualifier)


@dataclass(frozen=True)
class Exploration:
    """
    Attributes:
        margin, stated_margin: as a sweep states them: in the unit of the metric, or as `10%` of the error; None where
            none was stated.
        arms, claims: in the order of the report.
        seeds: how many seeds show what, reckoned with this margin; None where the sweep has no power to reckon with.
        results: all of the sweep's, with the explored verdicts and claims in place of its own.
    """

    study: str
    sweep: str
    metric: MetricInfo
    scale: Scale
    margin: float | str
    stated_margin: float | str | None
    arms: tuple[ExploredRow, ...]
    claims: tuple[ExploredRow, ...]
    seeds: SeedsTable | None
    results: SweepResults

    @property
    def is_stated(self) -> bool:
        """Whether it is the margin that was stated before there were runs."""
        return self.stated_margin is not None and analysis_scale(self.margin) == analysis_scale(self.stated_margin)

    @property
    def changed(self) -> tuple[ExploredRow, ...]:
        return tuple(row for row in (*self.arms, *self.claims) if row.has_changed)


def is_relative(results: SweepResults) -> bool:
    """Whether a margin of the sweep is a part of the error, as `10%` is."""
    return results.scale is Scale.LOG_ERROR


def explore_margin(
    results: SweepResults, plan: StudyPlan, runs: Runs, events: Sequence[Event], margin: float | str
) -> Exploration:
    """
    Args:
        results: of the sweep, as its report shows them.
        plan: of the study that it stands in, whose other questions may share its error.
        events: the study's log.
        margin: on the scale on which the sweep is judged.

    Raises:
        BadMargin: for what is no margin on that scale.
    """
    spec = results.planned.spec
    try:
        analysis_scale(margin, results.scale)
    except ValueError as error:
        raise BadMargin(str(error)) from error
    sweep = replace(results.planned, spec=replace(spec, margin=margin))
    judged = judge_sweep(sweep, runs, events, plan)
    return Exploration(
        study=plan.name,
        sweep=spec.name,
        metric=results.metric,
        scale=results.scale,
        margin=margin,
        stated_margin=spec.margin,
        arms=_rows(results.verdicts, judged.verdicts),
        claims=_rows(results.claims, judged.claims),
        seeds=tabulate_seeds(sweep, runs, plan.sweeps),
        results=replace(results, planned=sweep, verdicts=judged.verdicts, claims=judged.claims),
    )


def _rows(stated: Sequence[Verdict], explored: Sequence[Verdict]) -> tuple[ExploredRow, ...]:
    return tuple(ExploredRow(*pair) for pair in zip(stated, explored, strict=True))
