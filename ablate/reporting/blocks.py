"""What a report is made of, whatever it is set in: blocks, and the text within them.

    Prose(text("The baseline ", Code(arm), " has a mean of ", Number("0.51 [0.50, 0.52]"), "."))
    table(["arm", "n"], [[Code("optimizer=adam"), "8"]], numeric=[1])

Sections make blocks, and `markdown` and `latex` render them. A block holds plain text, whoever wrote it, and says
what it is: escaping, and every sign of markup, is the renderers' alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

__all__ = [
    "Block",
    "Break",
    "Callout",
    "Code",
    "CodeBlock",
    "Column",
    "Details",
    "Emphasis",
    "Figure",
    "Heading",
    "Inline",
    "Item",
    "Link",
    "ListBlock",
    "Number",
    "Part",
    "Piece",
    "Prose",
    "Row",
    "Strong",
    "Table",
    "Text",
    "Tone",
    "Toned",
    "bullets",
    "emphasis",
    "joined",
    "paragraph",
    "strong",
    "table",
    "text",
    "with_code",
]


# within a line -----------------------------------------------------------------------------------------


class Tone(StrEnum):
    """How what is said bears on the question, for those who show it in colour."""

    GOOD = "good"
    BAD = "bad"
    ALIKE = "alike"
    OPEN = "open"


@dataclass(frozen=True)
class Number:
    """One number or several as a reader wants them, with their signs, brackets and units: `0.51 [0.50, 0.52]`."""

    written: str


@dataclass(frozen=True)
class Code:
    """A name of the program's, of a file or of a setting, to be taken literally."""

    name: str


@dataclass(frozen=True)
class Strong:
    content: Text


@dataclass(frozen=True)
class Emphasis:
    content: Text


@dataclass(frozen=True)
class Toned:
    """What is said in a tone, which never says more than the words do."""

    content: Text
    tone: Tone


@dataclass(frozen=True)
class Link:
    """What leads to the heading of the same document that has the `anchor`."""

    content: Text
    anchor: str


@dataclass(frozen=True)
class Break:
    """The end of a line within a cell."""


Piece: TypeAlias = str | Number | Code | Strong | Emphasis | Toned | Link | Break


@dataclass(frozen=True)
class Text:
    """Pieces in their order, as `text` joins them; false where there are none."""

    pieces: tuple[Piece, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pieces)

    @property
    def plain(self) -> str:
        """What is said, without how."""
        return "".join(map(_plain, self.pieces))


Inline: TypeAlias = Piece | Text
Row: TypeAlias = Sequence[Inline]


def text(*parts: Inline) -> Text:
    """The parts, one behind the other: strings that meet are one, empty ones are left out."""
    pieces: list[Piece] = []
    for part in parts:
        for piece in part.pieces if isinstance(part, Text) else (part,):
            if isinstance(piece, str) and pieces and isinstance(last := pieces[-1], str):
                pieces[-1] = last + piece
            elif piece != "":
                pieces.append(piece)
    return Text(tuple(pieces))


def with_code(said: str) -> Text:
    """A plain sentence, of which what stands between backticks is code."""
    return text(*(Code(part) if index % 2 else part for index, part in enumerate(said.split("`"))))


def strong(*parts: Inline) -> Strong:
    return Strong(text(*parts))


def emphasis(*parts: Inline) -> Emphasis:
    return Emphasis(text(*parts))


def joined(separator: Inline, parts: Iterable[Inline]) -> Text:
    """The parts with the separator between them."""
    separated = [each for part in parts for each in (separator, part)]
    return text(*separated[1:])


def _plain(piece: Piece) -> str:
    match piece:
        case str():
            return piece
        case Number(written):
            return written
        case Code(name):
            return name
        case Strong(content) | Emphasis(content) | Toned(content) | Link(content):
            return content.plain
        case Break():
            return " "


# blocks ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading:
    """`level` is 1 for the title of the whole, 2 for a section, 3 for a part of one; a link leads to its `anchor`, of
    letters, digits and `_.=-`."""

    level: int
    text: Text
    anchor: str = ""


class Part(StrEnum):
    """What a paragraph is to the report, for those who set it apart."""

    QUESTION = "question"
    ANSWER = "answer"


@dataclass(frozen=True)
class Prose:
    """One paragraph."""

    text: Text
    part: Part | None = None


@dataclass(frozen=True)
class Item:
    """An entry of a list, with what is listed below it."""

    text: Text
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class ListBlock:
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Callout:
    """What a reader who stops here must have read."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Column:
    """A numeric column is set flush right."""

    title: Text
    is_numeric: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells. The caption is for those who number their tables; elsewhere the text around one says it.

    Raises:
        ValueError: when a row has more or fewer cells than there are columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"every row needs {len(self.columns)} cells")


@dataclass(frozen=True)
class Figure:
    """A picture beside the report.

    Attributes:
        file: its path from the folder of the report, parts joined by `/`.
        alternative: what it shows, for whoever cannot see it.
    """

    file: str
    alternative: str
    caption: Text = Text()


@dataclass(frozen=True)
class Details:
    """What is folded until it is asked for, where it can be."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class CodeBlock:
    """Lines to be typed as they stand, in a language such as `sh`."""

    code: str
    language: str = ""


Block: TypeAlias = Heading | Prose | ListBlock | Callout | Table | Figure | Details | CodeBlock


def paragraph(*parts: Inline, part: Part | None = None) -> list[Block]:
    """The parts as a paragraph; none where there is nothing to say."""
    said = text(*parts)
    return [Prose(said, part)] if said else []


def bullets(items: Iterable[Inline]) -> ListBlock:
    return ListBlock(tuple(Item(text(item)) for item in items))


def table(header: Row, rows: Iterable[Row], numeric: Collection[int] = (), caption: str = "") -> Table:
    """A table of any pieces; strings in a numeric column are numbers.

    Args:
        numeric: the positions of the columns that hold numbers.
    """
    columns = tuple(Column(text(title), position in numeric) for position, title in enumerate(header))
    return Table(
        columns,
        tuple(tuple(_cell(cell, position in numeric) for position, cell in enumerate(row)) for row in rows),
        caption,
    )


def _cell(content: Inline, is_numeric: bool) -> Text:
    return text(Number(content) if is_numeric and isinstance(content, str) else content)
