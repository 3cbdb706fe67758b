"""How large the counts of a config may be: one table, looked at before anything is built of them.

A count that is typed with too many zeros would otherwise take the memory of the machine before it is refused. The
bounds are far above what is of use, and are no promise that what they allow fits into memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ablate.config.problems import Problem

__all__ = ["MOST_RUNS", "MOST_VALUES", "bound_problems", "bounds_below"]

# Of a sweep: its arms, each on all of its seeds.
MOST_RUNS = 1_000_000
# Of one key that is given several values, as in seed=range(1000).
MOST_VALUES = 100_000
# Of a list of counts, such as the units of each hidden layer.
MOST_ITEMS = 1_000

# Dotted key → the most that it may be, or each of its items, and of what.
BOUNDS: Mapping[str, tuple[int, str]] = {
    "sweep.seeds": (100_000, "seeds"),
    "sweep.confirm": (100_000, "fresh seeds"),
    "dataset.classes": (100_000, "classes"),
    "dataset.size": (4_096, "pixels a side"),
    "model.hidden": (65_536, "units a layer"),
    "model.dense": (65_536, "units"),
    "model.filters": (65_536, "channels a layer"),
    "model.width": (65_536, "units of a token"),
    "model.heads": (65_536, "heads"),
    "model.patch": (4_096, "pixels a side"),
    "model.blocks": (1_000, "blocks"),
    "model.latent": (65_536, "numbers"),
    "optimizer.ns_steps": (1_000, "iterations"),
    "procedure.components": (65_536, "components"),
    "training.epochs": (1_000_000, "epochs"),
    "numerics.threads": (4_096, "threads"),
}


def bounds_below(root: str, value: Any) -> Iterator[Problem]:
    """The problems of all counts under the root key `root`, whose value is `value`."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from bound_problems(f"{root}.{name}", item)


def bound_problems(key: str, value: Any) -> Iterator[Problem]:
    """What of the value at a dotted key is more than it may be; nothing where the table has no such key."""
    if key not in BOUNDS:
        return
    most, unit = BOUNDS[key]
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        yield Problem(key, value, f"at most {MOST_ITEMS:,} items")
    items = {f"{key}[{index}]": item for index, item in enumerate(value)} if isinstance(value, list) else {key: value}
    for where, item in items.items():
        if isinstance(item, (int, float)) and item > most:
            yield Problem(where, item, f"at most {most:,} {unit}")
