"""One row an arm: a dot for every seed, the mean and its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from ablate.analysis.results import MetricSummaries
from ablate.plots.axes import use_error_scale
from ablate.plots.canvas import BASELINE, DIVERGED, INK, MUTED, SUBJECT, use_log_scale
from ablate.plots.contents import counts_of_arm, dot_rows
from ablate.plots.labels import axis_label, row_labels
from ablate.stats.estimates import Estimate
from ablate.verdicts.verdict import Scale

__all__ = ["draw_summaries", "finish_rows", "seed_offsets", "write_beside"]

SPREAD_OF_ROWS = 0.56


def draw_summaries(
    info: MetricSummaries,
    ax: Axes,
    with_intervals: bool = True,
    stated: Mapping[str, float] | None = None,
    scale: Scale = Scale.RAW,
) -> Axes:
    """The values of one metric by arm, first arm on top; the dashed line is the mean of the baseline.

    Shares near 1 are drawn as errors on a logarithmic axis, and so is all that is compared on the log scale, which has
    geometric means.

    Args:
        stated: arm → a number that somebody else states of it, in the metric's unit, drawn as an open diamond.
        scale: on which the arms are compared.
    """
    shown = dot_rows(info, scale, stated)
    values = shown.values
    if values:
        use_log_scale(ax, "x", min(values), max(values))
    for row, summary in enumerate(shown.summaries):
        colour = BASELINE if summary.is_baseline else SUBJECT
        _draw_row(summary.estimate, row, colour, ax, with_intervals)
        if summary.is_baseline and summary.estimate.mean is not None:
            ax.axvline(summary.estimate.mean, color=BASELINE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        if summary.arm in shown.stated:
            ax.plot(shown.stated[summary.arm], row, "D", markersize=7, markerfacecolor="none", color=INK, zorder=5)
    labels, title = row_labels([summary.arm for summary in shown.summaries])
    finish_rows(labels, title, [counts_of_arm(summary) for summary in shown.summaries], ax)
    if values and shown.has_errors:
        use_error_scale(ax, "x")
    ax.set_xlabel(axis_label(shown.metric, is_log=ax.get_xscale() == "log"))
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
        row + seed_offsets(estimate.n),
        "o",
        markersize=3.6,
        color=colour,
        alpha=0.75,
        markeredgewidth=0,
        zorder=3,
    )
    if estimate.mean is not None:
        ax.plot([estimate.mean] * 2, [row - 0.33, row + 0.33], color=colour, linewidth=2.2, zorder=4)


def seed_offsets(n: int) -> npt.NDArray[np.float64]:
    """Seeds spread over the height of a row in their order, so that equal values stay apart."""
    return np.linspace(-0.5, 0.5, n) * SPREAD_OF_ROWS if n > 1 else np.zeros(n)


def finish_rows(labels: Sequence[str], title: str, counts: Sequence[str], ax: Axes, points_beside: float = 6) -> None:
    """Labels at the left under a title, counts at the right, the first row on top."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylabel(title)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", which="major")
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    for row, text in enumerate(counts):
        write_beside(row, text, DIVERGED if " " in text else MUTED, ax, points_beside, size=8.5)


def write_beside(row: int, text: str, colour: str, ax: Axes, points: float, **font: Any) -> None:
    """Text at the right of a row, `points` from the axes."""
    ax.annotate(
        text,
        (1, row),
        (points, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=colour,
        annotation_clip=False,
        **font,
    )
