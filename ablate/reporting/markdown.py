"""GitHub-flavoured markdown out of parts that may hold anything.

    table(["arm", "n"], [[code("optimizer=adam"), "8"]])
    escape("a | b\\n<script>")           # one harmless line

Whatever a user, a configuration or an exception wrote goes through `escape` or `code` first; the other
functions take markdown and trust it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ablate.sanitize.text import harmless

__all__ = ["code", "details", "escape", "fenced", "image", "join_blocks", "table"]

# Longer cells stick out of the source, instead of widening it for all rows.
WIDEST_COLUMN = 60

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKUP = re.compile(r"([\\`*{}\[\]|~$#!]|(?<!\w)_|_(?!\w))")
# GitHub turns bare addresses into links and @names into mentions, whatever stands around them.
_LINKS = re.compile(r"(?<=[A-Za-z])://|(?<=www)\.|@")
_UNSAFE_IN_CODE = re.compile(r"[`|<>&\s]")


def escape(text: str) -> str:
    """`text` as itself: one line, no markup, no HTML, no link, safe within a table cell."""
    one_line = harmless(" ".join(text.split()))
    marked = _MARKUP.sub(r"\\\1", one_line.translate(_ENTITIES))
    return _LINKS.sub(lambda match: "".join(f"&#{ord(sign)};" for sign in match[0]), marked)


def code(text: str) -> str:
    """`text` in a code span, or escaped where a span could not hold it on one line of a table."""
    is_unsafe = not text or _UNSAFE_IN_CODE.search(text) or harmless(text) != text
    return escape(text) if is_unsafe else f"`{text}`"


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backticks within."""
    text = harmless(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    """A table whose source is aligned too, so that it can be read in a terminal.

    Args:
        numeric: the positions of the columns that are set flush right.

    Raises:
        ValueError: when a row has more or fewer cells than the header.
    """
    if any(len(row) != len(header) for row in rows):
        raise ValueError(f"every row needs {len(header)} cells")
    longest = [max(len(line[column]) for line in (header, *rows)) for column in range(len(header))]
    widths = [min(max(3, width), WIDEST_COLUMN) for width in longest]
    rule = ["-" * (width - 1) + ":" if column in numeric else "-" * width for column, width in enumerate(widths)]
    return "\n".join(_table_line(line, widths, numeric) for line in (header, rule, *rows))


def _table_line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if column in numeric else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(padded)} |"


def details(summary: str, body: str) -> str:
    """A block that is folded until it is asked for; the empty lines let GitHub render markdown within."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def image(alternative: str, path: str) -> str:
    return f"![{escape(alternative)}]({path})"


def join_blocks(blocks: Sequence[str]) -> str:
    """The blocks that are not empty, an empty line between them."""
    return "\n\n".join(block for block in blocks if block)
