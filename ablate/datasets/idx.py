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

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import DataError, RawData
from ablate.datasets.files import search_folders
from ablate.datasets.keras_archive import from_images, read_keras_archive

__all__ = ["IDX_NAMES", "find_images", "read_idx", "read_idx_images"]

# Images and labels for training, then for the test.
IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_UNSIGNED_BYTES = 0x08


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
        if (place / archive).is_file():
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
    content = _content(file)
    if len(content) < 4 or content[:3] != bytes([0, 0, _UNSIGNED_BYTES]):
        raise DataError(f"{file} is no IDX file of unsigned bytes: put the original file in its place")
    axes, start = content[3], 4 + 4 * content[3]
    shape = struct.unpack(f">{axes}I", content[4:start]) if len(content) >= start else ()
    if len(content) - start != math.prod(shape):
        raise DataError(f"{file} is cut short, or longer than it says: put the whole file in its place")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _content(file: Path) -> bytes:
    try:
        return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file} cannot be read ({error}): put the original file in its place") from error


def _plain_or_gzipped(file: Path) -> Path | None:
    gzipped = file.with_name(f"{file.name}.gz")
    return next((candidate for candidate in (file, gzipped) if candidate.is_file()), None)
