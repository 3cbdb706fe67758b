"""The names of arms: `optimizer=adam`, `dropout=0.3`, `model.dropout=0.3,head.dropout=0.1`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ablate.core.identity import Json, canonical

__all__ = ["arm_name", "change_name", "factor_names", "short_names"]


def arm_name(levels: Mapping[str, Json], named: Iterable[str]) -> str:
    """The levels of the factors `named`, as `factor=level` joined by commas.

    A factor appears as the last part of its dotted key, or with as many parts before it as tell it from the others.
    """
    short = short_names(levels)
    return ",".join(f"{short[key]}={_level_text(levels[key])}" for key in named)


def change_name(levels: Mapping[str, Json], baseline: Mapping[str, Json]) -> str:
    """The factors that differ from the baseline, with their levels; `baseline` when none does, unless there
    is only one factor to name."""
    changed = [key for key in levels if canonical(levels[key]) != canonical(baseline[key])]
    named = list(levels) if len(levels) == 1 else changed
    return arm_name(levels, named) or "baseline"


def short_names(factors: Iterable[str]) -> dict[str, str]:
    """Each factor with what it is called: as many of its last parts as no other factor ends in."""
    keys = list(factors)
    return {key: next((end for end in _endings(key) if not _is_shared(end, key, keys)), key) for key in keys}


def _endings(key: str) -> list[str]:
    parts = key.split(".")
    return [".".join(parts[-count:]) for count in range(1, len(parts) + 1)]


def _is_shared(end: str, key: str, keys: Iterable[str]) -> bool:
    return any(other != key and f".{other}".endswith(f".{end}") for other in keys)


def factor_names(factors: Iterable[str]) -> dict[str, str]:
    """What each factor is called, with the factor."""
    return {name: factor for factor, name in short_names(factors).items()}


def _level_text(level: Json) -> str:
    return level if isinstance(level, str) else canonical(level)
