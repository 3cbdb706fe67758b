"""Forest plots of a page: what is drawn is what was computed, at the place where it belongs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ablate.analysis.results import SweepResults
from ablate.plots.signs import SIGNS
from ablate.reporting.summary import adjustment_of
from ablate.reporting.verdicts import verdict_sentence
from ablate.verdicts.verdict import Scale, Verdict, Word
from ablate.web.picture import Picture
from ablate.web.pictures.forest import claims, forest, paired_differences
from tests.judged import by_seed, claim, draws, judge, judged
from tests.plots.test_figures import CLAIMS, RESULTS, results_of_many
from tests.web.drawn import classes, columns, elements, parsed, places, rows, said, span, title, words

ARMS = {"a=0": by_seed([0.10, 0.12, 0.11]), "a=1": by_seed([0.13, 0.12, 0.15]), "a=2": by_seed([0.09, 0.08, 0.10])}
VERDICTS = judge(ARMS, margin=0.02)


def drawn(*verdicts: Verdict) -> Picture:
    return forest([verdicts], "Title", "subtitle", "Holm")


def where(value: float, verdicts: tuple[Verdict, ...]) -> float:
    """The place of a value, worked out again: the axis holds all seeds, intervals and margins, zero, and 4 % more at
    either end."""
    ends = [0.0]
    for row in verdicts:
        ends += [*row.differences.values(), row.margin or 0.0, -(row.margin or 0.0)]
        ends += [end for end in (row.ci_low, row.ci_high, row.ci_adj_low, row.ci_adj_high) if end is not None]
    low, high = min(ends), max(ends)
    room = 0.04 * (high - low)
    return (value - low + room) / (high - low + 2 * room)


def close(*expected: float):
    return pytest.approx(list(expected), abs=1e-4)


@pytest.mark.parametrize("index", [0, 1])
def test_seeds_intervals_mean_margin_and_zero_lie_where_their_values_say(index: int) -> None:
    row, verdict = rows(parsed(drawn(*VERDICTS)))[index], VERDICTS[index]
    (seeds,) = elements(row, "g", "seeds")
    assert places(seeds.findall("circle"), "cx") == close(
        *(where(value, VERDICTS) for value in verdict.differences.values())
    )
    assert verdict.diff is not None
    assert verdict.ci_low is not None
    assert verdict.ci_high is not None
    assert verdict.ci_adj_low is not None
    assert verdict.ci_adj_high is not None
    assert list(span(row, "line", "interval")) == close(
        where(verdict.ci_low, VERDICTS), where(verdict.ci_high, VERDICTS)
    )
    (adjusted,) = elements(row, "g", "adjusted")
    assert places(adjusted.findall("line"), "x1") == close(
        *(where(end, VERDICTS) for end in (verdict.ci_adj_low, verdict.ci_adj_low, verdict.ci_adj_high))
    )
    assert span(row, "line", "mean")[0] == pytest.approx(where(verdict.diff, VERDICTS), abs=1e-4)
    assert span(row, "line", "zero")[0] == pytest.approx(where(0, VERDICTS), abs=1e-4)
    assert list(span(row, "rect", "margin")) == close(where(-0.02, VERDICTS), where(0.02, VERDICTS))


def test_each_row_says_its_word_with_its_sign_its_n_and_its_size() -> None:
    found = [words(row.find("summary")) for row in rows(parsed(drawn(*VERDICTS)))]
    assert all(verdict.word is not None for verdict in VERDICTS)
    for text, verdict in zip(found, VERDICTS, strict=True):
        assert f"{SIGNS[verdict.word]} {verdict.word.value} n=3" in text
    # 0.12 − 0.11, and 0.09 − 0.11, worked out by hand.
    assert "+0.023" in found[0]
    assert "−0.020" in found[1]


def test_rows_keep_their_order_and_unfold_to_the_sentence_that_is_told_on_the_strip() -> None:
    found = rows(parsed(drawn(*VERDICTS)))
    sentences = [verdict_sentence(verdict, "Holm").plain for verdict in VERDICTS]
    assert [said(row) for row in found] == sentences
    assert [title(elements(row, "svg", "strip")[0]) for row in found] == sentences
    assert [words(elements(row, "span", "row-label")[0]) for row in found] == ["1", "2"]


def test_every_seed_tells_its_difference() -> None:
    first, *_ = rows(parsed(drawn(*VERDICTS)))
    assert [title(each).partition(":")[0] for each in elements(first, "circle")] == ["seed 0", "seed 1", "seed 2"]
    assert title(elements(first, "circle")[0]).startswith("seed 0: +0.030")


@pytest.mark.parametrize(
    ("metric", "scale", "left", "right"),
    [
        ("val_loss", Scale.RAW, "← better", "worse →"),
        ("test_accuracy", Scale.RAW, "← worse", "better →"),
        ("test_accuracy", Scale.LOG_ERROR, "← better", "worse →"),
    ],
)
def test_arrows_say_which_way_is_good(metric: str, scale: Scale, left: str, right: str) -> None:
    (axis,) = elements(parsed(drawn(*judge(ARMS, metric, margin=0.02, scale=scale))), "p", "axis-title")
    first, middle, last = axis
    assert (first.text, last.text) == (left, right)
    assert classes(first) == {"tone-good" if "better" in left else "tone-bad"}
    assert middle.text


def test_a_log_scale_is_labelled_with_ratios_and_one_stands_at_zero() -> None:
    read = parsed(drawn(*judge(ARMS, margin=math.log(1.1), scale=Scale.LOG_ERROR)))
    (ticks,) = elements(read, "svg", "ticks")
    labels = {text.text: place for text, place in zip(ticks, places(list(ticks), "x"), strict=True)}
    assert all(label.startswith("×") for label in labels)
    zero = span(rows(read)[0], "line", "zero")[0]
    assert labels["×1"] == pytest.approx(zero, abs=1e-4)
    low, high = span(rows(read)[0], "rect", "margin")
    # ÷1.1 and ×1.1 lie equally far from ×1.
    assert zero - low == pytest.approx(high - zero, abs=2e-4)


def test_a_row_far_out_does_not_hide_the_others_and_the_axis_says_so() -> None:
    arms = {**ARMS, "a=3": by_seed([9.0, 8.0, 9.5])}
    read = parsed(drawn(*judge(arms, margin=0.02)))
    low, high = span(rows(read)[0], "rect", "margin")
    assert high - low > 0.1
    (note,) = elements(read, "p", "axis-note")
    assert (note.text or "").startswith("logarithmic beyond ±")


def test_the_legend_has_what_the_rows_have_and_nothing_else() -> None:
    def entries(*verdicts: Verdict) -> list[str]:
        return [words(item) for item in elements(parsed(drawn(*verdicts)), "li")]

    every = ["a seed", "mean", "95% interval", "adjusted for all comparisons", "margin"]
    assert entries(*VERDICTS) == every
    assert entries(*judge(ARMS)) == every[:-1]
    assert entries(*judge({arm: {0: values[0]} for arm, values in ARMS.items()})) == every[:2]


def test_without_a_margin_there_is_no_band() -> None:
    assert elements(parsed(drawn(*judge(ARMS))), "rect", "margin") == []
    assert len(elements(parsed(drawn(*VERDICTS)), "rect", "margin")) == 2 + 1  # and the one of the legend


def test_one_seed_is_a_dot_without_an_interval_and_without_a_word() -> None:
    (row,) = rows(parsed(drawn(*judge({"a=0": {0: 0.1}, "a=1": {0: 0.2}}, margin=0.02))))
    assert len(elements(row, "circle")) == 1
    assert elements(row, "line", "interval") == elements(row, "g", "adjusted") == []
    assert "no verdict n=1" in words(row.find("summary"))


def test_diverged_runs_are_counted_and_marked() -> None:
    read = parsed(drawn(*judge(ARMS, margin=0.02, seeds=4, diverged={"a=1": 1})))
    counts = [elements(row, "span", "row-counts")[0] for row in rows(read)]
    assert [each.text for each in counts] == ["n=3 of 4, 1 diverged", "n=3 of 4"]
    assert "tone-bad" in classes(counts[0])


def test_a_verdict_without_any_seed_has_a_row_all_the_same() -> None:
    (row,) = rows(parsed(drawn(*judge({"a=0": {0: 0.1}, "a=1": {}}, margin=0.02, seeds=1))))
    assert elements(row, "circle") == elements(row, "line", "mean") == []
    assert "n=0 of 1" in words(row.find("summary"))


def test_what_is_not_finite_is_not_drawn_or_ends_at_the_end_of_the_axis() -> None:
    odd = replace(VERDICTS[0], differences={0: math.inf, 1: math.nan, 2: 0.01}, ci_low=-math.inf, ci_high=math.nan)
    row, _ = rows(parsed(drawn(replace(odd, ci_high=math.inf), VERDICTS[1])))
    assert len(elements(row, "circle")) == 1
    assert span(row, "line", "interval") == (0.0, 1.0)
    row, _ = rows(parsed(drawn(odd, VERDICTS[1])))
    assert elements(row, "line", "interval") == []


def test_a_name_of_an_arm_cannot_write_markup() -> None:
    hostile = 'a=<img src=x onerror="alert(1)">&amp;'
    arms = {"a=0": ARMS["a=0"], hostile: ARMS["a=1"]}
    picture = drawn(*judge(arms, margin=0.02))
    read = parsed(picture)
    assert elements(read, "img") == []
    assert hostile.removeprefix("a=") in words(rows(read)[0])
    assert hostile in said(rows(read)[0])
    assert "<img" not in str(picture.markup)


def test_sixty_arms_are_dense_and_more_are_counted() -> None:
    many = judged(results_of_many(70, seeds=3), margin=0.01)
    picture = paired_differences(many)
    read = parsed(picture)
    assert len(rows(read)) == 59  # and the baseline they are held against
    assert "60 of 70 arms shown" in words(elements(read, "p", "picture-title")[0])
    assert "is-dense" in classes(elements(read, "div", "rows")[0])


def test_claims_that_share_no_axis_stand_on_their_own_and_the_claimed_side_is_tinted() -> None:
    results = replace(RESULTS, claims=CLAIMS)
    read = parsed(claims(results))
    groups = elements(read, "div", "rows")
    assert [len(rows(group)) for group in groups] == [2, 1]
    for row in rows(groups[0]):
        # choice_1 < choice_3: the claimed differences are negative.
        start, end = span(row, "rect", "claimed")
        assert (start, end) == (0.0, pytest.approx(span(row, "line", "zero")[0], abs=1e-4))
    upwards = claim("a=1 > a=0 on val_loss", ARMS)
    (row,) = rows(parsed(forest([[upwards]], "Title", "", "")))
    start, end = span(row, "rect", "claimed")
    assert (start, end) == (pytest.approx(span(row, "line", "zero")[0], abs=1e-4), pytest.approx(1, abs=2e-4))


def test_words_of_claims_are_said_too() -> None:
    picture = claims(replace(RESULTS, claims=CLAIMS))
    words_of = [verdict.word for verdict in CLAIMS]
    assert set(words_of) <= {Word.SUPPORTED, Word.REFUTED, Word.NO_PRACTICAL_DIFFERENCE, Word.NOT_RESOLVED}
    texts = [words(row) for row in rows(parsed(picture))]
    in_order = [CLAIMS[0], CLAIMS[2], CLAIMS[1]]
    for text, verdict in zip(texts, in_order, strict=True):
        assert verdict.word is not None
        assert f"{SIGNS[verdict.word]} {verdict.word.value}" in text


def test_the_numbers_are_those_of_the_table_of_verdicts_and_of_each_seed() -> None:
    found = columns(drawn(*VERDICTS))
    assert found["arm"] == ["a=1", "a=2"]
    assert found["verdict"] == [f"{SIGNS[row.word]} {row.word.value}" for row in VERDICTS if row.word]
    assert found["by seed"][0].startswith("0: +0.030")
    assert found["by seed"][0].count(":") == 3


def test_a_sweep_is_titled_by_what_it_shows() -> None:
    results: SweepResults = RESULTS
    read = parsed(paired_differences(results))
    text = words(elements(read, "p", "picture-title")[0])
    assert text.startswith(f"Validation loss against the baseline {results.baseline.arm}, paired by seed")
    assert "4 seeds an arm" in text
    adjustment = adjustment_of(results.verdicts, results.multiplicity)
    assert [said(row) for row in rows(read)] == [verdict_sentence(v, adjustment).plain for v in results.verdicts]


def test_equal_verdicts_give_equal_bytes() -> None:
    assert drawn(*judge(draws(4), margin=0.004)).markup == drawn(*judge(draws(4), margin=0.004)).markup
