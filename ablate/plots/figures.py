"""The figures of one sweep: each function takes its results and gives a finished page.

png_bytes(DRAW["learning_curves"](results))
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ablate.analysis.curves import ArmCurves
from ablate.analysis.examples import ShownExamples
from ablate.analysis.grid_effects import FactorialRows, TwoFactors
from ablate.analysis.results import MetricSummaries, SweepResults
from ablate.core.records import MetricInfo
from ablate.plots.axes import use_error_scale
from ablate.plots.canvas import (
    BASELINE,
    DIVERGED,
    SUBJECT,
    Panels,
    house_figure,
    house_style,
    label_upwards,
    use_log_scale,
)
from ablate.plots.confusion import draw_confusion, mistake_shares
from ablate.plots.contents import (
    MOST_SLOPES,
    compared,
    is_drawn_as_error,
    left_out,
    means_of,
    seeds_an_arm,
    shown_arms,
    slopes,
    titled,
)
from ablate.plots.curves import counts_of, draw_arm_curves, fit_to_curves, use_whole_epochs
from ablate.plots.differences import by_axis
from ablate.plots.displacement import displacement_page, ensembles_page
from ablate.plots.dots import draw_summaries
from ablate.plots.examples import class_page, mistakes_page, random_page
from ablate.plots.forest import sign_legend
from ablate.plots.forest_page import forest_page, height_of_rows
from ablate.plots.grids import draw_cell_means, draw_interaction, draw_variance_shares
from ablate.plots.labels import axis_label, interval_name, row_labels, scaled_title, shortened
from ablate.plots.panels import finish_panels, grid_of_panels
from ablate.plots.samples import draw_samples
from ablate.plots.scales import (
    curves_as_errors,
    error_metric,
    geometric_errors,
    is_near_one,
)
from ablate.plots.slopes import draw_paired_slopes
from ablate.verdicts.verdict import Scale

__all__ = [
    "DRAW",
    "MOST_PANELS",
    "figure_of_sweep",
    "in_house_style",
]

# Panels take a hundred times longer to lay out than rows, and more of them are too small to read.
MOST_PANELS = 24
# What fits above a panel, beside the longest label.
CHARACTERS_BESIDE_LABELS = 4
SLOPES_ACROSS = 5
SHEETS_ACROSS = 4
PAIRED_PANELS = Panels(above=0.44, below=0.3)
CURVE_PANELS = Panels(above=0.32, below=0.6)


Thing = TypeVar("Thing")
Page = Callable[[SweepResults], Figure]


def in_house_style(page: Page) -> Page:
    @functools.wraps(page)
    def styled(results: SweepResults) -> Figure:
        with house_style():
            return page(results)

    return styled


@in_house_style
def metric_by_arm(results: SweepResults) -> Figure:
    info = MetricSummaries(results.metric, results.summaries)
    return _summaries_page(results, info, stated=results.stated, scale=results.scale)


@in_house_style
def gap(results: SweepResults) -> Figure:
    return _summaries_page(results, results.gap)


@in_house_style
def seconds(results: SweepResults) -> Figure:
    # Times are skewed by whatever else the machine does: a t interval of them would reach below zero.
    return _summaries_page(results, results.seconds, with_intervals=False)


@in_house_style
def paired_differences(results: SweepResults) -> Figure:
    shown = shown_arms(results, results.verdicts)
    bars = f"thick bars are {interval_name(shown)}s, thin ones adjusted"
    subtitle = f"{seeds_an_arm(results)}{left_out(results)}; {bars}"
    title = f"{titled(results.metric)} against the baseline {shortened(results.baseline.arm)}, {compared(results)}"
    return forest_page([shown], title, subtitle, results.planned.spec.question)


@in_house_style
def claims(results: SweepResults) -> Figure:
    """One panel for each metric and scale, since only rows that share them can share an axis."""
    subtitle = (
        f"{seeds_an_arm(results)}, {'paired; a dot is a seed' if results.planned.spec.paired else compared(results)}"
    )
    return forest_page(by_axis(results.claims), "What the claims compare", subtitle, results.planned.spec.question)


@in_house_style
def paired_seeds(results: SweepResults) -> Figure:
    panels = slopes(results)
    grid = grid_of_panels(len(panels), SLOPES_ACROSS)
    subtitle = (
        f"{seeds_an_arm(results)}; a line is a seed, bars are {means_of(results.scale)}{left_out(results, MOST_SLOPES)}"
    )
    legend = sign_legend([panel.verdict for panel in panels])
    below = grid.legend_inches([str(artist.get_label()) for artist in legend])
    height = (grid.panel_inches + 0.18) * grid.rows + 0.5 + below
    room = replace(PAIRED_PANELS, below=PAIRED_PANELS.below + below)
    title = f"{titled(results.metric)} of each arm beside the baseline {shortened(results.baseline.arm)}, seed by seed"
    figure, axes = figure_of_sweep(results, title, subtitle, height, grid.rows, grid.columns, room)
    labels, _ = row_labels([panel.verdict.subject for panel in panels], grid.label_characters)
    for label, panel, ax in zip(labels, panels, axes, strict=False):
        draw_paired_slopes(panel, ax)
        ax.set_title(label, loc="left", size=9, pad=15)
    finish_panels(figure, axes, grid, legend)
    metric = error_metric(results.metric) if is_drawn_as_error(results) else results.metric
    values = [value for panel in panels for pair in panel.pairs for value in pair]
    if values and (metric is not results.metric or (results.scale is Scale.LOG_ERROR and min(values) > 0)):
        use_error_scale(axes[0], "y")
    elif values:
        use_log_scale(axes[0], "y", min(values), max(values))
    label_upwards(figure, axis_label(metric, is_log=axes[0].get_yscale() == "log"))
    return figure


@in_house_style
def interactions(results: SweepResults) -> Figure:
    title = f"{titled(results.metric)} over the levels of each pair of factors"
    grid = _grid_of(results)
    crosses = ", a cross where runs diverged, which the mean leaves out" if grid.n_diverged else ""
    explained = f"thin lines are seeds, thick ones {means_of(grid.scale)} with 95% intervals{crosses}"
    return _tables_page(results, draw_interaction, title, explained, 3.2)


@in_house_style
def cell_means(results: SweepResults) -> Figure:
    grid = _grid_of(results)
    is_log = grid.scale is Scale.LOG_ERROR
    metric = error_metric(results.metric) if is_log and results.metric.sign > 0 else results.metric
    reach = "×/÷ the reach of its 95% interval" if is_log else "and half-width of its 95% interval"
    lost = "; without colour where runs diverged" if grid.n_diverged else ""
    mean = "Geometric mean" if is_log else "Mean"
    title = f"{mean} {metric.title} of each pair of levels"
    return _tables_page(results, draw_cell_means, title, f"mean {reach}; the darker, the better{lost}", 2.6)


@in_house_style
def variance_shares(results: SweepResults) -> Figure:
    grid = _grid_of(results)
    quantity, planned = scaled_title(results.metric, grid.scale), len(results.planned.spec.seeds)
    shared = len(grid.shared_seeds)
    left = f"; over the {shared} on which every cell has a value" if shared < planned else ""
    title = f"Where the variance of the {quantity} comes from"
    figure, axes = figure_of_sweep(results, title, f"{seeds_an_arm(results)}{left}", height_of_rows(len(grid.shares)))
    draw_variance_shares(grid.shares, axes[0], quantity)
    return figure


@in_house_style
def learning_curves(results: SweepResults) -> Figure:
    metric, change = _scale_of_curves(results)
    arms = [change(arm) for arm in shown_arms(results, results.validation, MOST_PANELS)]
    grid = grid_of_panels(len(arms))
    subtitle = f"{seeds_an_arm(results)}{left_out(results, MOST_PANELS)}; one panel an arm"
    legend = _legend_of_curves(arms, has_training=any(arm.mean for arm in results.training))
    below = grid.legend_inches([str(line.get_label()) for line in legend])
    height = grid.panel_inches * grid.rows + 0.45 + below
    title = f"{titled(results.curve_metric)} over epochs"
    room = replace(CURVE_PANELS, below=CURVE_PANELS.below + below)
    figure, axes = figure_of_sweep(results, title, subtitle, height, grid.rows, grid.columns, room)
    training = {curves.arm: change(curves) for curves in results.training}
    baseline = next(arm for arm in arms if arm.is_baseline)
    # The baseline's is bold, and all leave room for the counts at the right.
    beside = max(len(counts_of(arm)) for arm in arms) - CHARACTERS_BESIDE_LABELS
    labels, _ = row_labels([arm.arm for arm in arms], grid.label_characters - 2 - max(0, beside))
    for label, arm, ax in zip(labels, arms, axes, strict=False):
        draw_arm_curves(arm, training.get(arm.arm), baseline, ax)
        ax.set_title(label, loc="left", size=9, weight="bold" if arm.is_baseline else "normal")
    use_whole_epochs(axes[0])
    for ax in finish_panels(figure, axes, grid, legend):
        ax.set_xlabel("epoch")
    fit_to_curves(arms, axes[0], [training[arm.arm].mean for arm in arms if arm.arm in training])
    if metric is not results.curve_metric:
        use_error_scale(axes[0], "y")
    label_upwards(figure, axis_label(metric, with_goal=False, is_log=axes[0].get_yscale() == "log"))
    return figure


@in_house_style
def confusion(results: SweepResults) -> Figure:
    matrices = results.confusions
    subtitle = "Counts are summed over seeds; colour is the share of the true class that was mistaken for another"
    title = "Test examples by true and predicted class"
    figure, axes = figure_of_sweep(results, title, subtitle, 4.9 if len(matrices) > 1 else 6.0, columns=len(matrices))
    most = max(float(mistake_shares(matrix).max()) for matrix in matrices)
    for matrix, ax in zip(matrices, axes, strict=True):
        draw_confusion(matrix, ax, most)
    for ax in axes[1:]:
        ax.set_ylabel("")
    return figure


def sample_predictions(results: SweepResults) -> Figure:
    return random_page(_examples_of(results))


def surest_mistakes(results: SweepResults) -> Figure:
    return mistakes_page(_examples_of(results))


def class_distribution(results: SweepResults) -> Figure:
    return class_page(_examples_of(results))


def displacement(results: SweepResults) -> Figure:
    return displacement_page(results.displacements, results.planned.spec.question)


def ensembles(results: SweepResults) -> Figure:
    return ensembles_page(results.ensembles, results.planned.spec.question)


@in_house_style
def samples(results: SweepResults) -> Figure:
    shown = results.samples[:MOST_PANELS]
    grid = grid_of_panels(len(shown), SHEETS_ACROSS)
    subtitle = "of one seed an arm, none picked"
    height = {1: 6.0, 2: 4.4, 3: 3.2}.get(grid.columns, 2.5) * grid.rows
    title, rows = "Images that the generators made", [1.0] * grid.rows
    figure, axes = figure_of_sweep(results, title, subtitle, height, rows, grid.columns, filled=len(shown))
    for info, ax in zip(shown, axes, strict=True):
        draw_samples(info, ax)
    return figure


DRAW: Mapping[str, Page] = {
    page.__name__: page
    for page in (
        metric_by_arm,
        paired_differences,
        paired_seeds,
        claims,
        interactions,
        cell_means,
        variance_shares,
        learning_curves,
        gap,
        seconds,
        confusion,
        sample_predictions,
        surest_mistakes,
        class_distribution,
        displacement,
        ensembles,
        samples,
    )
}


def figure_of_sweep(
    results: SweepResults,
    title: str,
    subtitle: str,
    height_inches: float,
    rows: int | Sequence[float] = 1,
    columns: int = 1,
    panels: Panels | None = None,
    filled: int | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure that is headed by what it shows, with the question of its sweep below, see `house_figure`."""
    question = results.planned.spec.question
    return house_figure(title, subtitle, height_inches, rows, columns, panels, question, filled)


def _summaries_page(
    results: SweepResults,
    info: MetricSummaries,
    with_intervals: bool = True,
    stated: Mapping[str, float] | None = None,
    scale: Scale = Scale.RAW,
) -> Figure:
    shown = MetricSummaries(info.metric, tuple(shown_arms(results, info.summaries)))
    of_mean = "geometric mean" if scale is Scale.LOG_ERROR and geometric_errors(shown) else "mean"
    bars = f", bars are 95% intervals of the {of_mean}" if with_intervals else ", ticks are means"
    diamonds = ", a diamond is the original's one run" if stated else ""
    subtitle = f"{seeds_an_arm(results)}{left_out(results)}; a dot is a seed{bars}{diamonds}"
    title = f"{titled(info.metric)} by arm"
    figure, axes = figure_of_sweep(results, title, subtitle, height_of_rows(len(shown.summaries)))
    draw_summaries(shown, axes[0], with_intervals, stated, scale)
    return figure


def _scale_of_curves(results: SweepResults) -> tuple[MetricInfo, Callable[[ArmCurves], ArmCurves]]:
    """What the curves are drawn of: errors, where every run ends near 1 and none has reached it."""
    curves = [curve.values for arm in results.validation for curve in arm.seeds if curve.values]
    ends = [values[-1] for values in curves] + [max(values) for values in curves]
    if is_near_one(results.curve_metric, ends):
        return error_metric(results.curve_metric), curves_as_errors
    return results.curve_metric, _as_it_is


def _as_it_is(thing: Thing) -> Thing:
    return thing


def _examples_of(results: SweepResults) -> ShownExamples:
    if results.examples is None:
        raise ValueError(f"no run of {results.planned.spec.name} kept examples")
    return results.examples


def _grid_of(results: SweepResults) -> FactorialRows:
    if results.factorial is None:
        raise ValueError(f"{results.planned.spec.name} is no full grid")
    return results.factorial


def _tables_page(
    results: SweepResults, draw: Callable[[TwoFactors, Axes], Axes], title: str, explained: str, panel_inches: float
) -> Figure:
    """One panel for each pair of factors, two beside each other."""
    tables = [table for table in _grid_of(results).tables if table.cells]
    columns = min(len(tables), 2)
    rows = [panel_inches + 0.16 * len(tables[0].first_levels)] * math.ceil(len(tables) / columns)
    subtitle = f"{seeds_an_arm(results)}; {explained}"
    figure, axes = figure_of_sweep(results, title, subtitle, sum(rows), rows, columns, filled=len(tables))
    for info, ax in zip(tables, axes, strict=True):
        draw(info, ax)
    return figure


def _legend_of_curves(arms: Sequence[ArmCurves], has_training: bool) -> list[Line2D]:
    trained = Line2D([], [], color=SUBJECT, linewidth=1.2, linestyle=(0, (3, 2)), label="training, mean")
    lines = [
        Line2D([], [], color=SUBJECT, linewidth=0.7, alpha=0.6, label="validation, one seed"),
        Line2D([], [], color=SUBJECT, linewidth=2.0, label="validation, mean"),
        *([trained] if has_training else []),
        Line2D([], [], color=BASELINE, linewidth=1.6, alpha=0.55, label="baseline, mean"),
    ]
    cross = Line2D([], [], color=DIVERGED, marker="x", markeredgewidth=1.8, linestyle="", label="diverged")
    return [*lines, cross] if any(arm.n_diverged for arm in arms) else lines
