"""Ways to damage a file, for the tests of what notices."""

from __future__ import annotations

import os
from pathlib import Path

from ablate.testing.stores import flip, truncate

__all__ = ["age", "empty", "flip", "state", "truncate"]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def state(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Every file and folder under a folder: its content, and when it was last changed in nanoseconds."""
    return {
        path: (path.read_bytes() if path.is_file() else b"", path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def age(path: Path, seconds: float) -> None:
    """Makes a file, or a folder with all that is in it, seem to have been changed so many seconds earlier."""
    for each in (path, *path.rglob("*")):
        before = each.stat().st_mtime - seconds
        os.utime(each, (before, before))
