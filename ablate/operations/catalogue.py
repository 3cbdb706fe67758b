"""What the results folder holds: its studies, and its runs with the arms that they belong to.

    catalogue(results_dir=results_dir).studies                   # each study, and how far it is
    catalogue("status=failed", results_dir=results_dir).runs     # the runs that agree with all filters

Runs of a study get their settings from its plan; only the spec of a run that stands in none is opened.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ablate.analysis.settings import flatten
from ablate.core.identity import Json
from ablate.core.plans import PlannedArm
from ablate.core.records import RunRecord, numbers_of
from ablate.operations.as_json import document, shows
from ablate.operations.filters import MISSING, UNREADABLE, filtered, split_filters
from ablate.operations.request import results_folder
from ablate.storage.atomic import ReadRefused
from ablate.storage.runs import MissingRun, RunStore, UnreadableRecord
from ablate.storage.studies import PlanLine, StudyFolder, UnreadablePlan, study_names

__all__ = ["Catalogue", "Entry", "Membership", "StudySummary", "catalogue", "memberships_of", "runs", "studies"]

log = logging.getLogger(__name__)


@shows("study", "sweep", "arm=arm.name", "seed")
@dataclass(frozen=True)
class Membership:
    """Where a run stands in a study, with its seed there."""

    study: str
    sweep: str
    arm: PlannedArm
    seed: int

    @property
    def title(self) -> str:
        """As `compare` takes it."""
        return f"{self.study}:{self.arm.name}"


@shows("run_id", "status", "seed", "places=memberships", "settings", "metrics", "wall_seconds")
@dataclass(frozen=True)
class Entry:
    """A run that is stored, or that a study has planned. `record` is None where it has none that can be read."""

    run_id: str
    status: str
    memberships: tuple[Membership, ...]
    record: RunRecord | None
    store: RunStore

    @cached_property
    def settings(self) -> dict[str, Json]:
        """Dotted name to value, without the seed; empty for a run of which nothing can be read."""
        if self.memberships:
            return flatten(self.memberships[0].arm.settings)
        spec = _spec(self)
        return {name: value for name, value in flatten(spec).items() if name != "seed"}

    @property
    def seed(self) -> Json:
        return self.memberships[0].seed if self.memberships else _spec(self).get("seed")

    @property
    def metrics(self) -> Mapping[str, float]:
        """Those of its record, and the open ones that were measured."""
        if self.record is None:
            return {}
        return {**self.record.metrics, **numbers_of(self.store.open_metrics(self.run_id))}

    @property
    def wall_seconds(self) -> float | None:
        return None if self.record is None else self.record.timings.wall_seconds


@dataclass(frozen=True)
class StudySummary:
    """A study and how far it is. `planned` and `done` count distinct runs, `planned_at` is the last plan's time."""

    name: str
    question: str
    sweeps: tuple[str, ...]
    arms: int
    planned: int
    done: int
    planned_at: str


@document("list", version=1)
@dataclass(frozen=True)
class Catalogue:
    """What was asked for, studies or runs; None for the other."""

    studies: tuple[StudySummary, ...] | None = None
    runs: tuple[Entry, ...] | None = None


def catalogue(*words: str, results_dir: Path | str | None = None, sets_aside: bool = True) -> Catalogue:
    """The studies, or the runs that agree with all filters.

    Args:
        words: `studies` (which no word means, too), `runs`, or filters of runs, each as key=value: status, study,
            sweep, arm, seed, or a setting.
        sets_aside: whether what is damaged is set aside; without, nothing in the store is touched.

    Raises:
        UsageError, ConfigError: for words that are neither, and for every filter whose key no run has.
    """
    results = results_folder(results_dir)
    kind, filters = split_filters(words)
    if kind == "studies":
        return Catalogue(studies=studies(results, sets_aside))
    return Catalogue(runs=tuple(filtered(runs(results, sets_aside), filters)))


def studies(results_dir: Path, sets_aside: bool = True) -> tuple[StudySummary, ...]:
    """Every study with its latest plan, the latest planned last."""
    store = RunStore(results_dir, sets_aside)
    found = [_summary(line, store) for line in _latest_plans(results_dir)]
    return tuple(sorted(found, key=lambda study: study.planned_at))


def runs(results_dir: Path, sets_aside: bool = True) -> tuple[Entry, ...]:
    """Every run that is stored or planned: those of studies in the order of their plans, then the others."""
    store, memberships = RunStore(results_dir, sets_aside), memberships_of(results_dir)
    run_ids = dict.fromkeys([*memberships, *store.ids()])
    return tuple(_entry(run_id, memberships.get(run_id, ()), store) for run_id in run_ids)


def memberships_of(results_dir: Path) -> dict[str, tuple[Membership, ...]]:
    """Run id to where the run stands, for all runs of all studies."""
    found: dict[str, tuple[Membership, ...]] = {}
    for line in _latest_plans(results_dir):
        for sweep in line.plan.sweeps:
            arms = {arm.name: arm for arm in sweep.arms}
            for run in sweep.runs:
                membership = Membership(line.plan.name, sweep.spec.name, arms[run.arm], run.seed)
                found[run.run_id] = (*found.get(run.run_id, ()), membership)
    return found


def _latest_plans(results_dir: Path) -> Iterator[PlanLine]:
    """Of the studies whose plans can be read here; a warning in the log names each of the others."""
    for name in study_names(results_dir):
        try:
            yield from StudyFolder(results_dir, name).plan_lines()[-1:]
        except (UnreadablePlan, ReadRefused) as error:
            log.warning("%s; it is left out", error)


def _summary(line: PlanLine, store: RunStore) -> StudySummary:
    plan = line.plan
    records = [_entry(run_id, (), store).record for run_id in plan.run_ids]
    return StudySummary(
        name=plan.name,
        question=plan.question,
        sweeps=tuple(sweep.spec.name for sweep in plan.sweeps),
        arms=sum(len(sweep.arms) for sweep in plan.sweeps),
        planned=len(records),
        done=sum(record is not None and record.status.is_outcome for record in records),
        planned_at=line.planned_at,
    )


def _entry(run_id: str, memberships: tuple[Membership, ...], store: RunStore) -> Entry:
    try:
        record = store.record(run_id)
    except MissingRun:
        return Entry(run_id, MISSING, memberships, None, store)
    except (UnreadableRecord, ReadRefused):
        return Entry(run_id, UNREADABLE, memberships, None, store)
    return Entry(run_id, record.status.value, memberships, record, store)


def _spec(entry: Entry) -> Mapping[str, Json]:
    try:
        return {} if entry.record is None else entry.store.get(entry.run_id).spec.to_json()
    except (MissingRun, UnreadableRecord, ReadRefused):  # damaged beside a sound record
        return {}
