import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from ablate.analysis.comparison import compare, sides_of_study
from ablate.analysis.generated import Samples
from ablate.analysis.results import SweepResults, sweep_results
from ablate.plots.canvas import house_style, png_bytes
from ablate.plots.comparison import comparison_figures
from ablate.plots.contents import MOST_ARMS
from ablate.plots.figures import DRAW, grid_of_panels
from ablate.plots.samples import contact_sheet
from ablate.reporting.captions import captions
from tests.judged import claim, draws, grid, judged
from tests.plots.test_pictures import PAGES as OF_EXAMPLES, RESULTS as WITH_EXAMPLES
from tests.synthetic import (
    completed_run,
    completed_runs,
    diverged_run,
    dropout_sweep,
    eventful_runs,
    optimizer_sweep,
    plan_of,
)

SWEEP = optimizer_sweep(seeds=4)
JUDGED = sweep_results(plan_of(SWEEP).sweeps[0], eventful_runs(SWEEP))
CLAIMS = tuple(
    claim(f"optimizer=choice_1 < optimizer=choice_3 on {metric}", draws(4, level=level), metric)
    for metric, level in (("val_loss", 0.1), ("test_accuracy", 0.9), ("val_loss", 0.2))
)
SHEETS = tuple(Samples(f"arm_{index}", 0, (5, 4, 3, 1), bytes(range(60))) for index in range(4))
RESULTS = judged(JUDGED, claims=CLAIMS, factorial=grid(), samples=SHEETS)
# The others show single examples, and have their tests in test_pictures.
ABOUT_ARMS = [name for name in DRAW if name not in OF_EXAMPLES]


def texts(figure: Figure) -> list[str]:
    return [found.get_text() for found in figure.findobj(Text) if found.get_text()]


def results_of_many(arms: int, seeds: int = 2) -> SweepResults:
    rates = {f"optimizer_{index}": 0.001 * (index + 1) for index in range(arms - 1)} | {"adam": 0.001}
    sweep = optimizer_sweep(seeds, rates)
    return sweep_results(plan_of(sweep).sweeps[0], completed_runs(sweep))


def test_there_is_a_drawing_for_each_caption_and_a_caption_for_each_drawing() -> None:
    assert {caption.name for results in (RESULTS, WITH_EXAMPLES) for caption in captions(results)} == set(DRAW)


@pytest.mark.parametrize("name", ABOUT_ARMS)
def test_a_figure_is_titled_by_what_it_shows_with_the_question_below(name: str) -> None:
    title, below = (" ".join(text.get_text().split()) for text in DRAW[name](RESULTS).texts[:2])
    assert below.startswith(SWEEP.spec.question)
    assert title
    assert "?" not in title


@pytest.mark.parametrize(
    "name", sorted(set(ABOUT_ARMS) - {"confusion", "samples", "interactions", "cell_means", "variance_shares"})
)
def test_a_figure_states_n(name: str) -> None:
    assert [text for text in texts(DRAW[name](RESULTS)) if re.search(r"\bn=\d", text)]


@pytest.mark.parametrize("name", ABOUT_ARMS)
def test_equal_results_give_equal_bytes_whatever_the_session_has_set(name: str) -> None:
    few = judged(results_of_many(2, seeds=3), claims=CLAIMS, factorial=grid(), samples=SHEETS)
    expected = png_bytes(DRAW[name](few))
    with mpl.rc_context({"font.size": 31.0, "axes.grid": True, "text.parse_math": True, "savefig.bbox": "tight"}):
        before = dict(mpl.rcParams)
        assert png_bytes(DRAW[name](few)) == expected
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("panels", "shape"),
    [
        *[(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3)), (6, (2, 3)), (7, (2, 4)), (8, (2, 4)), (9, (3, 3))],
        *[(10, (2, 5)), (11, (3, 4)), (12, (3, 4)), (13, (3, 5)), (15, (3, 5)), (16, (4, 4)), (17, (3, 6))],
    ],
)
def test_panels_leave_as_little_empty_as_can_be(panels: int, shape: tuple[int, int]) -> None:
    grid = grid_of_panels(panels)
    assert (grid.rows, grid.columns) == shape


@pytest.mark.parametrize("arms", [4, 5, 7, 10, 11])
@pytest.mark.parametrize("name", ["learning_curves", "paired_seeds"])
def test_a_place_without_a_panel_holds_the_legend(name: str, arms: int) -> None:
    panels = arms - (name == "paired_seeds")
    figure = DRAW[name](judged(results_of_many(arms, seeds=3)))
    grid = grid_of_panels(panels)
    assert len([ax for ax in figure.axes if ax.axison and ax.get_visible()]) == panels
    held = [ax for ax in figure.axes if ax.get_legend() is not None]
    assert held == ([figure.axes[panels]] if grid.free else [])
    assert bool(figure.legends) is not bool(held)
    with house_style():
        figure.canvas.draw()
    (legend,) = [*figure.legends, *(ax.get_legend() for ax in held)]
    box = legend.get_window_extent()
    assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1
    for ax in figure.axes[:panels]:
        assert not box.overlaps(ax.get_tightbbox())


@pytest.mark.parametrize(("sheets", "rows"), [(5, [3, 2]), (7, [4, 3]), (3, [3]), (4, [2, 2])])
def test_a_last_row_that_is_not_full_stands_in_the_middle(sheets: int, rows: list[int]) -> None:
    figure = DRAW["samples"](replace(RESULTS, samples=tuple(replace(SHEETS[0], label=f"{n}") for n in range(sheets))))
    with house_style():
        figure.canvas.draw()
    boxes = [ax.get_position() for ax in figure.axes]
    tops = sorted({round(box.y1, 6) for box in boxes}, reverse=True)
    assert [sum(round(box.y1, 6) == top for box in boxes) for top in tops] == rows
    for top in tops:
        middles = [(box.x0 + box.x1) / 2 for box in boxes if round(box.y1, 6) == top]
        assert sum(middles) / len(middles) == pytest.approx(0.5, abs=0.02)


def test_training_curves_stay_in_their_panels() -> None:
    """The synthetic training loss ends at 0.02, far below any validation loss."""
    lowest = min(value for arm in RESULTS.training for value in arm.mean)
    assert 0.5 * lowest < DRAW["learning_curves"](RESULTS).axes[0].get_ylim()[0] < lowest


def test_a_training_error_of_zero_leaves_a_logarithmic_axis_alone() -> None:
    (first, *others) = RESULTS.training
    perfect = replace(first, mean=(*first.mean[:-1], 0.0))
    low, _ = DRAW["learning_curves"](replace(RESULTS, training=(perfect, *others))).axes[0].get_ylim()
    assert 0 < low < first.mean[-1]


@pytest.mark.parametrize("name", ["learning_curves", "metric_by_arm", "paired_seeds", "paired_differences"])
def test_an_arm_that_is_a_hundred_times_worse_leaves_the_others_room(name: str) -> None:
    """All but one arm together have a tenth of the axis at least, where a linear one would give them a thousandth."""
    sweep = optimizer_sweep(seeds=3)
    runs = completed_runs(sweep)
    for seed in range(3):
        run = completed_run(sweep.arms[0].spec.with_seed(seed), quality=5.0)
        for key in run.arrays:
            run.arrays[key] = run.arrays[key] * 100
        runs[run.spec.run_id] = run
    ax = DRAW[name](judged(sweep_results(plan_of(sweep).sweeps[0], runs))).axes[0]
    scale = ax.yaxis if name in ("learning_curves", "paired_seeds") else ax.xaxis
    assert scale.get_scale() in ("log", "symlog")


def test_samples_stand_row_by_row_and_a_square_is_filled_up() -> None:
    sheet = contact_sheet(SHEETS[0])
    assert sheet.shape == (2 * 4 + 1, 3 * 3 + 2)
    np.testing.assert_array_equal(sheet[:4, 4:7], np.arange(12, 24).reshape(4, 3))
    np.testing.assert_array_equal(sheet[5:, :3], np.arange(36, 48).reshape(4, 3))
    assert len({*sheet[4], *sheet[:, 3], *sheet[5:, 7:].ravel()}) == 1


def test_every_seed_has_its_dot_and_every_mean_its_tick() -> None:
    (ax,) = DRAW["metric_by_arm"](RESULTS).axes
    dots = [line.get_xdata() for line in ax.lines if line.get_marker() == "o"]
    assert [tuple(values) for values in dots] == [summary.estimate.values for summary in RESULTS.summaries]
    drawn = {line.get_xdata()[0] for line in ax.lines}
    assert {summary.estimate.mean for summary in RESULTS.summaries} <= drawn


def test_dots_of_equal_values_stay_apart() -> None:
    (ax,) = DRAW["metric_by_arm"](RESULTS).axes
    heights = [line.get_ydata() for line in ax.lines if line.get_marker() == "o"]
    assert [len(set(row)) for row in heights] == [summary.estimate.n for summary in RESULTS.summaries]


def test_the_intervals_that_are_drawn_are_those_that_were_computed() -> None:
    (ax,) = DRAW["paired_differences"](JUDGED).axes
    drawn = {tuple(line.get_xdata()) for line in ax.lines}
    intervals = [(row.ci_low, row.ci_high) for row in JUDGED.verdicts]
    # One pair has no interval, and none is drawn.
    assert (JUDGED.verdicts[0].n, intervals[0]) == (1, (None, None))
    assert set(intervals[1:]) <= drawn
    assert not [line for line in ax.lines if None in line.get_xdata()]


def test_times_have_no_interval() -> None:
    (ax,) = DRAW["seconds"](RESULTS).axes
    assert not [line for line in ax.lines if line.get_linewidth() > 5]


def test_the_margin_is_a_band_around_zero_where_there_is_one() -> None:
    (band,) = DRAW["paired_differences"](JUDGED).axes[0].patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (-0.01, 0.01)
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, margin=None))
    without = sweep_results(plan_of(sweep).sweeps[0], eventful_runs(sweep))
    assert not DRAW["paired_differences"](without).axes[0].patches


def test_a_diverged_run_is_drawn_to_where_it_ended() -> None:
    ax = DRAW["learning_curves"](RESULTS).axes[0]
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [list(line.get_xdata()) for line in crosses] == [[3]]
    assert "n=1, ✕ 1" in texts(ax.figure)


def test_a_diverged_run_does_not_set_the_scale() -> None:
    sweep = optimizer_sweep(seeds=2)
    runs = completed_runs(sweep)
    wild = diverged_run(sweep.arms[0].spec.with_seed(1), epoch=9)
    runs[wild.spec.run_id] = replace(wild, arrays={"history/val_loss": wild.history["val_loss"] * 1e30})
    figure = DRAW["learning_curves"](sweep_results(plan_of(sweep).sweeps[0], runs))
    assert figure.axes[0].get_ylim()[1] < 10


def test_a_single_epoch_is_a_dot_at_a_whole_number() -> None:
    sweep = optimizer_sweep(seeds=2)
    runs = {
        run_id: replace(run, arrays={"history/val_loss": run.history["val_loss"][:1]})
        for run_id, run in completed_runs(sweep).items()
    }
    ax = DRAW["learning_curves"](sweep_results(plan_of(sweep).sweeps[0], runs)).axes[0]
    assert {line.get_marker() for line in ax.lines if len(line.get_xdata())} == {"o"}
    assert [tick for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]] == [1]


def test_losses_over_decades_have_a_logarithmic_axis_with_plain_numbers() -> None:
    ax = DRAW["learning_curves"](RESULTS).axes[0]
    assert ax.get_yscale() == "log"
    assert DRAW["metric_by_arm"](RESULTS).axes[0].get_xscale() == "linear"
    assert "$" not in "".join(texts(DRAW["learning_curves"](RESULTS)))


def test_one_arm_far_out_does_not_hide_the_others() -> None:
    sweep = optimizer_sweep(seeds=3)
    runs = completed_runs(sweep)
    for seed in range(3):
        spec = sweep.arms[0].spec.with_seed(seed)
        runs[spec.run_id] = completed_run(spec, quality=5.0)
    (ax,) = DRAW["paired_differences"](sweep_results(plan_of(sweep).sweeps[0], runs)).axes
    assert ax.get_xscale() == "symlog"
    assert any("logarithmic beyond" in text for text in texts(ax.figure))


@pytest.mark.parametrize(
    ("name", "arms"),
    [("metric_by_arm", 36), ("learning_curves", 22), ("paired_differences", 36), ("paired_seeds", 22)],
)
def test_labels_of_many_arms_do_not_overlap(name: str, arms: int) -> None:
    figure = DRAW[name](judged(results_of_many(arms, seeds=3)))
    with house_style():
        figure.canvas.draw()
    for ax in figure.axes:
        titles = [ax.title, ax._left_title, ax._right_title, *(ax.get_yticklabels() if ax.get_visible() else [])]
        boxes = [text.get_window_extent() for text in [*titles, *ax.texts] if text.get_text()]
        assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_what_a_page_cannot_hold_is_said() -> None:
    figure = DRAW["metric_by_arm"](results_of_many(MOST_ARMS + 5, seeds=1))
    assert len(figure.axes[0].get_yticks()) == MOST_ARMS
    assert any(f"{MOST_ARMS} of {MOST_ARMS + 5} arms shown" in text for text in texts(figure))
    assert "adam" in texts(figure)


def test_a_single_seed_is_a_dot_without_interval() -> None:
    results = results_of_many(3, seeds=1)
    for name in ("metric_by_arm", "paired_differences"):
        (ax,) = DRAW[name](results).axes
        assert not [line for line in ax.lines if line.get_linewidth() > 5]


def test_hostile_names_are_drawn_as_they_are() -> None:
    sweep = optimizer_sweep(
        seeds=2, optimizers={"$x^{$\x1b[2J\n雪": 0.1, "adam": 0.001}, question="Why $\\frac{?\x1b雪"
    )
    results = judged(sweep_results(plan_of(sweep).sweeps[0], completed_runs(sweep)), claims=CLAIMS, factorial=grid())
    for name in ABOUT_ARMS:
        if name != "samples":
            assert png_bytes(DRAW[name](results)).startswith(b"\x89PNG")


def test_every_metric_of_the_claims_has_a_panel() -> None:
    losses, accuracies = DRAW["claims"](RESULTS).axes
    assert (len(losses.get_yticks()), len(accuracies.get_yticks())) == (2, 1)
    assert "validation loss" in losses.get_xlabel()
    assert "test accuracy, percentage points" in accuracies.get_xlabel()


def test_paired_seeds_are_joined() -> None:
    ax = DRAW["paired_seeds"](RESULTS).axes[1]
    joined = sorted(
        tuple(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == 2 and line.get_xdata()[1] == 1
    )
    arm, baseline = (RESULTS.summaries[index].estimate.values for index in (1, 3))
    assert joined == sorted(zip(baseline, arm, strict=True))
    verdict = RESULTS.verdicts[1]
    assert f"▼ n=4, ρ={verdict.rho:.2f}, VR={verdict.vr:.2f}" in texts(ax.figure)


def test_accuracies_near_one_are_drawn_as_errors() -> None:
    sweep = dropout_sweep((0.0, 0.1, 0.3), seeds=4)
    runs = completed_runs(sweep)
    for index, run in enumerate(runs.values()):
        run.record.metrics["test_accuracy"] = 0.97 + 0.001 * index
        run.arrays["history/val_accuracy"][:] = 0.5 + 0.04 * np.arange(12)
    results = judged(sweep_results(plan_of(sweep).sweeps[0], runs))
    (ax,) = DRAW["metric_by_arm"](results).axes
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "1 − test accuracy, fraction, log axis (goal:\N{NO-BREAK SPACE}lower)"
    dots = [value for line in ax.lines if line.get_marker() == "o" for value in line.get_xdata()]
    assert sorted(dots) == pytest.approx([0.03 - 0.001 * index for index in range(11, -1, -1)])
    for name in ("paired_seeds", "learning_curves"):
        figure = DRAW[name](results)
        assert figure.axes[0].get_yscale() == "log"
        assert any(text.startswith("1 − ") for text in texts(figure))
        assert any("log axis" in text.replace("\n", " ") for text in texts(figure))


def test_comparison_overlays_every_side() -> None:
    plan, runs = plan_of(SWEEP), eventful_runs(SWEEP)
    figures = comparison_figures(compare([*sides_of_study(plan, runs, "adam"), *sides_of_study(plan, runs, "sgd")]))
    assert list(figures) == ["paired_differences", "curves_val_loss", "curves_val_accuracy", "confusion"]
    assert "optimizers:optimizer=sgd (n=1)" in texts(figures["curves_val_loss"])
    assert len(figures["confusion"].axes) == 2
    titles = [" ".join(figure.texts[0].get_text().split()) for figure in figures.values()]
    assert [title.partition(":")[0] for title in titles[1:]] == [
        "Validation loss over epochs",
        "Validation accuracy over epochs",
        "Test examples by true and predicted class",
    ]
    for figure in figures.values():
        assert png_bytes(figure).startswith(b"\x89PNG")


DRAW_ALL = """
import sys
from ablate.plots.canvas import png_bytes
from ablate.plots.comparison import comparison_figures
from tests.plots.test_figures import DRAW, RESULTS
assert png_bytes(DRAW["metric_by_arm"](RESULTS))
assert not {"matplotlib.pyplot", "tensorflow", "keras"} & set(sys.modules)
"""


def test_drawing_needs_neither_pyplot_nor_what_trains() -> None:
    subprocess.run([sys.executable, "-c", DRAW_ALL], check=True, cwd=Path(__file__).parents[2])
