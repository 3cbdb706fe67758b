"""What `fsck` and `gc` have in common: a table of space, lines folded, and words that are settings only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablate.cli.output import PlainTable, bytes_text, plain_table
from ablate.core.errors import UsageError
from ablate.operations.space import Space

__all__ = ["folded", "refuse_names", "space_table"]

# Of one kind so many are shown; --json has them all.
SHOWN = 20


def space_table(space: Mapping[str, Space]) -> PlainTable:
    """A row for each kind: how many things are of it, and their size together."""
    rows = [[kind, str(each.number), bytes_text(each.bytes)] for kind, each in space.items()]
    return plain_table([("", "left"), ("number", "right"), ("size", "right")], rows)


def folded(kind: str, lines: list[str]) -> list[str]:
    """The lines about things of one kind; of very many the first, and how many more there are."""
    if len(lines) <= SHOWN:
        return lines
    return [*lines[:SHOWN], f"{kind}: and {len(lines) - SHOWN} more (--json names them all)"]


def refuse_names(words: Sequence[str]) -> None:
    """For verbs about a whole store.

    Raises:
        UsageError: for words that are no settings.
    """
    if words:
        raise UsageError(f"{words[0]}: this verb is about the whole store; it takes results_dir=… and no names")
