"""What is wrong with a config: all of it at once, as data."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["ConfigError", "Problem", "gather", "nearest", "problems_of", "raise_any", "sift"]

Item = TypeVar("Item")
Result = TypeVar("Result")

SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be.

    Attributes:
        key: the dotted key, as it is written on the command line.
        value: what was given for it.
        allowed: what may be given instead, e.g. `a whole number from 1`.
        nearest: the valid name that was probably meant, if there is one.
        place: the file and line it stands in, as in `conf/sweep/mine.yaml:4`; empty for the command line.
    """

    key: str
    value: object
    allowed: str
    nearest: str | None = None
    place: str = ""

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        # A word that is not in the grammar has no key: it stands for both.
        given = self.key if self.value == self.key else f"{self.key}={_value_text(self.value)}"
        hint = f"; did you mean {self.nearest}?" if self.nearest else ""
        return f"{place}{given}: allowed is {self.allowed}{hint}"


class ConfigError(ValueError):
    """A config that cannot be. `problems` holds everything that is wrong with it, each once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple({str(problem): problem for problem in problems}.values())
        super().__init__("\n".join(map(str, self.problems)))


def nearest(name: object, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is probably a slip of, or None."""
    return next(iter(difflib.get_close_matches(str(name), list(names), n=1)), None)


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
    """A value as it is written on the command line, so far as that is short."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
