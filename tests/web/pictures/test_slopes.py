"""Pairs of seeds, as a page draws them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.analysis.results import SweepResults
from ablate.analysis.summaries import ArmSummary
from ablate.stats.estimates import estimate_mean
from ablate.web.pictures.slopes import paired_seeds
from tests.judged import judge, judged
from tests.plots.test_figures import RESULTS, results_of_many
from tests.web.drawn import classes, columns, elements, parsed, places, title, words

# The arm lacks seed 2.
VALUES = {"adam": {0: 0.10, 1: 0.12, 2: 0.11, 3: 0.12}, "sgd": {0: 0.13, 1: 0.12, 3: 0.15}}


def results(values: dict[str, dict[int, float]], margin: float | None = 0.02) -> SweepResults:
    baseline = replace(RESULTS.planned.arms[0], name="adam", is_baseline=True)
    summaries = tuple(ArmSummary(arm, arm == "adam", estimate_mean(of), 4, 0, 0, 0) for arm, of in values.items())
    planned = replace(RESULTS.planned, arms=(baseline,))
    return replace(RESULTS, planned=planned, summaries=summaries, verdicts=judge(values, margin=margin))


def where(value: float, low: float = 0.10, high: float = 0.15) -> float:
    return 1 - (value - low + 0.04 * (high - low)) / (1.08 * (high - low))


def test_a_line_joins_the_two_values_of_each_seed_that_both_have() -> None:
    (plot,) = elements(parsed(paired_seeds(results(VALUES))), "div", "plot")
    lines = elements(plot, "g", "seed-line")
    assert [title(each).partition(":")[0] for each in lines] == ["seed 0", "seed 1", "seed 3"]
    drawn = [(*places(list(each.iter("line")), "y1"), *places(list(each.iter("line")), "y2")) for each in lines]
    pairs = [(0.10, 0.13), (0.12, 0.12), (0.12, 0.15)]
    for (start, end), (before, after) in zip(drawn, pairs, strict=True):
        assert (start, end) == pytest.approx((where(before), where(after)), abs=1e-4)


def test_bars_are_the_means_of_what_is_joined() -> None:
    (plot,) = elements(parsed(paired_seeds(results(VALUES))), "div", "plot")
    means = [*elements(plot, "line", "mean of-baseline"), *elements(plot, "line", "mean of-arm")]
    expected = [where((0.10 + 0.12 + 0.12) / 3), where((0.13 + 0.12 + 0.15) / 3)]
    assert places(means, "y1") == places(means, "y2") == pytest.approx(expected, abs=1e-4)


def test_above_stand_the_sign_and_what_pairing_has_gained() -> None:
    found = results(VALUES)
    (verdict,) = found.verdicts
    (note,) = elements(parsed(paired_seeds(found)), "p", "plot-note")
    assert verdict.rho is not None
    assert verdict.vr is not None
    assert words(note).endswith(f"n=3, ρ={verdict.rho:.2f}, VR={verdict.vr:.2f}".replace("-", "−"))


def test_a_single_seed_is_one_line_and_no_seed_no_panel() -> None:
    one = {"adam": {0: 0.1, 1: 0.2}, "sgd": {1: 0.3}, "nadam": {7: 0.3}}
    (plot,) = elements(parsed(paired_seeds(results(one))), "div", "plot")
    assert len(elements(plot, "g", "seed-line")) == 1
    assert "n=1" in words(plot)


def test_shares_near_one_are_errors() -> None:
    near = {"adam": {0: 0.99, 1: 0.98}, "sgd": {0: 0.97, 1: 0.96}}
    found = results(near)
    metric = replace(found.metric, name="test_accuracy", title="test accuracy", unit="fraction", direction="max")
    picture = paired_seeds(replace(found, metric=metric))
    assert "1 − test accuracy" in words(parsed(picture))
    assert columns(picture)["baseline"][0].startswith("0.01")


def test_more_panels_than_fit_are_counted() -> None:

    picture = paired_seeds(judged(results_of_many(30, seeds=3)))
    read = parsed(picture)
    assert len(elements(read, "div", "plot")) == 19
    assert "20 of 30 arms shown" in words(elements(read, "p", "picture-title")[0])


def test_panels_have_the_tone_of_their_word() -> None:
    for plot, verdict in zip(
        elements(parsed(paired_seeds(RESULTS)), "div", "plot"), (v for v in RESULTS.verdicts if v.n), strict=True
    ):
        has_tone = any(each.startswith("tone-") for each in classes(plot))
        assert has_tone is (verdict.word is not None)


def test_the_numbers_have_a_row_for_every_line() -> None:
    assert columns(paired_seeds(results(VALUES)))["seed"] == ["0", "1", "3"]
