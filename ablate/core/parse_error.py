"""A text that cannot be read: which word of it, and what was expected there.

    raise Unreadable("gelu < tahn on val_loss", 7, 11, "an arm", nearest="tanh")
    # expected an arm in place of 'tahn'; did you mean tanh?
    # gelu < tahn on val_loss
    #        ^^^^

The one error of everything that people write in a small language of ablate's own: claims and conditions.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["Unreadable", "carets", "nearest"]


class Unreadable(ValueError):
    """The word from `start` to `end` of `text` is not what can stand there.

    `expected` says what can, and `nearest` is the valid word that was probably meant, if there is one.
    """

    def __init__(self, text: str, start: int, end: int, expected: str, nearest: str | None = None) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.expected = expected
        self.nearest = nearest
        hint = f"; did you mean {nearest}?" if nearest else ""
        super().__init__(f"expected {self.allowed}{hint}\n{text}\n{carets(start, end)}")

    @property
    def word(self) -> str:
        return self.text[self.start : self.end]

    @property
    def allowed(self) -> str:
        """What was expected, and in place of which word."""
        return f"{self.expected} in place of {self.word!r}" if self.word.strip() else self.expected

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


def carets(start: int, end: int) -> str:
    """The line that, below a text, marks its characters from `start` to `end`; one where nothing stands."""
    return " " * start + "^" * max(end - start, 1)


def nearest(name: object, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is probably a slip of, or None."""
    return next(iter(difflib.get_close_matches(str(name), list(names), n=1)), None)
