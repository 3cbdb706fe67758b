"""The full grid: every level of every factor with every level of the others.

The first factor varies slowest. With factors of a, b, … levels these are a × b × … arms.
"""

from __future__ import annotations

from ablate.design import DesignSettings, Levels, Space
from ablate.design._names import arm_name
from ablate.design._subsets import refuse_too_many

__all__ = ["TAKES", "arms"]

TAKES = ()


def arms(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:  # noqa: ARG001, the signature of every design
    """The Cartesian product of the levels, each arm named by all of its factors; the baseline is one of them,
    since it is made of levels.

    Raises:
        Unfit: when there are more combinations than anybody could train.
    """
    refuse_too_many(space)
    return [(arm_name(levels, named=space.factors), levels) for levels in space.combinations()]
