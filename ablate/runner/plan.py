"""What of a study is still to be run.

work = missing(study.run_specs(), store)
len(work.todo), len(work.programs), work.estimated_seconds
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeVar

from ablate.core.identity import Json
from ablate.core.metrics import OpenMetric
from ablate.core.records import RunRecord
from ablate.core.specs import RunSpec
from ablate.core.versions import is_outdated
from ablate.runner.jobs import is_derivable, lacking, lacking_metrics
from ablate.runner.measuring import unmeasured
from ablate.storage.runs import MissingRun, RunStore

__all__ = ["WorkPlan", "missing"]

# What runs that take as long have in common: their program, or their model and data.
Likeness = TypeVar("Likeness", str, tuple[str, str])


@dataclass(frozen=True)
class WorkPlan:
    """Distinct runs, divided.

    Attributes:
        todo: the runs to train, in the order given: those without a record, and those that failed.
        done: the records of the others, completed or diverged, by run id.
        failed: the records of those of `todo` that have failed before.
        retrained: those of `done` that lack an artefact for which they must be trained again.
        derived: those of `done` that lack an artefact which can be had from their weights, without training.
        incomplete: those of `done` whose record lacks a metric that they are asked for: trained again, and replaced
            where all else comes out as it was.
        unmeasured: what is to be measured of those of `done` that need no training first, by run id.
        outdated: those of `done` that were computed with other versions, where that matters: trained anew.
        lacking: what each of `retrained`, `derived` and `incomplete` lacks, by run id.
        programs: the programs that training needs compiled, in order of first use.
        estimated_seconds: how long one worker would train; None when nothing like it was timed.
    """

    todo: tuple[RunSpec, ...]
    done: Mapping[str, RunRecord]
    failed: Mapping[str, RunRecord]
    retrained: tuple[RunSpec, ...]
    derived: tuple[RunSpec, ...]
    outdated: tuple[RunSpec, ...]
    lacking: Mapping[str, tuple[str, ...]]
    programs: tuple[str, ...]
    estimated_seconds: float | None
    incomplete: tuple[RunSpec, ...] = ()
    unmeasured: Mapping[str, tuple[OpenMetric, ...]] = field(default_factory=dict)

    @property
    def anew(self) -> frozenset[str]:
        """The ids of those that take the place of what the store has."""
        return frozenset(spec.run_id for spec in (*self.outdated, *self.incomplete))

    @property
    def jobs(self) -> tuple[RunSpec, ...]:
        """All runs that something is to be done for."""
        return (*self.trained, *self.derived)

    @property
    def trained(self) -> tuple[RunSpec, ...]:
        """Those of them that are to be trained."""
        return (*self.todo, *self.outdated, *self.incomplete, *self.retrained)


def missing(
    specs: Mapping[str, RunSpec],
    store: RunStore,
    keep: Mapping[str, tuple[str, ...]] | None = None,
    versions: Mapping[str, Json] | None = None,
    metrics: Mapping[str, tuple[str, ...]] | None = None,
    measured: Mapping[str, tuple[OpenMetric, ...]] | None = None,
) -> WorkPlan:
    """What `store` lacks of the runs `specs`, by run id, and of the artefacts that are kept of them.

    Args:
        keep: run_id → the artefacts that are wanted of it; None where none are.
        versions: the versions there are now; what was computed with others counts as outdated. None where that does
            not matter.
        metrics: run_id → the metrics that its record is to have; None where none is asked for.
        measured: run_id → those that are to be measured of it beside; None where none is.

    Raises:
        UnreadableRecord: when another version of ablate wrote one of its records.
    """
    records = dict(_records(specs, store))
    done = {run_id: record for run_id, record in records.items() if record.status.is_outcome}
    todo = tuple(spec for run_id, spec in specs.items() if run_id not in done)
    outdated = {
        run_id: specs[run_id]
        for run_id, record in done.items()
        if versions and is_outdated(record.environment, versions)
    }
    without = {
        run_id: names
        for run_id, record in done.items()
        if run_id not in outdated and (names := lacking_metrics(record, (metrics or {}).get(run_id, ()), store))
    }
    incomplete = tuple(specs[run_id] for run_id in without)
    current = {run_id: record for run_id, record in done.items() if run_id not in outdated and run_id not in without}
    wanted = {run_id: lacking(record, (keep or {}).get(run_id, ()), store) for run_id, record in current.items()}
    wanted = {run_id: names for run_id, names in wanted.items() if names}
    derived = {run_id: specs[run_id] for run_id, names in wanted.items() if is_derivable(run_id, names, store)}
    retrained = tuple(specs[run_id] for run_id in wanted if run_id not in derived)
    whole = [record for run_id, record in current.items() if run_id not in wanted]
    trained = (*todo, *outdated.values(), *incomplete, *retrained)
    return WorkPlan(
        todo=todo,
        done=done,
        failed={run_id: record for run_id, record in records.items() if run_id not in done},
        retrained=retrained,
        derived=tuple(derived.values()),
        outdated=tuple(outdated.values()),
        lacking={**wanted, **without},
        programs=tuple(dict.fromkeys(spec.program_id for spec in trained)),
        estimated_seconds=estimate_seconds(trained, [(specs[run_id], record) for run_id, record in done.items()]),
        incomplete=incomplete,
        unmeasured=unmeasured(whole, measured or {}, store),
    )


def estimate_seconds(todo: Sequence[RunSpec], done: Sequence[tuple[RunSpec, RunRecord]]) -> float | None:
    """The sum over `todo` of the mean wall time of the done runs most like each: of the same program, else
    of the same model and data. None as soon as a run has no likeness."""
    by_program = _mean_seconds((spec.program_id, record) for spec, record in done)
    by_subject = _mean_seconds((_subject(spec), record) for spec, record in done)
    estimates = [by_program.get(spec.program_id, by_subject.get(_subject(spec))) for spec in todo]
    known = [seconds for seconds in estimates if seconds is not None]
    return sum(known) if len(known) == len(estimates) else None


def _records(run_ids: Iterable[str], store: RunStore) -> Iterable[tuple[str, RunRecord]]:
    for run_id in run_ids:
        try:
            yield run_id, store.record(run_id)
        except MissingRun:
            continue


def _mean_seconds(timed: Iterable[tuple[Likeness, RunRecord]]) -> dict[Likeness, float]:
    seconds: dict[Likeness, list[float]] = defaultdict(list)
    for name, record in timed:
        seconds[name].append(record.timings.wall_seconds)
    return {name: fmean(values) for name, values in seconds.items()}


def _subject(spec: RunSpec) -> tuple[str, str]:
    return spec.model.target, spec.dataset.digest
