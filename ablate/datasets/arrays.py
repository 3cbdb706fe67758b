"""Arrays of a data set as its source holds them, and what identifies them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["DataError", "Examples", "RawData"]


class DataError(Exception):
    """The data of a run is missing or broken; the message says which file to put where."""


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
        files: the files the arrays were read from; a change of any of them calls for a new digest.
    """

    train: Examples
    test: Examples | None
    classes: int | None
    scale: float
    files: tuple[Path, ...]

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
