"""What a row of differences says and where it lies, whoever draws it: its label, its counts, its axis.

axis = difference_axis(results.verdicts)
axis.threshold, axis.label(0.05)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablate.core.records import CLASSIFICATION
from ablate.plots.labels import MOST_CHARACTERS, axis_label, row_labels, shortened
from ablate.plots.scales import ratio_ticks, symmetric_ticks
from ablate.verdicts.verdict import Family, Scale, Verdict

__all__ = [
    "DifferenceAxis",
    "axis_words",
    "by_axis",
    "counts_of_verdict",
    "difference_axis",
    "is_directed_claim",
    "labels_of_verdicts",
    "ratio_label",
]

# Beyond this ratio of the widest row to the typical one, a linear axis would show the widest alone.
FAR_OUT = 8.0
MOST_OF_A_CLAIM = 44


@dataclass(frozen=True)
class DifferenceAxis:
    """The axis of verdicts that share a metric and a scale.

    Attributes:
        reach: how far the farthest row lies from zero; 0 where none has a value.
        widest: of the margins; 0 where none is stated.
        threshold: beyond which it is logarithmic, where one row would hide the others; None where it is linear.
        ticks: where ticks may stand, the plainest first; empty for the usual ones of a linear axis.
        label: a value as it is written at a tick.
        note: what is to be said of a threshold.
    """

    reach: float
    widest: float
    threshold: float | None
    ticks: tuple[float, ...]
    label: Callable[[float], str]
    note: str = ""


def difference_axis(verdicts: Sequence[Verdict]) -> DifferenceAxis:
    """Linear near zero and logarithmic beyond, where one row lies so far out that it would hide the others; ticks
    in the unit that the label names. Within the widest margin nothing is stretched: what is little is seen to be."""
    reaches = sorted(reach for verdict in verdicts if (reach := _reach(verdict)))
    widest = max((verdict.margin or 0.0 for verdict in verdicts), default=0.0)
    threshold = _threshold(reaches, widest)
    is_ratio = bool(verdicts) and verdicts[0].scale is Scale.LOG_ERROR
    label = ratio_label if is_ratio else _points_label if verdicts and _in_points(verdicts[0]) else _number_label
    ticks: Sequence[float] = ()
    if is_ratio:
        ticks = ratio_ticks()
    elif threshold is not None:
        ticks = symmetric_ticks(threshold, reaches[-1])
    note = "" if threshold is None else _beyond(threshold, is_ratio, label)
    return DifferenceAxis(max(reaches, default=0.0), widest, threshold, tuple(ticks), label, note)


def axis_words(verdict: Verdict) -> tuple[str, str, str]:
    """What is shown, and what lies to the left and to the right of it, `better` and `worse`, where one is good."""
    metric = verdict.metric
    arm, reference = ("first", "second") if verdict.relation is not None else ("arm", "baseline")
    if verdict.scale is Scale.LOG_ERROR:
        error = f"error (1 − {metric.title})" if metric.sign > 0 else metric.title
        text, good = f"{error}: {arm} ÷ {reference}, log axis", -1
    else:
        unit = f"{metric.title}, percentage points" if _in_points(verdict) else axis_label(metric, with_goal=False)
        text, good = f"{arm} − {reference}: {unit}", metric.sign
    if not good:
        return text, "", ""
    return (text, "worse", "better") if good > 0 else (text, "better", "worse")


def by_axis(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """The verdicts that can share an axis, in the order in which each axis is first needed."""
    groups: dict[tuple[str, Scale], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault((verdict.metric.name, verdict.scale), []).append(verdict)
    return list(groups.values())


def labels_of_verdicts(verdicts: Sequence[Verdict], most: int | None = None) -> tuple[list[str], str]:
    """Of claims without the metric, which the axis names, and a title over them.

    Args:
        most: characters of a label, where there is another room than beside the axis of a printed figure.
    """
    if any(verdict.family is not Family.ARMS for verdict in verdicts):
        subjects = (verdict.subject.rpartition(" on ")[0] or verdict.subject for verdict in verdicts)
        return [shortened(subject, most or MOST_OF_A_CLAIM) for subject in subjects], ""
    return row_labels([verdict.subject for verdict in verdicts], most or MOST_CHARACTERS)


def counts_of_verdict(verdict: Verdict) -> str:
    """`n=7 of 8, 1 diverged`: the pairs, and the runs of the arm that have no value."""
    of_planned = f" of {verdict.n_planned}" if verdict.n < verdict.n_planned else ""
    diverged = f", {verdict.n_diverged} diverged" if verdict.n_diverged else ""
    unreached = f", {verdict.n_unreached} never" if verdict.n_unreached else ""
    return f"n={verdict.n}{of_planned}{diverged}{unreached}"


def is_directed_claim(verdict: Verdict) -> bool:
    """A claim of a difference in one direction; `~` and `not worse than` claim that there is none of note."""
    return verdict.relation is not None and verdict.relation.is_directed


def _in_points(verdict: Verdict) -> bool:
    return verdict.metric.unit == "fraction" and verdict.metric.task == CLASSIFICATION


def _threshold(reaches: Sequence[float], margin: float) -> float | None:
    """Where the logarithmic part begins, if there must be one: beyond the typical row and beyond the widest margin.
    `reaches` ascend."""
    typical = max(reaches[(len(reaches) - 1) // 2], margin) if reaches else 0.0
    return _rounded_up(typical) if typical and reaches[-1] > FAR_OUT * typical else None


def _beyond(threshold: float, is_ratio: bool, label: Callable[[float], str]) -> str:
    """A ratio is logarithmic already, and beyond the threshold it is so twice."""
    if is_ratio:
        return f"compressed beyond {label(-threshold)} and {label(threshold)}"
    return f"logarithmic beyond ±{label(threshold)}"


def _number_label(value: float) -> str:
    return f"{value:.6g}"


def _points_label(value: float) -> str:
    return f"{100 * value:.6g}"


def ratio_label(value: float) -> str:
    """To three digits, or as many as tell the ratio from 1."""
    off = abs(math.expm1(value))
    digits = max(3, 1 - math.floor(math.log10(off))) if off else 3
    return f"×{math.exp(value):.{digits}g}"


def _reach(verdict: Verdict) -> float:
    ends = (*verdict.differences.values(), verdict.ci_low, verdict.ci_high)
    return max((abs(end) for end in ends if end is not None and math.isfinite(end)), default=0.0)


def _rounded_up(value: float) -> float:
    """The next number of the form 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
