"""Blocks of every kind that hold texts from outside."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from ablate.reporting.blocks import (
    Block,
    Break,
    Callout,
    Code,
    CodeBlock,
    Details,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Item,
    Link,
    ListBlock,
    Number,
    Piece,
    Prose,
    Strong,
    Tone,
    Toned,
    table,
    text,
)

# Signs of markdown, HTML, LaTeX and terminals, what begins a list or a rule, and letters to hang them on.
ALPHABET = "ab1 |`<>*_~[]()!#\\&$%^{}\n\r\t\x00\x1b\u202e.-+=:;\"'?,é雪/@−×"
HOSTILE = st.text(alphabet=ALPHABET, max_size=30)


def pieces(content: str) -> dict[type, Piece]:
    """One piece of every kind that says `content`."""
    return {
        str: content,
        Number: Number(content),
        Code: Code(content),
        Strong: Strong(text(content)),
        Emphasis: Emphasis(text(content)),
        Toned: Toned(text(content), Tone.BAD),
        Link: Link(text(content), content),
        Break: Break(),
    }


def blocks(content: Inline, plain: str) -> dict[type, Block]:
    """One block of every kind that says `content`, or `plain` where nothing else can stand."""
    return {
        Heading: Heading(2, text(content)),
        Prose: Prose(text(content)),
        ListBlock: ListBlock((Item(text(content), (Item(text(content)),)),)),
        Callout: Callout((Prose(text(content)),)),
        type(table([], [])): table([content, "n"], [[content, "1"]], numeric=[1], caption=plain),
        Figure: Figure("figures/a_b=c.png", plain, text(content)),
        Details: Details(plain, (Prose(text(content)),)),
        CodeBlock: CodeBlock(plain, "sh"),
    }


def kinds(union: Any) -> tuple[type, ...]:
    return get_args(union)


assert set(kinds(Block)) == blocks("", "").keys()
assert set(kinds(Piece)) == pieces("").keys()
