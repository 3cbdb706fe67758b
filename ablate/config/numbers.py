"""What counts as a number in a text, and what becomes of one in float32, in which everything is computed."""

from __future__ import annotations

import math
import re
import struct

__all__ = ["LARGEST", "SMALLEST", "as_float32", "is_decimal", "is_float32", "reads_as_another_type"]

# Of float32, below which compiled code may take a number for 0.
SMALLEST = 2.0**-126
LARGEST = (2 - 2.0**-23) * 2.0**127

# As the command line reads them: YAML would take 016 for 14, and 1:30 for 90.
_DIGITS = r"[0-9](?:_?[0-9])*"
_WHOLE = r"(?:0|[1-9](?:_?[0-9])*)"
_DECIMAL = re.compile(
    rf"[-+]?(?:(?:{_WHOLE}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?|\.?(?:inf|nan))", re.IGNORECASE
)
_WORDS = ("true", "false", "null")


def is_decimal(text: str) -> bool:
    return _DECIMAL.fullmatch(text) is not None


def reads_as_another_type(text: str) -> bool:
    """Whether a text is taken for a number, a truth value or nothing where it stands without quotes."""
    return is_decimal(text) or text.lower() in _WORDS


def as_float32(value: float) -> float:
    """The value as float32 has it: infinite where it is too large."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def is_float32(value: float) -> bool:
    """Whether float32 has a number close to it: neither infinite, nor 0 where the value is not."""
    return value == 0 or SMALLEST <= abs(value) <= LARGEST
