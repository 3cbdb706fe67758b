"""The pages of what probes measured of a sweep: each function takes its results and gives a finished page.

png_bytes(DRAW["loss_surfaces"](results))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate.analysis.results import SweepResults
from ablate.plots.canvas import MUTED, label_upwards, legend_columns
from ablate.plots.figures import (
    MOST_PANELS,
    OfArm,
    figure_of_sweep,
    grid_of_panels,
    hide_empty,
    in_house_style,
    shown_arms,
)
from ablate.plots.interpolations import draw_interpolations
from ablate.plots.labels import row_labels
from ablate.plots.probes import (
    draw_loss_surface,
    draw_reliability,
    draw_step_losses,
    draw_weight_histogram,
    levels_of,
)

__all__ = ["DRAW"]

LEGEND_COLUMNS = 3
ArmThing = TypeVar("ArmThing", bound=OfArm)


@in_house_style
def step_losses(results: SweepResults) -> Figure:
    steps = results.pictures.steps
    explained = f"seed {steps[0].seed}, last epoch; the dashed line is the mean"
    title = "Losses of the last training steps"
    return _panels(results, steps, draw_step_losses, title, explained, "steps before the end", "loss of a batch")


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
    )


@in_house_style
def linear_paths(results: SweepResults) -> Figure:
    return _panels(
        results,
        results.pictures.paths,
        lambda info, ax: draw_interpolations(info.positions, {"training": info.losses}, ax, ("start", "end")),
        "Loss from the first weights of a run to its last",
        "training objective on the straight line from the first weights of a run to its last; thin: seeds",
        "",
        "objective",
        0.3,
    )


@in_house_style
def weight_histograms(results: SweepResults) -> Figure:
    kernels = results.pictures.histograms[:MOST_PANELS]
    columns = min(len(kernels), 2)
    rows = -(-len(kernels) // columns)
    subtitle = "over all seeds; arms in colours, the baseline in grey"
    height = 2.9 * rows + 0.25 * len(kernels[0].arms)
    figure, axes = figure_of_sweep(
        results, "Weights that the runs ended with, kernel by kernel", subtitle, height, [1.0] * rows, columns
    )
    for kernel, ax in zip(kernels, axes, strict=False):
        draw_weight_histogram(kernel, ax)
        ax.set_xlabel("weight")
    axes[0].set_ylabel("density")
    for ax in axes[len(kernels) :]:
        ax.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=legend_columns(labels, LEGEND_COLUMNS), columnspacing=1.6
    )
    return figure


@in_house_style
def reliability(results: SweepResults) -> Figure:
    explained = "test examples by confidence, over all seeds; error is the expected calibration error of all of them"
    title, found = "Accuracy against confidence", results.pictures.reliabilities
    return _panels(results, found, draw_reliability, title, explained, "confidence", "accuracy", 0.55)


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
) -> Figure:
    """One panel an arm, on shared scales."""
    shown = shown_arms(results, pictures, MOST_PANELS)
    grid = grid_of_panels(len(shown))
    height = (grid.panel_inches + panel_inches) * grid.rows + 0.5
    figure, axes = figure_of_sweep(results, title, explained, height, grid.rows, grid.columns)
    labels, _ = row_labels([picture.arm for picture in shown], grid.label_characters)
    for picture, ax in zip(shown, axes, strict=False):
        draw(picture, ax)
    _head_panels(labels, axes[: len(shown)], grid.label_characters)
    hide_empty(axes, len(shown), grid.columns)
    figure.supxlabel(across, size=9.5)
    label_upwards(figure, up)
    return figure


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
