"""Compiled programs kept between processes: XLA compiles a program once on a machine, not once in every worker.

TensorFlow writes what XLA compiled into a folder and finds it there by the program's content. Executables
are as good as new ones, bit for bit, but only for the processor, the TensorFlow and the number of threads
that they were compiled for, which the key of the folder holds. It holds the boot as well: TensorFlow does
not notice a file that a power cut tore, and such a file is of an earlier boot.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import platformdirs

from ablate.core.backend import TENSORFLOW
from ablate.core.identity import digest
from ablate.core.machine import boot_id, processor
from ablate.core.specs import Numerics
from ablate.sanitize.files import NoRegularFile, read_file

__all__ = ["compiled_programs"]

FLAGS = "TF_XLA_FLAGS"
FORMAT = 1
MOST_BYTES = 2**30
BOOT_MARK = "boot"
MOST_MARK_BYTES = 1_000


def compiled_programs(numerics: Numerics, cache_dir: Path | None = None) -> dict[str, str]:
    """What has to stand in a worker's environment for it to find and keep compiled programs.

    Empty where nothing can be kept: another engine than XLA, flags that the user has set, a folder that
    cannot be made.

    Args:
        cache_dir: the user's cache folder by default.
    """
    if numerics.engine != "xla" or FLAGS in os.environ:
        return {}
    parent = (cache_dir or Path(platformdirs.user_cache_dir("ablate"))) / "compiled"
    folder = parent / digest("compiled", FORMAT, situation(numerics))
    try:
        prune(parent)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / BOOT_MARK).write_text(boot_id())
    except OSError:
        return {}
    return {FLAGS: f"--tf_xla_persistent_cache_directory={folder}"}


def situation(numerics: Numerics) -> Mapping[str, str | int]:
    """All that an executable depends on besides its program, and the boot."""
    return {
        TENSORFLOW.distribution: version(TENSORFLOW.distribution),
        "processor": _processor(),
        "device": numerics.device,
        "threads": numerics.threads,
        "boot": boot_id(),
    }


def prune(parent: Path) -> None:
    """Removes the folders of other boots, and those that hold more than MOST_BYTES."""
    for folder in parent.glob("*"):
        if not _is_of_this_boot(folder / BOOT_MARK) or _bytes_in(folder) > MOST_BYTES:
            shutil.rmtree(folder, ignore_errors=True)


def _is_of_this_boot(mark: Path) -> bool:
    try:
        return read_file(mark, MOST_MARK_BYTES) == boot_id().encode()
    except (OSError, NoRegularFile):
        return False


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _processor() -> str:
    """Model and abilities of the processor."""
    return " ".join([processor().model, *sorted(processor().abilities)])
