"""What the pairs of a table are called: the reports speak of seeds, and a table may pair tasks or data sets.

in_words_of([Prose(text("8 seeds, 7/8 wins"))], noun_of("task"))      # 8 tasks, 7/8 wins
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ablate.reporting.blocks import (
    Block,
    Emphasis,
    Heading,
    Item,
    Link,
    ListBlock,
    Number,
    Piece,
    Prose,
    Strong,
    Table,
    Text,
    Toned,
)

__all__ = ["PAIR", "SEED", "in_words_of", "noun_of", "plural_of"]

SEED, PAIR, RUN = "seed", "pair", "run"
# Names of columns that are an English noun of what is paired; of others none is made.
_NOUNS = frozenset(
    {
        "annotator", "benchmark", "column", "data_set", "dataset", "document", "domain", "environment", "example",
        "fold", "game", "item", "language", "model", "participant", "problem", "prompt", "question", "rater",
        "repeat", "replicate", "row", "run", "sample", "seed", "sentence", "split", "subject", "task", "trial", "user",
    }
)  # fmt: skip
_SEEDS = re.compile(r"\b(seed)(s?)\b", re.IGNORECASE)


def noun_of(key: str) -> str:
    """What one pair of a table is called that pairs its rows by this column; of none every row is a run by itself."""
    if not key:
        return RUN
    name = re.sub(r"[\s-]+", "_", key.strip().lower())
    singular = name if name in _NOUNS else name.removesuffix("s")
    return singular.replace("_", " ") if singular in _NOUNS else PAIR


def plural_of(noun: str) -> str:
    return f"{noun}s"


def in_words_of(blocks: Iterable[Block], noun: str) -> list[Block]:
    """The blocks of a report on a table, with `noun` for seed; names of the table and of settings stay."""
    return list(blocks) if noun == SEED else [_block(block, noun) for block in blocks]


def _block(block: Block, noun: str) -> Block:
    match block:
        case Heading() | Prose():
            return replace(block, text=_text(block.text, noun))
        case ListBlock(items):
            return ListBlock(tuple(_item(item, noun) for item in items))
        case Table(columns, rows):
            named = tuple(replace(column, title=_text(column.title, noun)) for column in columns)
            return replace(block, columns=named, rows=tuple(tuple(_text(cell, noun) for cell in row) for row in rows))
    return block


def _item(item: Item, noun: str) -> Item:
    return Item(_text(item.text, noun), tuple(_item(each, noun) for each in item.items))


def _text(said: Text, noun: str) -> Text:
    return Text(tuple(_piece(piece, noun) for piece in said.pieces))


def _piece(piece: Piece, noun: str) -> Piece:
    match piece:
        case str():
            return _words(piece, noun)
        case Number(written):
            return Number(_words(written, noun))
        case Strong(content) | Emphasis(content) | Toned(content) | Link(content):
            return replace(piece, content=_text(content, noun))
    return piece


def _words(said: str, noun: str) -> str:
    def named(found: re.Match[str]) -> str:
        word = plural_of(noun) if found[2] else noun
        return word.capitalize() if found[1][0].isupper() else word

    return _SEEDS.sub(named, said)
