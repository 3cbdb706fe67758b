"""How far a study is that another process is training, by its plan, the store and the leases of living processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from ablate.core.errors import UsageError
from ablate.core.plans import StudyPlan
from ablate.core.records import Failure, RunRecord, Status
from ablate.operations.as_json import document, shows
from ablate.operations.catalogue import studies
from ablate.operations.request import results_folder
from ablate.operations.sides import known_studies
from ablate.storage.leases import Leases
from ablate.storage.runs import MissingRun, RunStore
from ablate.storage.studies import StudyFolder

__all__ = ["Standing", "standing", "stored_record", "watch"]


@document("watch", version=1)
@shows("study=plan.name", "planned", "done=number_done", "failed=failures", "running", "is_over", "seconds_left")
@dataclass(frozen=True)
class Standing:
    """How far a study is: runs with an outcome, runs that failed, and runs that a living process is training.

    Attributes:
        confirming: runs on fresh seeds that were tried or are being trained; which these are, the planned ones decide.
    """

    plan: StudyPlan
    done: tuple[RunRecord, ...]
    failed: tuple[RunRecord, ...]
    running: tuple[str, ...]
    confirming: tuple[str, ...] = ()

    @property
    def planned(self) -> int:
        """How many runs there are to do, those of a confirmation that has begun included."""
        return len(self.plan.run_ids) + len(self.confirming)

    @property
    def number_done(self) -> int:
        return len(self.done)

    @property
    def failures(self) -> dict[str, Failure | None]:
        """Run id → why it failed."""
        return {record.run_id: record.failure for record in self.failed}

    @property
    def is_over(self) -> bool:
        """Whether every run has been tried and none is being trained."""
        return not self.running and len(self.done) + len(self.failed) == self.planned

    @property
    def seconds_left(self) -> float | None:
        """By the mean of the runs that are done and the number that are being trained; None without either."""
        timed = [record.timings.wall_seconds for record in self.done]
        left = self.planned - len(self.done)
        return fmean(timed) * left / len(self.running) if timed and self.running else None


def watch(
    name: str | None = None, *, results_dir: Path | str | None = None, every_seconds: float = 1.0
) -> Iterator[Standing]:
    """How far the study is, again and again until it is over; only the first time is there no wait before it.

    Args:
        name: of the study; by default the one that was planned last.
        every_seconds: the time between two looks, above 0.

    Raises:
        UsageError: when there is no such study, or that is no such time; before the first look.
    """
    results = results_folder(results_dir)
    if not every_seconds > 0:
        raise UsageError("--every takes a number of seconds above 0")
    return _standings(_plan(name, results), results, every_seconds)


def _plan(name: str | None, results_dir: Path) -> StudyPlan:
    known = [study.name for study in studies(results_dir)]
    chosen = name if name is not None else known[-1] if known else ""
    plan = StudyFolder(results_dir, chosen).plan() if chosen in known else None
    if plan is None:
        asked = "No study to watch." if name is None else f"No study {name}."
        raise UsageError(f"{asked} {known_studies(results_dir)}")
    return plan


def _standings(plan: StudyPlan, results_dir: Path, every_seconds: float) -> Iterator[Standing]:
    store, leases = RunStore(results_dir), Leases(results_dir)
    while True:
        now = standing(plan, partial(stored_record, store), leases)
        yield now
        if now.is_over:
            return
        time.sleep(every_seconds)


def standing(plan: StudyPlan, record_of: Callable[[str], RunRecord | None], leases: Leases) -> Standing:
    """How far the study is at one look.

    Args:
        record_of: run id → what the store has of it; None where it has nothing that can be read.
        leases: the same ones at every look: those of another machine are known to be alive by being touched meanwhile.
    """
    fresh = dict.fromkeys(run.run_id for run in plan.confirmation if run.run_id not in plan.run_ids)
    confirming = tuple(each for each in fresh if record_of(each) is not None or leases.holder(each) is not None)
    run_ids = (*plan.run_ids, *confirming)
    records = [record for run_id in run_ids if (record := record_of(run_id)) is not None]
    done = tuple(record for record in records if record.status.is_outcome)
    open_ids = set(run_ids) - {record.run_id for record in done}
    running = tuple(run_id for run_id in run_ids if run_id in open_ids and leases.holder(run_id) is not None)
    # A failed run that is being trained again has not failed yet.
    failed = tuple(record for record in records if record.status is Status.FAILED and record.run_id not in running)
    return Standing(plan, done, failed, running, confirming)


def stored_record(store: RunStore, run_id: str) -> RunRecord | None:
    """The record of a run; None where there is none, or it is damaged."""
    try:
        return store.record(run_id)
    except MissingRun:
        return None
