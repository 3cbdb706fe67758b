"""Words of a command line with some of them changed: a key that is given twice is refused."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["changed"]


def changed(words: Iterable[str], *changes: str) -> list[str]:
    """The words, each key at its first place and with its last value; what has no value stays as it is."""
    by_key = {word.partition("=")[0]: word for word in (*words, *changes)}
    return list(by_key.values())
