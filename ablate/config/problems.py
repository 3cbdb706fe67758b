"""What is wrong with a config: all of it at once, as data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from ablate.config.numbers import reads_as_another_type
from ablate.core.errors import AblateError
from ablate.core.parse_error import Unreadable, carets, nearest

__all__ = [
    "ConfigError",
    "Problem",
    "gather",
    "nearest",
    "problems_of",
    "raise_any",
    "sift",
    "unreadable_problem",
]

Item = TypeVar("Item")
Result = TypeVar("Result")

SHOWN_CHARACTERS = 80
# Behind a longer list nobody would look for the name that was meant.
SEEN_AT_ONCE = 160


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be.

    Attributes:
        key: the dotted key, as it is written on the command line.
        value: what was given for it.
        allowed: what may be given instead, e.g. `a whole number from 1`.
        nearest: the valid name that was probably meant, if there is one.
        location: the file and line it stands in, as in `conf/sweep/mine.yaml:4`; empty for the command line.
        span: where in `value`, a text, the word stands that is wrong; it is marked in a line below.
    """

    key: str
    value: object
    allowed: str
    nearest: str | None = None
    location: str = ""
    span: tuple[int, int] | None = None

    def __str__(self) -> str:
        location = f"{self.location}: " if self.location else ""
        # A text that is not in the grammar has no key: it stands for both.
        given = self.key if self.value == self.key else f"{self.key}={_value_text(self.value)}"
        marks = self._marks(len(location) + len(self.key) + 1)
        if self.nearest and len(self.allowed) > SEEN_AT_ONCE:
            return f"{location}{given}: did you mean {self.nearest}? Allowed is {self.allowed}{marks}"
        hint = f"; did you mean {self.nearest}?" if self.nearest else ""
        return f"{location}{given}: allowed is {self.allowed}{hint}{marks}"

    def _marks(self, indent: int) -> str:
        """The line that marks the wrong word, in so far as the value is shown up to there."""
        if self.span is None or self.span[1] > SHOWN_CHARACTERS:
            return ""
        start, end = self.span
        quote = len("'") if reads_as_another_type(str(self.value)) else 0
        return f"\n{carets(indent + quote + start, indent + quote + end)}"


class ConfigError(AblateError, ValueError):
    """A config that cannot be. `problems` holds everything that is wrong with it, each once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple({str(problem): problem for problem in problems}.values())
        super().__init__("\n".join(map(str, self.problems)))


def unreadable_problem(key: str, error: Unreadable) -> Problem:
    """The problem of a text under `key` that cannot be read."""
    return Problem(key, error.text, error.allowed, error.nearest, span=error.span)


def raise_any(problems: Iterable[Problem]) -> None:
    """One `ConfigError` with all of the problems, unless there are none."""
    found = tuple(problems)
    if found:
        raise ConfigError(found)


def gather(attempt: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What `attempt` returns for each of the items.

    Raises:
        ConfigError: with the problems of every item that raised one, after all were tried.
    """
    results, problems = sift(attempt, items)
    raise_any(problems)
    return [result for _, result in results]


def sift(attempt: Callable[[Item], Result], items: Iterable[Item]) -> tuple[list[tuple[Item, Result]], list[Problem]]:
    """The items that `attempt` accepts, each with what it returns, and the problems of all the others."""
    results: list[tuple[Item, Result]] = []
    problems: list[Problem] = []
    for item in items:
        try:
            results.append((item, attempt(item)))
        except ConfigError as error:
            problems.extend(error.problems)
    return results, problems


def problems_of(attempt: Callable[[], object]) -> tuple[Problem, ...]:
    """The problems of the `ConfigError` that `attempt` raises; none when it raises none."""
    try:
        attempt()
    except ConfigError as error:
        return error.problems
    return ()


def _value_text(value: object) -> str:
    """A value as it is written on the command line, so far as that is short; a text that looks like a number in its
    quotes, without which it would be one."""
    if isinstance(value, str):
        text = f"'{value}'" if reads_as_another_type(value) else value
    else:
        text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
