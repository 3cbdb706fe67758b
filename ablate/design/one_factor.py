"""One factor at a time: every level of every factor, the others at the baseline.

With factors of a, b, … levels these are 1 + (a - 1) + (b - 1) + … arms. Effects that need two factors to
change together (interactions) cannot be seen; a grid sees them.
"""

from __future__ import annotations

from ablate.design import Factors, Levels
from ablate.design._names import arm_name
from ablate.identity import Json, canonical

__all__ = ["arms", "name"]


def arms(factors: Factors, baseline: Levels) -> list[dict[str, Json]]:
    """Factor after factor, each in the order of its levels; the baseline once, where it first occurs."""
    every = [{**baseline, factor: level} for factor, levels in factors.items() for level in levels]
    return list({canonical(arm): arm for arm in every}.values())


def name(levels: Levels, baseline: Levels) -> str:
    """The factor that differs from the baseline, with its level; `baseline` when none does, unless
    there is only one factor to name."""
    changed = [key for key in levels if canonical(levels[key]) != canonical(baseline[key])]
    named = list(levels) if len(levels) == 1 else changed
    return arm_name(levels, named) or "baseline"
