"""Cells as numbers, against what Python's own literals say."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ablate.tables.numbers import are_numbers, hundredth, read_numbers


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_as_it_was_written(value: float) -> None:
    assert read_numbers([repr(value)]).values == (value,)
    (read,) = read_numbers([f"{value!r}%"]).values
    assert read == hundredth(value) == float(Decimal(repr(value)) / 100)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0.5", " .5 ", "5e-1", "+0.5"], (0.5, 0.5, 0.5, 0.5)),
        (["−0.5", "1\u202f234.5", "1\xa0234"], (-0.5, 1234.5, 1234.0)),
        (["95.1%", "95 %", "", "nan"], (0.951, 0.95, None, pytest.approx(float("nan"), nan_ok=True))),
        (["0,951", "95,1", "1,2345"], (0.951, 95.1, 1.2345)),
        (["95,123", "0,5"], (95.123, 0.5)),
        (["NA", "n/a", "null", "None", "-", " ", None], (None,) * 7),
        (["inf", "-Infinity"], (float("inf"), -float("inf"))),
        ([1, 0.5, True, Decimal("0.1"), np.float64(0.2), np.int64(3)], (1.0, 0.5, 1.0, 0.1, 0.2, 3.0)),
    ],
    ids=str,
)
def test_what_a_cell_says(cells: list, values: tuple) -> None:
    read = read_numbers(cells)
    assert read.problems == {}
    assert read.values == values


@pytest.mark.parametrize(
    ("cells", "wrong", "said"),
    [
        (["good"], 0, "'good' is no number"),
        (["1_000"], 0, "is no number"),
        (["0x1f"], 0, "is no number"),
        (["#DIV/0!"], 0, "is no number"),
        ([[1.0]], 0, "is no number"),
        ([10**400], 0, "more than 308 digits"),
        (["1,234"], 0, "a comma between thousands"),
        (["1.234,5"], 0, "a comma between thousands"),
        (["1,234,567", "0,5"], 0, "a comma between thousands"),
        (["0,95", "0.95"], 0, "a comma between thousands"),
        (["95.1%", "94.0"], 1, "'94.0' has no percent sign"),
        (["95.1%", 94.0], 1, "94.0 has no percent sign"),
    ],
    ids=str,
)
def test_what_is_no_number_or_might_be_two(cells: list, wrong: int, said: str) -> None:
    assert said in read_numbers(cells).problems[wrong]
    assert not are_numbers(cells)


def test_between_semicolons_a_comma_is_decimal() -> None:
    assert read_numbers(["1,234", "2,345"], expects_commas=True).values == (1.234, 2.345)


def test_a_column_of_nothing_is_none_of_numbers() -> None:
    assert not are_numbers(["", None])
    assert are_numbers(["", "1"])
