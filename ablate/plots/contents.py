"""Which of a sweep's results a figure holds, and how its heading says that, whoever draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ablate.analysis.results import SweepResults
from ablate.core.records import MetricInfo
from ablate.plots.scales import as_errors, is_near_one
from ablate.plots.signs import SIGNS
from ablate.stats.estimates import Estimate
from ablate.verdicts.verdict import Scale, Verdict, Word

__all__ = [
    "MOST_ARMS",
    "MOST_SLOPES",
    "OfArm",
    "PairedSlopes",
    "compared",
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
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """(baseline, arm) of each seed that both have."""
        of_arm = dict(zip(self.arm.seeds, self.arm.values, strict=True))
        of_baseline = zip(self.baseline.seeds, self.baseline.values, strict=True)
        return tuple((value, of_arm[seed]) for seed, value in of_baseline if seed in of_arm)


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
