"""Filters of `ablate list`: key=value words that a run must agree with, all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ablate.analysis.settings import setting_text
from ablate.config.overrides import Word, Words, parse_words
from ablate.config.problems import Problem, nearest, raise_any
from ablate.core.errors import UsageError

if TYPE_CHECKING:
    from ablate.operations.catalogue import Entry

__all__ = ["filtered", "split_filters"]

KINDS = ("studies", "runs")

# What a run is asked for under each key; other keys are settings. An arm's name is `optimizer=adam`.
FIELDS: dict[str, Callable[[Entry], list[Any]]] = {
    "status": lambda entry: [entry.status],
    "study": lambda entry: [place.study for place in entry.places],
    "sweep": lambda entry: [place.sweep for place in entry.places],
    "arm": lambda entry: [place.arm.name for place in entry.places],
    "seed": lambda entry: [entry.seed],
}


def split_filters(words: Sequence[str]) -> tuple[str, Words]:
    """What to list, studies or runs, and the filters. Filters are about runs.

    Raises:
        UsageError, ConfigError: for words that are neither.
    """
    bare = [word for word in words if "=" not in word]
    for word in bare:
        if word not in KINDS:
            closest = nearest(word, KINDS)
            hint = f"; did you mean {closest}?" if closest else ""
            raise UsageError(f"{word} is neither studies nor runs nor a filter (key=value){hint}")
    filters = parse_words(_quoted_arm(word) for word in words if "=" in word)
    return "runs" if filters or "runs" in bare else "studies", filters


def filtered(entries: Sequence[Entry], filters: Words) -> list[Entry]:
    """The entries that agree with all of the filters.

    Raises:
        ConfigError: with every filter whose key no entry has.
    """
    raise_any(_unknown_keys(entries, filters))
    return [entry for entry in entries if all(_agrees(entry, word) for word in filters)]


def _unknown_keys(entries: Sequence[Entry], filters: Words) -> Iterator[Problem]:
    unknown = [word for word in filters if word.key not in FIELDS]
    keys = list(dict.fromkeys([*FIELDS, *(key for entry in entries if unknown for key in _keys(entry))]))
    for word in unknown:
        if word.key not in keys:
            yield Problem(word.key, word.value, f"one of {', '.join(keys)}", nearest(word.key, keys))


def _keys(entry: Entry) -> list[str]:
    return [*entry.settings, *(factor for place in entry.places for factor in place.arm.levels)]


def _agrees(entry: Entry, word: Word) -> bool:
    if word.key in FIELDS:
        return any(_is_same(value, word.value) for value in FIELDS[word.key](entry))
    levels = [place.arm.levels[word.key] for place in entry.places if word.key in place.arm.levels]
    settings = [entry.settings[word.key]] if word.key in entry.settings else []
    return any(_is_same(value, word.value) for value in (*levels, *settings))


def _is_same(value: Any, asked: Any) -> bool:
    """Whether a value is the one that was asked for: as it is, as it is written, or a target by its last name."""
    if isinstance(value, str):
        return setting_text(asked).lower() in (value.lower(), value.rpartition(".")[2].lower())
    return bool(value == asked) and isinstance(value, bool) == isinstance(asked, bool)


def _quoted_arm(word: str) -> str:
    """The name of an arm holds an equals sign, which the grammar of overrides wants in quotes."""
    key, _, value = word.partition("=")
    return f"{key}='{value}'" if key == "arm" and not value.startswith(("'", '"')) else word
