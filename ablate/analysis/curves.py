"""Learning curves of an arm: every seed, and their mean over the epochs that all of them reached."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ablate.analysis.values import Runs, stored
from ablate.core.plans import PlannedSweep
from ablate.core.records import MetricInfo, Status, StoredRun
from ablate.stats.estimates import CONFIDENCE, student_interval

__all__ = ["ArmCurves", "MetricCurves", "SeedCurve", "arm_curves", "learning_curves"]


@dataclass(frozen=True)
class SeedCurve:
    """One metric of one run, a value for each epoch from 1; of a diverged run up to where it ended."""

    seed: int
    values: tuple[float, ...]
    has_diverged: bool


@dataclass(frozen=True)
class ArmCurves:
    """`mean` is over the completed runs and stops with the shortest of them: averaged over the survivors
    of early stopping it would tell of the seeds that stopped, not of the arm."""

    arm: str
    is_baseline: bool
    seeds: tuple[SeedCurve, ...]
    mean: tuple[float, ...]

    @property
    def n_completed(self) -> int:
        return sum(not curve.has_diverged for curve in self.seeds)

    @property
    def n_diverged(self) -> int:
        return len(self.seeds) - self.n_completed

    def interval(self) -> tuple[tuple[float, float], ...]:
        """Student's 95% interval of the mean at each of its epochs, over the completed runs: low and high; none below
        two runs. Where a value is not finite both are NaN."""
        if self.n_completed < 2 or not self.mean:
            return ()
        completed = [curve.values[: len(self.mean)] for curve in self.seeds if not curve.has_diverged]
        with np.errstate(invalid="ignore"):
            errors = np.std(completed, axis=0, ddof=1) / math.sqrt(len(completed))
        _, reach = student_interval(0.0, 1.0, len(completed) - 1, 1 - CONFIDENCE)
        return tuple(
            (mean - half, mean + half) for mean, half in zip(self.mean, (reach * errors).tolist(), strict=True)
        )


@dataclass(frozen=True)
class MetricCurves:
    """One metric of every arm, in the order of the design."""

    metric: MetricInfo
    arms: tuple[ArmCurves, ...]


def learning_curves(sweep: PlannedSweep, runs: Runs, metric: str) -> tuple[ArmCurves, ...]:
    """The curves of `metric` (the name of a history) of each arm, in the order of the design."""
    return tuple(
        arm_curves(arm.name, arm.is_baseline, stored(runs, sweep.runs_of(arm.name)), metric) for arm in sweep.arms
    )


def arm_curves(arm: str, is_baseline: bool, runs: Iterable[StoredRun], metric: str) -> ArmCurves:
    """The curves of the runs that recorded `metric`; failed runs are accidents and have none."""
    seeds = tuple(
        SeedCurve(run.spec.seed, tuple(values.tolist()), run.record.status is Status.DIVERGED)
        for run in runs
        if run.record.status.is_outcome and (values := run.history_of(metric)) is not None
    )
    return ArmCurves(arm, is_baseline, seeds, _mean([curve.values for curve in seeds if not curve.has_diverged]))


def _mean(curves: list[tuple[float, ...]]) -> tuple[float, ...]:
    epochs = min(map(len, curves), default=0)
    if not epochs:
        return ()
    return tuple(np.mean([values[:epochs] for values in curves], axis=0).tolist())
