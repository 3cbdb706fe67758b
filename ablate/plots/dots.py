"""One row an arm: a dot for every seed, the mean and its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from ablate.analysis.estimates import Estimate
from ablate.analysis.results import ArmDifference, MetricSummaries
from ablate.analysis.summaries import ArmSummary
from ablate.plots.canvas import BASELINE, DIVERGED, INK, MARGIN, MUTED, SUBJECT, use_log_scale
from ablate.plots.labels import axis_label, row_labels
from ablate.records import MetricInfo

__all__ = ["draw_differences", "draw_summaries"]

SPREAD_OF_ROWS = 0.56
# Beyond this ratio of the widest row to the typical one, a linear axis would show the widest alone.
FAR_OUT = 8.0


def draw_summaries(info: MetricSummaries, ax: Axes, with_intervals: bool = True) -> Axes:
    """The values of one metric by arm, first arm on top; the dashed line is the mean of the baseline."""
    values = [value for summary in info.summaries for value in summary.estimate.values]
    if values:
        use_log_scale(ax, "x", min(values), max(values))
    for row, summary in enumerate(info.summaries):
        colour = BASELINE if summary.is_baseline else SUBJECT
        _draw_row(summary.estimate, row, colour, ax, with_intervals)
        if summary.is_baseline and summary.estimate.mean is not None:
            ax.axvline(summary.estimate.mean, color=BASELINE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    _finish([summary.arm for summary in info.summaries], [_counts(summary) for summary in info.summaries], ax)
    ax.set_xlabel(axis_label(info.metric))
    return ax


def draw_differences(differences: Sequence[ArmDifference], metric: MetricInfo, margin: float | None, ax: Axes) -> Axes:
    """Paired differences from the baseline by arm, around zero; `margin` in the unit of the metric."""
    _spread_axis(differences, ax)
    ax.axvline(0, color=BASELINE, linewidth=1.2, zorder=1)
    if margin is not None:
        ax.axvspan(-margin, margin, color=MARGIN, alpha=0.14, linewidth=0, zorder=0)
    for row, difference in enumerate(differences):
        _draw_row(difference.estimate, row, SUBJECT, ax)
    counts = [f"n={difference.estimate.n}" for difference in differences]
    _finish([difference.arm for difference in differences], counts, ax)
    ax.set_xlabel(f"arm − baseline: {axis_label(metric)}")
    return ax


def _draw_row(estimate: Estimate, row: int, colour: str, ax: Axes, with_interval: bool = True) -> None:
    if with_interval and estimate.ci_low is not None and estimate.ci_high is not None:
        ax.plot(
            [estimate.ci_low, estimate.ci_high],
            [row, row],
            color=colour,
            alpha=0.32,
            linewidth=6.5,
            zorder=2,
            solid_capstyle="butt",
        )
    ax.plot(
        estimate.values,
        row + _offsets(estimate.n),
        "o",
        markersize=3.6,
        color=colour,
        alpha=0.75,
        markeredgewidth=0,
        zorder=3,
    )
    if estimate.mean is not None:
        ax.plot([estimate.mean] * 2, [row - 0.33, row + 0.33], color=colour, linewidth=2.2, zorder=4)


def _offsets(n: int) -> npt.NDArray[np.float64]:
    """Seeds spread over the height of a row in their order, so that equal values stay apart."""
    return np.linspace(-0.5, 0.5, n) * SPREAD_OF_ROWS if n > 1 else np.zeros(n)


def _counts(summary: ArmSummary) -> str:
    of_planned = f" of {summary.n_planned}" if summary.estimate.n < summary.n_planned else ""
    diverged = f", {summary.n_diverged} diverged" if summary.n_diverged else ""
    return f"n={summary.estimate.n}{of_planned}{diverged}"


def _finish(arms: Sequence[str], counts: Sequence[str], ax: Axes) -> None:
    labels, title = row_labels(arms)
    ax.set_yticks(range(len(arms)), labels)
    ax.set_ylabel(title)
    ax.set_ylim(len(arms) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", which="major")
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    for row, text in enumerate(counts):
        colour = DIVERGED if " " in text else MUTED
        ax.annotate(
            text,
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            size=8.5,
            color=colour,
            annotation_clip=False,
        )


def _spread_axis(differences: Sequence[ArmDifference], ax: Axes) -> None:
    """Linear near zero and logarithmic beyond, where one arm lies so far out that it would hide the others."""
    reaches = sorted(_reach(difference.estimate) for difference in differences if difference.estimate.n)
    typical = reaches[(len(reaches) - 1) // 2] if reaches else 0.0
    if typical and reaches[-1] > FAR_OUT * typical:
        threshold = _rounded_up(typical)
        ax.set_xscale("symlog", linthresh=threshold, linscale=2.0)
        ax.set_title(f"logarithmic beyond ±{threshold:g}", loc="right", color=INK, size=8.5)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))


def _reach(estimate: Estimate) -> float:
    bounds: Iterable[float | None] = (*estimate.values, estimate.ci_low, estimate.ci_high)
    return max(abs(bound) for bound in bounds if bound is not None)


def _rounded_up(value: float) -> float:
    """The next number of the form 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
