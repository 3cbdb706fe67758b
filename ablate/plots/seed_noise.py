"""How far runs scatter when one part of the seed varies: a row an arm, its standard deviation and interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate.analysis.results import SweepResults
from ablate.analysis.seed_noise import SeedNoise
from ablate.plots.canvas import BASELINE, INK, SUBJECT, house_style
from ablate.plots.cells import share_of_noise
from ablate.plots.dots import finish_rows, write_beside
from ablate.plots.figures import figure_of_sweep
from ablate.plots.forest_page import height_of_rows
from ablate.plots.labels import axis_label, shortened

__all__ = ["DRAW", "draw_seed_noise", "seed_noise"]


def draw_seed_noise(info: SeedNoise, ax: Axes) -> Axes:
    """The first row and the dashed line are the runs in which everything but the split varies."""
    for row, (arm, part) in enumerate(info.rows.items()):
        colour = BASELINE if arm == info.together else SUBJECT
        if part.sd is None:
            continue
        if part.low is not None and part.high is not None:
            ends = [math.sqrt(part.low), math.sqrt(part.high)]
            ax.plot(ends, [row, row], color=colour, alpha=0.32, linewidth=6.5, zorder=2, solid_capstyle="butt")
        ax.plot([part.sd] * 2, [row - 0.33, row + 0.33], color=colour, linewidth=2.2, zorder=4)
        if arm == info.together:
            ax.axvline(part.sd, color=BASELINE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        write_beside(row, share_of_noise(part, is_all=arm == info.together), INK, ax, 6, size=8.5)
    finish_rows([shortened(arm) for arm in info.rows], "what varies", [""] * len(info.rows), ax)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"sd over seeds of the {axis_label(info.metric, with_goal=False)}")
    return ax


def seed_noise(results: SweepResults) -> Figure:
    if results.noise is None:
        raise ValueError(f"{results.planned.spec.name} does not ask where noise comes from")
    with house_style():
        title = f"Where the noise of the {results.metric.title} comes from"
        subtitle = (
            "ticks are standard deviations over seeds, bars 95% intervals; at the right the share of the variance"
        )
        figure, axes = figure_of_sweep(results, title, subtitle, height_of_rows(len(results.noise.rows)))
        draw_seed_noise(results.noise, axes[0])
        return figure


DRAW: Mapping[str, Callable[[SweepResults], Figure]] = {"seed_noise": seed_noise}
