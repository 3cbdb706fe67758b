"""A data set of your own, as a table of comma-separated values with a line of column names.

The table is taken apart (`csv_reading`), its columns are understood (`csv_columns`), and all that is wrong with them is
said at once (`csv_problems`). Numbers are read by `float`, which is correctly rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import ALLOWED_OVERLAP, DataError, Examples, RawData, as_features, as_targets, standardised
from ablate.datasets.csv_columns import Column, Floats, TableSettings, gaps_of
from ablate.datasets.csv_problems import feature_problems, name_problems, nothing_left, ragged_problems, target_problems
from ablate.datasets.csv_reading import read_table
from ablate.datasets.files import own_path

__all__ = ["load"]


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
    categories: str = "refuse",
    categorical: Sequence[str] = (),
    missing: str = "refuse",
    decimal: str = ".",
) -> RawData:
    """float32 [rows, columns] and the column `target`, without a test split of its own.

    Args:
        path: seen from data_dir, or from the current folder where there is none. UTF-8.
        classes: how many different values the target has, which may be texts; they are numbered in order, that
            of numbers where all are. None for regression.
        drop: columns that are no features; "" for those without a name, which are also called column_1, column_2
            after their places.
        standardise: whether every feature gets mean 0 and standard deviation 1, over all rows.
        target_scale: what the target of a regression is divided by; metrics are in units of it.
        allowed_overlap: the share of the test examples that may be training examples as well.
        categories: onehot to make of each column of texts one column of 0 and 1 for each of its values, in order, at
            its place; refuse to refuse such columns.
        categorical: columns that are categories whatever `categories` says and whatever they hold, as a postcode.
        missing: drop to leave out rows that lack a value, mean to put in the mean of the column, over all rows (of a
            category the share of each of its values); refuse to refuse them. A target is never filled in.
        decimal: the sign before the decimals, a point or a comma.

    Raises:
        DataError: with all that is wrong with the file, at most a screen of it.
    """
    table = read_table(own_path(path, data_dir), delimiter, decimal)
    settings = TableSettings(target, tuple(map(str, drop)), tuple(map(str, categorical)), categories, missing, decimal)
    read = settings.columns(table)
    columns, lines = _without_gaps(read, table.lines) if missing == "drop" else (read, table.lines)
    features, goal = settings.features(columns), settings.goal(columns)
    problems = [*ragged_problems(table), *name_problems(table, settings)]
    if table.lines and not lines:
        problems += nothing_left(read)
    elif goal is not None and lines:  # without the target nobody knows which columns are features
        problems += [*feature_problems(features, settings, lines), *target_problems(goal, classes, settings, lines)]
    if problems or goal is None:
        raise DataError("\n".join([f"{table.file} cannot be read as it is:", *(f"- {each}" for each in problems)]))
    # Row by row in memory, whatever the columns are: the last bits of a mean depend on it.
    values = np.ascontiguousarray(np.concatenate([_encoded(column, settings) for column in features], axis=1))
    if missing == "mean":
        values = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    class_names = () if classes is None else goal.values
    targets = goal.numbers / target_scale if classes is None else _labels(goal, class_names)
    examples = Examples(standardised(values) if standardise else as_features(values), as_targets(targets, classes))
    return RawData(examples, None, classes, 1.0, (table.file,), allowed_overlap, class_names)


def _without_gaps(columns: Sequence[Column], lines: Sequence[int]) -> tuple[Sequence[Column], Sequence[int]]:
    """The rows that lack no value. A column that loses its last text so is one of numbers, which may lack some more."""
    while (gaps := gaps_of(columns, len(lines))).any():
        columns = [column.rows(~gaps) for column in columns]
        lines = [line for line, is_gap in zip(lines, gaps, strict=True) if not is_gap]
    return columns, lines


def _encoded(column: Column, settings: TableSettings) -> Floats:
    """float64 [rows, 1], or of a category [rows, values]; NaN where the cell is missing."""
    if not settings.is_category(column):
        return column.numbers[:, np.newaxis]
    values = column.values
    encoded = np.zeros((len(column.cells), len(values)))
    present = np.flatnonzero(~column.is_missing)
    places = {value: place for place, value in enumerate(values)}
    encoded[present, [places[column.cells[row]] for row in present]] = 1.0
    encoded[column.is_missing] = np.nan
    return encoded


def _labels(column: Column, names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """int64 [rows]: the position of each row's label among the names of the classes."""
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[cell] for cell in column.cells])
