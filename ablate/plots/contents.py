"""Which of a sweep's results a figure holds, and how its heading says that, whoever draws it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ablate.analysis.results import MetricSummaries, SweepResults
from ablate.analysis.summaries import ArmSummary
from ablate.core.records import MetricInfo
from ablate.plots.scales import as_errors, geometric_errors, is_near_one, summaries_as_errors
from ablate.plots.signs import SIGNS
from ablate.stats.estimates import Estimate
from ablate.verdicts.verdict import Scale, Verdict, Word

__all__ = [
    "MOST_ARMS",
    "MOST_SLOPES",
    "DotRows",
    "OfArm",
    "PairedSlopes",
    "compared",
    "counts_of_arm",
    "dot_rows",
    "is_drawn_as_error",
    "left_out",
    "mean_on_scale",
    "means_of",
    "pairing_of",
    "seeds_an_arm",
    "shown_arms",
    "slopes",
    "titled",
]

MOST_ARMS = 60
# A line of text stands above each, for which six beside each other have no room.
MOST_SLOPES = 20
# Words of an arm all of whose values are the baseline's.
EQUAL = (Word.IDENTICAL, Word.NO_DIFFERENCE_SEEN)


class OfArm(Protocol):
    """What belongs to one arm."""

    @property
    def arm(self) -> str: ...


ArmThing = TypeVar("ArmThing", bound=OfArm)


def shown_arms(results: SweepResults, things: Sequence[ArmThing], most: int = MOST_ARMS) -> list[ArmThing]:
    """As many arms as a page can hold, as planned, the baseline always among them."""
    baseline = results.planned.baseline.name
    others = [thing.arm for thing in things if thing.arm != baseline][: most - 1]
    return [thing for thing in things if thing.arm in {baseline, *others}]


def left_out(results: SweepResults, most: int = MOST_ARMS) -> str:
    arms = len(results.planned.arms)
    return f"; {most} of {arms} arms shown" if arms > most else ""


def seeds_an_arm(results: SweepResults) -> str:
    planned = len(results.planned.spec.seeds)
    return f"{planned} seed{'s' if planned != 1 else ''} an arm"


def compared(results: SweepResults) -> str:
    return "paired by seed" if results.planned.spec.paired else "unpaired"


def titled(metric: MetricInfo) -> str:
    return metric.title[:1].upper() + metric.title[1:]


def means_of(scale: Scale) -> str:
    """Which means a scale has."""
    return "geometric means" if scale is Scale.LOG_ERROR else "means"


def is_drawn_as_error(results: SweepResults) -> bool:
    """Of what larger is better: near 1, and where errors are compared, unless there are none at all."""
    values = [value for summary in results.summaries for value in summary.estimate.values]
    if results.scale is Scale.LOG_ERROR and results.metric.sign > 0 and results.metric.range[1] == 1:
        return all(value < 1 for value in values)
    return is_near_one(results.metric, values)


@dataclass(frozen=True)
class PairedSlopes:
    """What one panel shows: the values of both sides by seed, in the unit of the axis, and the verdict on them."""

    verdict: Verdict
    baseline: Estimate
    arm: Estimate

    @property
    def by_seed(self) -> dict[int, tuple[float, float]]:
        """(baseline, arm) of each seed that both have."""
        of_arm = dict(zip(self.arm.seeds, self.arm.values, strict=True))
        of_baseline = zip(self.baseline.seeds, self.baseline.values, strict=True)
        return {seed: (value, of_arm[seed]) for seed, value in of_baseline if seed in of_arm}

    @property
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """The same without the seeds."""
        return tuple(self.by_seed.values())


@dataclass(frozen=True)
class DotRows:
    """What the rows of one metric show: its values, or their errors.

    Attributes:
        summaries: in the order given, with geometric means where errors are compared on the log scale.
        stated: arm → what somebody else states of it, in the same unit.
        has_errors: whether the axis is that of errors, which is logarithmic.
        is_geometric: whether means are geometric.
    """

    metric: MetricInfo
    summaries: tuple[ArmSummary, ...]
    stated: Mapping[str, float]
    has_errors: bool
    is_geometric: bool

    @property
    def values(self) -> list[float]:
        return [*self.stated.values(), *(value for summary in self.summaries for value in summary.estimate.values)]


def dot_rows(info: MetricSummaries, scale: Scale, stated: Mapping[str, float] | None = None) -> DotRows:
    """Shares near 1 as errors, and so all that is compared on the log scale, unless an error has no logarithm."""
    geometric = geometric_errors(info) if scale is Scale.LOG_ERROR else None
    shown = geometric or summaries_as_errors(info)
    is_error = shown.metric is not info.metric
    marks = {arm: 1 - value if is_error else value for arm, value in (stated or {}).items()}
    return DotRows(shown.metric, shown.summaries, marks, is_error or geometric is not None, geometric is not None)


def counts_of_arm(summary: ArmSummary) -> str:
    """`n=7 of 8, 1 diverged`."""
    of_planned = f" of {summary.n_planned}" if summary.estimate.n < summary.n_planned else ""
    diverged = f", {summary.n_diverged} diverged" if summary.n_diverged else ""
    return f"n={summary.estimate.n}{of_planned}{diverged}"


def slopes(results: SweepResults) -> list[PairedSlopes]:
    """A panel for each judged arm that has a pair of seeds; errors in place of shares near 1."""
    is_error = is_drawn_as_error(results)
    estimates = {
        summary.arm: as_errors(summary.estimate) if is_error else summary.estimate for summary in results.summaries
    }
    baseline = estimates[results.baseline.arm]
    shown = [verdict for verdict in shown_arms(results, results.verdicts, MOST_SLOPES) if verdict.n]
    return [PairedSlopes(verdict, baseline, estimates[verdict.arm]) for verdict in shown]


def mean_on_scale(values: Sequence[float], scale: Scale) -> float:
    if scale is Scale.LOG_ERROR and min(values) > 0:
        return math.exp(math.fsum(map(math.log, values)) / len(values))
    return math.fsum(values) / len(values)


def pairing_of(verdict: Verdict) -> str:
    """Of seeds whose values are all the same there is nothing to say but how many."""
    sign = "" if verdict.word is None else f"{SIGNS[verdict.word]} "
    if verdict.rho is None or verdict.vr is None or verdict.word in EQUAL:
        return f"{sign}n={verdict.n}"
    return f"{sign}n={verdict.n}, ρ={verdict.rho:.2f}, VR={verdict.vr:.2f}".replace("-", "−")
