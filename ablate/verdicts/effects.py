"""An effect of factors: a contrast of several cells within each seed, and the runs that it is made of.

>>> good, bad = ArmValues({0: 0.1, 1: 0.2}), ArmValues({0: 0.3}, diverged=(1,))
>>> effect = EffectValues({0: 0.2}, (good, bad), composite={0: 0.2, 1: 0.7})
>>> effect.n_planned, effect.n_diverged, effect.divergence
(2, 1, '1/4')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ablate.verdicts.pairing import ArmValues

__all__ = ["EffectValues", "effect_of_differences"]


@dataclass(frozen=True)
class EffectValues:
    """What an effect is judged by; it is the arms' rule: two analyses wherever runs diverged.

    Attributes:
        contrasts: seed → contrast, over the seeds on which every cell has a value.
        cells: the arms that it is taken over, with what became of their runs.
        composite: the contrasts with the worst value for each run that diverged; None when none did; empty when no
            value can stand for one.
        is_positive: False where an error of the cells has no logarithm and the scale asks for one.
    """

    contrasts: Mapping[int, float]
    cells: tuple[ArmValues, ...]
    composite: Mapping[int, float] | None = None
    is_positive: bool = True

    @property
    def n_planned(self) -> int:
        """The seeds that every cell was to have."""
        return len(frozenset[int].intersection(*(cell.planned_seeds for cell in self.cells))) if self.cells else 0

    @property
    def n_diverged(self) -> int:
        """The runs of all cells that diverged, of which a seed may have several."""
        return sum(len(cell.diverged_seeds) for cell in self.cells)

    @property
    def divergence(self) -> str:
        """`3/32`: runs that diverged of those with an outcome."""
        return f"{self.n_diverged}/{self.n_diverged + sum(len(cell.finite) for cell in self.cells)}"


def effect_of_differences(differences: Mapping[int, float]) -> EffectValues:
    """Of differences whose sides are not known. Nothing can stand for one that is not finite."""
    cell = ArmValues(differences)
    return EffectValues(cell.finite, (cell,), composite={} if cell.diverged_seeds else None)
