"""Where the files of data sets lie, and reading them without trusting them."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import DataError

__all__ = ["download", "keras_cache", "locate", "read_npz"]


def keras_cache() -> Path:
    """The folder in which Keras keeps its data sets."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def locate(name: str, data_dir: Path | None) -> Path | None:
    """The file `name` in `data_dir`, else in Keras's cache, else None.

    Raises:
        DataError: when `data_dir` is given and is no folder.
    """
    if data_dir is not None and not data_dir.is_dir():
        raise DataError(f"data_dir is {data_dir}, which is not a folder")
    folders = [keras_cache()] if data_dir is None else [data_dir, keras_cache()]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def download(name: str, origin: str, sha256: str) -> Path:
    """Fetches the file into Keras's cache. The only function of ablate that uses the network, and the only
    one here that imports Keras.

    Raises:
        DataError: when it cannot be fetched; the message says where to put the file by hand.
    """
    import keras

    try:
        return Path(keras.utils.get_file(name, origin=origin, file_hash=sha256))
    except Exception as error:  # get_file raises bare Exception for every URL error
        raise DataError(
            f"{name} is not on this machine and could not be downloaded ({error}); put it into {keras_cache()}, "
            f"or into a folder of your own and set ABLATE_DATA_DIR (or data_dir=) to that folder"
        ) from error


def read_npz(file: Path, names: tuple[str, ...]) -> Mapping[str, npt.NDArray[Any]]:
    """The arrays called `names`; others are not read, and pickled ones are refused.

    Raises:
        DataError: when the file is no such archive.
    """
    try:
        with file.open("rb") as content, np.load(content, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{file} is not a readable archive of {', '.join(names)}: {error}") from error
