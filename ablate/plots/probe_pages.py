"""The pages of what probes measured of a sweep: each function takes its results and gives a finished page.

png_bytes(DRAW["loss_surfaces"](results))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ablate.analysis.results import SweepResults
from ablate.plots.canvas import DIVERGED, MUTED, SUBJECT, label_upwards, legend_columns
from ablate.plots.contents import OfArm, shown_arms
from ablate.plots.figures import MOST_PANELS, figure_of_sweep, in_house_style
from ablate.plots.interpolations import draw_interpolations
from ablate.plots.labels import row_labels
from ablate.plots.panels import finish_panels, grid_of_panels
from ablate.plots.probes import (
    draw_loss_surface,
    draw_reliability,
    draw_step_losses,
    draw_weight_histogram,
    levels_of,
)

__all__ = ["DRAW"]

LEGEND_COLUMNS = 3
DASHED = (0, (4, 3))
ArmThing = TypeVar("ArmThing", bound=OfArm)


@in_house_style
def step_losses(results: SweepResults) -> Figure:
    steps = results.pictures.steps
    explained = f"seed {steps[0].seed}, last epoch; jitter is the deviation from step to step"
    title, across = "Losses of the last training steps", "steps before the end"
    legend = [_line("loss of a step", linewidth=0.7), _line("mean of the steps", color=MUTED, linestyle=DASHED)]
    return _panels(results, steps, draw_step_losses, title, explained, across, "loss of a batch", legend=legend)


@in_house_style
def loss_surfaces(results: SweepResults) -> Figure:
    surfaces = results.pictures.surfaces
    levels = levels_of(surfaces)
    return _panels(
        results,
        surfaces,
        lambda info, ax: draw_loss_surface(info, ax, levels),
        "Loss around the weights that a run ended with",
        "training objective around the end of one run, in steps of each filter's norm; equal colours are equal losses",
        "second direction",
        "first direction",
        panel_inches=0.9,
        legend=[_line("end of the run", color=DIVERGED, linestyle="", marker="+", markersize=9, markeredgewidth=1.8)],
    )


@in_house_style
def linear_paths(results: SweepResults) -> Figure:
    return _panels(
        results,
        results.pictures.paths,
        lambda info, ax: draw_interpolations(info.positions, {"training": info.losses}, ax, ("start", "end")),
        "Loss from the first weights of a run to its last",
        "training objective on the straight line from the first weights of a run to its last",
        "",
        "objective",
        0.3,
        [
            _line("one seed", linewidth=0.6, alpha=0.45),
            _line("mean", linewidth=2),
            _line("end to end", linewidth=0.8, linestyle=(0, (3, 3))),
        ],
    )


@in_house_style
def weight_histograms(results: SweepResults) -> Figure:
    kernels = results.pictures.histograms[:MOST_PANELS]
    columns = min(len(kernels), 2)
    rows = [1.0] * -(-len(kernels) // columns)
    subtitle = "over all seeds; arms in colours, the baseline in grey"
    height = 2.9 * len(rows) + 0.25 * len(kernels[0].arms)
    title = "Weights that the runs ended with, kernel by kernel"
    figure, axes = figure_of_sweep(results, title, subtitle, height, rows, columns, filled=len(kernels))
    for kernel, ax in zip(kernels, axes, strict=True):
        draw_weight_histogram(kernel, ax)
        ax.set_xlabel("weight")
    axes[0].set_ylabel("density")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=legend_columns(labels, LEGEND_COLUMNS), columnspacing=1.6
    )
    return figure


@in_house_style
def reliability(results: SweepResults) -> Figure:
    explained = "test examples by confidence, over all seeds; error is the expected calibration error of all of them"
    title, found = "Accuracy against confidence", results.pictures.reliabilities
    legend = [_line("perfect calibration", color=MUTED, linestyle=DASHED)]
    return _panels(results, found, draw_reliability, title, explained, "confidence", "accuracy", 0.55, legend)


Page = Callable[[SweepResults], Figure]
DRAW: Mapping[str, Page] = {
    page.__name__: page for page in (step_losses, loss_surfaces, linear_paths, weight_histograms, reliability)
}


def _panels(
    results: SweepResults,
    pictures: Sequence[ArmThing],
    draw: Callable[[ArmThing, Axes], Axes],
    title: str,
    explained: str,
    across: str,
    up: str,
    panel_inches: float = 0.0,
    legend: Sequence[Artist] = (),
) -> Figure:
    """One panel an arm, on shared scales."""
    shown = shown_arms(results, pictures, MOST_PANELS)
    grid = grid_of_panels(len(shown))
    below = grid.legend_inches([str(artist.get_label()) for artist in legend])
    height = (grid.panel_inches + panel_inches) * grid.rows + 0.5 + below
    figure, axes = figure_of_sweep(results, title, explained, height, grid.rows, grid.columns)
    labels, _ = row_labels([picture.arm for picture in shown], grid.label_characters)
    for picture, ax in zip(shown, axes, strict=False):
        draw(picture, ax)
    _head_panels(labels, axes[: len(shown)], grid.label_characters)
    for ax in finish_panels(figure, axes, grid, legend):
        ax.set_xlabel(across)
    label_upwards(figure, up)
    return figure


def _line(label: str, color: str = SUBJECT, **looks: Any) -> Line2D:
    """A line of a legend."""
    return Line2D([], [], color=color, label=label, **looks)


def _head_panels(labels: Sequence[str], axes: Sequence[Axes], characters: int) -> None:
    """Each panel's label, and what is said at its right beside it, or below it where both have no room in any panel."""
    notes = [ax.get_title(loc="right") for ax in axes]
    have_room = all(len(label) + len(note) <= characters for label, note in zip(labels, notes, strict=True))
    for label, note, ax in zip(labels, notes, axes, strict=True):
        if have_room:
            ax.set_title(label, loc="left", size=9)
        else:
            # The room above is that of the title that was set last.
            ax.set_title("", loc="right")
            ax.set_title(label, loc="left", size=9, pad=18)
            ax.annotate(
                note, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", color=MUTED, size=8.5
            )
