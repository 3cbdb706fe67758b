"""Two arms that no seed pairs: independent samples, compared by the means of all their runs.

>>> from ablate.core.records import METRICS
>>> arm, reference = ArmValues({0: 0.98, 1: 0.97, 2: 0.99}), ArmValues({7: 0.95, 8: 0.96, 9: 0.97})
>>> sides = unpaired_sides(arm, reference, METRICS["test_accuracy"])
>>> estimate = sides.estimates(orientation=1)[0]
>>> estimate.n, round(estimate.mean, 3), round(estimate.df, 1)
(3, 0.02, 4.0)

Welch's test and its equivalence test stand in for the paired t; divergence is dealt with by the rule of the paired
ones. Only for sides without a seed in common: on equal seeds it would waste what they share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ablate.core.records import MetricInfo
from ablate.stats.improvement import ProbabilityOfSuperiority, probability_of_superiority
from ablate.stats.unpaired import welch
from ablate.verdicts.decisions import DifferenceEstimate
from ablate.verdicts.divergence import composite_values, standing_value
from ablate.verdicts.pairing import ArmValues, rounding_spread
from ablate.verdicts.scales import on_scale
from ablate.verdicts.verdict import Scale

__all__ = ["UnpairedSides", "share_no_seed", "unpaired_sides"]

Values = tuple[float, ...]


def share_no_seed(arm: ArmValues, reference: ArmValues) -> bool:
    """Whether both sides were planned, and on other seeds."""
    first, second = arm.planned_seeds, reference.planned_seeds
    return bool(first) and bool(second) and not first & second


@dataclass(frozen=True)
class UnpairedSides:
    """Both sides on `scale`; each of [runs].

    Attributes:
        arm, reference: of the runs that trained, in the unit of the metric.
        scaled: both of them on `scale`; empty where an error has no logarithm (`is_positive` is False then).
        composite: the same with the worst value for each run that diverged; None when none did; two empty sides when
            nothing can stand for one.
        floor: the smallest spread of a side that is believed, on `scale`.
        worst: what stands for a diverged run; None where no such value is known.
    """

    metric: MetricInfo
    scale: Scale
    arm_values: ArmValues
    reference_values: ArmValues
    scaled: tuple[Values, Values]
    composite: tuple[Values, Values] | None
    floor: float
    worst: float | None
    is_positive: bool = True

    @property
    def arm(self) -> Values:
        return tuple(self.arm_values.finite.values())

    @property
    def reference(self) -> Values:
        return tuple(self.reference_values.finite.values())

    @property
    def counted(self) -> tuple[Values, Values]:
        """The sides that count every run."""
        return self.composite if self.composite is not None and all(self.composite) else self.scaled

    def estimates(self, orientation: int, margin: float | None = None) -> tuple[DifferenceEstimate, ...]:
        """Of `orientation` · (arm − reference): of the runs that trained, and of all where some diverged. `n` is the
        smaller side, and `sd` the spread of one."""
        analyses = (self.scaled,) if self.composite is None else (self.scaled, self.composite)
        return tuple(self._estimate(first, second, orientation, margin) for first, second in analyses)

    def superiority(self, better: int) -> ProbabilityOfSuperiority | None:
        """That a run of the arm is better than one of the reference, any two of them."""
        first, second = self.counted
        return probability_of_superiority([better * value for value in first], [better * value for value in second])

    def _estimate(
        self, first: Sequence[float], second: Sequence[float], orientation: int, margin: float | None
    ) -> DifferenceEstimate:
        found = welch(first, second)
        if found.mean is None or found.sd is None or found.n < 2:
            return DifferenceEstimate(found.n, None if found.mean is None else orientation * found.mean, margin=margin)
        least = self.floor * math.sqrt(1 / found.n_x + 1 / found.n_y)
        se = max(found.se or 0.0, least) or None
        return DifferenceEstimate(
            found.n,
            orientation * found.mean,
            se,
            # Sides without a spread of their own have that of their rounding, as of one pooled sample.
            found.df or found.n_x + found.n_y - 2,
            margin,
            max(found.sd, self.floor),
            floored=(found.se or 0.0) < least,
            tied=found.mean == 0.0 and not found.se,
            floor=self.floor,
        )


def unpaired_sides(
    arm: ArmValues,
    reference: ArmValues,
    metric: MetricInfo,
    scale: Scale = Scale.RAW,
    n_examples: int | None = None,
    resolution: float | None = None,
    classes: int | None = None,
    all_values: Iterable[float] | None = None,
    worst: float | None = None,
) -> UnpairedSides:
    """
    Args:
        n_examples, resolution, classes, all_values, worst: as in `pair_values`.

    Raises:
        ValueError: as `pair_values`.
    """
    values = [*arm.finite.values(), *reference.finite.values()] if all_values is None else all_values
    standing = standing_value(metric, values, classes, worst)
    scaled = _scaled(arm.finite, reference.finite, metric, scale, n_examples)
    of_reference = list(reference.finite.values())
    error = metric.error(math.fsum(of_reference) / len(of_reference)) if of_reference else None
    return UnpairedSides(
        metric=metric,
        scale=scale,
        arm_values=arm,
        reference_values=reference,
        scaled=scaled or ((), ()),
        composite=_composite(arm, reference, metric, scale, n_examples, standing),
        floor=rounding_spread(metric, scale, error, n_examples, resolution),
        worst=standing,
        is_positive=scaled is not None,
    )


def _composite(
    arm: ArmValues,
    reference: ArmValues,
    metric: MetricInfo,
    scale: Scale,
    n_examples: int | None,
    worst: float | None,
) -> tuple[Values, Values] | None:
    if not (arm.diverged_seeds or reference.diverged_seeds):
        return None
    if worst is None or not (arm.finite and reference.finite):
        return (), ()
    first, second = (composite_values(side.finite, side.diverged_seeds, worst) for side in (arm, reference))
    return _scaled(first, second, metric, scale, n_examples) or ((), ())


def _scaled(
    arm: Mapping[int, float], reference: Mapping[int, float], metric: MetricInfo, scale: Scale, n_examples: int | None
) -> tuple[Values, Values] | None:
    first, second = (on_scale(side, metric, scale, n_examples) for side in (arm, reference))
    return None if first is None or second is None else (tuple(first.values()), tuple(second.values()))
