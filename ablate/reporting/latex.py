r"""Blocks as LaTeX: a document with its figures, or a table alone for \input.

    document(blocks)      # article, booktabs, graphicx: pdflatex report.tex in the report's folder
    tabular(table)        # it needs \usepackage{booktabs}

Every text is escaped: no name, question or message can begin a command, leave its cell or open a file. Signs
beyond ASCII become commands of plain LaTeX, so that pdflatex needs no further package for them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import assert_never

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
    text as text_of,
)

__all__ = ["document", "inline", "render", "tabular"]

_ESCAPES = {
    # A line end before it would take it for the begin of its argument.
    "[": "{[}",
    # Or as a variant of that line end.
    "*": "{*}",
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "−": r"$-$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "≈": r"$\approx$",
    "▲": r"$\blacktriangle$",
    "▼": r"$\blacktriangledown$",
    "○": r"$\circ$",
    "□": r"$\square$",
    "✓": r"$\checkmark$",
    "✗": r"$\times$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "α": r"$\alpha$",
    "δ": r"$\delta$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "²": r"\textsuperscript{2}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
}
# Between two signs that LaTeX would join to one.
_JOINING = re.compile(r"(?<=-)(?=-)|(?<=,)(?=,)")
# Letters that T1 has; anything else would stop pdflatex.
_LETTERS = re.compile(r"[\u00c0-\u017f]")
_SPACES = re.compile(r"\s+")
# What a file name may hold within \detokenize.
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9_.=/-]")
_SECTIONS = {2: "section", 3: "subsection"}

_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amssymb}
\usepackage{textcomp}
\usepackage{array}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage[margin=2cm]{geometry}
\setcounter{secnumdepth}{0}
\sloppy"""


def document(blocks: Sequence[Block]) -> str:
    """The blocks as a whole document; a heading of the first level is its title."""
    return "\n\n".join([_PREAMBLE, r"\begin{document}", render(blocks), r"\end{document}"])


def render(blocks: Sequence[Block]) -> str:
    """The blocks as what stands within a document."""
    return "\n\n".join(filter(None, map(_block, blocks)))


def _block(block: Block) -> str:
    match block:
        case Heading(level, text, anchor):
            return _heading(level, inline(text)) + (rf"\label{{{_anchor(anchor)}}}" if anchor else "")
        case Prose(text):
            return inline(text)
        case ListBlock(items):
            return _list(items) if items else ""
        case Callout(blocks):
            return _environment("quote", render(blocks))
        case Table():
            return "\n\n".join(map(_set_table, _pages(block)))
        case Figure(file, alternative, caption):
            return _figure(file, caption or text_of(alternative))
        case Details(summary, blocks):
            return f"{_heading(4, inline(text_of(summary)))}\n\n{render(blocks)}"
        case CodeBlock(code):
            return _lines(code)
    assert_never(block)


def _environment(name: str, content: str) -> str:
    return f"\\begin{{{name}}}\n{content}\n\\end{{{name}}}"


def _heading(level: int, title: str) -> str:
    if level == 1:
        return f"\\title{{{title}}}\n\\author{{}}\\date{{}}\n\\maketitle"
    return f"\\{_SECTIONS.get(level, 'subsubsection')}{{{title}}}"


def _anchor(name: str) -> str:
    return _NO_FILE_NAME.sub("-", name).replace("_", "-")


def _list(items: Sequence[Item]) -> str:
    return _environment("itemize", "\n".join(map(_item, items)))


def _item(item: Item) -> str:
    return f"\\item {inline(item.text)}" + (f"\n{_list(item.items)}" if item.items else "")


def _figure(file: str, caption: Text) -> str:
    # \detokenize keeps underscores of file names; a picture leaves room for its caption on the page.
    name = _NO_FILE_NAME.sub("-", file)
    size = r"width=\linewidth,height=0.8\textheight,keepaspectratio"
    shown = rf"\includegraphics[{size}]{{\detokenize{{{name}}}}}"
    return _floating("figure", shown, inline(caption))


def _floating(kind: str, content: str, caption: str) -> str:
    return f"\\begin{{{kind}}}[htbp]\n\\centering\n{content}\n\\caption{{{caption}}}\n\\end{{{kind}}}"


def _lines(code: str) -> str:
    """Lines that stand as they are typed, but for runs of spaces."""
    lines = [_escape(line).strip() or r"\mbox{}" for line in code.splitlines()]
    return _environment("flushleft", "\\ttfamily\\small\n" + "\\\\\n".join(lines))


# tables ------------------------------------------------------------------------------------------------

# Signs of a cell beyond which its column breaks into lines, and lines of a table that fit on one page.
WIDEST_CELL = 40
MOST_LINES = 30
# Of the width of a line, what a column that breaks has alone, or each of several.
WIDTH_ALONE = 0.7
WIDTH_OF_SEVERAL = 0.35
SIGNS_OF_A_LINE = 90


def tabular(table: Table) -> str:
    """A table alone, with the rules of booktabs; one with cells of many words needs the package array too."""
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{_columns(table)}}}",
            r"\toprule",
            _row([column.title for column in table.columns]),
            r"\midrule",
            *map(_row, table.rows),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _row(cells: Sequence[Text]) -> str:
    return " & ".join(map(inline, cells)) + r" \\"


def _columns(table: Table) -> str:
    broken = _broken_columns(table)
    paragraph = rf">{{\raggedright\arraybackslash}}p{{{_width(broken)}\linewidth}}"
    return "".join(
        paragraph if position in broken else "r" if column.is_numeric else "l"
        for position, column in enumerate(table.columns)
    )


def _broken_columns(table: Table) -> frozenset[int]:
    return frozenset(
        position for position in range(len(table.columns)) if any(_has_lines(row[position]) for row in table.rows)
    )


def _width(broken: frozenset[int]) -> float:
    return WIDTH_ALONE if len(broken) == 1 else WIDTH_OF_SEVERAL


def _has_lines(cell: Text) -> bool:
    """Whether a cell has several lines or should; a lone name cannot be broken."""
    is_name = len(cell.pieces) == 1 and isinstance(cell.pieces[0], Code)
    return Break() in cell.pieces or (len(cell.plain) > WIDEST_CELL and not is_name)


def _pages(table: Table) -> Iterator[Table]:
    """The table, cut where a page would end; each part has the header."""
    signs = _width(_broken_columns(table)) * SIGNS_OF_A_LINE
    rows: list[tuple[Text, ...]] = []
    lines = 0
    for row in table.rows:
        height = max(_height(cell, signs) for cell in row)
        if rows and lines + height > MOST_LINES:
            yield Table(table.columns, tuple(rows), table.caption)
            rows, lines = [], 0
        rows.append(row)
        lines += height
    yield Table(table.columns, tuple(rows), table.caption)


def _height(cell: Text, signs: float) -> int:
    """In lines, of so many signs."""
    return max(1, math.ceil(len(cell.plain) / signs) + cell.pieces.count(Break())) if _has_lines(cell) else 1


def _set_table(table: Table) -> str:
    # A table of many columns shrinks to the line instead of running out of the page.
    fitting = "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n" + tabular(table) + "}"
    if table.caption:
        caption = table.caption[:1].upper() + table.caption[1:]
        return _floating("table", fitting, inline(text_of(caption)))
    return _environment("center", fitting)


# within a line -----------------------------------------------------------------------------------------


def inline(text: Text) -> str:
    """The text in one line, which may stand in a cell."""
    return "".join(map(_piece, text.pieces)).strip()


def _piece(piece: Piece) -> str:
    match piece:
        case str():
            return _escape(piece)
        case Number(written):
            return _escape(written)
        case Code(name):
            return rf"\texttt{{{_escape(name).strip()}}}"
        case Strong(content):
            return rf"\textbf{{{inline(content)}}}"
        case Emphasis(content):
            return rf"\emph{{{inline(content)}}}"
        case Toned(content):
            return inline(content)
        case Link(content, anchor):
            return rf"{inline(content)} (page \pageref{{{_anchor(anchor)}}})"
        case Break():
            return r"\newline "
    assert_never(piece)


def _escape(text: str) -> str:
    """`text` as itself on one line; a sign that LaTeX has no letter for is shown by its code point."""
    return "{}".join("".join(map(_escaped, part)) for part in _JOINING.split(_SPACES.sub(" ", text)))


def _escaped(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if (sign.isascii() and sign.isprintable()) or _LETTERS.fullmatch(sign):
        return sign
    return rf"\texttt{{U+{ord(sign):04X}}}"
