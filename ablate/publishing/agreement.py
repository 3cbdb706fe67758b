"""Whether two `data/` folders say the same: a rebuild with other versions of numpy or scipy rounds otherwise.

    agree(standing, made)       # file name → bytes, of what stands and of what would be written

Bytes that are equal agree. Others agree when they hold equal values: JSON and arrays exactly, and tables with their
floats within `TOLERANCE`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ablate.sanitize.arrays import read_arrays

__all__ = ["TOLERANCE", "agree"]

# Five orders of magnitude above what versions of scipy were seen to differ by, and far below any digit of a report.
TOLERANCE = 1e-9
# What the arrays of a file from elsewhere may take once it is read.
MOST_BYTES = 2**30


def agree(standing: Mapping[str, bytes], made: Mapping[str, bytes]) -> bool:
    """Whether the files have the same names, and each holds the same under both.

    Two floats agree when they differ by at most 1e-9 + 1e-9 · |the made one|, and NaN or null agrees with the same.
    Small ones are so compared absolutely: a difference of two numbers that cancel carries the rounding of these, and
    can be 1e-17 in place of 0. Nothing measured is lost by that, for the records of the runs are compared exactly.
    Columns, their order and types, the order of rows, integers and texts have to be equal.

    What cannot be read agrees with nothing.
    """
    return standing.keys() == made.keys() and all(
        standing[name] == made[name] or _holds_the_same(name, standing, made) for name in made
    )


def _holds_the_same(name: str, standing: Mapping[str, bytes], made: Mapping[str, bytes]) -> bool:
    stem, _, kind = name.rpartition(".")
    one, other = standing[name], made[name]
    try:
        match kind:
            case "json":
                return _json(one) == _json(other)
            case "jsonl":
                return list(map(_json, one.splitlines())) == list(map(_json, other.splitlines()))
            case "npz":
                return _arrays(one) == _arrays(other)
            case "parquet":
                return _tables_agree(one, other)
            case "csv":
                return _csv_agree(one, other, floats=_float_columns(made[f"{stem}.parquet"]))
    except Exception:  # what stands may come from elsewhere, and be damaged in any way
        return False
    return False


def _json(content: bytes) -> str:
    """In one way of writing it, in which 1, 1.0 and true are three values and NaN is itself."""
    return json.dumps(json.loads(content), sort_keys=True)


def _arrays(content: bytes) -> list[tuple[str, str, tuple[int, ...], bytes]]:
    arrays = read_arrays(io.BytesIO(content), MOST_BYTES)
    return [(name, values.dtype.str, values.shape, values.tobytes()) for name, values in arrays.items()]


def _tables_agree(one: bytes, other: bytes) -> bool:
    standing, made = (pq.ParquetFile(io.BytesIO(content)) for content in (one, other))
    # Before any row is read: a few bytes of parquet can promise as many rows as they like. The schema is parquet's own,
    # which calls texts alike that Arrow has two types for, a matter of the version of pandas.
    if standing.metadata.num_rows != made.metadata.num_rows or not standing.schema.equals(made.schema):
        return False
    return all(map(_columns_agree, standing.read().columns, made.read().columns))


def _columns_agree(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    if pa.types.is_floating(one.type):
        return _floats_agree(one.to_numpy(), other.to_numpy())
    return bool(one.cast(other.type).equals(other))


def _float_columns(parquet: bytes) -> frozenset[str]:
    """A CSV has no types, and its table as parquet has: an arm may be named 1e-3, which is not the arm 0.001."""
    schema = pq.ParquetFile(io.BytesIO(parquet)).schema_arrow
    return frozenset(field.name for field in schema if pa.types.is_floating(field.type))


def _csv_agree(one: bytes, other: bytes, floats: Collection[str]) -> bool:
    standing, made = (list(csv.reader(io.StringIO(content.decode(), newline=""))) for content in (one, other))
    if len(standing) != len(made) or standing[0] != made[0]:
        return False
    columns = zip(zip(*standing, strict=True), zip(*made, strict=True), strict=True)
    return all(
        cells == others or (cells[0] in floats and _floats_agree(_numbers(cells[1:]), _numbers(others[1:])))
        for cells, others in columns
    )


def _numbers(cells: Sequence[str]) -> Any:
    return np.array([float(cell or "nan") for cell in cells])


def _floats_agree(one: Any, other: Any) -> bool:
    return bool(np.isclose(one, other, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True).all())
