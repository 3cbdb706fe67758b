"""MNIST: 60,000 + 10,000 images of 28×28 pixels in ten classes (LeCun, Cortes & Burges 1998)."""

from __future__ import annotations

from pathlib import Path

from ablate.datasets.arrays import RawData
from ablate.datasets.files import KERAS_ORIGIN, download
from ablate.datasets.idx import find_images
from ablate.datasets.keras_archive import read_keras_archive

__all__ = ["load"]

_NAME = "mnist.npz"
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
# Ours, and torchvision's.
_IDX_FOLDERS = ("mnist", "MNIST/raw")


def load(data_dir: Path | None = None) -> RawData:
    """uint8 [60000, 28, 28, 1] and [10000, 28, 28, 1], from `data_dir`, Keras's cache, or the web.

    In the first two, `mnist.npz` is looked for, then the four IDX files (plain or .gz) in `mnist/` or `MNIST/raw/`.

    Raises:
        DataError: when it is nowhere and cannot be downloaded, or is not what it should be.
    """
    found = find_images(_NAME, _IDX_FOLDERS, data_dir)
    return found or read_keras_archive(download(_NAME, f"{KERAS_ORIGIN}/{_NAME}", _SHA256), classes=10)
