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

from ablate.durable import Damaged, holding, seal, unseal, write_atomically, writing
from ablate.identity import Json

__all__ = ["Journal"]

log = logging.getLogger(__name__)


class Journal:
    """The lines of `path`, oldest first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Beside the file, whose own inode changes with every addition.
        self._lock = FileLock(path.with_name(f".{path.name}.lock"))

    def entries(self) -> tuple[dict[str, Any], ...]:
        """All sound entries; a warning in the log names the number of each line that is not."""
        return tuple(entry for _, entry in self._sound_lines())

    def append(self, entry: Mapping[str, Json]) -> None:
        """Add one entry at the end.

        Raises:
            WriteFailed: when the file system refuses; the journal is as it was before.
            ValueError: when `entry` holds a number that JSON cannot say.
        """
        line = json.dumps(seal(entry), allow_nan=False).encode("ascii")
        with self.locked():
            sound = [kept for kept, _ in self._sound_lines()]
            self._keep_damaged(sound)
            write_atomically(self.path, b"".join(kept + b"\n" for kept in (*sound, line)))

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

    def _lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines() if self.path.exists() else []

    def _sound_lines(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        for number, line in enumerate(self._lines(), start=1):
            try:
                yield line, unseal(line)
            except Damaged as damage:
                log.warning("%s, line %d is damaged (%s) and left out", self.path, number, damage)

    def _keep_damaged(self, sound: list[bytes]) -> None:
        """Appends what is about to be dropped from the journal to its `.corrupt` neighbour."""
        damaged = [line for line in self._lines() if line not in sound]
        if damaged:
            aside = self.path.with_name(f"{self.path.name}.corrupt")
            kept = aside.read_bytes() if aside.exists() else b""
            write_atomically(aside, kept + b"".join(line + b"\n" for line in damaged))
