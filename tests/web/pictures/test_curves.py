"""The numbers that the script draws are those of the runs, and what is thinned keeps what can be seen of a curve."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from scipy.stats import t as student

from ablate.analysis.curves import ArmCurves, MetricCurves, SeedCurve
from ablate.analysis.results import study_results
from ablate.core.records import METRICS
from ablate.web.curve_data import MOST_VALUES, curves_data
from ablate.web.pictures import pictures
from ablate.web.pictures.curves import curves_picture, learning_curves
from tests.synthetic import completed_runs, eventful_runs, optimizer_sweep, plan_of
from tests.web.drawn import elements, parsed, title, words

SWEEP = optimizer_sweep(seeds=4)


def results_of(runs, sweep=SWEEP):
    return study_results(plan_of(sweep), runs).sweeps[0]


def metric_of(data, title):
    [found] = [metric for metric in data["metrics"] if metric["title"] == title]
    return found


def curves(*arms: ArmCurves, metric: str = "val_loss") -> MetricCurves:
    return MetricCurves(METRICS[metric], arms)


def arm(values, name="one", is_baseline=True, **fields) -> ArmCurves:
    seeds = tuple(SeedCurve(seed, tuple(each), False) for seed, each in enumerate(values))
    shortest = min(map(len, values))
    mean = tuple(np.mean([each[:shortest] for each in values], axis=0).tolist())
    return replace(ArmCurves(name, is_baseline, seeds, mean), **fields)


# numbers -----------------------------------------------------------------------------------------------


def test_every_metric_of_the_epochs_is_there_to_five_digits():
    runs = completed_runs(SWEEP)
    data = learning_curves(results_of(runs)).data
    assert [metric["title"] for metric in data["metrics"]] == [
        METRICS[name].title for name in ("val_loss", "loss", "val_accuracy")
    ]
    assert data["x"] == list(range(1, len(data["x"]) + 1))
    for name in ("val_loss", "loss", "val_accuracy"):
        found = metric_of(data, METRICS[name].title)
        for planned, drawn in zip(SWEEP.arms, found["arms"], strict=True):
            assert [each["seed"] for each in drawn["seeds"]] == [0, 1, 2, 3]
            for each in drawn["seeds"]:
                run = runs[planned.spec.with_seed(each["seed"]).run_id]
                np.testing.assert_allclose(each["values"], run.arrays[f"history/{name}"], rtol=5.1e-5, atol=0)


def test_means_have_their_t_intervals():
    runs = completed_runs(SWEEP)
    drawn = metric_of(learning_curves(results_of(runs)).data, METRICS["val_loss"].title)["arms"][2]
    spec = SWEEP.arms[2].spec
    values = np.array([runs[spec.with_seed(seed).run_id].arrays["history/val_loss"] for seed in range(4)])
    half = student.ppf(0.975, 3) * values.std(axis=0, ddof=1) / 2
    assert drawn["counts"] == "n = 4"
    np.testing.assert_allclose(drawn["mean"], values.mean(axis=0), rtol=5.1e-5)
    np.testing.assert_allclose(drawn["low"], values.mean(axis=0) - half, rtol=5.1e-5)
    np.testing.assert_allclose(drawn["high"], values.mean(axis=0) + half, rtol=5.1e-5)


def test_of_one_run_there_is_no_interval():
    [drawn] = curves_data([curves(arm([[1.0, 2.0]]))])["metrics"][0]["arms"]
    assert (drawn["mean"], drawn["low"], drawn["high"]) == ([1.0, 2.0], [], [])


def test_a_diverged_run_says_where_it_ended_and_is_in_no_mean():
    data = learning_curves(results_of(eventful_runs(SWEEP))).data
    drawn = data["metrics"][0]["arms"][0]
    assert [each["seed"] for each in drawn["seeds"]] == [1, 3]
    diverged, completed = drawn["seeds"]
    assert diverged["end"] == [3, diverged["values"][-1]]
    assert "end" not in completed
    assert (drawn["counts"], drawn["mean"]) == ("n = 1, 1 diverged", completed["values"])


def test_what_is_no_number_is_none_and_the_end_is_the_last_number():
    seed = SeedCurve(0, (1.0, math.nan, 3.0, math.inf), True)
    drawn = curves_data([curves(ArmCurves("one", True, (seed,), ()))])["metrics"][0]["arms"][0]
    assert drawn["seeds"] == [{"seed": 0, "values": [1.0, None, 3.0, None], "end": [3, 3.0]}]
    json.dumps(drawn, allow_nan=False)


def test_a_run_that_diverged_at_once_has_no_end():
    drawn = curves_data([curves(ArmCurves("one", True, (SeedCurve(0, (), True),), ()))])
    assert drawn["metrics"][0]["arms"][0]["seeds"] == [{"seed": 0, "values": [], "end": []}]


def test_early_stopping_is_said():
    early, late = arm([[3.0, 2.0], [3.0, 2.0, 1.0]]), arm([[3.0, 2.0], [3.0, 1.0]])
    assert "shortest" in curves_data([curves(early)])["note"]
    assert curves_data([curves(late)])["note"] == ""


@pytest.mark.parametrize(
    ("metric", "values", "is_log"),
    [
        ("val_accuracy", [0.9, 0.95, 0.97], True),
        ("val_accuracy", [0.3, 0.5, 0.7], False),
        ("val_accuracy", [0.9, 0.95, 1.0], False),
        ("val_loss", [2.0, 1.0, 0.4], True),
        ("val_loss", [2.0, 1.0, 0.6], False),
        ("val_loss", [2.0, 1.0, 0.0], False),
    ],
)
def test_an_axis_begins_as_the_figure_has_it(metric, values, is_log):
    assert curves_data([curves(arm([values]), metric=metric)])["metrics"][0]["log"] is is_log


# thinned ----------------------------------------------------------------------------------------------


def test_few_epochs_are_drawn_as_they_are():
    data = curves_data([curves(arm([[3.0, 2.0, 1.0]]))])
    assert "stops" not in data
    assert data["note"] == ""


def test_many_are_thinned_and_the_figure_says_so():
    rows = np.random.default_rng(0).random((100, 3000)).tolist()
    data = curves_data([curves(arm(rows))])
    drawn = data["metrics"][0]["arms"][0]
    assert (
        sum(map(len, (drawn["mean"], drawn["low"], drawn["high"])))
        + sum(len(each["values"]) for each in drawn["seeds"])
        <= MOST_VALUES
    )
    assert re.search(r"Drawn: every \d+ of 3000 epochs as their lowest and highest value", data["note"])
    assert max(drawn["seeds"][7]["values"]) == float(f"{max(rows[7]):.5g}")


def test_a_diverged_end_is_where_it_was_however_it_is_thinned():
    values = tuple(np.linspace(1, 9, 777).tolist())
    data = curves_data([curves(ArmCurves("one", True, (SeedCurve(0, values, True),), ()))], places=30)
    assert data["metrics"][0]["arms"][0]["seeds"][0]["end"] == [777, 9.0]


# print, and whoever sees nothing -----------------------------------------------------------------------


def panels(picture) -> list[Element]:
    return elements(parsed(picture), "div", "plot")


def path_of(panel: Element, kind: str) -> list[tuple[float, float]]:
    """The places of a path, in per cent from the left and from above."""
    (found,) = elements(panel, "path", kind)
    return [tuple(map(float, place.split())) for place in found.get("d", "").strip("MZ").split("L")]


def test_it_is_printed_as_a_plot_an_arm():
    picture = learning_curves(results_of(completed_runs(SWEEP)))
    assert picture.script == "curves"
    found = panels(picture)
    assert [title(elements(each, "svg", "plot-area")[0]).partition(":")[0] for each in found] == [
        arm.name for arm in SWEEP.arms
    ]
    assert [words(elements(each, "p", "plot-title")[0]) for each in found] == [
        arm.name.removeprefix("optimizer=") for arm in SWEEP.arms
    ]
    assert [words(elements(each, "p", "plot-note")[0]) for each in found] == ["n = 4"] * len(SWEEP.arms)
    assert [len(elements(each, "path", "curve-mean")) for each in found] == [1] * len(SWEEP.arms)
    is_other = [not arm.is_baseline for arm in SWEEP.arms]
    assert [len(elements(each, "path", "curve-baseline")) for each in found] == list(map(int, is_other))
    assert "style=" not in picture.markup


def test_the_printed_mean_lies_where_its_values_are():
    """The axes reach 4 % beyond the values at either end."""
    (panel,) = panels(curves_picture([curves(arm([[3.0, 2.0, 1.5]]))]))
    ends = 100 * 0.04 / 1.08, 100 * 1.04 / 1.08
    places = [(ends[0], ends[0]), (50, ends[0] + (ends[1] - ends[0]) * 2 / 3), (ends[1], ends[1])]
    for drawn, place in zip(path_of(panel, "curve-mean"), places, strict=True):
        assert drawn == pytest.approx(place, abs=0.006)
    assert [each.text for each in elements(panel, "svg", "plot-names")[0]] == ["1", "2", "3"]


def test_the_printed_interval_lies_around_its_mean():
    (panel,) = panels(curves_picture([curves(arm([[3.0, 2.0], [3.2, 2.4], [3.4, 2.1]]))]))
    means = path_of(panel, "curve-mean")
    first_above, second_above, second_below, first_below = path_of(panel, "curve-band")
    for above, mean, below in ((first_above, means[0], first_below), (second_above, means[1], second_below)):
        assert above[0] == mean[0] == below[0]
        assert mean[1] - above[1] == pytest.approx(below[1] - mean[1], abs=0.02)
        assert above[1] < mean[1]


def test_shares_near_one_are_printed_as_errors_with_the_better_below():
    picture = curves_picture([curves(arm([[0.9, 0.99, 0.999]]), metric="val_accuracy")])
    heights = [height for _, height in path_of(panels(picture)[0], "curve-mean")]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.02)
    assert heights == sorted(heights)
    assert "1 − validation accuracy over epochs, log axis" in words(parsed(picture))


def test_one_epoch_is_a_point():
    (panel,) = panels(curves_picture([curves(arm([[3.0]]))]))
    assert len(elements(panel, "g", "curve-mean")[0]) == 1
    assert [each.text for each in elements(panel, "svg", "plot-names")[0]] == ["1"]


def test_an_arm_without_a_value_is_printed_without_lines():
    picture = curves_picture([curves(ArmCurves("one", True, (SeedCurve(0, (), True),), ()))])
    assert "curve-mean" not in picture.markup
    assert "n = 0, 1 diverged" in picture.markup


def test_what_is_thinned_is_said_where_it_is_printed():
    picture = curves_picture([curves(arm(np.random.default_rng(0).random((2, 900)).tolist()))])
    assert "Drawn: every 14 of 900 epochs" in words(parsed(picture))
    assert len(path_of(panels(picture)[0], "curve-mean")) <= 200


def test_the_table_has_the_means_and_the_seeds():
    runs = completed_runs(SWEEP)
    table = learning_curves(results_of(runs)).numbers
    rows = [[cell.plain for cell in row] for row in table.rows]
    assert len(rows) == len(SWEEP.arms) * 5
    assert [row[1] for row in rows[:5]] == ["mean of 4", "0", "1", "2", "3"]
    last = float(runs[SWEEP.arms[0].spec.with_seed(2).run_id].arrays["history/val_loss"][-1])
    assert float(rows[3][-1]) == pytest.approx(last, rel=5e-4)


def test_a_long_table_has_the_means_and_says_so():
    many = optimizer_sweep(seeds=40)
    table = learning_curves(results_of(completed_runs(many), many)).numbers
    assert len(table.rows) == len(many.arms)
    assert "single seeds" in table.caption


def test_further_metrics_are_left_out_where_they_are_too_many_and_named(monkeypatch):
    results = results_of(completed_runs(SWEEP))
    title = METRICS["val_accuracy"].title
    assert title not in learning_curves(results).data["note"]
    monkeypatch.setattr("ablate.web.pictures.curves.MOST_WITH_FURTHER", 10)
    data = learning_curves(results).data
    assert [metric["title"] for metric in data["metrics"]] == [METRICS[name].title for name in ("val_loss", "loss")]
    assert data["note"].endswith(f"left out of this page for its size: {title}.")


def test_hostile_names_stay_text():
    name = '</script><b onclick="x">\u202e\n'
    picture = curves_picture([curves(arm([[2.0, 1.0]], name=name))])
    assert "<b" not in picture.markup
    assert "\u202e" not in picture.markup + json.dumps(picture.data, ensure_ascii=False)
    assert picture.data["arms"][0]["name"] == '</script><b onclick="x">\\x202e\\n'


def test_its_caption_says_what_is_seen_with_a_cross_where_a_run_diverged():
    whole, eventful = (
        learning_curves(results_of(runs)).caption.plain for runs in (completed_runs(SWEEP), eventful_runs(SWEEP))
    )
    assert "95% t interval" in whole
    assert "cross" not in whole
    assert "a cross marks where a run diverged" in eventful


def test_equal_results_are_equal_bytes():
    one, other = (learning_curves(results_of(completed_runs(SWEEP))) for _ in range(2))
    assert (one.markup, json.dumps(one.data)) == (other.markup, json.dumps(other.data))


def test_it_is_found_under_the_name_of_its_figure():
    assert pictures()["learning_curves"] is learning_curves
