"""Blocks as HTML, as they stand in a report and in the application.

    render([Heading(2, text("a < b")), table(["arm", "n"], [[Code("optimizer=adam"), "8"]], numeric=[1])])
    render(blocks, {"figures/sweep-gap.png": picture})     # in the place of a figure of that file

No style and no colour stands here: elements say what they are, and classes how what is said bears on the question.
Whatever a user, a configuration or an exception wrote is text, in an element and in an attribute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import starmap
from typing import assert_never
from urllib.parse import quote

from markupsafe import Markup, escape

from ablate.core.identity import Json
from ablate.reporting.blocks import (
    Block,
    Break,
    Callout,
    Code,
    CodeBlock,
    Column,
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
from ablate.web.picture import Picture

__all__ = ["anchor", "image", "inline", "plain", "render"]

_SPACES = re.compile(r"\s+")
_NO_ANCHOR = re.compile(r"[^A-Za-z0-9_.=-]")
# What would end a script, or begin a comment within one, written so that it stays JSON.
_UNSAFE_IN_JSON = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def render(blocks: Sequence[Block], pictures: Mapping[str, Picture] | None = None) -> Markup:
    """The blocks, a line or several each.

    Args:
        pictures: file of a figure → what is shown in its place; others are images beside the page.
    """
    return _joined((_block(block, pictures or {}) for block in blocks), "\n")


def _block(block: Block, pictures: Mapping[str, Picture]) -> Markup:
    match block:
        case Heading(level, text, name):
            target = Markup(' id="{}"').format(anchor(name)) if name else Markup()
            return Markup("<h{0}{1}>{2}</h{0}>").format(min(level, 6), target, inline(text))
        case Prose(text, part):
            kind = Markup(' class="{}"').format(part.value) if part else Markup()
            return Markup("<p{}>{}</p>").format(kind, inline(text))
        case ListBlock(items):
            return _list(items)
        case Callout(blocks):
            return Markup('<aside class="callout" role="note">\n{}\n</aside>').format(render(blocks, pictures))
        case Table():
            return _table(block)
        case Figure():
            return _figure(block, pictures.get(block.file))
        case Details(summary, blocks):
            content = render(blocks, pictures)
            return Markup("<details>\n<summary>{}</summary>\n{}\n</details>").format(plain(summary), content)
        case CodeBlock(code, language):
            # Within <code>, so that a parser leaves out no line end at the beginning.
            kind = Markup(' class="language-{}"').format(anchor(language)) if language else Markup()
            return Markup('<pre tabindex="0"><code{}>{}</code></pre>').format(kind, harmless(code))
    assert_never(block)


def _element(name: str, content: Markup) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(Markup(name), content)


def _joined(parts: Iterable[Markup], separator: str = "") -> Markup:
    return Markup(separator).join(parts)


def _list(items: Sequence[Item]) -> Markup:
    return Markup("<ul>\n{}\n</ul>").format(_joined(map(_item, items), "\n")) if items else Markup()


def _item(item: Item) -> Markup:
    return Markup("<li>{}{}</li>").format(inline(item.text), _list(item.items))


# tables ------------------------------------------------------------------------------------------------


def _table(table: Table) -> Markup:
    """In a container of its own, which scrolls where the page is narrow, by keys too."""
    caption = Markup("<caption>{}</caption>\n").format(plain(table.caption)) if table.caption else Markup()
    header = _joined(map(_title, table.columns))
    rows = _joined((_row(table.columns, row) for row in table.rows), "\n")
    return Markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="{}">\n<table>\n{}'
        "<thead>\n<tr>{}</tr>\n</thead>\n<tbody>\n{}\n</tbody>\n</table>\n</div>"
    ).format(plain(table.caption) or "Table", caption, header, rows)


def _title(column: Column) -> Markup:
    return Markup('<th scope="col"{}>{}</th>').format(_kind(column), inline(column.title))


def _row(columns: Sequence[Column], row: Sequence[Text]) -> Markup:
    """What the first cell names is what the row is about, unless it is a number."""
    is_named = len(row) > 1 and not columns[0].is_numeric
    cells = list(starmap(_cell, zip(columns, row, strict=True)))
    if is_named:
        cells[0] = Markup('<th scope="row">{}</th>').format(inline(row[0]))
    return Markup("<tr>{}</tr>").format(_joined(cells))


def _cell(column: Column, text: Text) -> Markup:
    return Markup("<td{}>{}</td>").format(_kind(column), _numbers(text) if column.is_numeric else inline(text))


def _kind(column: Column) -> Markup:
    return Markup(" data-numeric") if column.is_numeric else Markup()


def _numbers(text: Text) -> Markup:
    """Its column says that they are numbers, and need not be told it by every one."""
    return inline(Text(tuple(piece.written if isinstance(piece, Number) else piece for piece in text.pieces)))


# figures -----------------------------------------------------------------------------------------------


def _figure(figure: Figure, picture: Picture | None) -> Markup:
    caption = picture.caption if picture is not None and picture.caption is not None else figure.caption
    said = _element("figcaption", inline(caption)) if caption else Markup()
    if picture is None:
        beside = image(quote(figure.file, safe="/="), figure.alternative)
        return Markup("<figure>\n{}\n{}\n</figure>").format(beside, said)
    name, numbers = Markup(), Markup()
    if picture.numbers is not None:
        target = "numbers-" + anchor(figure.file)
        name = Markup(' aria-details="{}"').format(target)
        numbers = Markup('\n<details class="numbers" id="{}">\n<summary>The numbers</summary>\n{}\n</details>').format(
            target, _table(picture.numbers)
        )
    opening = Markup('<figure role="figure" aria-label="{}"{}{}>').format(
        plain(figure.alternative), name, _script_of(picture)
    )
    return Markup("{}\n{}\n{}{}\n</figure>").format(opening, _drawn(picture), said, numbers)


def image(source: str, alternative: str, size: tuple[int, int] | None = None) -> Markup:
    """An image in a container that scrolls where the page is narrow, by keys too.

    Args:
        alternative: what it shows, for whoever cannot see it.
        size: width and height in pixels, so that it has its place before it is read.
    """
    place = Markup(' width="{}" height="{}"').format(*size) if size else Markup()
    shown = Markup('<img src="{}" alt="{}"{}>').format(source, plain(alternative), place)
    return Markup('<div class="image" tabindex="0">{}</div>').format(shown)


def _script_of(picture: Picture) -> Markup:
    return Markup(' data-picture="{}"').format(picture.script) if picture.script else Markup()


def _drawn(picture: Picture) -> Markup:
    """Where a script draws, what is printed, and what the script reads; or what everybody sees."""
    if not picture.script:
        return picture.markup
    return Markup(
        '<div class="drawn" hidden></div>\n<div class="printed">{}</div>\n<script type="application/json">{}</script>'
    ).format(picture.markup, _json(picture.data))


def _json(data: Json) -> Markup:
    written = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(written.translate(_UNSAFE_IN_JSON))


# within a line -----------------------------------------------------------------------------------------


def anchor(name: str) -> str:
    """`name` as an id, and as where a link leads."""
    return _NO_ANCHOR.sub("-", name)


def inline(text: Text) -> Markup:
    """The text as what stands within an element."""
    return Markup(_joined(map(_piece, text.pieces)).strip())


def plain(text: str) -> str:
    """`text` in one line, with nothing in it that is obeyed; to be escaped where it is set."""
    return harmless(_SPACES.sub(" ", text)).strip()


def _piece(piece: Piece) -> Markup:
    match piece:
        case str():
            return _escaped(piece)
        case Number(written):
            return Markup('<span class="number">{}</span>').format(_escaped(written))
        case Code(name):
            return _element("code", _escaped(name))
        case Strong(content):
            return _element("strong", inline(content))
        case Emphasis(content):
            return _element("em", inline(content))
        case Toned(content, tone):
            return Markup('<span class="tone-{}">{}</span>').format(tone.value, inline(content))
        case Link(content, name):
            return Markup('<a href="#{}">{}</a>').format(anchor(name), inline(content))
        case Break():
            return Markup("<br>")
    assert_never(piece)


def _escaped(text: str) -> Markup:
    return escape(harmless(_SPACES.sub(" ", text)))
