"""Which edition of the pages this is: another one draws or styles them otherwise, of the same results.

edition()      # of everything in this room: templates, style, scripts and what draws
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ablate.core.identity import digest, sha256_of_bytes

__all__ = ["FOLDER", "edition"]

FOLDER = Path(__file__).parent
FORMAT = 1
KINDS = (".py", ".html", ".css", ".js")


@cache
def edition() -> str:
    """A digest of the files of this room, in any place and with the line ends of any system. Libraries are not in it:
    a report is left alone in another environment."""
    files = sorted(path for path in FOLDER.rglob("*") if path.suffix in KINDS)
    checksums = {
        path.relative_to(FOLDER).as_posix(): sha256_of_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
        for path in files
    }
    return digest("web", FORMAT, checksums)
