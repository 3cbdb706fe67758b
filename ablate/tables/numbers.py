"""The numbers of a column of cells, to the last digit that was written.

>>> read_numbers(["0,95", "95,1", ""]).values
(0.95, 95.1, None)
>>> read_numbers(["95.1%", "94%"]).values
(0.951, 0.94)
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real

from ablate.tables.grid import Cell, is_missing

__all__ = ["Numbers", "are_numbers", "hundredth", "read_numbers"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
# A comma in one of these can be nothing but the decimal one; in 1,234 it may stand between thousands as well.
_DECIMAL_COMMA = re.compile(
    r"[+-]?(?:0+,[0-9]+|[0-9]*,[0-9]{0,2}|[0-9]*,[0-9]{4,}|[0-9]{4,},[0-9]*)(?:[eE][+-]?[0-9]+)?"
)
_ONE_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]*(?:[eE][+-]?[0-9]+)?")
_TYPOGRAPHIC = str.maketrans({"−": "-", "\u2009": "", "\u202f": "", "\xa0": "", "％": "%"})


@dataclass(frozen=True)
class Numbers:
    """
    Attributes:
        values: None where a cell is missing, or no number.
        problems: position of a cell → what is wrong with it.
        has_commas: whether the decimal mark is a comma.
        has_percent: whether the cells were written as in `95.1%`, and are hundredths therefore.
    """

    values: tuple[float | None, ...]
    problems: dict[int, str]
    has_commas: bool = False
    has_percent: bool = False


def read_numbers(cells: Sequence[Cell], expects_commas: bool = False) -> Numbers:
    """What the cells of one column say; one decimal mark, and a percent sign at all or none of them.

    Args:
        expects_commas: whether a comma that might stand between thousands, as in 1,234, is the decimal one.
    """
    texts = [_bare(cell) for cell in cells if isinstance(cell, str)]
    is_decimal = _ONE_COMMA if expects_commas else _DECIMAL_COMMA
    has_commas = any(map(is_decimal.fullmatch, texts)) and not any("." in text for text in texts)
    signs = [_is_percent(cell) for cell in cells if not is_missing(cell) and not _is_not_finite(cell)]
    has_percent = any(signs)
    values: list[float | None] = []
    problems: dict[int, str] = {}
    for position, cell in enumerate(cells):
        value = None
        try:
            if has_percent and not (is_missing(cell) or _is_not_finite(cell) or _is_percent(cell)):
                raise ValueError(f"{cell!r} has no percent sign, and others have one")
            value = _number(cell, has_commas)
        except ValueError as error:
            problems[position] = str(error)
        values.append(value)
    return Numbers(tuple(values), problems, has_commas, has_percent)


def are_numbers(cells: Sequence[Cell]) -> bool:
    """Whether every cell that is not missing is a number, and one is."""
    return not read_numbers(cells).problems and not all(map(is_missing, cells))


def hundredth(value: float) -> float:
    """The float nearest to a hundredth of the number that this one is written as: 0.951 of 95.1."""
    return float(Decimal(repr(value)).scaleb(-2)) if math.isfinite(value) else value


def _plain(text: str) -> str:
    """A text with the signs of a keyboard alone."""
    return text if text.isascii() else text.translate(_TYPOGRAPHIC)


def _bare(text: str) -> str:
    """A text without what stands around its digits."""
    return _plain(text).strip().removesuffix("%").rstrip()


def _is_percent(cell: Cell) -> bool:
    return isinstance(cell, str) and _plain(cell).rstrip().endswith("%")


def _is_not_finite(cell: Cell) -> bool:
    if isinstance(cell, str):
        return _NOT_FINITE.fullmatch(_bare(cell)) is not None
    return isinstance(cell, Real) and not isinstance(cell, Integral) and not math.isfinite(cell)


def _number(cell: Cell, has_commas: bool) -> float | None:
    """
    Raises:
        ValueError: for what is no number, or might be two.
    """
    if is_missing(cell):
        return None
    if isinstance(cell, Real | Decimal):
        try:
            return float(cell)
        except OverflowError:
            raise ValueError("a whole number of more than 308 digits") from None
    if not isinstance(cell, str):
        raise ValueError(f"{cell!r} is no number")
    text = _bare(cell)
    if "," in text and re.fullmatch(r"[+-]?[0-9.,]+", text) and not (has_commas and text.count(",") == 1):
        raise ValueError(f"{cell!r} has a comma between thousands, or as a decimal one: write it with a point alone")
    plain = text.replace(",", ".") if has_commas else text
    if not (_NUMBER.fullmatch(plain) or _NOT_FINITE.fullmatch(plain)):
        raise ValueError(f"{cell!r} is no number")
    value = float(plain)
    return _hundredth_of_text(plain) if _is_percent(cell) and math.isfinite(value) else value


def _hundredth_of_text(text: str) -> float:
    return float(Decimal(text).scaleb(-2))
