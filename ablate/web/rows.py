"""Rows on one axis: a label, a strip of what was measured, and beside it what that comes to.

    rows([Row("adam", marks, said="adam: 0.31 over 8 seeds", beside=(counts,))], RowsAxis(ticks, "validation loss"))

Where there is room a row is a line; on a telephone its strip stands below its label. Each row unfolds to the sentence
that is also told where the pointer rests on its strip. All strips have the same width, so that places can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ablate.web.svg import Tick, along, at, breakable, circle, element, group, line, path, picture, rect, text

__all__ = [
    "DIAMOND",
    "Row",
    "RowsAxis",
    "band",
    "bar",
    "dots",
    "legend",
    "mean_mark",
    "rows",
    "seed_offsets",
    "vertical",
    "whiskers",
]

# More rows than these stand closer.
MOST_ROOMY = 16
# Of the labels, in characters: the widths that the style sheet has.
SHORT, MEDIUM = 10, 20
SPREAD = 0.56
# Dots of a row that are told one by one.
MOST_TOLD = 30
DIAMOND = "M-6 0L0-6L6 0L0 6Z"


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        label: what stands at the left.
        marks: what is drawn, in places that are shares of the strip.
        said: all of it as a sentence.
        beside: what stands at the right, one or two lines.
        kind: a class of the row, such as `is-baseline`.
    """

    label: str
    marks: Markup
    said: str
    beside: tuple[Markup, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class RowsAxis:
    """The axis below the rows. `left` and `right` say what lies there, where one of them is good; `note` what else is
    to be known of it; `labels` what the labels of the rows are."""

    ticks: tuple[Tick, ...]
    title: str
    left: str = ""
    right: str = ""
    note: str = ""
    labels: str = ""


def rows(lines: Sequence[Row], axis: RowsAxis) -> Markup:
    """The rows in their order, and their axis."""
    longest = max((len(line.label) for line in (*lines, Row(axis.labels, Markup(), ""))), default=0)
    width = "short" if longest <= SHORT else "medium" if longest <= MEDIUM else "long"
    density = " is-dense" if len(lines) > MOST_ROOMY else ""
    plain = "" if any(line.beside for line in lines) else " is-plain"
    grid = _grid(axis.ticks)
    heading = element("p", {"class": "rows-labels"}, axis.labels) if axis.labels else Markup()
    body = Markup("\n").join(_row(line, grid) for line in lines)
    return element(
        "div", {"class": f"rows has-{width}-labels{density}{plain}"}, heading, body, Markup("\n"), _axis(axis)
    )


def _row(row: Row, grid: Markup) -> Markup:
    strip = picture("strip", row.said, grid, row.marks)
    beside = Markup().join(element("span", {"class": "row-line"}, part) for part in row.beside)
    summary = element(
        "summary",
        {},
        element("span", {"class": "row-label"}, breakable(row.label)),
        strip,
        element("span", {"class": "row-beside"}, beside),
    )
    return element("details", {"class": f"row {row.kind}".strip()}, summary, element("p", {}, row.said))


def _grid(ticks: Iterable[Tick]) -> Markup:
    return Markup().join(vertical(tick.place, "grid fine" if tick.is_fine else "grid") for tick in ticks)


def _axis(axis: RowsAxis) -> Markup:
    labels = (text(along(tick.place), 14, tick.label, "fine" if tick.is_fine else "") for tick in axis.ticks)
    ends = [_end(word, is_left) for word, is_left in ((axis.left, True), (axis.right, False))]
    title = element("p", {"class": "axis-title"}, ends[0], element("span", {}, axis.title), ends[1])
    note = element("p", {"class": "axis-note"}, axis.note) if axis.note else Markup()
    return element("div", {"class": "rows-axis"}, picture("ticks", "", *labels), title, note)


def _end(word: str, is_left: bool) -> Markup:
    """What lies at an end of the axis, in the tone of its word."""
    if not word:
        return Markup("<span></span>")
    tone = {"better": "tone-good", "worse": "tone-bad"}.get(word, "")
    return element("span", {"class": tone}, f"← {word}" if is_left else f"{word} →")


# marks -------------------------------------------------------------------------------------------------


def vertical(place: float, kind: str) -> Markup:
    """A line through the height of the strip."""
    return line(along(place), 0, along(place), "100%", kind)


def band(low: float, high: float, kind: str) -> Markup:
    """What lies between two places, over the whole height."""
    return rect(along(low), 0, along(high - low), "100%", kind)


def bar(low: float, high: float, kind: str) -> Markup:
    """An interval."""
    return line(along(low), "50%", along(high), "50%", kind)


def whiskers(low: float, high: float, kind: str) -> Markup:
    """An interval with its ends marked."""
    ends = (line(along(end), "36%", along(end), "64%") for end in (low, high))
    return group(kind, bar(low, high, ""), *ends)


def mean_mark(place: float) -> Markup:
    return line(along(place), "17%", along(place), "83%", "mean")


def dots(places: Mapping[str, float]) -> Markup:
    """A dot for each, told by its title where they are few enough to be pointed at; in their order from above, so that
    equal ones stay apart."""
    is_few = len(places) <= MOST_TOLD
    drawn = (
        circle(along(place), along(0.5 + offset), 3.2 if is_few else 2, title=title if is_few else "")
        for (title, place), offset in zip(places.items(), seed_offsets(len(places)), strict=True)
    )
    return group("seeds", *drawn)


def seed_offsets(count: int) -> list[float]:
    """From the middle of the row, as shares of its height."""
    return [SPREAD * (index / (count - 1) - 0.5) for index in range(count)] if count > 1 else [0.0] * count


# legends -----------------------------------------------------------------------------------------------

# What stands for what, 28 pixels wide and 14 high.
_SIGNS: Mapping[str, Markup] = {
    "seed": group("seeds", circle(14, 7, 3.2)),
    "mean": line(14, 1, 14, 13, "mean"),
    "interval": line(2, 7, 26, 7, "interval"),
    "adjusted": group("adjusted", line(2, 7, 26, 7), line(2, 3, 2, 11), line(26, 3, 26, 11)),
    "margin": rect(1, 1, 26, 12, "margin"),
    "claimed": rect(1, 1, 26, 12, "claimed"),
    "baseline": line(14, 0, 14, 14, "baseline"),
    "stated": at(14, 7, path(DIAMOND, "stated")),
}


def legend(signs: Mapping[str, str], further: Sequence[tuple[Markup, str]] = ()) -> Markup:
    """What stands for what, in the order given.

    Args:
        signs: the name of a sign → what it says.
        further: signs of 28 × 14 pixels, each with what it says.
    """
    items = [*((_SIGNS[name], said) for name, said in signs.items()), *further]
    return element(
        "ul",
        {"class": "legend"},
        *(element("li", {}, picture("legend-sign", "", sign), said) for sign, said in items),
    )
