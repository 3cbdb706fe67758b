"""Filters of `ablate list`: key=value words that a run must agree with, all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ablate.analysis.settings import setting_text
from ablate.config.problems import Problem, gather, nearest, raise_any
from ablate.core.errors import UsageError
from ablate.core.records import Status
from ablate.storage.index import MISSING, UNREADABLE

if TYPE_CHECKING:
    from ablate.config.overrides import Override, Overrides
    from ablate.operations.catalogue import Entry, Membership

__all__ = ["filtered", "is_named", "is_same", "split_filters", "status_problems", "unknown_key_problems"]

log = logging.getLogger(__name__)
KINDS = ("studies", "runs")
# What a run can be: what its record says, or that it has none, or none that can be read here.
STATUSES = (*(status.value for status in Status), MISSING, UNREADABLE)
# Keys of which a run can have several values.
OF_MEMBERSHIPS = ("study", "sweep", "arm")
# So many are named where none is the one that was asked for.
MOST_VALUES = 12

# What a run is asked for under each key; other keys are settings.
FIELDS: dict[str, Callable[[Entry], list[Any]]] = {
    "status": lambda entry: [entry.status],
    "study": lambda entry: [membership.study for membership in entry.memberships],
    "sweep": lambda entry: [membership.sweep for membership in entry.memberships],
    "arm": lambda entry: [membership.arm.name for membership in entry.memberships],
    "seed": lambda entry: [entry.seed],
}


def split_filters(words: Sequence[str]) -> tuple[str, Overrides]:
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
    if len(bare) == len(words):
        return "runs" if "runs" in bare else "studies", ()
    # Hydra's grammar takes as long to load as ten thousand runs to list.
    from ablate.config.overrides import parse_override, raise_repeated

    filters = tuple(gather(parse_override, [_quoted_arm(word) for word in words if "=" in word]))
    # Two of these are no contradiction: a run can be of two studies.
    raise_repeated(override for override in filters if override.key not in OF_MEMBERSHIPS)
    return "runs", filters


def filtered(entries: Sequence[Entry], filters: Overrides) -> list[Entry]:
    """The entries that agree with all of the filters.

    Raises:
        ConfigError: with every filter whose key no entry has, or whose status is none.
    """
    is_about_settings = any(override.key not in FIELDS for override in filters)
    keys = (key for entry in entries if is_about_settings for key in _keys(entry))
    raise_any([*unknown_key_problems(filters, keys), *status_problems(filters)])
    for override in filters:
        if override.key != "status" and entries and not any(_agrees(entry, override) for entry in entries):
            log.warning("%s: no run has it; %s", override.text, _values_there(entries, override))
    return [entry for entry in entries if all(_agrees(entry, override) for override in filters)]


def unknown_key_problems(filters: Overrides, keys: Iterable[str]) -> Iterator[Problem]:
    """Of the filters whose key is neither a field nor one of `keys`."""
    unknown = [override for override in filters if override.key not in FIELDS]
    known = list(dict.fromkeys([*FIELDS, *(keys if unknown else ())]))
    for override in unknown:
        if override.key not in known:
            yield Problem(override.key, override.value, f"one of {', '.join(known)}", nearest(override.key, known))


def status_problems(filters: Overrides) -> Iterator[Problem]:
    """Of the filters that ask for a status that no run can have."""
    for override in filters:
        status = str(override.value).lower()
        if override.key == "status" and status not in STATUSES:
            yield Problem("status", override.value, f"one of {', '.join(STATUSES)}", nearest(status, STATUSES))


def _values_there(entries: Sequence[Entry], override: Override) -> str:
    """The values that entries have under the key of a filter, as many as one reads; the nearest first."""
    texts = tuple(dict.fromkeys(setting_text(value) for entry in entries for value in _values(entry, override.key)))
    closest = nearest(setting_text(override.value), texts)
    more = f" and {len(texts) - MOST_VALUES} more" if len(texts) > MOST_VALUES else ""
    hint = f"did you mean {closest}? " if closest else ""
    return f"{hint}there {'is' if len(texts) == 1 else 'are'} {', '.join(texts[:MOST_VALUES])}{more}"


def _values(entry: Entry, key: str) -> list[Any]:
    if key in FIELDS:
        return FIELDS[key](entry)
    levels = [membership.arm.levels[key] for membership in entry.memberships if key in membership.arm.levels]
    return [*levels, *([entry.settings[key]] if key in entry.settings else [])]


def _keys(entry: Entry) -> list[str]:
    return [*entry.settings, *(factor for membership in entry.memberships for factor in membership.arm.levels)]


def _agrees(entry: Entry, override: Override) -> bool:
    if override.key == "arm":
        return any(is_named(membership, str(override.value)) for membership in entry.memberships)
    return any(is_same(value, override.value) for value in _values(entry, override.key))


def is_named(membership: Membership, asked: str) -> bool:
    """Whether an arm is meant as `ablate compare` would take it: by its name (`optimizer=adam`), by one of its levels
    (`adam`), or by either with its study before it (`optimizers:adam`)."""
    names = [membership.arm.name, *map(setting_text, membership.arm.levels.values())]
    known = [*names, *(f"{membership.study}:{name}" for name in names)]
    return asked.lower() in [name.lower() for name in known]


def is_same(value: Any, asked: Any) -> bool:
    """Whether a value is the one that was asked for: as it is, as it is written, or a target by its last name."""
    if isinstance(value, str):
        return setting_text(asked).lower() in (value.lower(), value.rpartition(".")[2].lower())
    return bool(value == asked) and isinstance(value, bool) == isinstance(asked, bool)


def _quoted_arm(word: str) -> str:
    """The name of an arm holds an equals sign, which the grammar of overrides wants in quotes."""
    key, _, value = word.partition("=")
    return f"{key}='{value}'" if key == "arm" and not value.startswith(("'", '"')) else word
