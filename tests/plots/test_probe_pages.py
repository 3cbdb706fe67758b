"""Pictures of probes: what was measured is what is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from ablate.analysis.probe_pictures import probe_pictures
from ablate.analysis.results import sweep_results
from ablate.plots.canvas import png_bytes
from ablate.plots.probe_pages import DRAW
from ablate.plots.probes import draw_reliability, levels_of
from ablate.reporting.probe_captions import captions
from tests.synthetic import completed_runs, dropout_sweep, plan_of

SWEEP = dropout_sweep(seeds=2)
EDGES = np.linspace(-1, 1, 401)


def with_probes(run):
    generator = np.random.default_rng(int(run.spec.run_id[:8], 16))
    positions = np.linspace(-1, 1, 17)
    weights = {"hidden_1/kernel": generator.normal(0, 0.05, 5000), "logits/kernel": generator.normal(0, 0.2, 500)}
    counts = np.array([np.histogram(values, EDGES)[0] for values in weights.values()])
    bins = {"count": np.array([0, 5, 20]), "correct": np.array([0.0, 3, 19]), "confidence": np.array([0.0, 2.5, 19.5])}
    surface = 0.1 + positions[:, None] ** 2 + 2 * positions[None, :] ** 2
    artefacts = {
        "jitter": {"by_epoch": np.array([0.3, 0.1]), "last_losses": generator.random(40).astype(np.float32)},
        "linear_path": {
            "positions": np.linspace(0, 1, 5),
            "train_loss": 2.0 - np.linspace(0, 1, 5) + generator.random(5),
        },
        "loss_surface": {"positions": positions, "loss": surface.astype(np.float32)},
        "weight_histogram": {"path": np.array(list(weights)), "edges": EDGES, "counts": counts},
        "calibration": bins,
    }
    return replace(run, artefacts=artefacts)


RUNS = {run_id: with_probes(run) for run_id, run in completed_runs(SWEEP).items()}
PLANNED = plan_of(SWEEP).sweeps[0]
RESULTS = sweep_results(PLANNED, RUNS)
PICTURES = RESULTS.pictures


def test_there_is_a_page_for_each_caption_and_none_without_probes():
    assert [caption.name for caption in captions(RESULTS)] == list(DRAW)
    assert captions(sweep_results(PLANNED, completed_runs(SWEEP))) == ()


@pytest.mark.parametrize("name", list(DRAW))
def test_equal_results_give_equal_bytes(name):
    assert png_bytes(DRAW[name](RESULTS)) == png_bytes(DRAW[name](RESULTS))


def test_reliability_is_summed_over_seeds_and_empty_bins_are_left_out():
    baseline = PICTURES.reliabilities[0]
    assert baseline.bins == ((10, 0.5, 0.6), (40, 0.975, 0.95))
    assert baseline.n_runs == 2
    assert baseline.calibration_error == pytest.approx((10 * 0.1 + 40 * 0.025) / 50)
    ax = Figure().subplots()
    draw_reliability(baseline, ax)
    assert ax.lines[1].get_xydata().tolist() == [[0.5, 0.6], [0.975, 0.95]]


def test_densities_are_of_all_weights_and_cover_nearly_all():
    for kernel, size in zip(PICTURES.histograms, (5000, 500), strict=True):
        widths = np.diff(kernel.edges)
        for arm in kernel.arms:
            assert len(arm.density) == len(widths)
            share = float(np.sum(np.array(arm.density) * widths))
            assert 1 - 5 / size < share <= 1 + 1e-9 if size == 500 else 0.998 < share <= 1 + 1e-9
            assert arm.n_runs == 2
    narrow, wide = (kernel.edges[-1] for kernel in PICTURES.histograms)
    assert narrow < wide


def test_a_histogram_bin_holds_the_weights_between_its_edges():
    kernel = PICTURES.histograms[0]
    arrays = [RUNS[run.run_id].artefacts["weight_histogram"] for run in PLANNED.runs_of(PLANNED.arms[0].name)]
    fine = sum(each["counts"][0] for each in arrays)
    middles = (EDGES[:-1] + EDGES[1:]) / 2
    for low, high, density in zip(kernel.edges, kernel.edges[1:], kernel.arms[0].density, strict=False):
        inside = fine[(middles > low) & (middles < high)].sum()
        assert density == pytest.approx(inside / fine.sum() / (high - low))


def test_surfaces_share_their_levels_and_say_whose_they_are():
    figure = DRAW["loss_surfaces"](RESULTS)
    visible = [ax for ax in figure.axes if ax.get_visible()]
    assert len(visible) == len(PLANNED.arms)
    assert {ax.get_title(loc="right") for ax in visible} == {"seed 0"}
    levels = levels_of(PICTURES.surfaces)
    assert levels[0] == pytest.approx(0.1)
    assert levels[-1] == pytest.approx(3.1)


def test_a_surface_that_overflows_is_drawn_up_to_where_it_does():
    first = PICTURES.surfaces[0]
    rows = [list(row) for row in first.losses]
    rows[0][0], rows[0][1], rows[0][2] = float("inf"), float("nan"), 1e30
    wild = replace(first, losses=tuple(map(tuple, rows)))
    pictures = replace(PICTURES, surfaces=(wild, *PICTURES.surfaces[1:]))
    assert png_bytes(DRAW["loss_surfaces"](replace(RESULTS, pictures=pictures)))


def test_runs_without_a_probe_take_no_part():
    some = {run_id: run for run_id, run in RUNS.items() if run.spec.seed == 1}
    pictures = probe_pictures(PLANNED, {**completed_runs(SWEEP), **some})
    assert {each.seed for each in pictures.surfaces} == {1}
    assert {each.n_runs for each in pictures.reliabilities} == {1}
    assert probe_pictures(PLANNED, {}) == probe_pictures(PLANNED, completed_runs(SWEEP))


def test_a_probe_that_only_some_arms_were_asked_makes_no_picture():
    """As of an arm that shares its runs with another sweep, which has asked."""
    shared = {run.run_id for run in PLANNED.runs_of(PLANNED.arms[0].name)}
    some = {run_id: run if run_id in shared else replace(run, artefacts={}) for run_id, run in RUNS.items()}
    assert captions(sweep_results(PLANNED, some)) == ()
    assert len(captions(sweep_results(PLANNED, {**RUNS, **dict(list(some.items())[:1])}))) == len(DRAW)


@pytest.mark.parametrize("arms", [2, 6])
def test_no_title_of_a_panel_runs_into_another(arms: int) -> None:
    """With names as long as a panel holds."""
    (steps,) = PICTURES.steps[:1]
    long = tuple(replace(steps, arm=f"without early_stopping.patience {index}") for index in range(arms))
    planned = replace(PLANNED, arms=tuple(replace(PLANNED.arms[0], name=each.arm) for each in long))
    figure = DRAW["step_losses"](replace(RESULTS, planned=planned, pictures=replace(PICTURES, steps=long)))
    figure.canvas.draw()
    for ax in figure.axes:
        left, *others = [each for each in ax.findobj(Text) if each.get_text().startswith(("jitter", "without"))]
        assert len(others) == 1
        assert not left.get_window_extent().overlaps(others[0].get_window_extent())


@pytest.mark.parametrize(("arms", "is_inside"), [(4, False), (5, True), (6, False), (7, True)])
def test_the_legend_of_panels_runs_into_nothing(arms: int, is_inside: bool) -> None:
    (steps,) = PICTURES.steps[:1]
    several = tuple(replace(steps, arm=f"arm {index}") for index in range(arms))
    planned = replace(PLANNED, arms=tuple(replace(PLANNED.arms[0], name=each.arm) for each in several))
    figure = DRAW["step_losses"](replace(RESULTS, planned=planned, pictures=replace(PICTURES, steps=several)))
    figure.canvas.draw()
    inside = [ax.get_legend() for ax in figure.axes if ax.get_legend() is not None]
    assert bool(inside) is is_inside
    (box,) = (legend.get_window_extent() for legend in [*inside, *figure.legends])
    assert not [ax for ax in figure.axes[:arms] if box.overlaps(ax.get_tightbbox())]
    assert not [text for text in figure.texts if box.overlaps(text.get_window_extent())]
