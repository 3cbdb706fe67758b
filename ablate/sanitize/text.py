"""Text from elsewhere, made safe to show: what would be obeyed is spelt out.

    harmless("\\x1b[2Jgone\\n")      # "\\\\x1b[2Jgone", and the line ends as it did
    one_line("a\\nb")               # "a\\\\nb"

A name in a plan, a message in a record and a cell of a table may hold what moves a cursor, clears a screen,
turns the direction of writing, or cannot be written at all.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["file_stem", "harmless", "one_line"]

# Everything that is not seen but tab, new line and what joins letters: C0 and C1 controls, directions of writing,
# separators of lines that no shell knows, halves of a pair of UTF-16, tags. Written by number, for it is not seen.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
LONGEST_STEM = 120
_LINE_PARTS = str.maketrans({"\n": "\\n", "\t": "\\t"})


def harmless(text: str) -> str:
    """`text` with its control characters spelt out, tabs and ends of lines aside."""
    # Nearly all text is so, and to ask takes a tenth of the time.
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def one_line(text: str) -> str:
    """`text` with all control characters spelt out: a name cannot pass for two lines."""
    if text.isascii() and text.isprintable():
        return text
    return harmless(text).translate(_LINE_PARTS)


def file_stem(text: str) -> str:
    """`text` as the begin of a file's name: what cannot stand there on every system becomes a dash, and a text that
    is too long is cut, and told by its hash from others that begin alike."""
    stem = re.sub(r"[^A-Za-z0-9_.=-]", "-", text)
    if len(stem) <= LONGEST_STEM:
        return stem
    return f"{stem[:LONGEST_STEM]}-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:12]}"
