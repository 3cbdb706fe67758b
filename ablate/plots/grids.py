"""What a full grid showed: lines that would be parallel without interaction, means of cells, shares of variance."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch

from ablate.analysis.grid_effects import Cell, Source, SourceShare, TwoFactors
from ablate.plots.axes import use_error_scale
from ablate.plots.canvas import DIVERGED, INK, MUTED, PALETTE
from ablate.plots.cells import interval_text, mean_text, ratio_text, share_text
from ablate.plots.labels import axis_label, shortened
from ablate.plots.scales import error_metric
from ablate.verdicts.verdict import Scale

__all__ = ["draw_cell_means", "draw_interaction", "draw_variance_shares"]

LINE_STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
SPREAD_OF_LEVELS = 0.16
# Of a line of the vertical axis' label, beside three inches.
UPWARD_CHARACTERS = 34
# Of the table of cells, in half a page.
MOST_COLUMNS_WITH_INTERVALS, MOST_COLUMNS_WITH_TEXT = 6, 14
_WHITE_TO_BLUE = LinearSegmentedColormap.from_list("levels", ["#FFFFFF", "#A9CCE8", "#3B8BC6"])
_COLOURS = {Source.FACTOR: "#0072B2", Source.INTERACTION: "#CC79A7", Source.SEED: "#8A8A8A", Source.RESIDUAL: "#D0D0D0"}
_HATCHES = {Source.FACTOR: "", Source.INTERACTION: "///", Source.SEED: "...", Source.RESIDUAL: ""}


def draw_interaction(info: TwoFactors, ax: Axes) -> Axes:
    """The metric over the levels of the first factor, one colour and dash a level of the second: thin lines are
    seeds, thick ones means with their 95% intervals. Parallel lines show no interaction on the scale of the sweep, and
    so the axis has that scale. A cross marks a mean that leaves out diverged runs."""
    offsets = np.linspace(-0.5, 0.5, len(info.second_levels)) * SPREAD_OF_LEVELS if info.second_levels[1:] else [0.0]
    for index, (level, offset) in enumerate(zip(info.second_levels, offsets, strict=True)):
        cells = [(place, info.cell(first, level)) for place, first in enumerate(info.first_levels)]
        present = [(place + float(offset), cell) for place, cell in cells if cell is not None]
        style = LINE_STYLES[index // len(PALETTE) % len(LINE_STYLES)]
        _draw_level(present, PALETTE[index % len(PALETTE)], style, shortened(level, 16), ax)
    ax.set_xticks(range(len(info.first_levels)), [shortened(level, 16) for level in info.first_levels])
    ax.set_xlim(-0.4, len(info.first_levels) - 0.6)
    is_log = info.scale is Scale.LOG_ERROR and bool(info.cells)
    if is_log:
        use_error_scale(ax, "y")
    shown = error_metric(info.metric) if is_log and info.metric.sign > 0 else info.metric
    ax.set(xlabel=info.first, ylabel=textwrap.fill(axis_label(shown, is_log=is_log), UPWARD_CHARACTERS))
    ax.grid(axis="y", which="major")
    # Above the axes, where no line can run into it.
    legend = ax.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderpad=0, ncols=min(len(info.second_levels), 4)
    )
    legend.set_title(info.second)
    legend.set_alignment("left")
    return ax


def _draw_level(cells: Sequence[tuple[float, Cell]], colour: str, style: object, label: str, ax: Axes) -> None:
    seeds = sorted({seed for _, cell in cells for seed in cell.estimate.seeds})
    for seed in seeds:
        points = [
            (place, dict(zip(cell.estimate.seeds, cell.estimate.values, strict=True))[seed])
            for place, cell in cells
            if seed in cell.estimate.seeds
        ]
        ax.plot(*zip(*points, strict=True), color=colour, linewidth=0.6, alpha=0.35, zorder=2)
    means = [(place, cell.estimate.mean) for place, cell in cells if cell.estimate.mean is not None]
    if means:
        ax.plot(
            *zip(*means, strict=True), color=colour, linewidth=2.0, linestyle=style, marker="o", markersize=4.5,
            label=label, zorder=4,
        )  # fmt: skip
    for place, cell in cells:
        low, high = cell.estimate.ci_low, cell.estimate.ci_high
        if low is not None and high is not None:
            ax.plot([place] * 2, [low, high], color=colour, linewidth=4, alpha=0.3, solid_capstyle="butt", zorder=3)
        if cell.n_diverged and cell.estimate.mean is not None:
            ax.plot(place, cell.estimate.mean, "x", color=DIVERGED, markersize=9, markeredgewidth=2, zorder=5)


def draw_cell_means(info: TwoFactors, ax: Axes) -> Axes:
    """The mean of every cell with the half-width of its 95% interval, first factor down, second across; the darker,
    the better. On the log scale means are geometric, and the interval reaches from mean ÷ to mean × a factor. A cell
    where runs diverged has no colour, for its mean is none of all runs. Cells too narrow for that bear the mean alone,
    and narrower ones nothing."""
    means = np.full((len(info.first_levels), len(info.second_levels)), np.nan)
    is_wide = len(info.second_levels) > MOST_COLUMNS_WITH_INTERVALS
    is_log = info.scale is Scale.LOG_ERROR
    size, text_of = (6.0, mean_text) if is_wide else (8.5, ratio_text if is_log else interval_text)
    for row, first in enumerate(info.first_levels):
        for column, second in enumerate(info.second_levels):
            cell = info.cell(first, second)
            if cell is not None and cell.estimate.mean is not None:
                mean = math.log(cell.estimate.mean) if is_log else cell.estimate.mean
                means[row, column] = np.nan if cell.n_diverged else mean
                shown = text_of(cell) if len(info.second_levels) <= MOST_COLUMNS_WITH_TEXT else ""
                lost = f"\n{cell.n_diverged} diverged" if cell.n_diverged and not is_wide else ""
                ink = DIVERGED if cell.n_diverged else INK
                ax.text(column, row, f"{shown}{lost}", ha="center", va="center", size=size, color=ink)
            else:
                ax.text(column, row, "–", ha="center", va="center", size=size, color=MUTED)
    less_is_better = is_log or info.metric.sign < 0
    ax.imshow(-means if less_is_better else means, cmap=_WHITE_TO_BLUE, interpolation="nearest", aspect="auto")
    ax.set_xticks(range(len(info.second_levels)), [shortened(level, 16) for level in info.second_levels])
    ax.set_yticks(range(len(info.first_levels)), [shortened(level, 16) for level in info.first_levels])
    ax.tick_params(length=0)
    if is_wide:
        ax.tick_params(axis="x", rotation=90)
    ax.spines[:].set(visible=True, color="#D0D0D0")
    ax.set(xlabel=info.second, ylabel=info.first)
    return ax


def draw_variance_shares(shares: Sequence[SourceShare], ax: Axes, quantity: str) -> Axes:
    """One bar a source in the order given, its share of the sum of squares at its end.

    Args:
        quantity: whose squares these are, on the scale of the sweep: `log validation loss`.
    """
    for row, share in enumerate(shares):
        ax.barh(
            row, 100 * share.share, height=0.62, color=_COLOURS[share.source], hatch=_HATCHES[share.source],
            edgecolor="white", linewidth=0, zorder=2,
        )  # fmt: skip
        text = share_text(share.share)
        ax.annotate(text, (100 * share.share, row), (4, 0), textcoords="offset points", va="center", size=8.5)
    ax.set_yticks(range(len(shares)), [shortened(share.name) for share in shares])
    ax.set_ylim(len(shares) - 0.4, -0.6)
    ax.set_xlim(0, max((110 * share.share for share in shares), default=100) + 4)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", which="major")
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"share of the variance of the {quantity}, %")
    handles = [
        Patch(facecolor=_COLOURS[source], hatch=_HATCHES[source], edgecolor="white", linewidth=0, label=source.value)
        for source in Source
        if any(share.source is source for share in shares)
    ]
    ax.legend(handles=handles, loc="lower right")
    return ax
