"""Where the files of data sets lie, and reading them without trusting them."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy.typing as npt
import psutil

from ablate.datasets.arrays import DataError
from ablate.sanitize.arrays import read_arrays
from ablate.sanitize.files import oddity_of, stands
from ablate.sanitize.paths import user_path

__all__ = [
    "NotHere",
    "download",
    "is_there",
    "keras_cache",
    "locate",
    "offline",
    "own_path",
    "read_npz",
    "search_folders",
    "shipped",
]

KERAS_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"

_IS_OFFLINE = ContextVar("is_offline", default=False)

log = logging.getLogger(__name__)


class NotHere(DataError):
    """A file is in none of the folders; `is_fetched` where it would have been, had it been allowed."""

    def __init__(self, message: str, is_fetched: bool = False) -> None:
        super().__init__(message)
        self.is_fetched = is_fetched


@contextmanager
def offline() -> Iterator[None]:
    """Inside, what is not on this machine raises NotHere instead of being fetched."""
    before = _IS_OFFLINE.set(True)
    try:
        yield
    finally:
        _IS_OFFLINE.reset(before)


def keras_cache() -> Path:
    """The folder in which Keras keeps its data sets."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def search_folders(data_dir: Path | None) -> tuple[Path, ...]:
    """Where a known data set may lie: `data_dir`, then Keras's cache.

    Raises:
        DataError: when `data_dir` is given and is no folder.
    """
    if data_dir is not None and not data_dir.is_dir():
        raise DataError(f"data_dir is {data_dir}, which is not a folder")
    return (keras_cache(),) if data_dir is None else (data_dir, keras_cache())


def locate(name: str, data_dir: Path | None) -> Path | None:
    """The file `name` in the first of the search folders that has it, else None.

    Raises:
        DataError: when `data_dir` is given and is no folder, or what has the name is no file.
    """
    return next((folder / name for folder in search_folders(data_dir) if is_there(folder / name)), None)


def is_there(file: Path) -> bool:
    """Whether the file of a known data set is there.

    Raises:
        DataError: when something that is no file has its name: it was meant to be one, and nothing else is to be
            fetched or read instead.
    """
    try:
        oddity = oddity_of(file)
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}): give it rights to be read") from error
    if oddity:
        raise DataError(f"{file} {oddity.removeprefix('it ')}: put the file in its place, or move it elsewhere")
    return stands(file)


def own_path(path: str, data_dir: Path | None) -> Path:
    """A file or folder of the user's: `path` itself where it is absolute, else seen from `data_dir`, or from the
    current folder where there is no data_dir.

    Raises:
        DataError: when `path` is empty.
        NotHere: when there is nothing.
    """
    if not path:
        raise DataError("dataset.path is empty: say which file or folder holds the data, as in dataset.path=mine")
    found = (data_dir or Path()) / user_path(path)
    if not stands(found):  # of a link that leads nowhere whoever reads it says so
        raise NotHere(f"there is no {found}: put the data there, or say where it is by dataset.path (or data_dir)")
    return found


def shipped(name: str) -> Path:
    """The file of a data set that comes with scikit-learn.

    It is read from there, not by sklearn.datasets: that import takes longer than most runs.

    Raises:
        DataError: when scikit-learn is not installed.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataError(f"{name} comes with scikit-learn, which is not installed: pip install scikit-learn")
    return Path(package.origin).parent / "datasets" / "data" / name


def download(name: str, origin: str, file_hash: str, folder: str = "") -> Path:
    """Fetches the file into Keras's cache, or the `folder` in it. The only function of ablate that uses the
    network by itself, and the only one here that imports Keras.

    Args:
        file_hash: sha256 or MD5 of the file, in hexadecimal digits.

    Raises:
        NotHere: when nothing may be fetched.
        DataError: when it cannot be fetched, or has another hash; the message says where to put the file by hand.
    """
    place = Path(folder) / name
    by_hand = (
        f"put it at {keras_cache() / place}, or as {place} into a folder of your own and set ABLATE_DATA_DIR (or "
        "data_dir=) to that folder"
    )
    if _IS_OFFLINE.get():
        raise NotHere(f"{name} is not on this machine; {by_hand}", is_fetched=True)
    import keras

    if not (keras_cache() / place).exists():
        log.warning("%s is not on this machine: it is fetched from %s", name, origin)
    try:
        # Keras says to stdout how it gets on, where results belong.
        with redirect_stdout(io.StringIO()):
            return Path(
                keras.utils.get_file(name, origin, file_hash=file_hash, cache_subdir=str(Path("datasets") / folder))
            )
    except Exception as error:  # get_file raises bare Exception for every URL error
        raise DataError(f"{name} is not on this machine and could not be downloaded ({error}); {by_hand}") from error


def read_npz(file: Path, names: tuple[str, ...]) -> Mapping[str, npt.NDArray[Any]]:
    """The arrays called `names`; others are not read, and pickled ones are refused.

    Raises:
        DataError: when the file is no such archive, or would take more than the memory of this machine.
    """
    try:
        return read_arrays(file, psutil.virtual_memory().total, names)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise DataError(f"{file} is not a readable archive of {', '.join(map(str, names))}: {reason}") from error
