"""Frames of every library: the same table gives the same grid, and NaN is no null."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ablate.tables.frames import grid_of_frame
from ablate.tables.problems import TableProblem

DATA: dict[str, Any] = {"arm": ["a", "b", "c", None], "loss": [0.1, math.nan, None, 0.3], "seed": [1, 2, 3, None]}


def shown(frame: object) -> list[tuple[Any, ...]]:
    return [tuple("NaN" if isinstance(cell, float) and math.isnan(cell) else cell for cell in row) for row in
            grid_of_frame(frame).rows]  # fmt: skip


EXPECTED = [("a", 0.1, 1), ("b", "NaN", 2), ("c", None, 3), (None, 0.3, None)]


def test_arrow_tells_null_from_nan() -> None:
    assert shown(pa.table(DATA)) == EXPECTED


def test_polars_is_read_without_a_dependency() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(DATA, strict=False)
    assert shown(frame) == EXPECTED
    assert grid_of_frame(frame).format == "a frame of polars"


def test_pandas_by_types_that_know_the_two_apart() -> None:
    arrow = {
        name: pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([values]))) for name, values in DATA.items()
    }
    assert shown(pd.DataFrame(arrow)) == EXPECTED
    assert shown(pd.DataFrame(DATA, dtype=object)) == EXPECTED
    as_numpy = pd.DataFrame({"arm": DATA["arm"], "loss": [0.1, math.nan, math.nan, 0.3]})
    assert shown(as_numpy) == [("a", 0.1), ("b", "NaN"), ("c", "NaN"), (None, 0.3)]
    nullable = pd.DataFrame(
        {"loss": pd.array([0.1, None], dtype="Float64"), "seed": pd.array([None, 1], dtype="Int64")}
    )
    assert shown(nullable) == [(0.1, None), (None, 1)]


def test_single_precision_is_as_it_is_written() -> None:
    assert shown(pd.DataFrame({"x": np.float32([0.9, 0.1])})) == [(0.9,), (0.1,)]
    assert shown(pa.table({"x": pa.array([0.9, None], pa.float32()), "y": [1, 2]})) == [(0.9, 1), (None, 2)]


def test_an_index_with_a_name_is_a_column() -> None:
    frame = pd.DataFrame({"seed": [1, 1, 2, 2], "arm": list("abab"), "loss": [0.1, 0.2, 0.3, 0.4]})
    pivoted = grid_of_frame(frame.pivot(index="seed", columns="arm", values="loss"))
    assert (pivoted.columns, pivoted.rows) == (("seed", "a", "b"), ((1, 0.1, 0.2), (2, 0.3, 0.4)))
    assert grid_of_frame(frame).columns == ("seed", "arm", "loss")


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(TableProblem, match="not list"):
        grid_of_frame([1, 2])
    with pytest.raises(TableProblem, match="several levels"):
        grid_of_frame(pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])))
    with pytest.raises(TableProblem, match="no rows"):
        grid_of_frame(pd.DataFrame())
