"""Frames in memory as grids: of pandas, and of whatever gives an Arrow table (polars, pyarrow, DuckDB)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ablate.tables.grid import Cell, Grid, grid_of_rows
from ablate.tables.problems import TableProblem

__all__ = ["grid_of_arrow", "grid_of_frame"]


def grid_of_frame(frame: object) -> Grid:
    """The grid of a frame. None and NA are missing; NaN is where a column knows the two apart, or can hold NaN alone,
    as float64 of pandas does.

    Raises:
        TableProblem: for what is no frame, or has no rows.
    """
    if isinstance(frame, pd.DataFrame):
        return _grid_of_pandas(frame)
    if isinstance(frame, pa.Table):
        return grid_of_arrow(frame, "an Arrow table")
    name = type(frame).__module__.partition(".")[0]
    if hasattr(frame, "to_arrow"):
        return grid_of_arrow(frame.to_arrow(), f"a frame of {name}")
    if hasattr(frame, "__arrow_c_stream__"):
        return grid_of_arrow(pa.table(frame), f"a frame of {name}")
    raise TableProblem(f"a table is a path or a frame (pandas, polars, Arrow), not {type(frame).__name__}")


def grid_of_arrow(table: Any, form: str) -> Grid:
    """The grid of a `pyarrow.Table`, in which a null is missing and NaN is a value."""
    columns = [_arrow_cells(column) for column in table.columns]
    return _grid_of_columns(form, table.column_names, columns)


def _grid_of_pandas(frame: pd.DataFrame) -> Grid:
    named = [name for name in frame.index.names if name is not None]
    whole = frame.reset_index() if named else frame
    if isinstance(whole.columns, pd.MultiIndex):
        raise TableProblem("the columns have names on several levels; flatten them")
    columns = [_cells(whole.iloc[:, at]) for at in range(whole.shape[1])]
    return _grid_of_columns("a frame of pandas", [*whole.columns], columns)


def _cells(column: pd.Series[Any]) -> list[Cell]:
    if isinstance(column.dtype, pd.ArrowDtype):
        # By way of pandas NaN would come out as NA.
        arrow = pa.chunked_array(column.array.__arrow_array__())
        return arrow.to_pylist()  # type: ignore[no-any-return]
    values: list[Cell] = column.tolist()
    if pd.api.types.is_extension_array_dtype(column.dtype):
        return [None if gone else value for value, gone in zip(values, column.isna(), strict=True)]
    if column.dtype == np.float32:
        return _shortest(values)
    return [None if value is pd.NA or value is pd.NaT else value for value in values]


def _arrow_cells(column: Any) -> list[Cell]:
    values: list[Cell] = column.to_pylist()
    return _shortest(values) if pa.types.is_float32(column.type) else values


def _shortest(values: Sequence[Any]) -> list[Cell]:
    """Numbers of single precision as they are written: 0.9, where the double next to the stored one is 0.899999976."""
    return [None if value is None else float(str(np.float32(value))) for value in values]


def _grid_of_columns(form: str, names: Sequence[Cell], columns: Sequence[Sequence[Cell]]) -> Grid:
    rows = list(zip(*columns, strict=True))
    return grid_of_rows(form, names, rows, range(1, len(rows) + 1))
