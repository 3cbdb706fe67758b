"""The layout of the image archives that Keras hosts: `x_train`, `y_train`, `x_test` and `y_test` in one .npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import Examples, RawData, as_targets
from ablate.datasets.files import read_npz

__all__ = ["from_images", "read_keras_archive"]

_LARGEST_VALUE = 255.0

Array = npt.NDArray[Any]


def read_keras_archive(file: Path, classes: int) -> RawData:
    """The images of `file`, with the split that it comes with.

    Raises:
        DataError: when it is no such archive.
    """
    arrays = read_npz(file, ("x_train", "y_train", "x_test", "y_test"))
    train, test = ((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test"))
    return from_images(train, test, classes, (file,))


def from_images(
    train: tuple[Array, Array], test: tuple[Array, Array], classes: int, files: tuple[Path, ...]
) -> RawData:
    """Images with values 0 to 255, uint8 [examples, height, width] or [examples, height, width, channels], and
    their labels, as a data set. Grey images get their one channel."""
    of_train, of_test = (
        Examples(_with_channel(images), as_targets(labels, classes)) for images, labels in (train, test)
    )
    return RawData(of_train, of_test, classes, _LARGEST_VALUE, files)


def _with_channel(images: Array) -> Array:
    return images[..., np.newaxis] if images.ndim == 3 else images
