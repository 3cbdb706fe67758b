"""What `fsck` and `gc` say of space: rows of a table, as text and for another program."""

from __future__ import annotations

from collections.abc import Iterable

from ablate.cli.output import PlainTable, bytes_text, plain_table
from ablate.core.identity import Json

__all__ = ["folded", "space_json", "space_table"]

# Of one kind so many are shown; --json has them all.
SHOWN = 20


def space_table(things: Iterable[tuple[str, int]]) -> PlainTable:
    """A row for each name, in the order in which they come: how many things have it, and their size together.

    Args:
        things: the name of the row that each belongs to, and its size in bytes.
    """
    rows = [[name, str(number), bytes_text(size)] for name, (number, size) in _sums(things).items()]
    return plain_table([("", "left"), ("number", "right"), ("size", "right")], rows)


def space_json(things: Iterable[tuple[str, int]]) -> dict[str, Json]:
    return {name: {"number": number, "bytes": size} for name, (number, size) in _sums(things).items()}


def folded(kind: str, lines: list[str]) -> list[str]:
    """The lines about things of one kind; of very many the first, and how many more there are."""
    if len(lines) <= SHOWN:
        return lines
    return [*lines[:SHOWN], f"{kind}: and {len(lines) - SHOWN} more (--json names them all)"]


def _sums(things: Iterable[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for name, size in things:
        number, before = sums.get(name, (0, 0))
        sums[name] = number + 1, before + size
    return sums
