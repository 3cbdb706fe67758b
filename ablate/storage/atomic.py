"""Files and folders that appear whole or not at all, and texts that know when they were damaged.

Everything under `results/` is written through this module: into a temporary neighbour, forced to the
disk, then renamed to its place. A reader therefore needs no lock, and a writer that is killed leaves at
most a `.tmp-…` that nobody reads.

    write_atomically(folder / "runs.csv", content)
    with staged_folder(runs, {"spec.json": ..., "record.json": ...}) as staged:
        move_into_place(staged, runs / run_id)
    unseal(sealed_text({"epoch": 3})) == {"epoch": 3}
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from filelock import BaseFileLock

from ablate.core.errors import AblateError, ExitCode
from ablate.core.identity import Json, canonical, canonical_of_loaded, sha256_of_bytes
from ablate.sanitize.files import NoRegularFile, read_file, regular_file, stands

__all__ = [
    "Damaged",
    "ReadRefused",
    "StoreError",
    "WriteFailed",
    "discard",
    "file_system_time",
    "holding",
    "is_set_aside",
    "is_temporary",
    "move_into_place",
    "open_stored",
    "read_stored",
    "reading",
    "seal",
    "sealed_text",
    "set_aside",
    "staged_folder",
    "unseal",
    "write_atomically",
    "write_pieces",
    "writing",
]

CHECKSUM = "checksum"
ENDING_CHARACTERS = len(f',"{CHECKSUM}":""}}') + 64
TEMPORARY = ".tmp-"
CORRUPT, SUPERSEDED = ".corrupt", ".superseded"


class StoreError(AblateError):
    """What the results folder could not give or keep; the base of all errors about it."""


class WriteFailed(StoreError):
    """A full disk, a quota, a read-only folder: nothing of the content is there, what was there before is."""

    def __init__(self, path: Path, bytes_needed: int, reason: str) -> None:
        super().__init__(f"cannot write {path} ({bytes_needed} bytes needed): {reason}")
        self.path = path
        self.bytes_needed = bytes_needed
        self.reason = reason

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM

    @property
    def hint(self) -> str:
        return "What was finished before is kept; the same command goes on from here."


class Damaged(Exception):
    """Something is not as it was written; the message says what, and how."""


class ReadRefused(StoreError, OSError):
    """No permission, or an error of the disk: what stands there may well be sound, so it is no damage."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read {path}: {reason}")
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot read {self.path}: {self.reason}"

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM

    @property
    def hint(self) -> str:
        return "Nothing was set aside, and nothing is trained again: it may well be sound."


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what reading says inside into what it means for a store, see `read_stored`."""
    try:
        yield
    except NoRegularFile as error:
        raise Damaged(f"{path} is damaged ({error})") from error
    except NotADirectoryError as error:
        raise FileNotFoundError(path) from error
    except (FileNotFoundError, ReadRefused):
        raise
    except OSError as error:
        raise ReadRefused(path, error.strerror or str(error)) from error


def read_stored(path: Path, most_bytes: int) -> bytes:
    """The content of a file of a store.

    Raises:
        FileNotFoundError: where nothing stands.
        Damaged: where no regular file stands, or one of more bytes.
        ReadRefused: where the system does not let it be read.
    """
    with reading(path):
        return read_file(path, most_bytes)


@contextmanager
def open_stored(path: Path) -> Iterator[BinaryIO]:
    """A file of a store, open for reading; raises as `read_stored`."""
    with reading(path), regular_file(path) as file:
        yield file


@contextmanager
def writing(path: Path, bytes_needed: int) -> Iterator[None]:
    """Turns what the operating system says inside into a WriteFailed that says of which file."""
    try:
        yield
    except OSError as error:
        raise _refused(path, bytes_needed, error) from error


def _refused(path: Path, bytes_needed: int, error: OSError) -> WriteFailed:
    return WriteFailed(path, bytes_needed, error.strerror or str(error))


@contextmanager
def holding(lock: BaseFileLock) -> Iterator[None]:
    """Waits for `lock`, and gives it back at the end.

    Raises:
        WriteFailed: when the file system refuses its file.
    """
    # Without `writing`: every run takes two locks, and only a refusal needs to know the path.
    try:
        lock.acquire()
    except OSError as error:
        raise _refused(Path(lock.lock_file), 0, error) from error
    try:
        yield
    finally:
        lock.release()


def write_atomically(path: Path, content: bytes) -> None:
    """Make `path` a file of `content`, in place of what stood there; its folder is made when missing.

    Raises:
        WriteFailed: when the file system refuses; the temporary file is gone then.
    """
    temporary = _temporary_name(path.parent)
    with writing(path, len(content)):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(temporary, content)
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(path.parent)


def write_pieces(path: Path, pieces: Iterable[bytes]) -> bool:
    """Make `path` a file of these pieces, one after the other; False where it is that file already, and is left alone.

    For what is too large to be held in memory.

    Raises:
        WriteFailed: when the file system refuses; the temporary file is gone then.
    """
    temporary, written = _temporary_name(path.parent), 0
    with writing(path, written):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = temporary.open("xb")
    try:
        with file:
            for piece in pieces:
                written += len(piece)
                with writing(path, written):
                    file.write(piece)
            with writing(path, written):
                file.flush()
                if path.is_file() and filecmp.cmp(temporary, path, shallow=False):
                    return False
                os.fsync(file.fileno())
        with writing(path, written):
            temporary.replace(path)
            _sync(path.parent)
        return True
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def staged_folder(parent: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A temporary folder in `parent` with `files`, written in their order; removed unless it was published.

    A name may begin with that of a folder (`artefacts/weights.npz`), which is made.

    Raises:
        WriteFailed: when the file system refuses; the temporary folder is gone then.
    """
    staged = _temporary_name(parent)
    try:
        with writing(parent, sum(map(len, files.values()))):
            staged.mkdir(parents=True)
            paths = {name: staged / name for name in files}
            folders = {path.parent for path in paths.values()} | {staged}
            for folder in folders - {staged}:
                folder.mkdir()
            for name, content in files.items():
                _write(paths[name], content)
            _sync_all([*paths.values(), *folders])
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def move_into_place(staged: Path, final: Path) -> None:
    """Rename the folder `staged` to `final`, where no folder may stand yet.

    Raises:
        WriteFailed: when the file system refuses, an existing `final` included.
    """
    with writing(final, 0):
        final.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(final)
        _sync_all([final.parent, final.parent.parent])


def discard(path: Path) -> None:
    """Remove a file or a folder so that no reader sees a part of it: its name goes first.

    Raises:
        WriteFailed: when the file system refuses.
    """
    nameless = _temporary_name(path.parent)
    with writing(path, 0):
        path.rename(nameless)
    if nameless.is_dir() and not nameless.is_symlink():
        shutil.rmtree(nameless, ignore_errors=True)
    else:
        nameless.unlink(missing_ok=True)


def set_aside(path: Path, suffix: str = CORRUPT) -> Path:
    """Rename `path` to `<name>.corrupt`, or `.corrupt-2` and so on where that is taken; the new path.

    Args:
        suffix: CORRUPT, or SUPERSEDED for what is sound and has given way to something else.

    Raises:
        WriteFailed: when the file system refuses.
    """
    number = 1
    while stands(aside := path.with_name(_aside_name(path.name, suffix, number))):
        number += 1
    with writing(aside, 0):
        return path.rename(aside)


def file_system_time(folder: Path) -> float:
    """Now, in seconds since 1970, by the clock that dates the files of this folder: that of another machine, where
    it lies there. This machine's own where nothing can be written, and so nothing removed.
    """
    probe = _temporary_name(folder)
    try:
        probe.touch(exist_ok=False)
        try:
            return probe.stat().st_mtime
        finally:
            probe.unlink(missing_ok=True)
    except OSError:
        return time.time()


def is_temporary(path: Path) -> bool:
    """Whether a name is that of something that is being written, or was left by a writer who died."""
    return path.name.startswith(TEMPORARY)


def is_set_aside(path: Path) -> bool:
    """Whether a name is one that `set_aside` gives."""
    return re.search(rf"({re.escape(CORRUPT)}|{re.escape(SUPERSEDED)})(-\d+)?$", path.name) is not None


def seal(data: Mapping[str, Json]) -> dict[str, Json]:
    """`data` in its order with, as its last key, the sha256 of its canonical JSON."""
    return {**data, CHECKSUM: _sha256_of_text(canonical(data))}


def sealed_text(data: Mapping[str, Json]) -> str:
    """The canonical JSON of `data`, whose last key is what `seal` adds: the layout that is unsealed soonest.

    Raises:
        ValueError, TypeError: for what JSON cannot say.
    """
    text = canonical(data)
    return text[:-1] + _ending(text, is_only=not data)


def unseal(text: str | bytes) -> dict[str, Any]:
    """What was sealed and written as the JSON `text`, in whatever layout.

    Raises:
        Damaged: when `text` is not the JSON of a sealed object, or its checksum is another's.
    """
    try:
        written = text if isinstance(text, str) else text.decode()
        data = _read(written)
        checksum = data.pop(CHECKSUM)
        # To print a record again takes longer than to read it, and only another layout needs that.
        sound = _is_canonical(written.removesuffix("\n")) or checksum == _sha256_of_text(canonical_of_loaded(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged("it is not a JSON object with a checksum") from error
    if not sound:
        raise Damaged("its checksum does not match")
    return dict(data)


def _is_canonical(sealed: str) -> bool:
    """Whether a text is one that `sealed_text` gave, judged by its checksum alone."""
    return sealed.isascii() and sealed.endswith(_ending(sealed[:-ENDING_CHARACTERS] + "}"))


def _read(text: str) -> Any:
    """The value of a JSON text without a number that is none; msgspec reads ten thousand records sooner than `json`."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        # Half a pair of UTF-16, which it refuses, is what Python makes of a word that is no UTF-8.
        return _FINITE_JSON.decode(text)


def _finite(number: str) -> float:
    """Refuses what Python reads in a JSON text and nobody seals: NaN, or a number too large for a float."""
    value = float(number)
    if not isfinite(value):
        raise ValueError(f"{number} is no finite number")
    return value


_FINITE_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def _ending(text: str, is_only: bool = False) -> str:
    """What stands in place of the brace that ends a canonical text once it is sealed."""
    return f'{"" if is_only else ","}"{CHECKSUM}":"{_sha256_of_text(text)}"}}'


def _sha256_of_text(text: str) -> str:
    return sha256_of_bytes(text.encode("ascii"))


def _aside_name(name: str, suffix: str, number: int) -> str:
    return f"{name}{suffix}" if number == 1 else f"{name}{suffix}-{number}"


def _temporary_name(parent: Path) -> Path:
    return parent / f"{TEMPORARY}{uuid.uuid4().hex}"


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)


def _sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk: a new name is there only once its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_all(paths: Sequence[Path]) -> None:
    """All at once, so that they wait for the same turn of the disk."""
    *others, last = paths
    begun = _syncing().map(_sync, others)
    _sync(last)
    deque(begun, maxlen=0)


@cache
def _syncing() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="sync")
