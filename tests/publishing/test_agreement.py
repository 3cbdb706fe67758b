"""Which changes of the files of `data/` are no changes, and which are."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ablate.analysis.frame import to_csv_bytes, to_parquet_bytes
from ablate.publishing.agreement import agree

TABLE = pd.DataFrame(
    {
        # The first two arms are one number and two names.
        "arm": ["1e-3", "0.001", "=a,\n\"b\""],
        "n": [3, 4, 5],
        "rho": [0.25, 0.0, -0.75],
        "loss": [2_000.0, 1e-12, 5.0],
        "vr": [np.nan, np.inf, 1.5],
    }
)  # fmt: skip
CELLS = [(row, column) for row in range(3) for column in ("rho", "loss", "vr")]


def parquet(table: pd.DataFrame) -> dict[str, bytes]:
    return {"verdicts.parquet": to_parquet_bytes(table)}


def csv(table: pd.DataFrame) -> dict[str, bytes]:
    """Beside the parquet of `TABLE`, so that nothing but the CSV can differ."""
    return {"verdicts.csv": to_csv_bytes(table), **parquet(TABLE)}


in_both = pytest.mark.parametrize("written", [parquet, csv])


def with_cell(row: int, column: str, value: object) -> pd.DataFrame:
    table = TABLE.copy()
    table.loc[row, column] = value
    return table


def agree_either_way(one: dict[str, bytes], other: dict[str, bytes]) -> bool:
    (found,) = {agree(one, other), agree(other, one)}
    return found


@in_both
@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (0, "rho", 0.25 + 2e-14),
        (0, "rho", 0.25 + 0.9e-9),
        (1, "rho", 2e-17),  # in place of a difference that cancels
        (1, "rho", -0.0),
        (0, "loss", 2_000.0 + 1.9e-6),  # of large numbers the same share of their digits
    ],
)
def test_floats_that_agree(written, row: int, column: str, value: float) -> None:
    changed = with_cell(row, column, value)
    assert written(changed) != written(TABLE)
    assert agree_either_way(written(TABLE), written(changed))


@in_both
@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (0, "rho", 0.25 + 1e-6),
        (0, "rho", 0.25 + 2e-9),
        (0, "rho", np.nan),
        (0, "rho", -0.25),
        (0, "loss", 2_000.0 + 3e-6),
        (0, "vr", 0.0),
        (1, "vr", -np.inf),
        (1, "vr", 1e300),
        (0, "n", 4),
        (0, "arm", "0.001"),
        (2, "arm", "=a,\n'b'"),
    ],
)
def test_cells_that_do_not_agree(written, row: int, column: str, value: object) -> None:
    assert not agree_either_way(written(TABLE), written(with_cell(row, column, value)))


@in_both
@pytest.mark.parametrize(
    "change",
    [
        lambda table: table[["arm", "n", "loss", "rho", "vr"]],
        lambda table: table[["arm", "n", "rho", "loss"]],
        lambda table: table.assign(more=1.0),
        lambda table: table.rename(columns={"rho": "r"}),
        lambda table: table.iloc[:2],
        lambda table: table.iloc[[1, 0, 2]],
        lambda table: table.iloc[[0, 1, 2, 2]],
        lambda table: table.iloc[:0],
    ],
)
def test_other_columns_or_rows_do_not_agree(written, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    assert not agree_either_way(written(TABLE), written(change(TABLE)))


@pytest.mark.parametrize(("column", "dtype"), [("n", "float64"), ("n", "int32"), ("rho", "float32"), ("rho", "str")])
def test_other_types_do_not_agree(column: str, dtype: str) -> None:
    """Even of the same values: 0.25 is the same number in half the bits."""
    assert not agree_either_way(parquet(TABLE), parquet(TABLE.astype({column: dtype})))


def test_texts_agree_whatever_arrow_calls_their_type() -> None:
    """pandas 2 writes `string`, pandas 3 `large_string`."""

    def written(kind: pa.DataType, first: str = "a") -> dict[str, bytes]:
        buffer = io.BytesIO()
        pq.write_table(pa.table({"arm": pa.array([first, None, "b"], kind)}), buffer)
        return {"runs.parquet": buffer.getvalue()}

    assert agree_either_way(written(pa.string()), written(pa.large_string()))
    assert not agree_either_way(written(pa.string()), written(pa.large_string(), "c"))
    assert not agree_either_way(written(pa.string()), written(pa.binary()))


def test_rows_that_a_file_promises_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = pd.concat([TABLE] * 1000)
    monkeypatch.setattr("ablate.publishing.agreement._columns_agree", lambda *columns: pytest.fail("it was read"))
    assert not agree(parquet(endless), parquet(TABLE))


def npz(**arrays: np.ndarray) -> dict[str, bytes]:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return {"weights.npz": buffer.getvalue()}


def compressed(**arrays: np.ndarray) -> dict[str, bytes]:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return {"weights.npz": buffer.getvalue()}


VALUES = np.array([0.5, np.nan, 3.0])


def test_arrays_agree_whatever_their_compression() -> None:
    assert npz(a=VALUES) != compressed(a=VALUES)
    assert agree_either_way(npz(a=VALUES), compressed(a=VALUES))


@pytest.mark.parametrize(
    "others",
    [
        {"a": VALUES + 2e-14},  # what was kept of a run, and is not computed again
        {"a": VALUES.astype(np.float32)},
        {"a": VALUES.reshape(1, 3)},
        {"b": VALUES},
        {"a": VALUES, "b": VALUES},
    ],
)
def test_other_arrays_do_not_agree(others: dict[str, np.ndarray]) -> None:
    assert not agree_either_way(npz(a=VALUES), compressed(**others))


def test_json_agrees_whatever_its_spaces_and_order() -> None:
    value = {"b": [1, 2.5, None, float("nan")], "a": "ä"}
    plain = {"plan.json": json.dumps(value).encode()}
    assert agree_either_way(plain, {"plan.json": json.dumps(value, indent=1, sort_keys=True).encode()})
    lines = {"records.jsonl": b'{"a": 1, "b": 2}\n{}\n'}
    assert agree_either_way(lines, {"records.jsonl": b'{"b":2,"a":1}\n{}'})


@pytest.mark.parametrize("other", ["2", "1.0", "true", "[1]", '"1"', "1.00000000000001"])
def test_other_json_does_not_agree(other: str) -> None:
    assert not agree_either_way({"plan.json": b'{"a": 1}'}, {"plan.json": f'{{"a": {other}}}'.encode()})
    assert not agree_either_way({"log.jsonl": b'{"a": 1}\n'}, {"log.jsonl": f'{{"a": {other}}}\n'.encode()})


def test_a_line_more_or_less_does_not_agree() -> None:
    assert not agree_either_way({"log.jsonl": b"{}\n"}, {"log.jsonl": b"{}\n{}\n"})


def test_a_file_more_or_less_does_not_agree() -> None:
    assert not agree_either_way(parquet(TABLE), csv(TABLE))


@pytest.mark.parametrize("name", ["verdicts.parquet", "verdicts.csv", "weights.npz", "plan.json", "log.jsonl", "x"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PAR1PAR1", b"\xff\xfe", b"[" * 50_000, b'"'])
def test_what_cannot_be_read_agrees_with_nothing(name: str, content: bytes) -> None:
    sound = {**csv(TABLE), **npz(a=VALUES), "plan.json": b"{}", "log.jsonl": b"{}\n", "x": b"x"}
    assert not agree({**sound, name: content}, sound)
