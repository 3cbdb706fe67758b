"""The numbers that the script draws are those of the runs, and what is thinned keeps what can be seen of a curve."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import t as student

from ablate.analysis.curves import ArmCurves, MetricCurves, SeedCurve
from ablate.analysis.results import study_results
from ablate.core.records import METRICS
from ablate.web.pictures import pictures
from ablate.web.pictures.curves import (
    MOST_VALUES,
    Buckets,
    curves_data,
    curves_picture,
    learning_curves,
    thinned,
)
from tests.synthetic import completed_runs, eventful_runs, optimizer_sweep, plan_of

SWEEP = optimizer_sweep(seeds=4)


@st.composite
def long_curves(draw) -> list[float]:
    """Curves of any length, of which some values are no numbers; lists that are drawn value by value are short."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32)))
    length, lost = draw(st.integers(1, 400)), draw(st.sampled_from([0.0, 0.1, 0.9]))
    values = noise.normal(scale=draw(st.sampled_from([1e-6, 1.0, 1e6])), size=length)
    holes = noise.random(length) < lost
    return np.where(holes, noise.choice([math.nan, math.inf, -math.inf], length), values).tolist()


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
    assert drawn["n"] == 4
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
    assert (drawn["n"], drawn["mean"]) == (1, completed["values"])


def test_what_is_no_number_is_none_and_the_end_is_the_last_number():
    seed = SeedCurve(0, (1.0, math.nan, 3.0, math.inf), True)
    drawn = curves_data([curves(ArmCurves("one", True, (seed,), ()))])["metrics"][0]["arms"][0]
    assert drawn["seeds"] == [{"seed": 0, "values": [1.0, None, 3.0, None], "end": [3, 3.0]}]
    json.dumps(drawn, allow_nan=False)


def test_a_run_that_diverged_at_once_has_no_end():
    drawn = curves_data([curves(ArmCurves("one", True, (SeedCurve(0, (), True),), ()))])
    assert drawn["metrics"][0]["arms"][0]["seeds"] == [{"seed": 0, "values": [], "end": []}]


def test_validation_curves_name_their_training_twin():
    data = learning_curves(results_of(completed_runs(SWEEP))).data
    loss, trained = METRICS["val_loss"].title, METRICS["loss"].title
    assert data["metrics"][metric_of(data, loss)["twin"]]["title"] == trained
    assert "twin" not in metric_of(data, trained)


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


# thinning ----------------------------------------------------------------------------------------------


@given(values=long_curves(), places=st.integers(8, 60))
def test_a_thinned_curve_keeps_extremes_means_first_and_last(values, places):
    buckets = Buckets.of(len(values), places)
    drawn = thinned(values, buckets)
    assert len(drawn) == len(buckets.places) <= max(places, 8)
    assert [position for each in buckets.ranges for position in each] == list(range(len(values)))
    known = [value for value in values if math.isfinite(value)]
    seen = [value for value in drawn if value is not None]
    assert bool(known) == bool(seen)
    if known:
        assert (min(seen), max(seen)) == (min(known), max(known))
    for end in (0, -1):
        assert drawn[end] == (values[end] if math.isfinite(values[end]) else None)
    index = 0
    for each in buckets.ranges:
        here = [values[position] for position in each]
        if len(each) <= 3:
            index += len(each)
            continue
        finite = [value for value in here if math.isfinite(value)]
        three = drawn[index : index + 3]
        assert three[1] == (pytest.approx(fmean(finite), rel=1e-9, abs=1e-6) if finite else None)
        if finite:
            assert sorted([three[0], three[2]]) == [min(finite), max(finite)]
            assert here.index(three[0]) <= here.index(three[2])
        index += 3


def test_places_ascend_within_their_buckets_and_numbers_are_read_at_means():
    buckets = Buckets.of(1000, 60)
    assert list(buckets.places) == sorted(set(buckets.places))
    assert (buckets.places[0], buckets.places[-1]) == (1, 1000)
    stops = buckets.stops
    assert stops[0] == [0, "1"]
    assert stops[-1] == [len(buckets.places) - 1, "1000"]
    for index, label in stops[1:-1]:
        first, last = map(int, label.split("–"))
        assert buckets.places[index] == (first + last) / 2
        assert last - first + 1 in (buckets.size, (1000 - 2) % buckets.size)


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


def test_it_is_printed_as_a_picture_an_arm():
    picture = learning_curves(results_of(completed_runs(SWEEP)))
    assert picture.script == "curves"
    assert picture.markup.count("<svg ") == len(SWEEP.arms)
    assert picture.markup.count('class="curve-mean"') == len(SWEEP.arms)
    assert picture.markup.count('class="curve-baseline"') == len(SWEEP.arms) - 1
    assert picture.markup.count("n = 4") == 2 * len(SWEEP.arms)
    assert "style=" not in picture.markup


def test_the_printed_mean_lies_where_its_values_are():
    """Three values of equal distance are three points of equal distance, the largest at the top."""
    picture = curves_picture([curves(arm([[3.0, 2.0, 1.0]]))])
    [path] = re.findall(r'class="curve-mean" d="M([^"]+)"', picture.markup)
    points = [tuple(map(float, point.split())) for point in path.split("L")]
    (x1, y1), (x2, y2), (x3, y3) = points
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.02)
    assert y2 - y1 == pytest.approx(y3 - y2, abs=0.02)
    assert y1 < y2 < y3


def test_one_epoch_is_a_point():
    assert '<circle class="curve-mean"' in curves_picture([curves(arm([[3.0]]))]).markup


def test_no_arm_with_a_value_is_printed_without_lines():
    picture = curves_picture([curves(ArmCurves("one", True, (SeedCurve(0, (), True),), ()))])
    assert "curve-mean" not in picture.markup
    assert "n = 0, 1 diverged" in picture.markup


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
