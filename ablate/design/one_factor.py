"""One factor at a time: every level of every factor, the others at the baseline.

With factors of a, b, … levels these are 1 + (a - 1) + (b - 1) + … arms. Effects that need two factors to
change together (interactions) cannot be seen; a grid sees them.
"""

from __future__ import annotations

from ablate.core.identity import canonical
from ablate.design import DesignSettings, Levels, Space
from ablate.design._names import change_name

__all__ = ["TAKES", "arms"]

TAKES = ()


def arms(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:  # noqa: ARG001, the signature of every design
    """Factor after factor, each in the order of its levels; the baseline once, where it first occurs."""
    every = [{**space.baseline, factor: level} for factor, levels in space.factors.items() for level in levels]
    distinct = {canonical(levels): levels for levels in every}.values()
    return [(change_name(levels, space.baseline), levels) for levels in distinct]
