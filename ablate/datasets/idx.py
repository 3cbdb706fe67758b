"""The IDX files in which MNIST is published, and every set that is made to replace it.

Two zero bytes, a byte for the type, one for the number of axes, the length of each axis as a big-endian
32-bit number, then the values (LeCun, Cortes & Burges 1998). Plain or gzipped.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import psutil

from ablate.datasets.arrays import DataError, RawData
from ablate.datasets.files import is_there, search_folders
from ablate.datasets.keras_archive import from_images, read_keras_archive
from ablate.sanitize.files import NoRegularFile, regular_file

__all__ = ["IDX_NAMES", "find_images", "read_idx", "read_idx_images"]

# Images and labels for training, then for the test.
IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_UNSIGNED_BYTES = 0x08
_MOST_AXES = 32


def find_images(archive: str, folders: tuple[str, ...], data_dir: Path | None) -> RawData | None:
    """A set of ten classes in MNIST's format from the first of the search folders that has it, else None.

    Args:
        archive: the file in Keras's layout, which comes first.
        folders: where else the four IDX files may be. MNIST and the sets made to replace it give these the same
            names, so a folder named after the set must tell them apart: beside `archive` they are not looked for.

    Raises:
        DataError: when what is found is broken.
    """
    for place in search_folders(data_dir):
        if is_there(place / archive):
            return read_keras_archive(place / archive, classes=10)
        for folder in folders:
            files = [_plain_or_gzipped(place / folder / name) for name in IDX_NAMES]
            if None not in files:
                return read_idx_images(tuple(file for file in files if file is not None))
    return None


def read_idx_images(files: tuple[Path, ...]) -> RawData:
    """The data set of ten classes in four files, in the order of IDX_NAMES, of one folder.

    Raises:
        DataError: when one of them is broken.
    """
    train_images, train_labels, test_images, test_labels = (read_idx(file) for file in files)
    train, test = (train_images, train_labels), (test_images, test_labels)
    return from_images(train, test, classes=10, files=(files[0].parent, *files))


def read_idx(file: Path) -> npt.NDArray[np.uint8]:
    """The array of unsigned bytes in an IDX file.

    Raises:
        DataError: when the file is cut short, too long, or of another format.
    """
    try:
        with regular_file(file) as content:
            return _array(gzip.GzipFile(fileobj=content) if file.suffix == ".gz" else content, file)
    except (OSError, EOFError, zlib.error, MemoryError, NoRegularFile) as error:
        raise DataError(f"{file} cannot be read ({error}): put the original file in its place") from error


def _array(content: BinaryIO | gzip.GzipFile, file: Path) -> npt.NDArray[np.uint8]:
    start = content.read(4)
    if len(start) < 4 or start[:3] != bytes([0, 0, _UNSIGNED_BYTES]) or start[3] > _MOST_AXES:
        raise DataError(f"{file} is no IDX file of unsigned bytes: put the original file in its place")
    lengths = content.read(4 * start[3])
    shape = struct.unpack(f">{start[3]}I", lengths) if len(lengths) == 4 * start[3] else (math.inf,)
    # A byte more than there should be is enough to see that there is more: gigabytes may follow a few of gzip's.
    values = content.read(int(math.prod(shape)) + 1) if math.prod(shape) < psutil.virtual_memory().total else b""
    if len(values) != math.prod(shape):
        raise DataError(f"{file} is cut short, or longer than it says: put the whole file in its place")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _plain_or_gzipped(file: Path) -> Path | None:
    gzipped = file.with_name(f"{file.name}.gz")
    return next((candidate for candidate in (file, gzipped) if is_there(candidate)), None)
