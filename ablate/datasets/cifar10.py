"""CIFAR-10: 50,000 + 10,000 photographs of 32×32 pixels in ten classes (Krizhevsky 2009).

Published as six pickles in a tar archive; how these are read without trusting them stands in `cifar_pickle`.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from ablate.datasets.arrays import DataError, RawData
from ablate.datasets.cifar_pickle import read_batch
from ablate.datasets.files import download, search_folders
from ablate.datasets.keras_archive import from_images, read_keras_archive
from ablate.sanitize.files import NoRegularFile, regular_file

__all__ = ["load"]

# Twice the size of a batch.
_MOST_BYTES = 2**26
_BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_INNER = "cifar-10-batches-py"
_TAR = "cifar-10-python.tar.gz"
_ORIGIN = f"https://www.cs.toronto.edu/~kriz/{_TAR}"
_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load(data_dir: Path | None = None) -> RawData:
    """uint8 [50000, 32, 32, 3] and [10000, 32, 32, 3], from `data_dir`, Keras's cache, or the web.

    In the first two, these are looked for in this order: `cifar10.npz` (arrays as in mnist.npz), the folder
    `cifar-10-batches-py`, and the archive it comes in as `cifar-10-python.tar.gz` or under the names that Keras
    has given it. Nothing is unpacked.

    Raises:
        DataError: when it is nowhere and cannot be downloaded, or is not what it should be.
    """
    return replace(_read_first(data_dir), class_names=_NAMES)


def _read_first(data_dir: Path | None) -> RawData:
    for folder in search_folders(data_dir):
        for name, read in _READERS.items():
            if (folder / name).exists():
                return read(folder / name)
    return _read_tar(download(_TAR, _ORIGIN, _SHA256))


def _read_archive(file: Path) -> RawData:
    return read_keras_archive(file, classes=10)


def _read_folder(folder: Path) -> RawData:
    files = {name: folder / name for name in _BATCHES}
    try:
        contents = {name: _read_batch(file) for name, file in files.items()}
    except (OSError, NoRegularFile) as error:
        raise DataError(f"{folder} is not the whole of CIFAR-10 ({error}): unpack {_TAR} again") from error
    return _from_batches(contents, (folder, *files.values()))


def _read_batch(file: Path) -> bytes:
    with regular_file(file) as batch:
        return _content(batch, file.name)


def _read_tar(file: Path) -> RawData:
    try:
        with tarfile.open(file) as archive:
            contents = {name: _member(archive, f"{_INNER}/{name}") for name in _BATCHES}
    except (OSError, EOFError, KeyError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{file} is not the whole archive of CIFAR-10 ({error}): fetch it again") from error
    return _from_batches(contents, (file,))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(f"{name} is no file in it")
    return _content(member, name)


def _content(batch: IO[bytes], name: str) -> bytes:
    with batch:
        content = batch.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(f"{name} has more than {_MOST_BYTES:,} bytes")
    return content


def _from_batches(contents: Mapping[str, bytes], files: tuple[Path, ...]) -> RawData:
    batches = [read_batch(content, f"{name} of {files[0]}") for name, content in contents.items()]
    images, labels = (np.concatenate(arrays) for arrays in zip(*batches[:-1], strict=True))
    return from_images((images, labels), batches[-1], classes=10, files=files)


_READERS: Mapping[str, Callable[[Path], RawData]] = {
    "cifar10.npz": _read_archive,
    _INNER: _read_folder,
    f"{_INNER}-target/{_INNER}": _read_folder,
    _TAR: _read_tar,
    f"{_INNER}.tar.gz": _read_tar,
    f"{_INNER}-target_archive": _read_tar,
}
