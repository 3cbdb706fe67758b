"""A journal: a file of JSON lines to which several processes add, and in which nothing is changed.

Each line is an object with the checksum of its canonical JSON. Additions are made under a lock and by
replacing the file whole, so that none is ever glued to a torn line. A line that is damaged from outside
is skipped by readers, and moved to `<name>.corrupt` by the next addition.

    journal = Journal(folder / "plans.jsonl")
    journal.append({"plan_hash": "3fa9…"})
    journal.entries()                       # ({"plan_hash": "3fa9…"},)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from ablate.core.identity import Json
from ablate.storage.atomic import (
    CORRUPT,
    Damaged,
    holding,
    read_stored,
    seal,
    set_aside,
    unseal,
    write_atomically,
    writing,
)

__all__ = ["Journal"]

# A plan of ten thousand arms takes some twenty million.
MOST_BYTES = 2**31

log = logging.getLogger(__name__)


class Journal:
    """The lines of `path`, oldest first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Beside the file, whose own inode changes with every addition.
        self._lock = FileLock(path.with_name(f".{path.name}.lock"))

    def entries(self) -> tuple[dict[str, Any], ...]:
        """All sound entries; a warning in the log names the number of each line that is not."""
        entries = []
        for number, (_, entry) in enumerate(self._opened(), start=1):
            if isinstance(entry, Damaged):
                log.warning("%s, line %d is damaged (%s) and left out", self.path, number, entry)
            else:
                entries.append(entry)
        return tuple(entries)

    def append(self, entry: Mapping[str, Json]) -> None:
        """Add one entry at the end.

        Raises:
            WriteFailed: when the file system refuses; the journal is as it was before.
            ValueError: when `entry` holds a number that JSON cannot say.
        """
        line = json.dumps(seal(entry), allow_nan=False).encode("ascii")
        with self.locked():
            self._write([*self._set_damaged_aside(), line])

    def damaged(self) -> tuple[tuple[int, str], ...]:
        """The number, from 1, of each line that is not as it was written, and how; nothing is changed."""
        opened = enumerate(self._opened(), start=1)
        return tuple((number, str(entry)) for number, (_, entry) in opened if isinstance(entry, Damaged))

    def repair(self) -> None:
        """Move the lines that are damaged to the `.corrupt` neighbour, as the next addition would.

        Raises:
            WriteFailed: when the file system refuses; the journal is as it was before.
        """
        with self.locked():
            if self.damaged():
                self._write(self._set_damaged_aside())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds other writers off, for decisions that depend on what is in the journal.

        Raises:
            WriteFailed: when the file system refuses.
        """
        with writing(self.path, 0):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with holding(self._lock):
            yield

    def _opened(self) -> Iterator[tuple[bytes, dict[str, Any] | Damaged]]:
        """Each line with its entry, or with what is wrong with it. What is no file is one line that is damaged.

        Raises:
            ReadRefused: when the system does not let it be read.
        """
        try:
            lines = read_stored(self.path, MOST_BYTES).splitlines()
        except FileNotFoundError:
            lines = []
        except Damaged as damage:
            # Whoever tells of it names the file.
            yield b"", Damaged(str(damage.__cause__ or damage))
            return
        for line in lines:
            try:
                yield line, unseal(line)
            except Damaged as damage:
                yield line, damage

    def _write(self, lines: list[bytes]) -> None:
        write_atomically(self.path, b"".join(line + b"\n" for line in lines))

    def _set_damaged_aside(self) -> list[bytes]:
        """The sound lines, once the others are kept in the `.corrupt` neighbour."""
        opened = list(self._opened())
        damaged = [line for line, entry in opened if isinstance(entry, Damaged)]
        if damaged == [b""]:
            set_aside(self.path)
        elif damaged:
            aside = self.path.with_name(f"{self.path.name}{CORRUPT}")
            try:
                kept = read_stored(aside, MOST_BYTES)
            except FileNotFoundError:
                kept = b""
            except Damaged:
                set_aside(aside)
                kept = b""
            write_atomically(aside, kept + b"".join(line + b"\n" for line in damaged))
        return [line for line, entry in opened if not isinstance(entry, Damaged)]
