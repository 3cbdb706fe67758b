"""Arrays of a data set as its source holds them, and what identifies them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.core.errors import AblateError, ExitCode

__all__ = ["ALLOWED_OVERLAP", "DataError", "Examples", "RawData", "as_features", "as_targets", "standardised"]

# Natural sets hold a few pictures twice (Barz & Denzler 2020 find such in CIFAR-10); a leak holds many.
ALLOWED_OVERLAP = 0.01
# Of columns, in a message.
_MOST_SHOWN = 10


class DataError(AblateError):
    """The data of a run is missing or broken; the message says which file to put where."""

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM


@dataclass(frozen=True)
class Examples:
    """`features` [examples, *example shape], uint8 for pixels, else float32; `targets` [examples], int32
    classes or float32 values."""

    features: npt.NDArray[Any]
    targets: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.targets)

    def rows(self, indices: npt.NDArray[np.intp]) -> Examples:
        return Examples(self.features[indices], self.targets[indices])


@dataclass(frozen=True)
class RawData:
    """A data set before it is cut.

    Attributes:
        test: None where the source has no test split of its own.
        classes: how many there are; None for regression.
        scale: what integer features are divided by to lie in [0, 1].
        files: the files the arrays were read from, the most telling one first; a change of any of them calls
            for a new digest. A folder among them stands for the names in it.
        allowed_overlap: the share of the test examples that may be training examples as well.
        class_names: of class 0, of class 1, and so on; empty where numbers are all that the source says. They name,
            and change nothing: they are no part of the digest.
    """

    train: Examples
    test: Examples | None
    classes: int | None
    scale: float
    files: tuple[Path, ...]
    allowed_overlap: float = ALLOWED_OVERLAP
    class_names: tuple[str, ...] = ()

    @property
    def example_shape(self) -> tuple[int, ...]:
        return tuple(self.train.features.shape[1:])

    def digest(self) -> str:
        """sha256 over dtype, shape and bytes of every array: equal for equal decoded data, from whatever file."""
        content = hashlib.sha256()
        for examples in (self.train, self.test):
            for array in () if examples is None else (examples.features, examples.targets):
                content.update(f"{array.dtype.str}{array.shape}".encode())
                content.update(np.ascontiguousarray(array).data)
        return content.hexdigest()


def as_features(values: npt.NDArray[Any], scale: float = 1.0) -> npt.NDArray[Any]:
    """Features as a device takes them: integers stay, for they are scaled there; truth values become uint8;
    other numbers are divided by `scale` and become float32. What is no number is left for `checks` to refuse."""
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind != "f":
        return values
    with np.errstate(over="ignore"):  # to infinity, which `checks` refuses
        return (values / scale).astype(np.float32)


def as_targets(values: npt.NDArray[Any], classes: int | None) -> npt.NDArray[Any]:
    """Targets [examples] of [examples] or [examples, 1]: int32 where there are classes, else float32.

    What cannot be such without a change of value is left for `checks` to refuse: labels like 0.5, names.
    """
    column = values.reshape(-1) if values.ndim == 2 and values.shape[1] == 1 else values
    if column.dtype.kind not in "buif":
        return column
    with np.errstate(invalid="ignore", over="ignore"):
        cast = column.astype(np.float32 if classes is None else np.int32)
    return cast if classes is None or np.array_equal(cast, column) else column


def standardised(table: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """float32 of the table's shape, [examples, columns] or [examples]: every column has mean 0 and standard
    deviation 1.

    Both are taken over all examples, those of the test included; no target enters. A constant column is 0.

    Raises:
        DataError: when numbers are so large, or so small, that a deviation of them cannot be computed.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # to infinity, which is refused
        centred = table - table.mean(axis=0)
        spread = centred.std(axis=0)
    vanishes = (spread == 0) & (table != table[:1]).any(axis=0)
    if lost := np.flatnonzero(~np.isfinite(spread) | vanishes).tolist():
        shown = ", ".join(str(column + 1) for column in lost[:_MOST_SHOWN]) + (", …" if len(lost) > _MOST_SHOWN else "")
        raise DataError(
            f"no standard deviation can be computed of column{'s' if len(lost) > 1 else ''} {shown} of the features: "
            "the numbers are too large or too small; give them in another unit"
        )
    scaled: npt.NDArray[np.float32] = (centred / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    return scaled
