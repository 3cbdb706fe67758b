"""How much there is of each kind of thing, for the operations that say what takes space."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Space", "space_by_kind"]


@dataclass(frozen=True)
class Space:
    """How many things there are, and their size together."""

    number: int
    bytes: int


def space_by_kind(things: Iterable[tuple[str, int]]) -> dict[str, Space]:
    """Kind → its space, in the order in which they come.

    Args:
        things: the kind of each, and its size in bytes.
    """
    found: dict[str, Space] = {}
    for kind, size in things:
        before = found.get(kind, Space(0, 0))
        found[kind] = Space(before.number + 1, before.bytes + size)
    return found
