"""The results folder: whether it can be written, has room, and does what the store relies on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ablate.checkup.findings import Finding, Level
from ablate.storage.atomic import WriteFailed, move_into_place, staged_folder, write_atomically
from ablate.storage.index import index_file

__all__ = ["look_at_results"]

MIB, GIB = 2**20, 2**30
LEAST_FREE_BYTES = GIB
ELSEWHERE = "ablate … results_dir=FOLDER"
TRIAL = ".doctor-"


def look_at_results(results_dir: Path) -> Iterator[Finding]:
    """What is tried is tried in a folder of its own, which is gone afterwards."""
    place = _existing(results_dir)
    where = str(results_dir) if place == results_dir else f"{results_dir} (it will be made in {place})"
    if not place.is_dir():
        yield Finding("folder", f"{place} is no folder", Level.WRONG, ELSEWHERE)
        return
    try:
        with tempfile.TemporaryDirectory(dir=place, prefix=TRIAL) as trial:
            yield Finding("folder", f"{where} can be written")
            yield _free(place)
            yield _renames(Path(trial))
            yield _locks(Path(trial))
        yield from _index(results_dir)
    except OSError as error:
        yield Finding("folder", f"{where} cannot be written: {error.strerror or error}", Level.WRONG, ELSEWHERE)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest of those above it that is there."""
    absolute = folder.absolute()
    nearest = next(place for place in (absolute, *absolute.parents) if place.exists())
    return folder if nearest == absolute else nearest


def _free(place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    says = f"{free / GIB:.1f} GiB are free"
    if free >= LEAST_FREE_BYTES:
        return Finding("space", says)
    return Finding("space", f"{says}: less than one, and a run that finds no room is lost", Level.WRONG, ELSEWHERE)


def _index(results_dir: Path) -> Iterator[Finding]:
    """Where `list` and the application remember what is there, if they do yet."""
    file = index_file(results_dir)
    if file is not None and file.is_file():
        size = file.stat().st_size / MIB
        yield Finding("index", f"{file} remembers it in {size:.1f} MiB, and can be deleted at any time")


def _renames(trial: Path) -> Finding:
    """A record appears whole because a name is given to what is finished, or not at all."""
    try:
        write_atomically(trial / "file", b"first")
        write_atomically(trial / "file", b"second")
        with staged_folder(trial, {"record": b"whole"}) as staged:
            move_into_place(staged, trial / "runs" / "folder")
        with staged_folder(trial, {"record": b"another"}) as staged:
            try:
                move_into_place(staged, trial / "runs" / "folder")
            except WriteFailed:
                pass
            else:
                return _unfit("renaming", "a folder was renamed over another one")
    except (OSError, WriteFailed) as error:
        return _unfit("renaming", str(error))
    return Finding("renaming", "files and folders appear whole")


def _locks(trial: Path) -> Finding:
    """Several processes share a store because a lock that one holds is refused to another."""
    try:
        with FileLock(trial / "lock", timeout=1):
            try:
                with FileLock(trial / "lock", timeout=0):
                    return _unfit("locks", "one lock was given twice")
            except Timeout:
                return Finding("locks", "are kept")
    except (OSError, Timeout, NotImplementedError) as error:
        return _unfit("locks", str(error))


def _unfit(subject: str, says: str) -> Finding:
    return Finding(subject, f"{says}: this file system cannot hold a store", Level.WRONG, ELSEWHERE)
