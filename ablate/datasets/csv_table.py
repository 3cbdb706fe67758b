"""A data set of your own, as a table of comma-separated numbers with a line of column names."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import ALLOWED_OVERLAP, DataError, Examples, RawData, as_features, as_targets, standardised
from ablate.datasets.files import own_path

__all__ = ["load"]


@dataclass(frozen=True)
class _Table:
    """The cells of a file as they are written; `lines` holds the number, from 1, of the line each row ends at."""

    file: Path
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def texts(self, name: str) -> list[str]:
        column = self.names.index(name)
        return [row[column].strip() for row in self.rows]

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """float64 [rows].

        Raises:
            DataError: at the first cell that is no number.
        """
        return np.array(
            [self._number(text, name, line) for text, line in zip(self.texts(name), self.lines, strict=True)]
        )

    def _number(self, text: str, name: str, line: int) -> float:
        try:
            return float(text)
        except ValueError:
            remedy = f"leave such a column out by dataset.drop=[{name}], or code it in numbers"
            raise DataError(f"{self.file}, line {line}: {text!r} in column {name} is no number: {remedy}") from None


def load(
    data_dir: Path | None = None,
    path: str = "",
    target: str = "",
    classes: int | None = None,
    drop: Sequence[str] = (),
    standardise: bool = True,
    target_scale: float = 1.0,
    delimiter: str = ",",
    allowed_overlap: float = ALLOWED_OVERLAP,
) -> RawData:
    """float32 [rows, columns] and the column `target`, without a test split of its own.

    Args:
        path: seen from data_dir, or from the current folder where there is none. UTF-8.
        classes: how many different values the target has, which may be texts; they are numbered in order, that
            of numbers where all are. None for regression.
        drop: columns that are no features.
        standardise: whether every feature gets mean 0 and standard deviation 1, over all rows.
        target_scale: what the target of a regression is divided by; metrics are in units of it.
        allowed_overlap: the share of the test examples that may be training examples as well.

    Raises:
        DataError: when the file or a column is not there, a row is too short or too long, or a cell that must
            be a number is none.
    """
    table = _read(own_path(path, data_dir), delimiter)
    _check_columns(table, target, drop)
    columns = [table.numbers(name) for name in table.names if name != target and name not in drop]
    features = np.stack(columns, axis=1)
    targets = table.numbers(target) / target_scale if classes is None else _labels(table, target, classes)
    examples = Examples(
        # Standardising spreads one NaN over its column; `checks` is to see where it was.
        standardised(features) if standardise and np.isfinite(features).all() else as_features(features),
        as_targets(targets, classes),
    )
    return RawData(examples, None, classes, 1.0, (table.file,), allowed_overlap)


def _read(file: Path, delimiter: str) -> _Table:
    try:
        with file.open(encoding="utf-8-sig", newline="") as content:
            reader = csv.reader(content, delimiter=delimiter)
            names = tuple(name.strip() for name in next(reader, []))
            numbered = [(reader.line_num, tuple(row)) for row in reader if row]
    except (OSError, ValueError, csv.Error, TypeError) as error:  # of the encoding, or a delimiter that can be none
        raise DataError(f"{file} is no table in UTF-8 separated by {delimiter!r}: {error}") from error
    for line, row in numbered:
        if len(row) != len(names):
            raise DataError(f"{file}, line {line}: {len(row)} cells where the first line names {len(names)} columns")
    if not numbered:
        raise DataError(f"{file} has no rows: it needs a line of column names, then one line an example")
    return _Table(file, names, tuple(row for _, row in numbered), tuple(line for line, _ in numbered))


def _check_columns(table: _Table, target: str, drop: Sequence[str]) -> None:
    there = ", ".join(table.names)
    if len(set(table.names)) < len(table.names):
        raise DataError(f"{table.file} names a column twice: {there}")
    missing = [name for name in (target, *drop) if name not in table.names]
    if missing:
        names = ", ".join(map(repr, missing))
        raise DataError(f"{table.file} has no column {names} (dataset.target and dataset.drop); there are {there}")
    if not set(table.names) - {target, *drop}:
        raise DataError(f"{table.file} has no column left for features besides dataset.target and dataset.drop")


def _labels(table: _Table, target: str, classes: int) -> npt.NDArray[np.int64]:
    """int64 [rows]: the position of each row's value among the values of the column, in order."""
    texts = table.texts(target)
    values = sorted(set(texts), key=_in_order)
    if len(values) != classes:
        first = ", ".join(values[:10])
        raise DataError(
            f"column {target} of {table.file} has {len(values)} values, not {classes!r} ({first}"
            f"{', …' if len(values) > 10 else ''}): correct it, or set dataset.classes={len(values)}"
        )
    numbers = {value: number for number, value in enumerate(values)}
    return np.array([numbers[text] for text in texts])


def _in_order(text: str) -> tuple[bool, float, str]:
    """A key that sorts numbers by value, and texts after them by the alphabet."""
    try:
        return False, float(text), text
    except ValueError:
        return True, 0.0, text
