"""The names of arms: `optimizer=adam`, `dropout=0.3`, `model.dropout=0.3,head.dropout=0.1`."""

from __future__ import annotations

from collections.abc import Iterable

from ablate.design import Levels
from ablate.identity import Json, canonical

__all__ = ["arm_name"]


def arm_name(levels: Levels, named: Iterable[str]) -> str:
    """The levels of the factors `named`, as `factor=level` joined by commas.

    A factor appears as the last part of its dotted key, or whole where two factors share that part.
    """
    short = _short_keys(levels)
    return ",".join(f"{short[key]}={_level_text(levels[key])}" for key in named)


def _short_keys(keys: Iterable[str]) -> dict[str, str]:
    last = {key: key.rpartition(".")[2] for key in keys}
    shared = list(last.values())
    return {key: part if shared.count(part) == 1 else key for key, part in last.items()}


def _level_text(level: Json) -> str:
    return level if isinstance(level, str) else canonical(level)
