"""Regular files, read without ever waiting for one: what stands in the place of a file may be anything.

    read_file(Path("record.json"), most_bytes=2**26)
    with regular_file(Path("weights.npz")) as file: ...
    oddity_of(Path("runs.csv"))                              # "" for a file, and for nothing

A FIFO would be waited for until somebody writes into it, a device has no end, and a sparse file of a terabyte takes
no space until it is read.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["NoRegularFile", "content_of", "oddity_of", "read_file", "regular_file", "stands"]

# What opening something says of it that is no file: a loop of links, a socket or a FIFO without a reader, a device
# without a driver, a folder.
_ODD = (errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR)
# Without waiting for a FIFO, and without becoming the terminal's process. Windows has neither, nor needs them.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class NoRegularFile(ValueError):
    """Something stands there that is no file, or more than a file can be here; the message says what it is."""


@contextmanager
def regular_file(path: Path | str) -> Iterator[BinaryIO]:
    """The file, open for reading; a link to one is one.

    Raises:
        NoRegularFile: where something else stands, a link that leads nowhere or in a circle included.
        FileNotFoundError, NotADirectoryError: where nothing stands.
        OSError: where the system does not let read what may well be sound.
    """
    with _opened(path) as file:
        yield file


def read_file(path: Path | str, most_bytes: int) -> bytes:
    """The content of a file.

    Raises:
        NoRegularFile: as `regular_file`, and for more than `most_bytes`.
        FileNotFoundError, NotADirectoryError, OSError: as `regular_file`.
    """
    # Without a buffer, which would be as long as most files, and would ask the system twice as often.
    with _opened(path, buffering=0) as file:
        return content_of(file, most_bytes)


def content_of(file: BinaryIO, most_bytes: int) -> bytes:
    """The whole of a file that is open, wherever it was read before.

    Raises:
        NoRegularFile: for more than `most_bytes`.
    """
    if os.fstat(file.fileno()).st_size > most_bytes:
        raise NoRegularFile(f"it is longer than {most_bytes:,} bytes")
    file.seek(0)
    return file.read()


def oddity_of(path: Path) -> str:
    """What stands in the place of a file and is none, in words; empty where a file stands, or nothing.

    Raises:
        OSError: as `regular_file`.
    """
    try:
        with _opened(path):
            return ""
    except NoRegularFile as error:
        return str(error)
    except (FileNotFoundError, NotADirectoryError):
        return ""


def stands(path: Path) -> bool:
    """Whether anything has this name, a link that leads nowhere included.

    Raises:
        OSError: where the system does not let look.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise
    return True


def _opened(path: Path | str, buffering: int = -1) -> BinaryIO:
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        oddity = _oddity(path, error)
        if oddity:
            raise NoRegularFile(f"it is {oddity}, no file") from error
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NoRegularFile(f"it is {_KINDS.get(stat.S_IFMT(mode), 'something else')}, no file")
        return os.fdopen(descriptor, "rb", buffering)
    except BaseException:
        os.close(descriptor)
        raise


def _oddity(path: Path | str, error: OSError) -> str:
    """What it is that could not be opened; empty where it may be a file."""
    if isinstance(error, FileNotFoundError):
        return "a link that leads nowhere" if os.path.islink(path) else ""  # noqa: PTH114
    if error.errno == errno.ELOOP:
        return "a link that leads in a circle"
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        kind = stat.S_IFREG
    return _KINDS.get(kind, "" if error.errno not in _ODD else "something else")
