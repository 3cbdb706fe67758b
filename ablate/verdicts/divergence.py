"""Runs that diverged: an outcome of their recipe, so no mean may leave them out in silence.

    >>> rates = divergence_rates(arm={1, 2}, reference=set(), seeds=range(10))
    >>> rates.arm.count, rates.arm.n, rates.p
    (2, 10, 0.5)

A verdict is said only where two analyses agree: of the seeds that trained in both arms (complete cases), and of
all seeds with the worst value in place of a diverged run (composite). Where no worst value is known there is none.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ablate.core.records import MetricInfo
from ablate.stats.improvement import clopper_pearson, sign_test_p

__all__ = [
    "DivergenceRates",
    "Rate",
    "WorstRank",
    "composite_values",
    "divergence_rates",
    "standing_value",
    "worst_rank",
    "worst_value",
]


@dataclass(frozen=True)
class Rate:
    """`count` of `n` runs, with the exact 95 % interval."""

    count: int
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class DivergenceRates:
    """Of both sides over the same seeds. `p` is McNemar's exact test on the seeds that diverged in one side only."""

    arm: Rate
    reference: Rate
    only_arm: int
    only_reference: int
    p: float


def divergence_rates(arm: Collection[int], reference: Collection[int], seeds: Iterable[int]) -> DivergenceRates:
    """
    Args:
        arm, reference: the seeds that diverged on each side.
        seeds: those that have an outcome on both.
    """
    shared = set(seeds)
    first, second = set(arm) & shared, set(reference) & shared
    only_first, only_second = len(first - second), len(second - first)
    return DivergenceRates(
        _rate(len(first), len(shared)),
        _rate(len(second), len(shared)),
        only_first,
        only_second,
        sign_test_p(only_first, only_second),
    )


def _rate(count: int, n: int) -> Rate:
    return Rate(count, n, *clopper_pearson(count, n))


def worst_value(metric: MetricInfo, classes: int | None = None, stated: float | None = None) -> float | None:
    """What stands for a diverged run: the value that is stated, else the worse end of the metric's range where it has
    one, else what a run does that learned nothing of its `classes` (log C of a loss). None without any of them, or for
    a metric that knows no better. No value that was seen is asked: the worst of those that trained would flatter those
    that did not.

    Raises:
        ValueError: for a stated value that is not finite.
    """
    if stated is not None and not math.isfinite(stated):
        raise ValueError(f"the worst value is a finite number, not {stated}")
    if metric.sign == 0:
        return None
    if stated is not None:
        return stated
    bound = metric.range[0] if metric.sign > 0 else metric.range[1]
    return bound if math.isfinite(bound) else metric.worst_of(classes)


def standing_value(
    metric: MetricInfo, values: Iterable[float], classes: int | None = None, stated: float | None = None
) -> float | None:
    """`worst_value`, or what is worse still among the `values` of runs that trained; None where no worst is known.

    Raises:
        ValueError: as `worst_value`.
    """
    known = worst_value(metric, classes, stated)
    return None if known is None else (min if metric.sign > 0 else max)([known, *values])


def composite_values(values: Mapping[int, float], diverged: Iterable[int], worst: float) -> dict[int, float]:
    """seed → value, with `worst` for those that diverged."""
    return {**values, **dict.fromkeys(diverged, worst)}


@dataclass(frozen=True)
class WorstRank:
    """Seeds in which the arm came out ahead or behind when a diverged run loses to every other (Lachin 1999), and the
    sign test of them."""

    wins: int
    ties: int
    losses: int
    p: float


def worst_rank(
    arm: Mapping[int, float],
    reference: Mapping[int, float],
    arm_diverged: Collection[int],
    reference_diverged: Collection[int],
    sign: int,
) -> WorstRank:
    """
    Args:
        arm, reference: seed → value of the runs that completed.
        sign: +1 where larger is better, −1 where smaller is.
    """
    first = {**{seed: sign * value for seed, value in arm.items()}, **dict.fromkeys(arm_diverged, -math.inf)}
    second = {
        **{seed: sign * value for seed, value in reference.items()},
        **dict.fromkeys(reference_diverged, -math.inf),
    }
    shared = set(first) & set(second)
    wins = sum(first[seed] > second[seed] for seed in shared)
    losses = sum(first[seed] < second[seed] for seed in shared)
    return WorstRank(wins, len(shared) - wins - losses, losses, sign_test_p(wins, losses))
