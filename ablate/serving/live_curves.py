"""Curves of a sweep while it is being trained: of what has ended, by arm with its mean, and of what is under way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ablate.analysis.curves import ArmCurves, MetricCurves, SeedCurve
from ablate.analysis.values import column_info, history_metric, training_metric
from ablate.core.identity import Json
from ablate.core.plans import PlannedSweep
from ablate.core.records import RunRecord, Status
from ablate.storage.epochs import EpochsSoFar
from ablate.web.curve_data import curves_data

__all__ = ["Histories", "LiveCurves", "curve_names", "live_curves"]

# Metric → its values, one an epoch.
Histories = Mapping[str, tuple[float, ...]]
# What is sent whenever it changes: some ten kilobytes.
MOST_VALUES, MOST_PLACES, LEAST_PLACES = 12_000, 200, 24


@dataclass(frozen=True)
class LiveCurves:
    """
    Attributes:
        ended: of the runs that have ended, to be printed; without any metric where none has.
        data: what `ablateCurves.update` of the script draws; without any metric where no epoch has ended.
    """

    ended: tuple[MetricCurves, ...]
    data: Mapping[str, Json]


def curve_names(sweep: PlannedSweep) -> tuple[str, ...]:
    """The metrics that are drawn: the one that the sweep is about as epochs have it, and its training twin."""
    shown = history_metric(column_info(sweep.spec.metric).name)
    return tuple(dict.fromkeys((shown, training_metric(shown))))


def live_curves(
    sweep: PlannedSweep,
    ended: Mapping[str, tuple[RunRecord, Histories]],
    number_ended: int,
    so_far: Mapping[str, EpochsSoFar],
) -> LiveCurves:
    """
    Args:
        ended: run id → a run with an outcome; not all of the `number_ended` need be here, and that is said.
        so_far: run id → a run under way.
    """
    drawn = _metrics(sweep, ended, so_far)
    if not drawn:
        return LiveCurves((), {"metrics": [], "arms": [], "x": []})
    lines = sum(len(arm.seeds) + 3 for each in drawn for arm in each.arms)
    places = min(MOST_PLACES, max(LEAST_PLACES, MOST_VALUES // lines))
    under_way = {arm.name: sum(run.run_id in so_far for run in sweep.runs_of(arm.name)) for arm in sweep.arms}
    data = curves_data(drawn, places=places, under_way=under_way)
    notes = [str(data["note"])] if data["note"] else []
    if len(ended) < number_ended:
        notes.append(
            f"Shown of {number_ended} runs that have ended: the {len(ended)} that ended last and can be read; "
            "means are of these."
        )
    coarse = sorted({each.every for each in so_far.values() if each.every > 1})
    if coarse:
        notes.append(f"Of runs under way one epoch in {coarse[-1]} is known here; between them lines are straight.")
    return LiveCurves(_metrics(sweep, ended, {}), {**data, "seeds": True, "note": " ".join(notes)})


def _metrics(
    sweep: PlannedSweep, ended: Mapping[str, tuple[RunRecord, Histories]], so_far: Mapping[str, EpochsSoFar]
) -> tuple[MetricCurves, ...]:
    """Those that have a value of any run."""
    metrics = [
        MetricCurves(column_info(name), tuple(_arm(sweep, arm.name, name, ended, so_far) for arm in sweep.arms))
        for name in curve_names(sweep)
    ]
    return tuple(each for each in metrics if any(curve.values for arm in each.arms for curve in arm.seeds))


def _arm(
    sweep: PlannedSweep,
    name: str,
    metric: str,
    ended: Mapping[str, tuple[RunRecord, Histories]],
    so_far: Mapping[str, EpochsSoFar],
) -> ArmCurves:
    """Its mean is over what has ended. What is under way stands last, and has no part in it, as nothing that is cut
    short has."""
    runs = sweep.runs_of(name)
    here = [(run.seed, *ended[run.run_id]) for run in runs if run.run_id in ended]
    curves = [
        SeedCurve(seed, histories[metric], has_diverged)
        for seed, record, histories in here
        if (has_diverged := record.status is Status.DIVERGED) or histories[metric]
    ]
    under_way = [SeedCurve(run.seed, _filled(so_far[run.run_id], metric), True) for run in runs if run.run_id in so_far]
    whole = [curve.values for curve in curves if not curve.has_diverged]
    length = min(map(len, whole), default=0)
    mean = tuple(np.mean([values[:length] for values in whole], axis=0).tolist()) if length else ()
    return ArmCurves(name, name == sweep.baseline.name, (*curves, *under_way), mean)


def _filled(so_far: EpochsSoFar, metric: str) -> tuple[float, ...]:
    """A value for each epoch up to the last one, on the straight lines between those that are known."""
    told = so_far.metrics.get(metric, ())
    values = [math.nan if value is None else value for value in told]
    if so_far.every == 1 or not values:
        return tuple(values)
    return tuple(np.interp(range(1, so_far.epoch + 1), so_far.kept, values).tolist())
