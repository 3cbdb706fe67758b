"""A table before anything is understood of it: names of columns, and cells as they were written."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ablate.tables.problems import TableProblem

__all__ = ["Cell", "Grid", "grid_of_rows", "is_missing", "name_of"]

# None where there is nothing, a number, a text, or what else a format knows (a date).
Cell = object

# How people and programs write that there is no value, in lower case. NaN is none of them: it is a value.
_MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "null", "none", "-", "–", "—"})


@dataclass(frozen=True)
class Grid:
    """
    Attributes:
        format: what it was read from, in words: `CSV with ; and decimal commas`.
        columns: names without blanks around them.
        rows: as many cells each as there are columns.
        places: for each row the number that a person finds it by.
        place_word: what that number counts: lines of a file, or rows.
        has_commas: whether a comma in a number is the decimal one, as where cells end with a semicolon.
    """

    format: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    places: tuple[int, ...]
    place_word: str = "row"
    has_commas: bool = False

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: position for position, name in reversed([*enumerate(self.columns)])}

    def __contains__(self, name: str) -> bool:
        return name in self._positions

    def column(self, name: str) -> list[Cell]:
        """
        Raises:
            TableProblem: where there is no such column, or two.
        """
        if name not in self:
            raise TableProblem(f"there is no column {name!r}; there are {', '.join(self.columns)}")
        if self.columns.count(name) > 1:
            raise TableProblem(f"there are {self.columns.count(name)} columns {name!r}")
        position = self._positions[name]
        return [row[position] for row in self.rows]

    def place(self, row: int) -> str:
        return f"{self.place_word} {self.places[row]}"


def grid_of_rows(
    form: str,
    header: Sequence[Cell],
    rows: Sequence[Sequence[Cell]],
    places: Sequence[int],
    place_word: str = "row",
    has_commas: bool = False,
) -> Grid:
    """A grid without the rows, and the nameless columns, that hold nothing; what else has no name is counted.

    Raises:
        TableProblem: for every row that has more or fewer cells than the header, and where there are no rows.
    """
    columns = [name_of(each) for each in header]
    full = [(row, place) for row, place in zip(rows, places, strict=True) if not all(map(is_missing, row))]
    if not columns or not full:
        raise TableProblem("the table has no rows")
    uneven = [
        f"{place_word} {place}: {len(row)} cells under {len(columns)} names"
        for row, place in full
        if len(row) != len(columns)
    ]
    if uneven:
        raise TableProblem(*uneven)
    kept = [at for at, name in enumerate(columns) if name or not all(is_missing(row[at]) for row, _ in full)]
    return Grid(
        form,
        tuple(columns[at] or f"column {at + 1}" for at in kept),
        tuple(tuple(row[at] for at in kept) for row, _ in full),
        tuple(place for _, place in full),
        place_word,
        has_commas,
    )


def is_missing(cell: Cell) -> bool:
    """Whether a cell holds no value: nothing, or one of the words for it."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING)


def name_of(cell: Cell) -> str:
    """The name that a cell holds, without blanks around it and with every accented letter in one form of Unicode."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    text = str(cell).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)
