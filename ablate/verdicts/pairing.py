"""Two arms paired by seed, on the scale of the question.

>>> from ablate.core.records import METRICS
>>> arm, reference = ArmValues({0: 0.98, 1: 0.97}), ArmValues({1: 0.96, 0: 0.97, 2: 0.99})
>>> paired = pair_values(arm, reference, METRICS["test_accuracy"])
>>> {seed: round(value, 6) for seed, value in paired.differences.items()}
{0: 0.01, 1: 0.01}
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy.typing as npt

from ablate.core.records import MetricInfo
from ablate.stats.contrasts import per_seed_contrast
from ablate.verdicts.divergence import composite_values, standing_value
from ablate.verdicts.scales import on_scale
from ablate.verdicts.verdict import Scale

__all__ = ["ArmValues", "PairedValues", "pair_values", "rounding_spread"]


@dataclass(frozen=True)
class ArmValues:
    """One metric of one arm, and what became of its seeds.

    Attributes:
        values: seed → value, in the unit of the metric. A value that is not finite counts as diverged, None
            as missing.
        planned: the seeds that were to have a value; those that have an outcome when empty.
        diverged, failed: seeds without a value: by their recipe, or by an accident that could not be repaired.
        unreached: seeds that trained, and whose value is beyond every number: they never got to a threshold.
        correct: seed → [examples] correct or not on the test set, where predictions are stored.
        digests: seed → a name for all that came out of the run, `StoredRun.digest`; without one no two runs are known
            to be the same.
    """

    values: Mapping[int, float | None]
    planned: Collection[int] = ()
    diverged: Collection[int] = ()
    failed: Collection[int] = ()
    correct: Mapping[int, npt.NDArray[Any]] = field(default_factory=dict)
    unreached: Collection[int] = ()
    digests: Mapping[int, str | None] = field(default_factory=dict)

    @cached_property
    def finite(self) -> dict[int, float]:
        lost = {*self.diverged, *self.failed}
        return {
            seed: float(value)
            for seed, value in sorted(self.values.items())
            if value is not None and math.isfinite(value) and seed not in lost
        }

    @cached_property
    def diverged_seeds(self) -> frozenset[int]:
        not_finite = {seed for seed, value in self.values.items() if value is not None and not math.isfinite(value)}
        return frozenset({*self.diverged, *not_finite} - {*self.failed, *self.unreached})

    @cached_property
    def planned_seeds(self) -> frozenset[int]:
        with_fate = {*self.finite, *self.diverged_seeds, *self.failed, *self.unreached}
        return frozenset(self.planned) or frozenset(with_fate)

    @property
    def divergence(self) -> str:
        """`3/10`: diverged of those with an outcome."""
        return f"{len(self.diverged_seeds)}/{len(self.diverged_seeds) + len(self.finite)}"


@dataclass(frozen=True)
class PairedValues:
    """Every mapping has a seed for each pair, except `composite`.

    Attributes:
        arm, reference: in the unit of the metric.
        arm_scaled, reference_scaled: on `scale`; empty, like `differences`, when errors that are not positive
            have no logarithm (`is_positive` is False then).
        worst: what stands for a run that diverged; None where no such value is known.
        composite: the differences with `worst` for each run that diverged; None when none did; empty when nothing can
            stand for one, or when one side has nothing else.
        floor: the smallest spread of the differences that is believed, on `scale`.
    """

    metric: MetricInfo
    scale: Scale
    arm_values: ArmValues
    reference_values: ArmValues
    arm: dict[int, float]
    reference: dict[int, float]
    arm_scaled: dict[int, float]
    reference_scaled: dict[int, float]
    differences: dict[int, float]
    composite: dict[int, float] | None
    floor: float
    worst: float | None = None
    is_positive: bool = True

    @property
    def magnitude(self) -> float:
        """The largest number that was subtracted."""
        return max(map(abs, [*self.arm_scaled.values(), *self.reference_scaled.values()]), default=0.0)

    @property
    def reference_error(self) -> float | None:
        """The mean error of the reference in the unit of the metric; None where there is none, or no pair."""
        return self.metric.error(math.fsum(self.reference.values()) / len(self.reference)) if self.arm else None

    @property
    def seeds_differ(self) -> bool:
        return self.arm_values.planned_seeds != self.reference_values.planned_seeds

    def are_same_runs(self, seeds: Iterable[int]) -> bool:
        """Whether the two runs of each of the seeds are known to have come out alike in all that is kept of them."""
        arm, reference = self.arm_values.digests, self.reference_values.digests
        return all(arm.get(seed) is not None and arm.get(seed) == reference.get(seed) for seed in seeds)


def pair_values(
    arm: ArmValues,
    reference: ArmValues,
    metric: MetricInfo,
    scale: Scale = Scale.RAW,
    n_examples: int | None = None,
    resolution: float | None = None,
    classes: int | None = None,
    all_values: Iterable[float] | None = None,
    worst: float | None = None,
) -> PairedValues:
    """
    Args:
        n_examples: of the set that the metric was taken on.
        resolution: the step of the metric; 1/`n_examples` for an accuracy unless given.
        classes: of a classification, for what guessing gives.
        all_values: those of every arm, or the least and the greatest of them: one that is worse than the worst value
            that is known takes its place; of these two arms unless given.
        worst: the value of a diverged run, where it is stated; see `worst_value`.

    Raises:
        ValueError: for the log scale and a metric that leaves no error, or a worst value that is not finite.
    """
    seeds = sorted(set(arm.finite) & set(reference.finite))
    first, second = ({seed: side.finite[seed] for seed in seeds} for side in (arm, reference))
    sides = _scaled(first, second, metric, scale, n_examples)
    first_scaled, second_scaled = sides or ({}, {})
    paired = PairedValues(
        metric=metric,
        scale=scale,
        arm_values=arm,
        reference_values=reference,
        arm=first,
        reference=second,
        arm_scaled=first_scaled,
        reference_scaled=second_scaled,
        differences=per_seed_contrast([(1.0, first_scaled), (-1.0, second_scaled)]),
        composite=None,
        floor=0.0,
        is_positive=sides is not None,
    )
    values = [*arm.finite.values(), *reference.finite.values()] if all_values is None else all_values
    standing = standing_value(metric, values, classes, worst)
    return replace(
        paired,
        worst=standing,
        composite=_composite(paired, standing, n_examples),
        floor=rounding_spread(metric, scale, paired.reference_error, n_examples, resolution),
    )


def _scaled(
    arm: Mapping[int, float],
    reference: Mapping[int, float],
    metric: MetricInfo,
    scale: Scale,
    n_examples: int | None,
) -> tuple[dict[int, float], dict[int, float]] | None:
    """Both sides; None where one of them has no logarithm."""
    first, second = (on_scale(side, metric, scale, n_examples) for side in (arm, reference))
    return None if first is None or second is None else (first, second)


def _composite(paired: PairedValues, worst: float | None, n_examples: int | None) -> dict[int, float] | None:
    arm, reference = paired.arm_values, paired.reference_values
    if not (arm.diverged_seeds or reference.diverged_seeds):
        return None
    if worst is None or not (arm.finite and reference.finite):
        return {}
    sides = [composite_values(side.finite, side.diverged_seeds, worst) for side in (arm, reference)]
    shared = set(sides[0]) & set(sides[1])
    first, second = ({seed: side[seed] for seed in shared} for side in sides)
    scaled = _scaled(first, second, paired.metric, paired.scale, n_examples)
    return {} if scaled is None else per_seed_contrast([(1.0, scaled[0]), (-1.0, scaled[1])])


def rounding_spread(
    metric: MetricInfo, scale: Scale, error: float | None, n_examples: int | None, resolution: float | None
) -> float:
    """The sd of rounding to steps of the resolution, r/√12; relative to the mean `error` of the reference on the log
    scale."""
    step = metric.step(n_examples) if resolution is None else resolution
    if not step:
        return 0.0
    if scale is Scale.RAW:
        return step / math.sqrt(12)
    return step / math.sqrt(12) / error if error and error > 0 else 0.0
