"""MNIST: 60,000 + 10,000 images of 28×28 pixels in ten classes (LeCun, Cortes & Burges 1998)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ablate.datasets.arrays import Examples, RawData
from ablate.datasets.files import download, locate, read_npz

__all__ = ["load"]

_NAME = "mnist.npz"
_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load(data_dir: Path | None = None) -> RawData:
    """uint8 [60000, 28, 28, 1] and [10000, 28, 28, 1], from `mnist.npz` in `data_dir`, Keras's cache, or the web.

    Raises:
        DataError: when the file is nowhere and cannot be downloaded, or is not what it should be.
    """
    file = locate(_NAME, data_dir) or download(_NAME, _ORIGIN, _SHA256)
    arrays = read_npz(file, ("x_train", "y_train", "x_test", "y_test"))
    train, test = (
        Examples(arrays[f"x_{part}"][..., np.newaxis], arrays[f"y_{part}"].astype(np.int32))
        for part in ("train", "test")
    )
    return RawData(train, test, classes=10, scale=255.0, files=(file,))
