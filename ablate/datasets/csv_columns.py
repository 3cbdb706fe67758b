"""What the columns of a table hold: numbers, texts or gaps, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ablate.datasets.labels import in_order, number_of

__all__ = ["Column", "Floats", "Mask", "Table", "TableSettings", "gaps_of"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# What stands for no value in a column whose other cells are numbers. Among texts each may be a value like any other:
# NA is a country, None a quality. An empty cell is always missing.
_MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?"})


@dataclass(frozen=True)
class Table:
    """The cells of a file, stripped of what surrounds them.

    Attributes:
        names: a column without one is called after its place, from 1.
        unnamed: the places, from 0, of the columns that have no name in the file.
        cells: [columns][rows].
        lines: the number, from 1, of the line at which each row begins.
        ragged: the lines of the rows that are left out because they have another number of cells, and that number.
    """

    file: Path
    delimiter: str
    names: tuple[str, ...]
    unnamed: tuple[int, ...]
    cells: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    ragged: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Column:
    """One column: numbers with NaN where a cell is none, and the cells as they are written.

    `is_text` says where a cell is neither a number nor missing.
    """

    name: str
    cells: tuple[str, ...]
    numbers: Floats
    is_text: Mask
    decimal: str

    @staticmethod
    def of(name: str, cells: tuple[str, ...], decimal: str) -> Column:
        try:
            if decimal != "." or "_" in "".join(cells):
                raise ValueError
            numbers = np.array([float(cell) for cell in cells])
            return Column(name, cells, numbers, np.zeros(len(cells), np.bool_), decimal)
        except ValueError:
            found = [number_of(cell, decimal) for cell in cells]
        is_text = [
            number is None and cell.casefold() not in _MISSING for cell, number in zip(cells, found, strict=True)
        ]
        numbers = np.array([np.nan if number is None else number for number in found])
        return Column(name, cells, numbers, np.array(is_text, np.bool_), decimal)

    @cached_property
    def is_missing(self) -> Mask:
        """Where there is no value: an empty cell, and among numbers whatever says that there is none."""
        if not self.is_text.any():
            return np.isnan(self.numbers)
        return np.array([not cell for cell in self.cells], np.bool_)

    @cached_property
    def kind(self) -> str:
        """numbers, texts, both, or nothing at all."""
        has_numbers = not np.isnan(self.numbers).all()
        if self.is_text.any():
            return "both" if has_numbers else "texts"
        return "numbers" if has_numbers else "nothing"

    def rows(self, keep: Mask) -> Column:
        cells = tuple(cell for cell, kept in zip(self.cells, keep, strict=True) if kept)
        return replace(self, cells=cells, numbers=self.numbers[keep], is_text=self.is_text[keep])

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The different texts that it holds, in order: numbers by value, texts after them by the alphabet.

        No set has a part in it, and a text that reads as NaN is a text: the order is that of every process.
        """
        there = zip(self.cells, self.is_missing, strict=True)
        different = dict.fromkeys(cell for cell, missing in there if not missing)
        return tuple(sorted(different, key=lambda text: in_order(text, self.decimal)))


@dataclass(frozen=True)
class TableSettings:
    """What the settings of the leaf ask of a table."""

    target: str
    drop: tuple[str, ...]
    categorical: tuple[str, ...]
    categories: str
    missing: str
    decimal: str

    def columns(self, table: Table) -> list[Column]:
        """Those that are not dropped."""
        dropped = {*self.drop, *(table.names[place] for place in table.unnamed if "" in self.drop)}
        return [
            Column.of(name, cells, self.decimal)
            for name, cells in zip(table.names, table.cells, strict=True)
            if name == self.target or name not in dropped
        ]

    def features(self, columns: Sequence[Column]) -> list[Column]:
        return [column for column in columns if column.name != self.target]

    def goal(self, columns: Sequence[Column]) -> Column | None:
        return next((column for column in columns if column.name == self.target), None)

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(self.categorical)

    def is_category(self, column: Column) -> bool:
        return column.name in self._named or (self.categories == "onehot" and column.kind == "texts")


def gaps_of(columns: Sequence[Column], rows: int) -> Mask:
    """[rows]: where any of the columns lacks a value."""
    gaps = np.zeros(rows, np.bool_)
    for column in columns:
        gaps |= column.is_missing
    return gaps
