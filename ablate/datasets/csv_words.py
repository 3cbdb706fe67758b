"""What messages about tables are made of: names, cells, lists of them and settings, none longer than has room."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from ablate.sanitize.text import one_line

__all__ = ["clipped", "counted", "listed", "setting", "word"]

Part = TypeVar("Part")

# Letters of a name or a cell, and of a list of them.
_LONGEST_WORD, _LONGEST_LIST = 40, 160
# A name that neither a shell nor Hydra takes for anything else.
_PLAIN = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_VALUES = ("null", "true", "false", "nan", "inf")


def word(text: str) -> str:
    """A name or a cell, on one line and not too long."""
    return clipped(one_line(text[: 2 * _LONGEST_WORD]), _LONGEST_WORD)


def clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def listed(parts: Collection[Part], show: Callable[[Part], str]) -> str:
    """As many of the parts as there is room for, and how many are left."""
    shown: list[str] = []
    for part in parts:
        if sum(map(len, shown)) > _LONGEST_LIST:
            break
        shown.append(show(part))
    left = len(parts) - len(shown)
    return ", ".join([*shown, f"… and {left:,} more"] if left else shown)


def setting(key: str, value: str | Sequence[str]) -> str:
    """`dataset.key=value` as a shell takes it, in quotes where it needs them."""
    spelt = _spelt(value) if isinstance(value, str) else f"[{','.join(listed(value, _spelt).split(', '))}]"
    text = f"dataset.{key}={spelt}"
    return shlex.quote(text) if '"' in text else text


def _spelt(value: str) -> str:
    text = clipped(one_line(value), _LONGEST_LIST)
    if _PLAIN.fullmatch(text) and text.casefold() not in _VALUES:
        return text
    return '"' + text.replace('"', '\\"') + '"'


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
