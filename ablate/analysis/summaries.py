"""An arm over its seeds: how many runs came to what end, and the estimate over those that completed."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.analysis.values import Runs, Value, stored, values_by_seed
from ablate.core.plans import PlannedSweep
from ablate.core.records import Status
from ablate.stats.estimates import Estimate, estimate_mean

__all__ = ["ArmSummary", "summarise"]


@dataclass(frozen=True)
class ArmSummary:
    """One metric of one arm. `estimate.n` of `n_planned` runs have a value; the counts say what became of
    the others."""

    arm: str
    is_baseline: bool
    estimate: Estimate
    n_planned: int
    n_diverged: int
    n_failed: int
    n_missing: int


def summarise(sweep: PlannedSweep, runs: Runs, value_of: Value) -> tuple[ArmSummary, ...]:
    """One summary for each arm, in the order of the design, of the values that `value_of` reads."""
    return tuple(_summary(sweep, arm.name, arm.is_baseline, runs, value_of) for arm in sweep.arms)


def _summary(sweep: PlannedSweep, arm: str, is_baseline: bool, runs: Runs, value_of: Value) -> ArmSummary:
    planned = sweep.runs_of(arm)
    present = stored(runs, planned)
    statuses = [run.record.status for run in present]
    return ArmSummary(
        arm=arm,
        is_baseline=is_baseline,
        estimate=estimate_mean(values_by_seed(present, value_of)),
        n_planned=len(planned),
        n_diverged=statuses.count(Status.DIVERGED),
        n_failed=statuses.count(Status.FAILED),
        n_missing=len(planned) - len(present),
    )
