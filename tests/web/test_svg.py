from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup
from matplotlib.scale import SymmetricalLogTransform

from ablate.plots.scales import error_label, error_ticks, ratio_ticks
from ablate.web.svg import (
    Tick,
    along,
    breakable,
    circle,
    element,
    group,
    linear,
    logarithmic,
    number,
    picked_ticks,
    picture,
    round_ticks,
    symmetric,
    text,
)


def plain(value: float) -> str:
    return f"{value:.6g}"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (-0.001, "0"), (-0.0, "0"), (100.0, "100"), (0.1 + 0.2, "0.3"), (12.346, "12.35"), (-2.5, "-2.5")],
)
def test_numbers_have_two_decimals_at_most_and_no_minus_before_zero(value: float, written: str) -> None:
    assert number(value) == written
    assert along(value / 100) == f"{written}%"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_place(value: float) -> None:
    with pytest.raises(ValueError, match="is no place"):
        number(value)


def test_a_linear_axis_leaves_four_per_cent_of_its_values_at_either_end() -> None:
    scale = linear([10.0, 0.0, 5.0])
    assert [scale.place(value) for value in (-0.4, 0.0, 5.0, 10.4)] == pytest.approx([0, 0.4 / 10.8, 0.5, 1])


def test_a_logarithmic_axis_has_equal_ratios_at_equal_distances() -> None:
    scale = logarithmic([1.0, 100.0])
    assert scale.place(10.0) == pytest.approx(0.5)
    assert scale.place(10.0) - scale.place(1.0) == pytest.approx(scale.place(50.0) - scale.place(5.0))


@pytest.mark.parametrize("threshold", [0.02, 1.0, 50.0])
def test_a_symmetric_axis_is_that_of_the_printed_figure(threshold: float) -> None:
    values = np.array([-40.0, -1.0, -0.01, 0.0, 0.015, 0.3, 7.0, 1000.0])
    printed = SymmetricalLogTransform(10, threshold, 2.0).transform(values)
    scale = symmetric(values.tolist(), threshold, room=0.0)
    expected = (printed - printed.min()) / (printed.max() - printed.min())
    assert [scale.place(float(value)) for value in values] == pytest.approx(expected.tolist(), abs=1e-12)


def test_values_that_are_alike_lie_in_the_middle_and_none_make_an_axis_all_the_same() -> None:
    assert [linear([value] * 3).place(value) for value in (0.0, 0.3, -7.0)] == pytest.approx([0.5] * 3)
    assert logarithmic([0.01]).place(0.01) == pytest.approx(0.5)
    assert linear([]).place(0.5) == pytest.approx(0.5)


def test_what_is_not_finite_sets_no_limit_and_is_held_at_the_end() -> None:
    scale = linear([0.0, math.inf, 10.0, math.nan, -math.inf])
    assert scale == linear([0.0, 10.0])
    assert [scale.within(value) for value in (-math.inf, -50.0, 5.0, 50.0, math.inf)] == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.0478, 0.002), (0.0701, 0.1375), (3.0, 3.0), (-1e-9, 4e6)])
def test_ticks_are_round_equally_far_apart_on_the_axis_and_leave_room_for_their_labels(low: float, high: float) -> None:
    scale = linear([low, high])
    ticks = round_ticks(scale, plain)
    coarse = [tick for tick in ticks if not tick.is_fine]
    assert len(coarse) >= 2
    assert all(0 <= tick.place <= 1 for tick in ticks)
    steps = [after.place - before.place for before, after in pairwise(coarse)]
    assert steps == pytest.approx([steps[0]] * len(steps))
    longest = max(len(tick.label) for tick in coarse)
    assert steps[0] * 280 >= 7 * longest
    for tick in ticks:
        value = float(tick.label.replace("−", "-"))
        assert scale.place(value) == pytest.approx(tick.place, abs=1e-6)


def test_of_the_ticks_of_a_wide_axis_a_telephone_shows_those_that_have_room() -> None:
    ticks = round_ticks(linear([0.0, 1.0]), plain)
    assert [tick.label for tick in ticks if not tick.is_fine] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert [tick.label for tick in ticks if tick.is_fine] == ["0.1", "0.3", "0.5", "0.7", "0.9"]
    assert [tick.label for tick in round_ticks(linear([-0.045, 0.0]), plain) if tick.is_fine] == []


def test_ratios_have_the_ticks_that_a_reader_expects() -> None:
    scale = linear([math.log(0.8), math.log(1.3)])
    ticks = picked_ticks(scale, ratio_ticks(), lambda value: f"×{math.exp(value):.3g}")
    assert {"×1", "×0.8", "×1.25"} <= {tick.label for tick in ticks}
    assert [tick.place for tick in ticks] == sorted(tick.place for tick in ticks)
    assert Tick(scale.place(0.0), "×1") in ticks


def test_errors_have_ticks_however_short_the_axis() -> None:
    scale = logarithmic([0.0701, 0.0814])
    ticks = picked_ticks(scale, error_ticks(math.exp(scale.start), math.exp(scale.end)), error_label)
    assert ticks
    assert all(scale.place(float(tick.label)) == pytest.approx(tick.place) for tick in ticks)


def test_whatever_a_name_holds_is_text() -> None:
    hostile = '<script>alert("x")</script>&\'\x1b[2J'
    drawn = group(hostile, circle(1, 2, 3, hostile, title=hostile), text(0, 0, hostile), picture("strip", hostile))
    read = ElementTree.fromstring(str(drawn))
    shown = hostile.replace("\x1b", "\\x1b")
    assert [each.tag for each in read.iter()] == ["g", "circle", "title", "text", "svg", "title"]
    assert [each.text for each in read.iter() if each.tag in ("title", "text")] == [shown] * 3
    assert read.get("class") == shown
    assert ElementTree.fromstring(f"<p>{breakable(hostile)}</p>").text == shown


def test_a_label_may_be_broken_between_words_and_not_within_a_number() -> None:
    drawn = breakable("early_stopping.patience=0.25,n=1,<b>=x")
    assert drawn.split("<wbr/>") == ["early_", "stopping.", "patience=0.25,", "n=1,", "&lt;b&gt;=", "x"]


def test_an_attribute_that_says_nothing_is_left_out_and_markup_is_taken_as_it_is() -> None:
    assert element("g", {"class": ""}, Markup("<b>x</b>"), "<") == Markup("<g><b>x</b>&lt;</g>")
    assert picture("strip", "") == Markup('<svg class="strip" aria-hidden="true"/>')
