"""The figures of one sweep: each function takes its results and gives a finished page.

png_bytes(DRAW["learning_curves"](results))
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ablate.analysis.curves import ArmCurves
from ablate.analysis.results import MetricSummaries, SweepResults
from ablate.plots.canvas import BASELINE, DIVERGED, SUBJECT, house_figure, house_style
from ablate.plots.confusion import draw_confusion, mistake_shares
from ablate.plots.curves import draw_arm_curves, fit_to_curves, use_whole_epochs
from ablate.plots.dots import draw_differences, draw_summaries
from ablate.plots.labels import axis_label, row_labels

__all__ = ["DRAW", "MOST_ARMS"]

MOST_ARMS = 60
INCHES_BELOW_ROWS = 0.62


class OfArm(Protocol):
    """What belongs to one arm."""

    @property
    def arm(self) -> str: ...


ArmThing = TypeVar("ArmThing", bound=OfArm)
Page = Callable[[SweepResults], Figure]


def _in_house_style(page: Page) -> Page:
    @functools.wraps(page)
    def styled(results: SweepResults) -> Figure:
        with house_style():
            return page(results)

    return styled


@_in_house_style
def metric_by_arm(results: SweepResults) -> Figure:
    return _summaries_page(results, MetricSummaries(results.metric, results.summaries))


@_in_house_style
def gap(results: SweepResults) -> Figure:
    return _summaries_page(results, results.gap)


@_in_house_style
def seconds(results: SweepResults) -> Figure:
    # Times are skewed by whatever else the machine does: a t interval of them would reach below zero.
    return _summaries_page(results, results.seconds, with_intervals=False)


@_in_house_style
def paired_differences(results: SweepResults) -> Figure:
    arms = _shown(results, results.differences)
    subtitle = f"{_seeds(results)}, paired with {results.baseline.arm}{_left_out(results)}; bars are 95% intervals"
    figure, axes = house_figure(results.planned.spec.question, subtitle, _height_of_rows(len(arms)))
    draw_differences(arms, results.metric, results.margin, axes[0])
    return figure


@_in_house_style
def learning_curves(results: SweepResults) -> Figure:
    arms = _shown(results, results.validation)
    grid = _grid_of_panels(len(arms))
    subtitle = f"{_seeds(results)}{_left_out(results)}; one panel an arm"
    height = grid.panel_inches * grid.rows + 0.7
    figure, axes = house_figure(results.planned.spec.question, subtitle, height, grid.rows, grid.columns)
    training = {curves.arm: curves for curves in results.training}
    baseline = next(curves for curves in results.validation if curves.is_baseline)
    labels, _ = row_labels([arm.arm for arm in arms], grid.label_characters)
    for label, arm, ax in zip(labels, arms, axes, strict=False):
        draw_arm_curves(arm, training.get(arm.arm), baseline, ax)
        ax.set_title(label, loc="left", size=9, weight="bold" if arm.is_baseline else "normal")
    _finish_panels(axes, len(arms), grid.columns)
    fit_to_curves(arms, axes[0])
    figure.supylabel(axis_label(results.curve_metric, with_goal=False), size=9.5)
    figure.legend(handles=_legend_of_curves(arms), loc="outside lower center", ncols=5, columnspacing=1.6)
    return figure


@_in_house_style
def confusion(results: SweepResults) -> Figure:
    matrices = results.confusions
    subtitle = "Counts are summed over seeds; colour is the share of the true class that was mistaken for another"
    figure, axes = house_figure(
        results.planned.spec.question, subtitle, 4.9 if len(matrices) > 1 else 6.0, columns=len(matrices)
    )
    most = max(float(mistake_shares(matrix).max()) for matrix in matrices)
    for matrix, ax in zip(matrices, axes, strict=True):
        draw_confusion(matrix, ax, most)
    for ax in axes[1:]:
        ax.set_ylabel("")
    return figure


DRAW: Mapping[str, Page] = {
    page.__name__: page for page in (metric_by_arm, paired_differences, learning_curves, gap, seconds, confusion)
}


def _summaries_page(results: SweepResults, info: MetricSummaries, with_intervals: bool = True) -> Figure:
    shown = MetricSummaries(info.metric, tuple(_shown(results, info.summaries)))
    bars = ", bars are 95% intervals of the mean" if with_intervals else ", ticks are means"
    subtitle = f"{_seeds(results)}{_left_out(results)}; a dot is a seed{bars}"
    figure, axes = house_figure(results.planned.spec.question, subtitle, _height_of_rows(len(shown.summaries)))
    draw_summaries(shown, axes[0], with_intervals)
    return figure


@dataclass(frozen=True)
class GridOfPanels:
    """How many panels stand beside each other, and what fits into one."""

    rows: int
    columns: int
    panel_inches: float
    label_characters: int


def _grid_of_panels(panels: int) -> GridOfPanels:
    columns = min(panels, 3 if panels <= 9 else 4 if panels <= 20 else 6)
    panel_inches, characters = {1: (3.4, 80), 2: (2.7, 44), 3: (2.0, 28), 4: (1.7, 20)}.get(columns, (1.35, 12))
    return GridOfPanels(math.ceil(panels / columns), columns, panel_inches, characters)


def _finish_panels(axes: Sequence[Axes], panels: int, columns: int) -> None:
    """Empty panels vanish, and the lowest one of each column bears the epochs."""
    use_whole_epochs(axes[0])
    for ax in axes[panels:]:
        ax.set_visible(False)
    for ax in axes[max(panels - columns, 0) : panels]:
        ax.tick_params(axis="x", labelbottom=True)
        ax.set_xlabel("epoch")


def _height_of_rows(rows: int) -> float:
    return INCHES_BELOW_ROWS + rows * (0.4 if rows <= 12 else 0.26)


def _shown(results: SweepResults, things: Sequence[ArmThing]) -> list[ArmThing]:
    """As many arms as a page can hold, as planned, the baseline always among them."""
    baseline = results.planned.baseline.name
    others = [thing.arm for thing in things if thing.arm != baseline][: MOST_ARMS - 1]
    return [thing for thing in things if thing.arm in {baseline, *others}]


def _left_out(results: SweepResults) -> str:
    arms = len(results.planned.arms)
    return f"; {MOST_ARMS} of {arms} arms shown" if arms > MOST_ARMS else ""


def _seeds(results: SweepResults) -> str:
    planned = len(results.planned.spec.seeds)
    return f"{planned} seed{'s' if planned != 1 else ''} an arm"


def _legend_of_curves(arms: Sequence[ArmCurves]) -> list[Line2D]:
    lines = [
        Line2D([], [], color=SUBJECT, linewidth=0.7, alpha=0.6, label="validation, one seed"),
        Line2D([], [], color=SUBJECT, linewidth=2.0, label="validation, mean"),
        Line2D([], [], color=SUBJECT, linewidth=1.2, linestyle=(0, (3, 2)), label="training, mean"),
        Line2D([], [], color=BASELINE, linewidth=1.6, alpha=0.55, label="baseline, mean"),
    ]
    cross = Line2D([], [], color=DIVERGED, marker="x", markeredgewidth=1.8, linestyle="", label="diverged")
    return [*lines, cross] if any(arm.n_diverged for arm in arms) else lines
