"""One metric by arm, as a page draws it."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import mean

import pytest

from ablate.analysis.results import MetricSummaries, SweepResults
from ablate.analysis.summaries import ArmSummary
from ablate.core.records import METRICS
from ablate.stats.estimates import estimate_mean
from ablate.verdicts.verdict import Scale
from ablate.web.picture import Picture
from ablate.web.pictures.dots import by_arm, gap, metric_by_arm, seconds
from tests.judged import by_seed
from tests.plots.test_figures import RESULTS, results_of_many
from tests.web.drawn import classes, columns, elements, parsed, places, rows, said, span, title, words

VALUES = {"adam": [0.30, 0.34, 0.32], "sgd": [0.50, 0.40, 0.45]}


def summary(arm: str, values: list[float], planned: int | None = None, diverged: int = 0) -> ArmSummary:
    n_planned = len(values) if planned is None else planned
    return ArmSummary(arm, arm == "adam", estimate_mean(by_seed(values)), n_planned, diverged, 0, 0)


def info(metric: str = "val_loss", **arms: list[float]) -> MetricSummaries:
    return MetricSummaries(METRICS[metric], tuple(summary(arm, values) for arm, values in (arms or VALUES).items()))


def results(shown: MetricSummaries) -> SweepResults:
    baseline = replace(RESULTS.planned.arms[0], name="adam", is_baseline=True)
    return replace(RESULTS, summaries=shown.summaries, planned=replace(RESULTS.planned, arms=(baseline,)))


def drawn(shown: MetricSummaries | None = None, **settings) -> Picture:
    shown = shown or info()
    return by_arm(results(shown), shown, **settings)


def test_seeds_mean_interval_and_the_baseline_lie_where_their_values_say() -> None:
    found = rows(parsed(drawn()))
    estimates = [estimate_mean(by_seed(values)) for values in VALUES.values()]
    known = [end for each in estimates for end in (each.ci_low, each.ci_high, *each.values) if end is not None]
    low, high = min(known), max(known)

    def where(value: float) -> float:
        return (value - low + 0.04 * (high - low)) / (1.08 * (high - low))

    for row, values, estimate in zip(found, VALUES.values(), estimates, strict=True):
        assert places(elements(row, "circle"), "cx") == pytest.approx(list(map(where, values)), abs=1e-4)
        assert span(row, "line", "mean")[0] == pytest.approx(where(mean(values)), abs=1e-4)
        ends = [where(estimate.ci_low), where(estimate.ci_high)]
        assert list(span(row, "line", "interval")) == pytest.approx(ends, abs=1e-4)
        assert span(row, "line", "baseline")[0] == pytest.approx(where(0.32), abs=1e-4)
    assert [classes(row) for row in found] == [{"row", "is-baseline"}, {"row"}]


def test_equal_values_stay_apart() -> None:
    row, _ = rows(parsed(drawn(info(adam=[0.3] * 4, sgd=[0.4] * 4))))
    heights = places(elements(row, "circle"), "cy")
    assert heights == sorted(set(heights))
    assert len(heights) == 4
    assert sum(heights) / 4 == pytest.approx(0.5, abs=1e-3)


def test_a_row_says_mean_interval_n_and_the_value_of_each_seed() -> None:
    first, second = rows(parsed(drawn()))
    assert "adam (baseline)" in words(first)
    assert "0.320 [" in words(second) + words(first)
    assert "n=3" in words(first.find("summary"))
    assert said(second).startswith("sgd: validation loss 0.450 [")
    assert [part.split(": ")[0] for part in said(second).split(". ")[-1].split("; ")] == ["seed 0", "seed 1", "seed 2"]
    assert title(elements(second, "circle")[1]).startswith("seed 1: 0.40")


def test_shares_near_one_are_drawn_as_errors_on_a_logarithmic_axis() -> None:
    shown = info("test_accuracy", adam=[0.99, 0.98, 0.985], sgd=[0.90, 0.91, 0.92])
    read = parsed(drawn(shown, with_intervals=False))
    low, high = math.log(0.01), math.log(0.1)
    values = (0.99, 0.98, 0.985)
    expected = [(math.log(1 - value) - low + 0.04 * (high - low)) / (1.08 * (high - low)) for value in values]
    assert places(elements(rows(read)[0], "circle"), "cx") == pytest.approx(expected, abs=1e-4)
    assert "1 − test accuracy" in words(elements(read, "p", "axis-title")[0])
    assert "log axis" in words(elements(read, "p", "axis-title")[0])


def test_what_is_compared_as_ratios_has_geometric_means() -> None:
    read = parsed(drawn(info(adam=[0.1, 0.4], sgd=[0.2, 0.3]), scale=Scale.LOG_ERROR))
    row, _ = rows(read)
    first, second = places(elements(row, "circle"), "cx")
    assert span(row, "line", "mean")[0] == pytest.approx((first + second) / 2, abs=1e-4)
    assert "0.20" in words(row)
    assert "geometric mean" in [words(item) for item in elements(read, "li")]


def test_an_interval_below_zero_ends_at_the_end_of_a_logarithmic_axis() -> None:
    shown = info(adam=[0.001, 0.5, 0.02], sgd=[0.2, 0.3, 0.4])
    read = parsed(drawn(shown))
    assert "log axis" in words(elements(read, "p", "axis-title")[0])
    assert span(rows(read)[0], "line", "interval")[0] == 0.0


def test_what_an_original_states_is_a_diamond_at_its_value() -> None:
    read = parsed(drawn(stated={"sgd": 0.45}))
    first, second = rows(read)
    assert elements(first, "path", "stated") == []
    (holder,) = [each for each in second.iter("svg") if each.find("path") is not None]
    assert places([holder], "x") == pytest.approx([span(second, "line", "mean")[0]], abs=1e-4)


def test_diverged_runs_and_an_arm_without_values_are_shown() -> None:
    shown = MetricSummaries(
        METRICS["val_loss"], (summary("adam", [0.3, 0.4], 3, 1), summary("sgd", [], 3, 3), summary("nadam", [0.5], 3))
    )
    read = parsed(drawn(shown))
    assert [elements(row, "span", "row-counts")[0].text for row in rows(read)] == [
        "n=2 of 3, 1 diverged",
        "n=0 of 3, 3 diverged",
        "n=1 of 3",
    ]
    assert [len(elements(row, "circle")) for row in rows(read)] == [2, 0, 1]
    assert [len(elements(row, "line", "interval")) for row in rows(read)] == [1, 0, 0]


def test_nothing_at_all_is_drawn_as_empty_rows() -> None:
    (row,) = rows(parsed(drawn(MetricSummaries(METRICS["val_loss"], (summary("adam", [], 3, 3),)))))
    assert elements(row, "circle") == []


def test_times_have_no_intervals() -> None:
    read = parsed(seconds(RESULTS))
    assert elements(read, "line", "interval") == []
    assert "95% interval" not in [words(item) for item in elements(read, "li")]
    assert "95% interval" not in columns(seconds(RESULTS))
    assert "95% interval" in columns(gap(RESULTS))


def test_more_than_sixty_arms_are_counted_and_all_stand_in_the_numbers() -> None:
    picture = metric_by_arm(results_of_many(64))
    assert len(rows(parsed(picture))) == 60
    assert "60 of 64 arms shown" in words(elements(parsed(picture), "p", "picture-title")[0])
    assert len(columns(picture)["arm"]) == 64


def test_the_numbers_hold_each_seed() -> None:
    found = columns(drawn())
    assert found["arm"] == ["adam", "sgd"]
    assert found["runs"] == ["3", "3"]
    assert [cell.count(":") for cell in found["by seed"]] == [3, 3]


def test_many_seeds_are_smaller_dots_without_a_title_each() -> None:
    row, _ = rows(parsed(drawn(info(adam=[0.3 + 0.001 * k for k in range(40)], sgd=[0.4]))))
    dots = elements(row, "circle")
    assert len(dots) == 40
    assert {title(each) for each in dots} == {""}


def test_a_hostile_name_is_text() -> None:
    read = parsed(drawn(info(adam=[0.3, 0.4], **{"</details><script>": [0.1, 0.2]})))
    assert elements(read, "script") == []
    assert "</details><script>" in words(rows(read)[1])


def test_equal_results_give_equal_bytes() -> None:
    assert metric_by_arm(RESULTS).markup == metric_by_arm(replace(RESULTS)).markup
