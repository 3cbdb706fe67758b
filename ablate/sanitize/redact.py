"""What of a command line and of messages may be published: all but where things lie on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["PATH_KEYS", "public_words", "without_folders"]

# Root keys of a config that say where things lie on this machine. They are settings of every verb, no part of any spec,
# and no part of what is recorded of a command.
PATH_KEYS = ("data_dir", "results_dir", "reports_dir")
_PRIVATE = (*(f"{key}=" for key in PATH_KEYS), "--config-dir", "--from", "--out", "--allow-target")
_GRID = ("-m", "--multirun")
_FOLDERS = re.compile(r"(?:file://|(?<![\w.:/]))(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'\":]+[/\\])+")


def public_words(command: Iterable[str]) -> list[str]:
    """The words without those that say where things lie on this machine, and without options: somebody may do what
    a report says, and it must not say what may be imported."""
    kept: list[str] = []
    words = iter(command)
    for word in words:
        if word in _PRIVATE:
            next(words, None)
        elif not word.lstrip("+~").startswith(_PRIVATE) and (word in _GRID or not word.startswith("-")):
            kept.append(without_folders(word))
    return kept


def without_folders(text: str) -> str:
    """The text with the folders of absolute paths left out; the names of files stay."""
    return _FOLDERS.sub("", text)
