"""How often the arms of a sweep diverged, and what a comparison says that counts a diverged run as the worst."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.analysis.values import Runs, column_info, status_of, stored, value_in, values_by_seed
from ablate.core.plans import PlannedArm, PlannedSweep
from ablate.core.records import Status
from ablate.verdicts.divergence import DivergenceRates, WorstRank, divergence_rates, worst_rank

__all__ = ["ArmDivergence", "arm_divergences"]


@dataclass(frozen=True)
class ArmDivergence:
    """Of one arm against the baseline, over the seeds that have an outcome on both sides."""

    arm: str
    rates: DivergenceRates
    ranks: WorstRank


def arm_divergences(sweep: PlannedSweep, runs: Runs) -> tuple[ArmDivergence, ...]:
    """One for each arm of which, or of whose baseline, a run diverged; in the order of the design."""
    of_baseline = _diverged(sweep, sweep.baseline, runs)
    return tuple(
        _against_baseline(sweep, arm, runs)
        for arm in sweep.arms
        if not arm.is_baseline and (of_baseline or _diverged(sweep, arm, runs))
    )


def _against_baseline(sweep: PlannedSweep, arm: PlannedArm, runs: Runs) -> ArmDivergence:
    value, sign = value_in(sweep.spec.metric), column_info(sweep.spec.metric).sign
    sides = (arm, sweep.baseline)
    diverged = [_diverged(sweep, side, runs) for side in sides]
    values = [values_by_seed(stored(runs, sweep.runs_of(side.name)), value) for side in sides]
    seeds = (diverged[0] | set(values[0])) & (diverged[1] | set(values[1]))
    return ArmDivergence(
        arm.name,
        divergence_rates(diverged[0], diverged[1], seeds),
        worst_rank(values[0], values[1], diverged[0], diverged[1], sign),
    )


def _diverged(sweep: PlannedSweep, arm: PlannedArm, runs: Runs) -> set[int]:
    planned = sweep.runs_of(arm.name)
    return {run.seed for run in planned if status_of(runs, run.run_id) == Status.DIVERGED.value}
