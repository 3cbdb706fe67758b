"""From the levels of factors to the arms of a sweep.

Each module of this package is a design, found by its name; adding one adds a module and edits nothing.

    lay_out("one_factor", {"optimizer": ("sgd", "adam")}, {"optimizer": "adam"})
    # (Assignment("optimizer=sgd", …), Assignment("optimizer=adam", …, is_baseline=True))
    lay_out("random", factors, baseline, Settings(size=12, where=("model.dropout < 0.5",)))
    available()     # ("grid", "leave_one_out", "list", …)

A design is pure, and has

    TAKES                   the names of the settings that it looks at, besides the factors
    arms(space, settings)   (name, levels) of each arm in order, with a level for every factor; one of them is
                            the baseline. It raises `Unfit` for what it cannot lay out.

Conditions (`where`) hold for every design: arms that do not satisfy them are left out after it, and a design
that chooses among arms chooses among those that do (`Space.combinations`).
"""

from __future__ import annotations

import importlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Protocol, cast

from ablate.core.identity import Json, canonical
from ablate.core.modules import modules_of
from ablate.core.parse_error import Unreadable
from ablate.design._conditions import Condition, parse_condition

__all__ = [
    "NAME",
    "Assignment",
    "Design",
    "DesignSettings",
    "Factors",
    "Levels",
    "Refusal",
    "Space",
    "Unfit",
    "available",
    "lay_out",
]

# The key of an arm written by hand that is no factor.
NAME = "name"

Levels = Mapping[str, Json]
Factors = Mapping[str, tuple[Json, ...]]


@dataclass(frozen=True)
class DesignSettings:
    """What a design is told beside the factors. Each takes some of it (`TAKES`).

    Attributes:
        arms: arms written by hand: a level for some of the factors, and a `name` if it is to have one.
        size: how many arms there are to be, the baseline among them.
        design_seed: another one gives another draw.
        where: conditions that every arm satisfies, whatever the design.
    """

    arms: tuple[Mapping[str, Json], ...] = ()
    size: int | None = None
    design_seed: int = 0
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A setting that a design cannot work with: its key, what was given and what is allowed; and where in a
    text the word stands that is wrong."""

    key: str
    value: object
    allowed: str
    nearest: str | None = None
    span: tuple[int, int] | None = None


class Unfit(ValueError):
    """A question that a design cannot lay out. `refusals` says why."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("; ".join(f"{each.key}={each.value!r}: allowed is {each.allowed}" for each in refusals))
        self.refusals = refusals


@dataclass(frozen=True)
class Space:
    """The factors with their levels, the baseline, and the conditions on both."""

    factors: Factors
    baseline: Levels
    conditions: tuple[Condition, ...] = ()

    @property
    def size(self) -> int:
        """How many combinations there are, conditions aside."""
        return math.prod(map(len, self.factors.values()))

    def combinations(self) -> Iterator[dict[str, Json]]:
        """Every allowed combination of levels; the first factor varies slowest."""
        every = (dict(zip(self.factors, levels, strict=True)) for levels in product(*self.factors.values()))
        return (levels for levels in every if self.allows(levels))

    def allows(self, levels: Levels) -> bool:
        """Whether the levels satisfy all conditions.

        Raises:
            Unfit: when a condition compares what cannot be compared.
        """
        return all(self.satisfies(index, levels) for index in range(len(self.conditions)))

    def satisfies(self, index: int, levels: Levels) -> bool:
        """Whether the levels satisfy one condition; raises as `allows` does."""
        try:
            return self.conditions[index].holds(levels)
        except Unreadable as error:
            raise Unfit(_misread(index, error)) from error

    def is_baseline(self, levels: Levels) -> bool:
        return canonical(levels) == canonical(self.baseline)


class Design(Protocol):
    """What a module of this package offers."""

    TAKES: tuple[str, ...]

    def arms(self, space: Space, settings: DesignSettings) -> Sequence[tuple[str, Levels]]: ...


@dataclass(frozen=True)
class Assignment:
    """One arm to be: its name and a level for every factor."""

    name: str
    levels: Levels
    is_baseline: bool


def available() -> tuple[str, ...]:
    """The names of the designs, in alphabetical order."""
    return modules_of(__path__)


def lay_out(
    design: str, factors: Factors, baseline: Levels, settings: DesignSettings = DesignSettings()
) -> tuple[Assignment, ...]:
    """The arms of a design that satisfy the conditions, in the order of the design, the baseline among them.

    Raises:
        ValueError: when no design has that name.
        Unfit: when the design cannot be laid out, with everything that is wrong with the settings.
    """
    if design not in available():
        raise ValueError(f"no design is named {design!r}; there are {', '.join(available())}")
    module = _module(design)
    conditions, misread = _conditions(settings.where, factors)
    space = Space(factors, baseline, conditions)
    _refuse([*misread, *_untaken(design, module, settings), *_baseline_refusals(space)])
    arms = [(name, levels) for name, levels in module.arms(space, settings) if space.allows(levels)]
    _refuse(_shared_names(name for name, _ in arms))
    return tuple(Assignment(name, levels, space.is_baseline(levels)) for name, levels in arms)


def _module(design: str) -> Design:
    return cast(Design, importlib.import_module(f"{__name__}.{design}"))


def _refuse(refusals: Iterable[Refusal]) -> None:
    found = tuple(refusals)
    if found:
        raise Unfit(*found)


def _conditions(texts: Sequence[str], factors: Factors) -> tuple[tuple[Condition, ...], list[Refusal]]:
    conditions, refusals = [], []
    for index, text in enumerate(texts):
        try:
            conditions.append(parse_condition(text, factors))
        except Unreadable as error:
            refusals.append(_misread(index, error))
    return tuple(conditions), refusals


def _misread(index: int, error: Unreadable) -> Refusal:
    return Refusal(f"where[{index}]", error.text, error.allowed, error.nearest, error.span)


def _untaken(design: str, module: Design, settings: DesignSettings) -> Iterator[Refusal]:
    for key in (each.name for each in fields(DesignSettings) if each.name != "where"):
        value = getattr(settings, key)
        if value != getattr(DesignSettings(), key) and key not in module.TAKES:
            takers = [name for name in available() if key in _module(name).TAKES]
            yield Refusal(key, value, f"nothing, for the design {design} does not take it; {' and '.join(takers)} do")


def _baseline_refusals(space: Space) -> Iterator[Refusal]:
    for index, condition in enumerate(space.conditions):
        if not space.satisfies(index, space.baseline):
            yield Refusal(f"where[{index}]", condition.text, "a condition that the baseline satisfies")


def _shared_names(names: Iterable[str]) -> Iterator[Refusal]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Refusal("arms", name, "a name of its own for each arm")
