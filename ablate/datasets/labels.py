"""Labels that are texts: numbered in order, the texts kept as the names of the classes; texts that are numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import DataError

__all__ = ["in_order", "number_of", "numbered"]

MOST_SHOWN = 10


def numbered(texts: Sequence[str], classes: int | None, what: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """int64 [examples], the place of each text among the distinct ones, and these, in order.

    Args:
        classes: how many there are to be; None where nobody said.
        what: the labels, as a message calls them.

    Raises:
        DataError: when one is empty, or there are others than `classes`; the message says which and what to set.
    """
    empty = [row for row, text in enumerate(texts) if not text]
    if empty:
        raise DataError(f"{len(empty):,} of {what} are empty (the first is that of example {empty[0]}): fill them in")
    names = tuple(sorted(set(texts), key=in_order))
    if len(names) != classes:
        shown = ", ".join(name[:40] for name in names[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")
        wrong = "are texts" if classes is None else f"have {len(names):,} values, not {classes!r}"
        raise DataError(f"{what} {wrong} ({shown}): for these as classes, set dataset.classes={len(names)}")
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[text] for text in texts], np.int64), names


def in_order(text: str, decimal: str = ".") -> tuple[bool, float, str]:
    """A key that sorts numbers by value, and texts after them by the alphabet."""
    number = number_of(text, decimal)
    return (True, 0.0, text) if number is None else (False, number, text)


def number_of(text: str, decimal: str) -> float | None:
    """The number that a cell is, None where it is none or NaN. With a decimal comma a point is no part of a number: in
    1.500 it would separate thousands. Nor is an underscore ever, which Python alone lets separate digits."""
    if "_" in text:
        return None
    if decimal != ".":
        if "." in text:
            return None
        text = text.replace(decimal, ".")
    try:
        number = float(text)
    except ValueError:
        return None
    return None if np.isnan(number) else number
