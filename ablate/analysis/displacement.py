"""Accuracy against displacement, of every arm: what the probe `sensitivity` kept of the runs.

curves = displacement_curves(sweep, runs)      # () where no run kept any
curves[0].kind, curves[0].arms[0].mean
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ablate.analysis.values import Runs, is_of_every_arm, stored
from ablate.core.plans import PlannedSweep
from ablate.core.records import StoredRun

__all__ = ["UNITS", "DisplacedArm", "Displacement", "displacement_curves"]

SENSITIVITY = "sensitivity"
# Kind to what its amounts are counted in.
UNITS: Mapping[str, str] = {
    "shift": "shift, pixels",
    "rotation": "rotation, degrees counter-clockwise",
    "scale": "scale, factor",
}


@dataclass(frozen=True)
class DisplacedArm:
    """`seeds` maps a seed to its accuracies, one an amount; `mean` is over the seeds."""

    arm: str
    is_baseline: bool
    seeds: Mapping[int, tuple[float, ...]]

    @property
    def mean(self) -> tuple[float, ...]:
        return tuple(np.mean(list(self.seeds.values()), axis=0).tolist())


@dataclass(frozen=True)
class Displacement:
    """The arms over the amounts of one kind of displacement, `shift`, `rotation` or `scale`."""

    kind: str
    amounts: tuple[float, ...]
    arms: tuple[DisplacedArm, ...]


def displacement_curves(sweep: PlannedSweep, runs: Runs) -> tuple[Displacement, ...]:
    """One for each kind. All runs of a sweep share their data, so their amounts; where factors of the sweep change
    that, runs with other amounts than the baseline's are left out. None where not every arm was asked."""
    if not is_of_every_arm(SENSITIVITY, sweep, runs):
        return ()
    return tuple(found for kind in UNITS if (found := _of_kind(kind, sweep, runs)) is not None)


def _of_kind(kind: str, sweep: PlannedSweep, runs: Runs) -> Displacement | None:
    arms = {arm.name: stored(runs, sweep.runs_of(arm.name)) for arm in sweep.arms}
    first = [sweep.baseline.name, *(name for name in arms if name != sweep.baseline.name)]
    known = [amounts for name in first for run in arms[name] if (amounts := _array(run, kind, "amount"))]
    if not known:
        return None
    displaced = []
    for arm in sweep.arms:
        own = [run for run in arms[arm.name] if _array(run, kind, "amount") == known[0]]
        if own:
            seeds = {run.spec.seed: _array(run, kind, "accuracy") for run in own}
            displaced.append(DisplacedArm(arm.name, arm.is_baseline, dict(sorted(seeds.items()))))
    return Displacement(kind, known[0], tuple(displaced))


def _array(run: StoredRun, kind: str, name: str) -> tuple[float, ...]:
    values = run.artefacts.get(SENSITIVITY, {}).get(f"{kind}/{name}")
    return () if values is None else tuple(values.tolist())
