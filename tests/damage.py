"""Ways to damage a file, for the tests of what notices."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.testing.stores import flip, truncate

__all__ = ["ODDITIES", "age", "empty", "flip", "refuse", "state", "truncate"]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "file").write_text("mine")


def _giant(path: Path) -> None:
    """A terabyte that takes no space."""
    with path.open("wb") as file:
        file.truncate(2**40)


# Name → what makes it, where nothing stands.
ODDITIES: dict[str, Callable[[Path], None]] = {
    "folder": _folder,
    "empty folder": Path.mkdir,
    "fifo": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path.name),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "giant": _giant,
}


def refuse(monkeypatch: pytest.MonkeyPatch, path: Path, error: OSError) -> None:
    """Makes the system refuse to open a file, as it does without permission, which root has."""
    opened = os.open

    def refusing(asked: Path | str, *arguments: object, **settings: object) -> int:
        if Path(asked).absolute() == path.absolute():
            raise error
        return opened(asked, *arguments, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr("ablate.sanitize.files.os.open", refusing)


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
