"""How far a study is that somebody is training, at one look: counts, the runs under way, what failed, newest curves.

    look = Look(site, "optimizers")
    look()                      # a LiveState; again and again: what has ended is read once

All of it is bounded, however large the study is, and says what it leaves out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ablate.analysis.values import column_info
from ablate.core.plans import PlannedSweep
from ablate.core.records import RunRecord, Status
from ablate.core.specs import PlannedRun
from ablate.operations.watch import Standing, standing
from ablate.sanitize.text import harmless, one_line
from ablate.serving.confined import check_inside
from ablate.serving.live_curves import Histories, LiveCurves, curve_names, live_curves
from ablate.serving.site import Site
from ablate.storage.atomic import StoreError
from ablate.storage.epochs import EpochsSoFar, epochs_file, read_epochs
from ablate.storage.leases import Leases

__all__ = ["ArmStanding", "FailedRun", "LiveState", "Look", "UnderWay", "live_state"]

MOST_ARMS, MOST_RUNNING, MOST_FAILURES, MOST_UNREADABLE = 200, 50, 20, 5
MOST_MESSAGE, MOST_TAIL = 500, 4000
# Of one sweep: those under way, and as many as there is room for of those that ended last.
MOST_CURVES = 200

Stamp = tuple[int, int]


@dataclass(frozen=True)
class ArmStanding:
    """How many runs of an arm there are to be, and what became of them."""

    sweep: str
    arm: str
    planned: int
    completed: int
    diverged: int
    failed: int
    running: int

    @property
    def is_open(self) -> bool:
        return self.completed + self.diverged < self.planned


@dataclass(frozen=True)
class UnderWay:
    """A run that a living process trains.

    Attributes:
        so_far: None before it has told of an epoch.
        numbers: the last values of the metrics that are drawn, under their titles.
    """

    run_id: str
    label: str
    so_far: EpochsSoFar | None
    numbers: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class FailedRun:
    """`tail` is the end of what it left."""

    run_id: str
    label: str
    message: str
    tail: str


@dataclass(frozen=True)
class LiveState:
    """
    Attributes:
        done: runs with an outcome, diverged ones included.
        confirming: how many of the planned runs are on fresh seeds.
        seconds_left: as `ablate watch` reckons it.
        arms: those with something open or failed first, where they are too many to show.
        failures: the first few.
        unreadable: what counts as missing because it cannot be read, in words.
        curves: of `sweep`, which is the one that is being trained.
    """

    study: str
    planned: int
    done: int
    diverged: int
    failed: int
    running: int
    confirming: int
    is_over: bool
    seconds_left: float | None
    arms: tuple[ArmStanding, ...]
    arms_left_out: int
    under_way: tuple[UnderWay, ...]
    failures: tuple[FailedRun, ...]
    unreadable: tuple[str, ...]
    sweep: str
    curves: LiveCurves


def live_state(
    now: Standing,
    so_far: Mapping[str, EpochsSoFar],
    shown: PlannedSweep,
    curves: LiveCurves,
    unreadable: Sequence[str] = (),
) -> LiveState:
    """What is shown of a standing.

    Args:
        so_far: run id → what its process has told of it.
        shown: the sweep that `curves` is of.
    """
    planned = (*now.plan.runs, *now.plan.confirmation)
    labels = {run.run_id: one_line(f"{run.arm} seed {run.seed}") for run in planned}
    status = {record.run_id: record.status for record in (*now.done, *now.failed)}
    arms = [
        _arm(sweep.spec.name, arm.name, sweep.runs_of(arm.name), status, frozenset(now.running))
        for sweep in now.plan.sweeps
        for arm in sweep.arms
    ]
    first = sorted(range(len(arms)), key=lambda index: not (arms[index].is_open or arms[index].failed))[:MOST_ARMS]
    return LiveState(
        study=now.plan.name,
        planned=now.planned,
        done=len(now.done),
        diverged=sum(record.status is Status.DIVERGED for record in now.done),
        failed=len(now.failed),
        running=len(now.running),
        confirming=len(now.confirming),
        is_over=now.is_over,
        seconds_left=now.seconds_left,
        arms=tuple(arms[index] for index in sorted(first)),
        arms_left_out=max(0, len(arms) - MOST_ARMS),
        under_way=tuple(
            UnderWay(run_id, labels[run_id], so_far.get(run_id), _numbers(so_far.get(run_id), curve_names(shown)))
            for run_id in now.running[:MOST_RUNNING]
        ),
        failures=tuple(_failure(record, labels[record.run_id]) for record in now.failed[:MOST_FAILURES]),
        unreadable=tuple(unreadable[:MOST_UNREADABLE]),
        sweep=shown.spec.name,
        curves=curves,
    )


def _arm(
    sweep: str, name: str, runs: Sequence[PlannedRun], status: Mapping[str, Status], running: frozenset[str]
) -> ArmStanding:
    ended = [status.get(run.run_id) for run in runs]
    return ArmStanding(
        sweep,
        name,
        len(runs),
        ended.count(Status.COMPLETED),
        ended.count(Status.DIVERGED),
        ended.count(Status.FAILED),
        sum(run.run_id in running for run in runs),
    )


def _numbers(so_far: EpochsSoFar | None, names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    told = {} if so_far is None else so_far.metrics
    last = {name: told[name][-1] for name in names if told.get(name)}
    return tuple((one_line(column_info(name).title), value) for name, value in last.items() if value is not None)


def _failure(record: RunRecord, label: str) -> FailedRun:
    failure = record.failure
    if failure is None:
        return FailedRun(record.run_id, label, "", "")
    message = one_line(f"{failure.kind}: {failure.type}: {failure.message}")
    return FailedRun(record.run_id, label, message[:MOST_MESSAGE], harmless(failure.traceback[-MOST_TAIL:]))


class Look:
    """Looks at one study of a site. Threads take turns."""

    def __init__(self, site: Site, name: str) -> None:
        self._site, self._name = site, name
        self._store = site.store
        # One for all looks: a lease of another machine is alive where it was touched since the last one.
        self._leases = Leases(site.results_dir)
        self._records: dict[str, tuple[Stamp, RunRecord]] = {}
        self._histories: dict[str, tuple[Stamp, Histories]] = {}
        self._unreadable: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self) -> LiveState:
        """
        Raises:
            UnknownStudy, UnreadablePlan, DamagedPlan, LeadsOut, ReadRefused: when its plan, or a lease, cannot be read.
        """
        with self._lock:
            now = self._standing()
            so_far = self._so_far(now.running)
            shown = _shown_sweep(now)
            curves = live_curves(shown, *self._ended(now, shown), so_far)
            return live_state(now, so_far, shown, curves, tuple(self._unreadable.values()))

    def standing(self) -> Standing:
        """As `ablate watch` has it; raises as a look does."""
        with self._lock:
            return self._standing()

    def _standing(self) -> Standing:
        plan = self._site.line(self._name).plan
        self._unreadable = {}
        check_inside(self._site.results_dir, (self._site.results_dir / "claims",))
        return standing(plan, self._record, self._leases)

    def _record(self, run_id: str) -> RunRecord | None:
        stamp = _stamp(self._store.folder(run_id) / "record.json")
        if stamp is None:
            self._records.pop(run_id, None)
            return None
        if run_id not in self._records or self._records[run_id][0] != stamp:
            record = self._read(run_id, lambda: self._store.record(run_id))
            if record is None:
                self._records.pop(run_id, None)
                return None
            self._records[run_id] = (stamp, record)
        return self._records[run_id][1]

    def _read(self, run_id: str, read: Callable[[], RunRecord]) -> RunRecord | None:
        """What is damaged, or not to be read, counts as missing and is told."""
        try:
            self._site.check_run(run_id)
            return read()
        except (StoreError, OSError) as error:
            self._unreadable[run_id] = one_line(str(error.__cause__ or error))
            return None

    def _so_far(self, running: Sequence[str]) -> dict[str, EpochsSoFar]:
        root = self._site.results_dir
        found = {}
        for run_id in running[:MOST_CURVES]:
            check_inside(root, (epochs_file(root, run_id),))
            known = read_epochs(root, run_id)
            if known is not None:
                found[run_id] = known
        return found

    def _ended(self, now: Standing, shown: PlannedSweep) -> tuple[dict[str, tuple[RunRecord, Histories]], int]:
        """The runs of the sweep that ended last, with their curves; and how many have ended."""
        of_sweep = {run.run_id for run in shown.runs}
        ended = [record for record in now.done if record.run_id in of_sweep]
        room = max(0, MOST_CURVES - sum(run_id in of_sweep for run_id in now.running))
        latest = sorted(ended, key=lambda record: self._records[record.run_id][0], reverse=True)[:room]
        names = curve_names(shown)
        found: dict[str, tuple[RunRecord, Histories]] = {}
        kept: dict[str, tuple[Stamp, Histories]] = {}
        for record in latest:
            stamp = self._records[record.run_id][0]
            known = self._histories.get(record.run_id)
            if known is None or known[0] != stamp or not set(names) <= known[1].keys():
                history = self._history(record, names)
                if history is None:  # it is told at every look, until it is mended
                    continue
                known = (stamp, history)
            kept[record.run_id] = known
            found[record.run_id] = (record, known[1])
        self._histories = kept
        return found, len(ended)

    def _history(self, record: RunRecord, names: Sequence[str]) -> Histories | None:
        """None where they cannot be read."""
        try:
            arrays = self._store.arrays(record, [f"history/{name}" for name in names])
        except (StoreError, OSError) as error:
            self._unreadable[record.run_id] = one_line(str(error.__cause__ or error))
            return None
        return {name: tuple(arrays[at].tolist()) if (at := f"history/{name}") in arrays else () for name in names}


def _shown_sweep(now: Standing) -> PlannedSweep:
    """The one that most runs of are being trained; else the last one of which any has ended."""
    running, done = frozenset(now.running), {record.run_id for record in now.done}

    def weight(index: int) -> tuple[int, int]:
        runs = [run.run_id for run in now.plan.sweeps[index].runs]
        return sum(run_id in running for run_id in runs), index if any(run_id in done for run_id in runs) else -1

    return now.plan.sweeps[max(range(len(now.plan.sweeps)), key=weight)]


def _stamp(path: os.PathLike[str]) -> Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116  # of ten thousand runs, every second
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
