"""Metrics that no record has, measured of stored runs: in this process, for they take no TensorFlow.

measure_runs(unmeasured(records, metrics, store), store, observe)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ablate.config.building import TARGET, build, foreign_packages
from ablate.core.artefacts import NOT_APPLICABLE
from ablate.core.metrics import PROBABILITIES, OpenMetric
from ablate.core.records import VALUE, Array, RunRecord, Status
from ablate.runner.do_job import failure_of
from ablate.runner.events import ArtefactFailed, Event, NotReproduced
from ablate.storage.runs import AnotherArtefact, RunStore

__all__ = ["measure_runs", "measured_value", "unmeasured"]

LABELS, PREDICTIONS = "test/label", "test/prediction"

Unmeasured = Mapping[str, tuple[OpenMetric, ...]]


def unmeasured(records: Iterable[RunRecord], metrics: Unmeasured, store: RunStore) -> Unmeasured:
    """run_id → those of the metrics that are wanted of it (`metrics`, by run id) and that the store has not; only
    completed runs have any."""
    found = {}
    for record in records:
        wanted = metrics.get(record.run_id, ()) if record.status is Status.COMPLETED else ()
        missing = tuple(metric for metric in wanted if not store.has_artefact(record.run_id, metric.artefact))
        if missing:
            found[record.run_id] = missing
    return found


def measure_runs(missing: Unmeasured, store: RunStore, observe: Callable[[Event], None]) -> None:
    """Measures and keeps what is missing; what cannot be measured is told, and left out."""
    for run_id, metrics in missing.items():
        for metric in metrics:
            try:
                arrays = _measured(metric, run_id, store)
            except (Exception, SystemExit) as error:  # the function may be anybody's
                observe(ArtefactFailed(run_id, metric.artefact, failure_of(error)))
                continue
            try:
                store.put_artefact(run_id, metric.artefact, arrays)
            except AnotherArtefact:
                observe(NotReproduced(run_id, metric.artefact))


def _measured(metric: OpenMetric, run_id: str, store: RunStore) -> dict[str, Array]:
    """The artefact of a metric: its value, or why there is none."""
    arrays = store.arrays(store.record(run_id), {LABELS, PREDICTIONS})
    given = {"labels": arrays[LABELS], "predictions": arrays[PREDICTIONS]}
    if PROBABILITIES in metric.takes:
        kept = store.artefact(run_id, PROBABILITIES)
        if NOT_APPLICABLE in kept:
            return {NOT_APPLICABLE: kept[NOT_APPLICABLE]}
        given[PROBABILITIES] = kept["probability"]
    value = measured_value(metric, given)
    if not math.isfinite(value):
        return {NOT_APPLICABLE: np.array(f"it is {value}")}
    return {VALUE + metric.info.name: np.asarray(np.float64(value))}


def measured_value(metric: OpenMetric, given: Mapping[str, Array]) -> float:
    """What the function of a metric says of the test examples of a run; `given` has what it takes, or more."""
    source: Any = metric.source
    packages = foreign_packages({TARGET: source.target, **source.arguments})
    function = build(metric.source, partial=True, allow=tuple(packages))
    return float(function(**{name: given[name] for name in metric.takes}))
