"""The batches of CIFAR-10, which are pickles: read without running what a pickle may ask for.

A pickle is a program, and its instructions can call whatever can be imported. The genuine batches call
numpy's three functions that rebuild an array. Here these names stand for an inert object that keeps what it
is called with, every other name is refused, and the array is made from what was kept.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import DataError

__all__ = ["read_batch"]

_PIXELS = (3, 32, 32)
# What numpy writes for an array; `numpy._core` since version 2.
_ARRAY_NAMES = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


def read_batch(content: bytes, title: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Images uint8 [examples, 32, 32, 3] and labels [examples] of a pickled batch.

    Args:
        title: what to call the batch in an error.

    Raises:
        DataError: when it asks for anything but arrays, or is no such batch.
    """
    try:
        batch = _InertUnpickler(io.BytesIO(content), encoding="bytes").load()
        pixels, labels = _array(batch[b"data"]), np.array(_whole_numbers(batch[b"labels"]), np.int64)
        images = pixels.reshape(len(labels), *_PIXELS).transpose(0, 2, 3, 1)
    except Exception as error:  # a broken pickle can raise anything
        raise DataError(f"{title} is no batch of CIFAR-10 ({error}): put the original file in its place") from error
    return images, labels


class _Inert:
    """Stands for one of numpy's functions or what it returns: keeps what it is given, and does nothing."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _InertUnpickler(pickle.Unpickler):
    """Every name in a pickle is looked up here, whatever the instruction that asks for it."""

    def find_class(self, module: str, name: str) -> type[_Inert]:
        if (module, name) not in _ARRAY_NAMES:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _Inert


def _whole_numbers(labels: Any) -> list[int]:
    """The list itself. A few bytes of a pickle can nest lists so that they stand for gigabytes.

    Raises:
        ValueError: when it is anything but a list of whole numbers.
    """
    if type(labels) is not list or not all(type(label) is int for label in labels):
        raise ValueError("its labels are no list of whole numbers")
    return labels


def _array(rebuilt: _Inert) -> npt.NDArray[np.uint8]:
    """The array of unsigned bytes that numpy would have rebuilt.

    Raises:
        ValueError: when it is of another type or order.
    """
    _, shape, kind, in_columns, content = rebuilt.state
    if kind.arguments[0] not in (b"u1", "u1") or in_columns:
        raise ValueError("its pixels are no unsigned bytes in rows")
    return np.frombuffer(content, np.uint8).reshape(shape)
