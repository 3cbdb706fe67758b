"""The trainer of `ablate.testing.scripted` by the name that specs of these tests know it by, and such specs."""

from __future__ import annotations

from collections.abc import Sequence

from ablate.core.identity import Json
from ablate.core.specs import RunSpec, Study
from ablate.testing import scripted
from ablate.testing.scripted import EPOCHS, Trainer, Unpicklable, append_line, finished, lines_of, trainers, tried

__all__ = [
    "EPOCHS",
    "NAME",
    "Trainer",
    "Unpicklable",
    "append_line",
    "finished",
    "lines_of",
    "scripted_spec",
    "scripted_study",
    "trainers",
    "tried",
]

NAME = "tests.runner.scripted.Trainer"


def scripted_spec(seed: int = 0, rate: float = 0.1, threads: int = 1, **behaviour: Json) -> RunSpec:
    """A run that does what `behaviour` says."""
    return scripted.scripted_spec(NAME, seed, rate, threads, behaviour)


def scripted_study(
    rates: Sequence[float] = (0.1, 0.2),
    seeds: Sequence[int] = (0, 1, 2),
    name: str = "rates",
    claims: Sequence[str] = (),
    **behaviour: Json,
) -> Study:
    """A study whose runs do what `behaviour` says."""
    return scripted.scripted_study(NAME, rates, seeds, name, claims, behaviour)
