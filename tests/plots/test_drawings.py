"""Each drawing against what it was given: where its artists stand, how far its axes reach, what is written.

What is drawn of nothing, of one value, of equal values and of what is no number is drawn as far as it goes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats

from ablate.analysis.confusion import Confusion
from ablate.analysis.curves import ArmCurves, SeedCurve
from ablate.analysis.displacement import DisplacedArm, Displacement
from ablate.analysis.ensembles import EnsembleGain
from ablate.analysis.generated import Samples
from ablate.analysis.grid_effects import Cell, Source, SourceShare, TwoFactors
from ablate.analysis.grid_tables import from_logarithms
from ablate.analysis.probe_pictures import ArmDensity, KernelHistogram, LossSurface, Reliability, StepLosses
from ablate.analysis.results import MetricSummaries, sweep_results
from ablate.analysis.summaries import ArmSummary
from ablate.core.records import METRICS, MetricInfo
from ablate.plots.axes import place_ticks
from ablate.plots.canvas import BASELINE, DIVERGED, SUBJECT, house_figure, house_style, legend_columns, png_bytes
from ablate.plots.confusion import draw_confusion, mistake_shares
from ablate.plots.contents import PairedSlopes
from ablate.plots.curves import draw_arm_curves, draw_overlaid_curves, fit_to_curves, use_whole_epochs
from ablate.plots.displacement import displacement_page, draw_displacement, ensembles_page
from ablate.plots.dots import draw_summaries
from ablate.plots.examples import draw_class_counts
from ablate.plots.figures import DRAW
from ablate.plots.grids import draw_cell_means, draw_interaction, draw_variance_shares
from ablate.plots.labels import axis_label, row_labels, scaled_title, shortened
from ablate.plots.pictures import draw_activations, draw_image, draw_probabilities
from ablate.plots.probes import draw_loss_surface, draw_reliability, draw_step_losses, draw_weight_histogram, levels_of
from ablate.plots.samples import draw_samples
from ablate.plots.scales import geometric_errors, is_near_one, ratio_ticks, symmetric_ticks
from ablate.plots.slopes import draw_paired_slopes
from ablate.stats.estimates import estimate_mean
from ablate.verdicts.verdict import Scale
from tests.judged import by_seed, judge
from tests.synthetic import completed_runs, diverged_run, optimizer_sweep, plan_of

LOSS, ACCURACY = METRICS["val_loss"], METRICS["test_accuracy"]
NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def ax() -> Axes:
    with house_style():
        return house_figure("?", "", 3.0)[1][0]


def drawn(ax: Axes) -> Axes:
    """Drawn to the last pixel, which a warning on the way would fail."""
    assert png_bytes(ax.figure).startswith(b"\x89PNG")  # type: ignore[arg-type]
    return ax


def styled(line) -> tuple[str, float]:
    return line.get_color(), line.get_linewidth()


def inside(figure: Figure, texts: Sequence[Text]) -> bool:
    page = figure.bbox
    boxes = [text.get_window_extent() for text in texts]
    return all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)


# dots --------------------------------------------------------------------------------------------------


def summary(arm: str, values: Sequence[float], is_baseline: bool = False, n_diverged: int = 0) -> ArmSummary:
    estimate = estimate_mean(by_seed(values))
    return ArmSummary(arm, is_baseline, estimate, len(values) + n_diverged, n_diverged, 0, 0)


def test_arms_are_rows_from_the_top_with_their_interval_mean_and_counts(ax: Axes) -> None:
    arms = (summary("a=1", [0.2, 0.3, 0.25], is_baseline=True), summary("a=2", [0.4, 0.5], n_diverged=1))
    draw_summaries(MetricSummaries(LOSS, arms), ax)
    bars = [line for line in ax.lines if line.get_linewidth() == 6.5]
    assert [tuple(line.get_xdata()) for line in bars] == [(s.estimate.ci_low, s.estimate.ci_high) for s in arms]
    assert [tuple(line.get_ydata()) for line in bars] == [(0, 0), (1, 1)]
    means = [line for line in ax.lines if line.get_linewidth() == 2.2]
    assert [line.get_xdata()[0] for line in means] == pytest.approx([0.25, 0.45])
    (dashed,) = (line for line in ax.lines if line.get_linestyle() == "--")
    assert list(dashed.get_xdata()) == pytest.approx([0.25] * 2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("a", "validation loss (goal:\N{NO-BREAK SPACE}lower)")
    assert [text.get_text() for text in ax.texts] == ["n=3", "n=2 of 3, 1 diverged"]
    assert [text.xy[1] for text in ax.texts] == [0, 1]
    assert ax.get_ylim()[0] > 1 > 0 > ax.get_ylim()[1]
    assert [line.get_color() for line in bars] == [BASELINE, SUBJECT]


def test_what_is_stated_is_a_diamond_in_the_row_of_its_arm(ax: Axes) -> None:
    arms = (summary("a", [0.95, 0.951], is_baseline=True), summary("b", [0.97, 0.971]))
    draw_summaries(MetricSummaries(ACCURACY, arms), ax, stated={"b": 0.975})
    (diamond,) = (line for line in ax.lines if line.get_marker() == "D")
    # Near one it is an error, as the dots beside it are.
    assert (diamond.get_xdata()[0], diamond.get_ydata()[0]) == (pytest.approx(0.025), 1)
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize("values", [[], [0.2], [0.2, 0.2, 0.2], [0.0, 0.0], [-1e-12, 1e12]])
def test_few_equal_and_far_values_are_drawn_as_far_as_they_go(values: list[float], ax: Axes) -> None:
    arms = (summary("base", values, is_baseline=True), summary("none", [], n_diverged=2))
    drawn(draw_summaries(MetricSummaries(LOSS, arms), ax))
    assert sum(line.get_marker() == "o" and len(line.get_xdata()) > 0 for line in ax.lines) == bool(values)
    assert sum(line.get_linewidth() == 6.5 for line in ax.lines) == (len(values) > 1)
    assert [text.get_text() for text in ax.texts] == [f"n={len(values)}", "n=0 of 2, 2 diverged"]


# slopes ------------------------------------------------------------------------------------------------


def test_only_seeds_that_both_have_are_joined_and_averaged(ax: Axes) -> None:
    baseline, arm = by_seed([1.0, 2.0, 4.0]), {1: 3.0, 2: 6.0, 7: 99.0}
    (verdict,) = judge({"base": baseline, "arm": arm})
    draw_paired_slopes(PairedSlopes(verdict, estimate_mean(baseline), estimate_mean(arm)), ax)
    joined = [tuple(line.get_ydata()) for line in ax.lines if styled(line)[1] == 0.9]
    assert joined == [(2.0, 3.0), (4.0, 6.0)]
    bars = {tuple(np.round(line.get_xdata(), 2)): line.get_ydata()[0] for line in ax.lines if styled(line)[1] == 2.6}
    assert bars == {(-0.16, 0.16): 3.0, (0.84, 1.16): 4.5}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["baseline", "arm"]
    assert "n=2" in ax.texts[0].get_text()


def test_without_a_pair_there_is_nothing_to_join(ax: Axes) -> None:
    (verdict,) = judge({"base": {0: 1.0}, "arm": {1: 2.0}})
    drawn(draw_paired_slopes(PairedSlopes(verdict, estimate_mean({0: 1.0}), estimate_mean({1: 2.0})), ax))
    assert len(ax.lines) == 0
    assert ax.texts[0].get_text().endswith("n=0")


# curves ------------------------------------------------------------------------------------------------


def arm_of(*seeds: tuple[Sequence[float], bool], is_baseline: bool = False, arm: str = "arm") -> ArmCurves:
    curves = tuple(SeedCurve(seed, tuple(values), gone) for seed, (values, gone) in enumerate(seeds))
    whole = [curve.values for curve in curves if not curve.has_diverged]
    return ArmCurves(arm, is_baseline, curves, tuple(np.mean(whole, axis=0).tolist()) if whole else ())


def test_an_arm_has_its_seeds_its_means_and_the_baselines_from_epoch_one(ax: Axes) -> None:
    arm, baseline = arm_of(([3.0, 2.0], False), ([5.0, 4.0], False), ([9.0], True)), arm_of(([1.0, 0.5], False))
    training = arm_of(([2.0, 1.0], False))
    draw_arm_curves(arm, training, baseline, ax)
    lines = [(tuple(line.get_xdata()), tuple(line.get_ydata()), line.get_color()) for line in ax.lines]
    assert lines == [
        ((1, 2), (1.0, 0.5), BASELINE),
        ((1, 2), (3.0, 2.0), SUBJECT),
        ((1, 2), (5.0, 4.0), SUBJECT),
        ((1,), (9.0,), DIVERGED),
        ((1,), (9.0,), DIVERGED),
        ((1, 2), (2.0, 1.0), SUBJECT),
        ((1, 2), (4.0, 3.0), SUBJECT),
    ]
    assert ax.get_title(loc="right") == "n=2, ✕ 1"


def test_groups_are_told_apart_by_colour_and_then_by_dashes(ax: Axes) -> None:
    groups = [arm_of(([float(index)] * 2, False), arm=f"arm_{index}") for index in range(20)]
    draw_overlaid_curves(groups, ax)
    means = [line for line in ax.lines if line.get_linewidth() == 2.2]
    assert [line.get_label() for line in means] == [f"arm_{index} (n=1)" for index in range(20)]
    assert len({(line.get_color(), str(line.get_linestyle()), line._dash_pattern[0]) for line in means}) >= 8
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in means}) == 20


@pytest.mark.parametrize("level", [0.0, 0.5, -2.0])
def test_a_diverged_run_does_not_set_the_scale_of_equal_ones(level: float, ax: Axes) -> None:
    groups = [arm_of(([level, level], False)), arm_of(([level, 1e30], True))]
    draw_overlaid_curves(groups, ax)
    fit_to_curves(groups, ax)
    low, high = ax.get_ylim()
    assert level - 1 < low < level < high < level + 1
    drawn(ax)


def test_curves_of_nothing_and_of_no_number_are_drawn(ax: Axes) -> None:
    groups = [arm_of(), arm_of(([NAN, INFINITY], True))]
    for group in groups:
        draw_arm_curves(group, None, groups[0], ax)
    fit_to_curves(groups, ax)
    use_whole_epochs(ax)
    drawn(ax)
    assert not [line for line in ax.lines if line.get_marker() == "x"]


def test_limits_hold_every_completed_run_and_the_decades_between_them(ax: Axes) -> None:
    groups = [arm_of(([5.0, 0.01], False), ([3.0, 0.02], False)), arm_of(([4.0, 1e9], True))]
    draw_overlaid_curves(groups, ax)
    fit_to_curves(groups, ax)
    low, high = ax.get_ylim()
    assert ax.get_yscale() == "log"
    assert 0.005 < low < 0.01
    assert 5.0 < high < 10.0


@pytest.mark.parametrize("arms", [2, 3, 6, 12, 22])
def test_counts_of_diverged_runs_do_not_run_into_long_labels(arms: int) -> None:
    names = {f"{'n' * 60}{index:03d}": 0.001 * (index + 1) for index in range(arms - 1)}
    sweep = optimizer_sweep(3, {**names, "adam": 0.001})
    runs = completed_runs(sweep)
    for arm in sweep.arms:
        gone = diverged_run(arm.spec.with_seed(1))
        runs[gone.spec.run_id] = gone
    figure = DRAW["learning_curves"](sweep_results(plan_of(sweep).sweeps[0], runs))
    with house_style():
        figure.canvas.draw()
    for each in (each for each in figure.axes if each.get_visible() and each.axison):
        left, right = each._left_title.get_window_extent(), each._right_title.get_window_extent()
        assert each._right_title.get_text() == "n=2, ✕ 1"
        assert not left.overlaps(right)
        assert not [other for other in figure.texts if other.get_window_extent().overlaps(left)]


# confusion ---------------------------------------------------------------------------------------------


def test_mistakes_are_shares_of_their_true_class_and_counts_stand_in_their_cells(ax: Axes) -> None:
    matrix = Confusion("arm", ((6, 2, 0), (0, 0, 0), (1, 0, 3)), 2)
    np.testing.assert_allclose(mistake_shares(matrix), [[0, 0.25, 0], [0, 0, 0], [0.25, 0, 0]])
    draw_confusion(matrix, ax)
    (image,) = ax.images
    np.testing.assert_allclose(image.get_array(), mistake_shares(matrix))
    assert image.get_clim() == (0.0, 0.25)
    # Across is what was predicted, down what is true; x comes first.
    assert {(*text.get_position(), text.get_text()) for text in ax.texts} == {
        (0, 0, "6"), (1, 0, "2"), (0, 2, "1"), (2, 2, "3"),
    }  # fmt: skip
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    assert ax.get_title() == "arm\n3 of 12 wrong (25.00%)"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_matrices_beside_each_other_share_their_colours_and_one_without_mistakes_is_white(ax: Axes) -> None:
    draw_confusion(Confusion("a", ((3, 1), (0, 4)), 1), ax, most=0.5)
    assert ax.images[0].get_clim() == (0.0, 0.5)
    draw_confusion(Confusion("b", ((0, 0), (0, 0)), 1), ax)
    assert ax.images[1].get_clim() == (0.0, 1.0)
    assert ax.get_title() == "b\n0 of 0 wrong (0.00%)"
    drawn(ax)


def test_many_classes_have_a_tick_for_some_and_no_numbers(ax: Axes) -> None:
    counts = tuple(tuple(int(row == column) for column in range(100)) for row in range(100))
    draw_confusion(Confusion("a", counts, 1), ax)
    assert list(ax.get_xticks()) == list(range(0, 100, 5))
    assert len(ax.texts) == 0


def test_classes_with_names_are_called_by_them_along_both_sides(ax: Axes) -> None:
    names = ("disc", "a name that is far too long for an axis", "$x^2$")
    draw_confusion(Confusion("arm", ((6, 2, 0), (0, 0, 0), (1, 0, 3)), 2, names), ax)
    drawn(ax)
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        first, second, third = (label.get_text() for label in labels)
        assert (first, third) == ("disc", "$x^2$")
        assert (second[:6], len(second)) == ("a name", 14)


# displacement and ensembles ----------------------------------------------------------------------------


def displaced(arms: int, name: str = "arm") -> Displacement:
    found = (
        DisplacedArm(f"{name}_{index}", index == 0, {0: (0.9, 0.5 - 0.01 * index), 1: (0.8, 0.3)})
        for index in range(arms)
    )
    return Displacement("shift", (0.0, 2.0), tuple(found))


def test_accuracy_is_drawn_over_amounts_for_every_seed_and_their_mean(ax: Axes) -> None:
    draw_displacement(displaced(1), ax)
    assert [tuple(line.get_xdata()) for line in ax.lines] == [(0.0, 2.0)] * 3
    assert [tuple(line.get_ydata()) for line in ax.lines] == [(0.9, 0.5), (0.8, 0.3), pytest.approx((0.85, 0.4))]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("shift, pixels", "test accuracy")
    assert ax.lines[2].get_label() == "arm_0 (baseline)"


def test_a_displacement_figure_holds_every_arm() -> None:
    (legend,) = displacement_page([displaced(25)]).legends
    assert len(legend.get_texts()) == 25


def gain(*accuracies: float) -> EnsembleGain:
    single = estimate_mean(by_seed(accuracies))
    return EnsembleGain(single, 0.99, 0.01, None, None, ((1, single.mean or 0.0), (2, 0.99)), 100)


@pytest.mark.parametrize("length", [5, 30, 90])
@pytest.mark.parametrize("arms", [1, 2, 12])
def test_legends_of_long_names_stay_on_their_page_and_off_the_axes(length: int, arms: int) -> None:
    gains = {f"{'n' * length}{index}": gain(0.9, 0.95) for index in range(arms)}
    for figure in (displacement_page([displaced(arms, "n" * length)] * 2), ensembles_page(gains)):
        with house_style():
            figure.canvas.draw()
        (legend,) = figure.legends
        assert len(legend.get_texts()) == arms
        assert inside(figure, legend.get_texts())
        assert all(ax.bbox.height > 100 for ax in figure.axes)
        assert not [ax for ax in figure.axes if ax.bbox.overlaps(legend.get_window_extent())]


def test_a_legend_has_as_many_columns_as_there_is_room_for() -> None:
    assert legend_columns(["a", "b"], 6) == 2
    assert legend_columns(["a"] * 9, 6) == 6
    assert legend_columns(["a" * 41, "b" * 40, "c"], 6) == 1
    assert legend_columns(["a" * 40, "b" * 40, "c"], 6) == 2
    assert legend_columns([], 6) == 1


# probes ------------------------------------------------------------------------------------------------


def test_losses_of_steps_end_at_zero_and_their_mean_is_dashed(ax: Axes) -> None:
    draw_step_losses(StepLosses("arm", True, 0, (3.0, 1.0, 2.0), 0.123456), ax)
    losses, mean = ax.lines
    assert (list(losses.get_xdata()), list(losses.get_ydata())) == ([-2, -1, 0], [3.0, 1.0, 2.0])
    assert list(mean.get_ydata()) == [2.0, 2.0]
    assert losses.get_color() == BASELINE
    assert ax.get_title(loc="right") == "jitter 0.123"


def surface(rows: Sequence[Sequence[float]]) -> LossSurface:
    return LossSurface("arm", False, 3, (-1.0, 0.0, 1.0), tuple(map(tuple, rows)))


def test_a_surface_rises_where_its_losses_do_and_its_end_is_a_cross(ax: Axes) -> None:
    draw_loss_surface(surface([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [4.0, 4.0, 4.0]]), ax)
    (cross,) = (line for line in ax.lines if line.get_marker() == "+")
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (0, 0)
    assert ax.get_title(loc="right") == "seed 3"
    # The first direction is upwards: each line between levels keeps its height, and higher ones lie higher.
    heights = [
        segment[:, 1]
        for collection in ax.collections[1:]
        for path in collection.get_paths()
        for segment in path.to_polygons(closed_only=False)
    ]
    assert heights
    assert all(np.ptp(height) < 1e-9 for height in heights)
    assert all(low[0] <= high[0] + 1e-9 for low, high in pairwise(heights))


@pytest.mark.parametrize("loss", [0.0, 2.0, 1e9, -1e9, NAN, INFINITY])
def test_a_surface_that_is_flat_or_no_number_is_drawn(loss: float, ax: Axes) -> None:
    flat = surface([[loss] * 3] * 3)
    levels = levels_of([flat])
    assert all(high > low for low, high in pairwise(levels))
    drawn(draw_loss_surface(flat, ax))
    assert levels_of([flat, surface([[1.0, 2.0, 3.0]] * 3)])[0] == min(loss if math.isfinite(loss) else 1.0, 1.0)


def kernel(*densities: Sequence[float], names: Sequence[str] = ("base", "other")) -> KernelHistogram:
    arms = tuple(
        ArmDensity(name, index == 0, tuple(values), 3)
        for index, (name, values) in enumerate(zip(names, densities, strict=False))
    )
    return KernelHistogram("hidden/kernel", (-1.0, 0.0, 0.5), arms)


def test_a_histogram_has_a_gap_where_no_weight_is(ax: Axes) -> None:
    drawn(draw_weight_histogram(kernel((0.25, 1.5), (0.0, 2.0)), ax))
    steps = [patch.get_data() for patch in ax.patches]
    assert [list(step.edges) for step in steps] == [[-1.0, 0.0, 0.5]] * 2
    assert list(steps[0].values) == [0.25, 1.5]
    np.testing.assert_array_equal(steps[1].values, [NAN, 2.0])
    assert [patch.get_label() for patch in ax.patches] == ["base (n=3)", "other (n=3)"]
    assert ax.get_yscale() == "log"
    assert ax.get_title(loc="left") == "hidden/kernel"


def test_the_area_of_a_dot_is_its_share_of_the_examples(ax: Axes) -> None:
    draw_reliability(Reliability("arm", False, ((30, 0.5, 0.4), (70, 0.9, 0.95)), 2), ax)
    diagonal, line = ax.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert line.get_xydata().tolist() == [[0.5, 0.4], [0.9, 0.95]]
    (dots,) = (found for found in ax.collections if isinstance(found, PathCollection))
    assert (dots.get_sizes() - 8).tolist() == pytest.approx([54.0, 126.0])
    assert ax.get_title(loc="right") == "error 6.50%, n=2"
    assert ax.get_xlim()[0] <= 0 < 1 <= ax.get_xlim()[1]


# grids -------------------------------------------------------------------------------------------------


def table(*values: Sequence[float], metric: MetricInfo = LOSS) -> TwoFactors:
    cells = tuple(Cell("0", str(column), estimate_mean(by_seed(each))) for column, each in enumerate(values))
    return TwoFactors(metric, "first", "second", ("0", "1"), tuple(map(str, range(len(values)))), cells)


def test_intervals_of_cells_stand_at_their_level_and_levels_beside_each_other(ax: Axes) -> None:
    info = table([0.1, 0.2], [0.3, 0.5])
    draw_interaction(info, ax)
    bars = [(line.get_xdata(), line.get_ydata()) for line in ax.lines if line.get_linewidth() == 4]
    assert [list(place) for place, _ in bars] == [[-0.08] * 2, [0.08] * 2]
    assert [tuple(ends) for _, ends in bars] == [(c.estimate.ci_low, c.estimate.ci_high) for c in info.cells]
    assert ax.get_xlabel() == "first"
    assert ax.get_ylabel().replace("\n", " ") == axis_label(LOSS)
    assert ax.get_legend().get_title().get_text() == "second"


@pytest.mark.parametrize("values", [[0.1], [0.1, 0.1]])
def test_a_cell_without_spread_bears_its_mean_and_a_missing_one_a_dash(values: list[float], ax: Axes) -> None:
    info = table(values, values)
    drawn(draw_interaction(info, ax))
    ax.clear()
    drawn(draw_cell_means(info, ax))
    assert [(*text.get_position(), text.get_text()) for text in ax.texts] == [
        (0, 0, "0.1"), (1, 0, "0.1"), (0, 1, "–"), (1, 1, "–"),
    ]  # fmt: skip


def log_table(metric: MetricInfo, *errors: Sequence[float], diverged: int = 0) -> TwoFactors:
    """One first level; `diverged` runs of the last cell."""
    cells = tuple(
        Cell("0", str(column), from_logarithms(estimate_mean(by_seed(np.log(each)))))
        for column, each in enumerate(errors)
    )
    last = replace(cells[-1], n_diverged=diverged)
    levels = tuple(map(str, range(len(errors))))
    return TwoFactors(metric, "first", "second", ("0",), levels, (*cells[:-1], last), Scale.LOG_ERROR)


def test_an_interaction_has_the_scale_of_its_sweep(ax: Axes) -> None:
    """Geometric means and the intervals of logarithms, by scipy, on a log axis of the error."""
    errors = [0.1, 0.2, 0.15], [0.3, 0.5, 0.2]
    draw_interaction(log_table(ACCURACY, *errors), ax)
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel().replace("\n", " ") == "1 − test accuracy, fraction, log axis (goal:\N{NO-BREAK SPACE}lower)"
    bars = [tuple(line.get_ydata()) for line in ax.lines if line.get_linewidth() == 4]
    intervals = [np.exp(stats.ttest_1samp(np.log(each), 0).confidence_interval()) for each in errors]
    assert bars == [pytest.approx(tuple(ends)) for ends in intervals]
    means = [line.get_ydata()[0] for line in ax.lines if line.get_linewidth() == 2]
    assert means == pytest.approx([stats.gmean(each) for each in errors])
    ax.clear()
    draw_interaction(table([0.1, 0.2], [0.3, 0.5]), ax)
    assert (ax.get_yscale(), "log" in ax.get_ylabel()) == ("linear", False)


def test_means_that_leave_out_diverged_runs_are_crossed_out_and_have_no_colour(ax: Axes) -> None:
    info = log_table(LOSS, [0.2, 0.3], [0.1, 0.15], diverged=2)
    draw_interaction(info, ax)
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [line.get_ydata()[0] for line in crosses] == pytest.approx([stats.gmean([0.1, 0.15])])
    ax.clear()
    drawn(draw_cell_means(info, ax))
    first, second = (text.get_text() for text in ax.texts)
    assert first.splitlines()[0] == "0.2"
    assert "×/÷" in first
    assert second.splitlines()[-1] == "2 diverged"
    assert "diverged" not in first
    colours = ax.images[-1].get_array()
    assert np.ma.getmaskarray(colours).tolist() == [[False, True]]


def test_a_grid_all_of_whose_cells_diverged_is_drawn_without_colours(ax: Axes) -> None:
    drawn(draw_cell_means(log_table(LOSS, [0.2, 0.3], diverged=1), ax))
    assert len(ax.texts) == 1


def test_summaries_of_a_log_sweep_are_geometric_errors() -> None:
    values = [0.95, 0.9, 0.97]
    info = MetricSummaries(ACCURACY, (ArmSummary("a", True, estimate_mean(by_seed(values)), 3, 0, 0, 0),))
    found = geometric_errors(info)
    assert found is not None
    estimate = found.summaries[0].estimate
    errors = 1 - np.array(values)
    assert found.metric.title == "1 − test accuracy"
    assert estimate.mean == pytest.approx(stats.gmean(errors))
    low, high = stats.ttest_1samp(np.log(errors), 0).confidence_interval()
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((np.exp(low), np.exp(high)))
    perfect = MetricSummaries(ACCURACY, (replace(info.summaries[0], estimate=estimate_mean({0: 1.0, 1: 0.9})),))
    assert geometric_errors(perfect) is None


@pytest.mark.parametrize("metric", [LOSS, ACCURACY], ids=lambda metric: metric.name)
def test_arms_of_a_log_sweep_stand_on_a_log_axis_that_says_so(metric: MetricInfo, ax: Axes) -> None:
    info = MetricSummaries(metric, (ArmSummary("a", True, estimate_mean(by_seed([0.5, 0.6, 0.7])), 3, 0, 0, 0),))
    draw_summaries(info, ax, scale=Scale.LOG_ERROR)
    assert ax.get_xscale() == "log"
    assert ", log axis" in ax.get_xlabel()
    shown = [0.5, 0.6, 0.7] if metric is LOSS else [0.5, 0.4, 0.3]
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert list(dots.get_xdata()) == pytest.approx(shown)
    assert any(list(line.get_xdata()) == pytest.approx([stats.gmean(shown)] * 2) for line in ax.lines)
    ax.clear()
    draw_summaries(info, ax)
    assert (ax.get_xscale(), "log" in ax.get_xlabel()) == ("linear", False)


def test_what_is_compared_is_named_with_its_scale() -> None:
    assert [scaled_title(LOSS, scale) for scale in Scale] == [LOSS.title, f"log {LOSS.title}"]
    assert scaled_title(ACCURACY, Scale.LOG_ERROR) == "log error (1 − test accuracy)"


def test_the_darker_the_better_whichever_way_is_good(ax: Axes) -> None:
    for metric, best in ((LOSS, 0), (ACCURACY, 1)):
        draw_cell_means(table([0.1, 0.2], [0.3, 0.5], metric=metric), ax)
        colours = ax.images[-1].get_array()
        assert int(np.nanargmax(colours.filled(NAN))) == best


def test_shares_of_variance_are_told_apart_by_hatches_and_small_ones_said_to_be_small(ax: Axes) -> None:
    shares = (
        SourceShare("a", Source.FACTOR, 0.7996),
        SourceShare("a × b", Source.INTERACTION, 0.0004),
        SourceShare("seed", Source.SEED, 0.2),
        SourceShare("residual", Source.RESIDUAL, 0.0),
    )
    drawn(draw_variance_shares(shares, ax, "validation loss"))
    assert [text.get_text() for text in ax.texts] == ["80.0%", "<0.1%", "20.0%", "<0.1%"]
    assert [bar.get_hatch() or "" for bar in ax.patches] == ["", "///", "...", ""]
    assert ax.get_xlim()[1] > 80 * 1.1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [source.value for source in Source]


def test_no_shares_at_all_are_drawn(ax: Axes) -> None:
    drawn(draw_variance_shares([SourceShare("a", Source.FACTOR, 0.0)], ax, "validation loss"))
    assert ax.texts[0].get_text() == "<0.1%"


# examples ----------------------------------------------------------------------------------------------


def test_an_image_is_black_at_zero_white_at_one_and_cut_beyond(ax: Axes) -> None:
    draw_image(np.array([[-1.0, 0.25], [0.5, 2.0]]), ax, "grey")
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), [[0.0, 0.25], [0.5, 1.0]])
    assert (image.get_clim(), image.cmap.name, ax.get_title()) == ((0.0, 1.0), "gray", "grey")


def test_samples_bear_their_arm_and_seed(ax: Axes) -> None:
    draw_samples(Samples("a" * 50, 7, (1, 2, 2, 3), bytes(range(12))), ax)
    assert ax.get_title() == f"{shortened('a' * 50)}\nseed 7"
    np.testing.assert_array_equal(ax.images[0].get_array(), np.arange(12).reshape(2, 2, 3))


@pytest.mark.parametrize("values", [[0.0, 0.0], [-3.0], [1e-30, 1.0]])
def test_units_of_any_strength_are_drawn(values: list[float], ax: Axes) -> None:
    drawn(draw_activations(np.array(values), ax))
    low, high = ax.images[0].get_clim()
    assert -low == high == (max(map(abs, values)) or 1.0)


def test_bars_of_several_series_stand_beside_each_other_and_say_which_they_are(ax: Axes) -> None:
    series = {"prepared": np.array([0.2, 0.8]), "plain": np.array([0.6, 0.4])}
    draw_probabilities(series, ax)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.2, 0.8, 0.6, 0.4])
    centres = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert centres == pytest.approx([-0.2, 0.8, 0.2, 1.2])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["prepared", "plain"]
    assert [text.get_text() for text in ax.texts] == ["0.800", "0.600"]


def test_splits_without_examples_have_no_bars(ax: Axes) -> None:
    drawn(draw_class_counts({"train": (0, 0, 0), "test": (1, 3, 0)}, ax))
    assert [bar.get_height() for bar in ax.patches] == [0, 0, 0, 0.25, 0.75, 0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train (0 examples)", "test (4 examples)"]


# axes and labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0.95, NAN), (NAN, 0.95)])
def test_a_value_that_is_no_number_is_near_nothing_wherever_it_stands(order: tuple[float, float]) -> None:
    assert not is_near_one(ACCURACY, order)


def test_shares_are_near_one_from_nine_tenths_up_to_below_one() -> None:
    assert is_near_one(ACCURACY, (0.9, 0.999, None))
    assert not is_near_one(ACCURACY, (0.9, 1.0))
    assert not is_near_one(ACCURACY, (0.89, 0.95))
    assert is_near_one(ACCURACY, (0.97, 0.1, 0.98)), "one bad arm squeezes no other"
    assert not is_near_one(ACCURACY, ())
    assert not is_near_one(LOSS, (0.95,))


def test_ticks_are_placed_in_the_order_of_their_plainness_and_apart(ax: Axes) -> None:
    ax.set_xlim(0, 10)
    place_ticks(ax, "x", [0, 5, 5.2, 10, 11, -1, 2.5], lambda value: f"{-value:g}")
    assert list(ax.xaxis.get_major_locator()()) == [0, 2.5, 5, 10]
    assert ax.xaxis.get_major_formatter()(5, None) == "−5"
    assert ax.get_xlim() == (0, 10)


def test_ratios_and_symmetric_values_that_a_reader_expects_come_first() -> None:
    assert ratio_ticks()[:3] == pytest.approx([0.0, math.log(2), -math.log(2)])
    ticks = symmetric_ticks(0.1, 5.0)
    assert ticks[0] == 0.0
    assert ticks[1:7] == pytest.approx([0.1, -0.1, 1.0, -1.0, 10.0, -10.0])
    assert sorted(ticks) == pytest.approx(sorted(-tick for tick in ticks))


def test_an_axis_names_what_it_shows_its_unit_and_which_way_is_good() -> None:
    assert axis_label(LOSS) == "validation loss (goal:\N{NO-BREAK SPACE}lower)"
    assert axis_label(ACCURACY, with_goal=False) == "test accuracy, fraction"


def test_rows_share_a_title_where_they_are_levels_of_one_factor() -> None:
    assert row_labels(["a=1", "a=2"]) == (["1", "2"], "a")
    assert row_labels(["a=1", "b=2"]) == (["a=1", "b=2"], "")
    assert row_labels(["a=1,b=2", "a=1"]) == (["a=1,b=2", "a=1"], "")
    assert row_labels([]) == ([], "")


@pytest.mark.parametrize("most", [3, 10, 34])
def test_a_long_name_keeps_both_its_ends(most: int) -> None:
    text = "beginning" + "x" * 50 + "end"
    short = shortened(text, most)
    assert len(short) == most
    head, tail = short.split("…")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert shortened(text, len(text)) == text
