"""Everything that is wrong with a table: one problem a kind, with some of its columns and lines, and a way out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import psutil

from ablate.datasets.csv_columns import Column, Mask, Table, TableSettings, gaps_of
from ablate.datasets.csv_words import counted, listed, setting, word
from ablate.datasets.labels import number_of

__all__ = ["MOST_CATEGORIES", "feature_problems", "name_problems", "nothing_left", "ragged_problems", "target_problems"]

# More different texts than this are names of things rather than kinds of them.
MOST_CATEGORIES = 1000
# Of a float64.
_BYTES = 8
_LARGEST = float(np.finfo(np.float32).max)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,'\s]\d{3})+([.,]\d+)?")
# Names of row numbers and other identities, without what is no letter: id, PassengerId, Unnamed: 0, row_number.
_IDENTITY = re.compile(r"(.*id|index|idx|no|nr|number|row|rows|rownames|rownumber|rownum|unnamed|key)", re.IGNORECASE)


def ragged_problems(table: Table) -> Iterator[str]:
    if not table.ragged:
        return
    expected = f"the first line names {counted(len(table.names), 'column')}"
    counts = {cells for _, cells in table.ragged}
    if table.lines or len(counts) > 1:
        where = listed(table.ragged, lambda row: f"line {row[0]} ({counted(row[1], 'cell')})")
        of_all = f"{counted(len(table.ragged), 'row')} of {len(table.lines) + len(table.ragged):,}"
        yield f"{expected}, but {of_all} have another number of cells: {where}"
        return
    hint = ""
    if counts == {len(table.names) + 1}:
        hint = ": the first column may lack its name, as in files of R, or the lines may end with a delimiter"
    yield f"{expected}, but every row has {counted(table.ragged[0][1], 'cell')}{hint}"


def name_problems(table: Table, settings: TableSettings) -> Iterator[str]:
    counts = Counter(table.names)
    there = f"there are {listed(counts, word)}"
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        yield f"columns have the same name: {listed(twice, word)}: give each a name of its own"
    unnamed = [table.names[place] for place in table.unnamed] if "" not in settings.drop else []
    if unnamed := [name for name in unnamed if name not in settings.drop]:
        yield (
            f"a column has no name: {listed(unnamed, word)}, as its place calls it; programs write the number of the "
            "row like that, which in a sorted file tells the target: leave it out by "
            f"{_drop(unnamed, settings)}, or give it a name"
        )
    if not settings.target:
        yield f"dataset.target is empty, which is to name the column to predict; {there}"
    absent = [
        (key, name)
        for key, names in (
            ("dataset.target", (settings.target,) if settings.target else ()),
            ("dataset.drop", settings.drop),
            ("dataset.categorical", settings.categorical),
        )
        for name in names
        if name not in counts and not (key == "dataset.drop" and not name)
    ]
    if absent:
        hint = "; its first line holds numbers, where names belong" if all(_is_number(name) for name in counts) else ""
        said = listed(absent, lambda each: f"'{word(each[1])}' ({each[0]}{_nearest(each[1], table.names)})")
        yield f"there is no column {said}; {there}{hint}"
    unnamed_too = {table.names[place] for place in table.unnamed} if "" in settings.drop else set()
    if not counts.keys() - {settings.target, *settings.drop, *unnamed_too}:
        yield "there is no column left for features besides dataset.target and dataset.drop"


def nothing_left(columns: Sequence[Column]) -> Iterator[str]:
    """Of columns none of whose rows has a value in each of them."""
    gaps = {column.name: int(np.count_nonzero(column.is_missing)) for column in columns}
    worst = sorted((name for name, count in gaps.items() if count), key=lambda name: -gaps[name])
    yield (
        f"dataset.missing=drop leaves no row: every one lacks a value, most of them in {listed(worst, word)}: leave "
        "such columns out by dataset.drop"
    )


def feature_problems(features: Sequence[Column], settings: TableSettings, lines: Sequence[int]) -> Iterator[str]:
    kinds: dict[str, list[Column]] = {}
    for column in features:
        for kind in _kinds(column, settings, lines):
            kinds.setdefault(kind, []).append(column)

    def said(kind: str, show: Callable[[Column], str]) -> str:
        return listed(kinds[kind], show)

    def out(columns: Sequence[Column]) -> str:
        return _drop(_names(columns), settings)

    if found := kinds.get("row numbers"):
        yield (
            f"a feature is the number of the row, or another identity: {said('row numbers', _name)}, which grows, or "
            f"falls, from line to line; in a sorted file it tells the target: leave it out by {out(found)}, or name it "
            "after what it measures"
        )
    if found := kinds.get("nothing"):
        yield f"columns hold no value at all: {said('nothing', _name)}: leave them out by {out(found)}"
    if "decimals" in kinds:
        remedy = _decimal_remedy(settings.decimal)
        yield f"cells are no numbers: {said('decimals', lambda c: _texts(c, lines))}: {remedy}"
    if "thousands" in kinds:
        yield (
            f"numbers have separators of thousands: {said('thousands', lambda c: _texts(c, lines))}: take these out of "
            "the file"
        )
    if found := kinds.get("both"):
        yield (
            f"cells are no numbers: {said('both', lambda c: _texts(c, lines))}: correct them, leave the columns out by "
            f"{out(found)}, or, where numbers and texts name kinds of something, set "
            f"{setting('categorical', [*settings.categorical, *_names(found)])}"
        )
    if found := kinds.get("texts"):
        yield (
            f"columns hold texts: {said('texts', lambda c: _texts(c, lines, most=1))}: leave them out by "
            f"{out(found)}, or make each of their values a column of 0 and 1 by dataset.categories=onehot"
        )
    if found := kinds.get("names"):
        counts = said("names", lambda c: f"{_name(c)} ({len(c.values):,} in {len(lines):,} rows)")
        yield (
            f"columns hold too many different values to be categories (at most {MOST_CATEGORIES:,}, and fewer than "
            f"rows): {counts}: leave them out by {out(found)}"
        )
    width = sum(len(column.values) if settings.is_category(column) else 1 for column in features)
    if width * len(lines) * _BYTES > psutil.virtual_memory().total:
        yield (
            f"with a column for each value of its categories the table is {width:,} columns wide, more than the memory "
            "of this machine holds: leave some out by dataset.drop"
        )
    if found := kinds.get("infinite"):
        yield (
            "numbers are too large or not finite: "
            f"{said('infinite', lambda c: _at(c, _is_too_large(c), lines))}: float32, in which runs are computed, ends "
            f"at {_LARGEST:.2g}: correct them, give the columns in a larger unit, or leave them out by {out(found)}"
        )
    if found := kinds.get("missing"):
        left = np.count_nonzero(~gaps_of(found, len(lines)))
        yield (
            f"values are missing: {said('missing', lambda c: _gaps(c, lines))}: fill them in, set dataset.missing=mean "
            f"(the mean of the column, over all rows) or dataset.missing=drop (leaves {left:,} of "
            f"{len(lines):,} rows)"
        )


def _kinds(column: Column, settings: TableSettings, lines: Sequence[int]) -> Iterator[str]:
    """Everything that is wrong with a feature, by the name of its kind."""
    kind = column.kind
    if kind == "nothing":
        yield kind
        return
    if settings.is_category(column):
        values = len(column.values)
        if values > MOST_CATEGORIES or (values == len(lines) and values > 2):
            yield "names"
    elif kind != "numbers":
        yield _punctuation(column) or kind
    elif _is_row_number(column):
        yield "row numbers"
    if _is_too_large(column).any() and not settings.is_category(column):
        yield "infinite"
    if column.is_missing.any() and settings.missing == "refuse":
        yield "missing"


def _is_row_number(column: Column) -> bool:
    """Whether it is beyond doubt no measurement: whole numbers that grow, or fall, from row to row, under the name
    of an identity. A column that counts days may be called `day`; numbers drawn in no order tell nothing of it."""
    if not _IDENTITY.fullmatch(re.sub(r"[^A-Za-z]", "", column.name)) or column.is_missing.any():
        return False
    numbers = column.numbers
    if len(numbers) < 3 or not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any():
        return False
    steps = np.diff(numbers)
    return bool((steps > 0).all() or (steps < 0).all())


def _is_too_large(column: Column) -> Mask:
    """[rows]: where a number is infinite, or becomes so in float32, in which runs are computed."""
    with np.errstate(over="ignore"):
        return np.isinf(column.numbers.astype(np.float32))


def _punctuation(column: Column) -> str:
    """What keeps all of its texts from being numbers, where points and commas do: decimals, or thousands."""
    texts = [column.cells[row] for row in np.flatnonzero(column.is_text)]
    if all(number_of(text, _other(column.decimal)) is not None for text in texts):
        return "decimals"
    return "thousands" if all(_THOUSANDS.fullmatch(text) for text in texts) else ""


def _other(decimal: str) -> str:
    return "," if decimal == "." else "."


def _decimal_remedy(decimal: str) -> str:
    other = _other(decimal)
    return (
        f"where {other!r} stands before decimals set {setting('decimal', other)}, where it separates thousands take "
        "it out of the file"
    )


def target_problems(
    column: Column, classes: int | None, settings: TableSettings, lines: Sequence[int]
) -> Iterator[str]:
    name = _name(column)
    if column.is_missing.any():
        what = "value" if classes is None else "label"
        yield (
            f"the target lacks a {what}: {_gaps(column, lines)}: fill it in, or leave such rows out by "
            "dataset.missing=drop"
        )
    values = column.values
    if classes is not None:
        if len(values) != classes:
            remedy = f"correct it, or set dataset.classes={len(values)}"
            yield (
                f"column {name} has {counted(len(values), 'value')}, not {classes!r} ({listed(values, word)}): "
                f"{remedy if len(values) > 1 else 'there is nothing to tell apart'}"
            )
        return
    if column.is_text.any():
        remedy = "correct it"
        if _punctuation(column) == "decimals":
            remedy = _decimal_remedy(settings.decimal)
        elif column.kind == "texts" and len(values) > 1:
            remedy = f"where it names classes, set dataset.classes={len(values)}"
        yield f"the target is to be a number: {_texts(column, lines)}: {remedy}"
    if np.isinf(column.numbers).any():
        yield f"the target is not finite: {_at(column, np.isinf(column.numbers), lines)}: correct it"


def _name(column: Column) -> str:
    return word(column.name)


def _names(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]


def _drop(names: Sequence[str], settings: TableSettings) -> str:
    """The setting that drops these columns and those that are dropped already, which it replaces."""
    return setting("drop", [*settings.drop, *names])


def _texts(column: Column, lines: Sequence[int], most: int = 3) -> str:
    """Some of the cells of a column that are no numbers, with their lines."""
    rows = np.flatnonzero(column.is_text)
    shown = [f"'{word(column.cells[row])}' in line {lines[row]}" for row in rows[:most]]
    more = [f"{len(rows) - most:,} more"] if len(rows) > most and most > 1 else []
    return f"{_name(column)} ({', '.join([*shown, *more])})"


def _gaps(column: Column, lines: Sequence[int]) -> str:
    return f"{_name(column)} ({_lines(np.flatnonzero(column.is_missing), lines)})"


def _at(column: Column, mask: Mask, lines: Sequence[int]) -> str:
    """The first cell of a column at which the mask holds, with its line."""
    rows = np.flatnonzero(mask)
    return f"{_name(column)} ('{word(column.cells[rows[0]])}' in line {lines[rows[0]]})"


def _lines(rows: npt.NDArray[np.intp], lines: Sequence[int]) -> str:
    shown = ", ".join(str(lines[row]) for row in rows[:3])
    more = f" and {len(rows) - 3:,} more" if len(rows) > 3 else ""
    return f"line{'s' if len(rows) > 1 else ''} {shown}{more}"


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names[:1000], 1)
    return f"; did you mean {word(near[0])}?" if near else ""


def _is_number(text: str) -> bool:
    return number_of(text, ".") is not None
