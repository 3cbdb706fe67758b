"""Numbers in texts, and as float32: against numpy, and against what the command line reads."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ablate.config.arguments import float32_problems
from ablate.config.numbers import as_float32, is_decimal, is_float32
from ablate.config.overrides import parse_override


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_rounded_as_numpy_does(value: float) -> None:
    with np.errstate(over="ignore"):
        expected = float(np.float32(value))
    assert as_float32(value) == expected
    assert is_float32(value) == (value == 0 or (math.isfinite(expected) and abs(value) >= np.finfo(np.float32).tiny))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.from_regex(r"[-+]?[0-9_.:xbeE]{1,8}", fullmatch=True))
def test_decimal_is_what_the_command_line_reads_as_a_number(text: str) -> None:
    is_number = isinstance(parse_override(f"a={text}").value, (int, float))
    assert is_decimal(text) == is_number


@pytest.mark.parametrize("value", [0.0, -0.0, 1e-38 * 1.2, -3.4e38, 1, 10**60, True, None, "1e-50"])
def test_what_float32_has_and_what_is_no_float_is_let_pass(value: object) -> None:
    assert not list(float32_problems("a", {"b": [value]}))


@pytest.mark.parametrize("value", [1e-50, -1e-39, 1e39, -1e39, math.inf, math.nan])
def test_what_it_has_not_is_named(value: float) -> None:
    assert [each.key for each in float32_problems("a", {"b": [0.5, value]})] == ["a.b[1]"]
