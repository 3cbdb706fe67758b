"""The list of contents: every heading below the title gets a name to lead to, and an entry.

blocks, entries = with_contents(blocks)
entries[0].title, entries[0].anchor, entries[0].below
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from ablate.reporting.blocks import Block, Heading
from ablate.web.markup import anchor, plain

__all__ = ["SECTION", "Entry", "with_contents"]

# The level of its heading; that of a part is one more.
SECTION = 2
_NO_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Entry:
    """A heading, where it stands, and the parts of its section."""

    title: str
    anchor: str
    below: tuple[Entry, ...] = ()


def with_contents(blocks: Sequence[Block]) -> tuple[list[Block], tuple[Entry, ...]]:
    """The blocks with an anchor of its own for every heading of a section and of a part of one, and their entries.
    Anchors that are there stay, so that links go on leading to them; headings within other blocks are no entries.

    Parts before the first section, as in a report of one sweep, are sections: no level of the outline is left out."""
    named = _named(_raised(blocks))
    return named, _entries(block for block in named if isinstance(block, Heading) and block.level >= SECTION)


def _raised(blocks: Sequence[Block]) -> list[Block]:
    levels = (block.level if isinstance(block, Heading) else None for block in blocks)
    first = next((index for index, level in enumerate(levels) if level == SECTION), len(blocks))
    return [
        replace(block, level=block.level - 1) if isinstance(block, Heading) and block.level > SECTION else block
        for block in blocks[:first]
    ] + list(blocks[first:])


def _named(blocks: Sequence[Block]) -> list[Block]:
    taken = {anchor(block.anchor) for block in blocks if isinstance(block, Heading) and block.anchor}
    named: list[Block] = []
    section = ""
    for block in blocks:
        if isinstance(block, Heading) and block.level >= SECTION:
            if not block.anchor:
                within = "" if block.level == SECTION else section
                block = replace(block, anchor=_free(within, block.text.plain, taken))
                taken.add(block.anchor)
            section = anchor(block.anchor) if block.level == SECTION else section
        named.append(block)
    return named


def _free(section: str, title: str, taken: Iterable[str]) -> str:
    """A name made of the section's and the title's, and numbered where another has it. None begins as those that a
    page gives to parts of its own."""
    words = _NO_WORD.sub("-", title.lower()).strip("-") or "part"
    name = f"{section}-{words}" if section else f"part-{words}"
    return next(each for number in count(1) if (each := name if number == 1 else f"{name}-{number}") not in taken)


def _entries(headings: Iterable[Heading]) -> tuple[Entry, ...]:
    """Parts stand below their section."""
    entries: list[Entry] = []
    for heading in headings:
        entry = Entry(plain(heading.text.plain), anchor(heading.anchor))
        if heading.level > SECTION and entries:
            entries[-1] = replace(entries[-1], below=(*entries[-1].below, entry))
        else:
            entries.append(entry)
    return tuple(entries)
