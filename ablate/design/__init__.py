"""From the levels of factors to the arms of a sweep.

Each module of this package is a design, found by its name; adding one adds a module and edits nothing.

    lay_out("one_factor", {"optimizer": ("sgd", "adam")}, {"optimizer": "adam"})
    # (Assignment("optimizer=sgd", …), Assignment("optimizer=adam", …, is_baseline=True))
    available()     # ("grid", "one_factor")

A design has two functions, both pure:

    arms(factors, baseline) -> list of assignments, each with a level for every factor, in order
    name(levels, baseline)  -> the name of the arm with these levels, unique within the sweep
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from ablate.identity import Json, canonical

__all__ = ["Assignment", "Design", "Factors", "Levels", "available", "lay_out"]

Levels = Mapping[str, Json]
Factors = Mapping[str, tuple[Json, ...]]


class Design(Protocol):
    """What a module of this package offers."""

    arms: Callable[[Factors, Levels], list[dict[str, Json]]]
    name: Callable[[Levels, Levels], str]


@dataclass(frozen=True)
class Assignment:
    """One arm to be: its name and a level for every factor."""

    name: str
    levels: Levels
    is_baseline: bool


def available() -> tuple[str, ...]:
    """The names of the designs, in alphabetical order."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def lay_out(design: str, factors: Factors, baseline: Levels) -> tuple[Assignment, ...]:
    """The arms of a design, in the order of the levels as written, the baseline among them.

    Raises:
        ValueError: when no design has that name.
    """
    if design not in available():
        raise ValueError(f"no design is named {design!r}; there are {', '.join(available())}")
    module = cast(Design, importlib.import_module(f"{__name__}.{design}"))
    return tuple(
        Assignment(module.name(levels, baseline), levels, canonical(levels) == canonical(baseline))
        for levels in module.arms(factors, baseline)
    )
