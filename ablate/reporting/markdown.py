"""Blocks as GitHub-flavoured markdown.

    render([Heading(1, text("a | b")), table(["arm", "n"], [[Code("optimizer=adam"), "8"]], numeric=[1])])

Whatever a user, a configuration or an exception wrote is shown as itself: it is no markup, no HTML and no link, and
leaves neither its line nor its cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import assert_never
from urllib.parse import quote

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
from ablate.sanitize.text import harmless

__all__ = ["inline", "render"]

# Longer cells stick out of the source, instead of widening it for all rows.
WIDEST_COLUMN = 60

_SPACES = re.compile(r"\s+")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKUP = re.compile(r"([\\`*{}\[\]|~$#!]|(?<!\w)_|_(?!\w))")
# GitHub turns bare addresses into links and @names into mentions, whatever stands around them.
_LINKS = re.compile(r"(?<=[A-Za-z])://|(?<=www)\.|@")
_UNSAFE_IN_CODE = re.compile(r"[`|<>&\s]")
# An interval, and a bound: signs of markup that can be none beside these.
_PLAIN_IN_NUMBERS = re.compile(r"(\[[-+−∞–…\d.,e ]*\](?![(\[:])|<(?=\.?\d))")
_NO_ANCHOR = re.compile(r"[^A-Za-z0-9_.=-]")
# What at the beginning of a line makes a list, a rule, a heading or the target of a link.
_OPENING = re.compile(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=[-+=](?:$|[-+=\s])|\[))")


def render(blocks: Sequence[Block]) -> str:
    """The blocks, an empty line between them."""
    return "\n\n".join(filter(None, map(_block, blocks)))


def _block(block: Block) -> str:
    match block:
        case Heading(level, text, anchor):
            return f"{_target(anchor)}{'#' * level} {inline(text)}"
        case Prose(text):
            return _line(text)
        case ListBlock(items):
            return "\n".join(line for item in items for line in _item_lines(item))
        case Callout(blocks):
            return _callout(blocks)
        case Table():
            return _table(block)
        case Figure(file, alternative, caption):
            image = f"![{_escape(alternative).strip()}]({quote(file, safe='/=')})"
            return "\n\n".join(filter(None, (image, _wrapped("*", caption))))
        case Details(summary, blocks):
            # The empty lines let GitHub render markdown within; the summary itself is HTML.
            return f"<details>\n<summary>{_html(summary)}</summary>\n\n{render(blocks)}\n\n</details>"
        case CodeBlock(code, language):
            return _fenced(code, language)
    assert_never(block)


def _target(anchor: str) -> str:
    """Of our own: those that GitHub makes of headings change where two headings are alike."""
    return f'<a id="{_NO_ANCHOR.sub("-", anchor)}"></a>\n\n' if anchor else ""


def _callout(blocks: Sequence[Block]) -> str:
    """An alert as GitHub renders it; elsewhere it is a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in ["[!IMPORTANT]", *render(blocks).split("\n")])


def _item_lines(item: Item) -> list[str]:
    return [f"- {_line(item.text)}", *(f"  {line}" for below in item.items for line in _item_lines(below))]


def _fenced(code: str, language: str) -> str:
    """The fence is longer than any run of backticks within."""
    code = harmless(code)
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


# tables ------------------------------------------------------------------------------------------------


def _table(table: Table) -> str:
    """A table whose source is aligned too, so that it can be read in a terminal."""
    numeric = [column.is_numeric for column in table.columns]
    header = [inline(column.title) for column in table.columns]
    rows = [[inline(cell) for cell in row] for row in table.rows]
    longest = [max(map(len, cells)) for cells in zip(header, *rows, strict=True)]
    widths = [min(max(3, width), WIDEST_COLUMN) for width in longest]
    rule = ["-" * (width - 1) + (":" if flush else "-") for width, flush in zip(widths, numeric, strict=True)]
    return "\n".join(_table_line(line, widths, numeric) for line in (header, rule, *rows))


def _table_line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if flush else cell.ljust(width)
        for cell, width, flush in zip(cells, widths, numeric, strict=True)
    )
    return f"| {' | '.join(padded)} |"


# within a line -----------------------------------------------------------------------------------------


def inline(text: Text) -> str:
    """The text in one line, which may stand in a cell."""
    line = ""
    for piece in text.pieces:
        set_piece = _piece(piece)
        # Parentheses behind brackets would be the target of a link.
        is_target = line.endswith("]") and set_piece.startswith("(")
        line += f"\\{set_piece}" if is_target else set_piece
    return line.strip()


def _line(text: Text) -> str:
    """The text where a block could begin."""
    line = inline(text)
    return line if text.pieces and isinstance(text.pieces[0], Link) else _OPENING.sub(r"\1\\", line)


def _piece(piece: Piece) -> str:
    match piece:
        case str():
            return _escape(piece)
        case Number(written):
            parts = _PLAIN_IN_NUMBERS.split(written)
            return "".join(part if position % 2 else _escape(part) for position, part in enumerate(parts))
        case Code(name):
            return _code(name)
        case Strong(content):
            return _wrapped("**", content)
        case Emphasis(content):
            return _wrapped("*", content)
        case Toned(content):
            return inline(content)
        case Link(content, anchor):
            return f"[{inline(content)}](#{_NO_ANCHOR.sub('-', anchor)})"
        case Break():
            return "<br>"
    assert_never(piece)


def _wrapped(signs: str, content: Text) -> str:
    line = inline(content)
    return f"{signs}{line}{signs}" if line else ""


def _escape(text: str) -> str:
    """`text` as itself: no end of a line, no markup, no HTML, no link."""
    one_line = harmless(_SPACES.sub(" ", text))
    return _without_links(_MARKUP.sub(r"\\\1", one_line.translate(_ENTITIES)))


def _html(text: str) -> str:
    """`text` as itself where markdown is not read."""
    return _without_links(harmless(" ".join(text.split())).translate(_ENTITIES))


def _without_links(text: str) -> str:
    return _LINKS.sub(lambda match: "".join(f"&#{ord(sign)};" for sign in match[0]), text)


def _code(name: str) -> str:
    """A code span, or escaped text where a span could not hold it on one line of a table."""
    is_unsafe = not name or _UNSAFE_IN_CODE.search(name) or harmless(name) != name
    return _escape(name).strip() if is_unsafe else f"`{name}`"
