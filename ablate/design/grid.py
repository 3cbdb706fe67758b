"""The full grid: every level of every factor with every level of the others.

The first factor varies slowest. With factors of a, b, … levels these are a × b × … arms.
"""

from __future__ import annotations

from itertools import product

from ablate.design import Factors, Levels
from ablate.design._names import arm_name
from ablate.identity import Json

__all__ = ["arms", "name"]


def arms(factors: Factors, baseline: Levels) -> list[dict[str, Json]]:  # noqa: ARG001, the signature of every design
    """The Cartesian product of the levels; the baseline is one of them, since it is made of levels."""
    return [dict(zip(factors, levels, strict=True)) for levels in product(*factors.values())]


def name(levels: Levels, baseline: Levels) -> str:
    """Every factor with its level."""
    return arm_name(levels, named=baseline)
