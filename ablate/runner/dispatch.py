"""The parent's bookkeeping: which runs wait, which are being trained, and what became of each.

Executors ask for the next run and hand back what came out of it; leases, retries, records and the
runs that another process is training are seen to here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from ablate.core.records import Failure, RunRecord, Status, StoredRun, unlike
from ablate.core.specs import RunSpec
from ablate.runner.do_job import failed_run
from ablate.runner.events import (
    ArtefactFailed,
    NotReproduced,
    RunClaimedElsewhere,
    RunEnded,
    Superseded,
    WorkerDied,
)
from ablate.runner.jobs import WITHOUT, Job, JobResult, job_of, lacking
from ablate.runner.schedule import Pace, next_program
from ablate.runner.session import Session, StoppedEarly
from ablate.storage.leases import Leases
from ablate.storage.runs import AnotherArtefact, MissingRun

__all__ = ["ALIKE", "Dispatcher"]

# So many failures in the same place, with nothing else before them, stop the work.
ALIKE = 3


class Dispatcher:
    """Every run of `todo` is in one place: waiting, being trained here, leased elsewhere, or recorded."""

    def __init__(self, todo: Sequence[RunSpec], session: Session, leases: Leases, keep_going: bool) -> None:
        self._session = session
        self._leases = leases
        self._keep_going = keep_going
        self._specs = {spec.run_id: spec for spec in todo}
        self._programs = {run_id: spec.program_id for run_id, spec in self._specs.items()}
        self._waiting: dict[str, deque[str]] = {program: deque() for program in self._programs.values()}
        for run_id, program in self._programs.items():
            self._waiting[program].append(run_id)
        # How many wait of each program of which any do, in the order of the plan.
        self._left = {program: len(runs) for program, runs in self._waiting.items()}
        self._paces: dict[str, Pace] = {}
        self._elsewhere: set[str] = set()
        self._recorded: dict[str, RunRecord] = {}
        self._lost_once: set[str] = set()
        # What has failed before, or is to be trained anew, is tried, unless another process has tried it meanwhile.
        before = {run_id: self._stored(run_id) for run_id in self._specs}
        self._old = {
            run_id: record
            for run_id, record in before.items()
            if record and (run_id in session.anew or not record.status.is_outcome)
        }

    @property
    def done(self) -> int:
        return len(self._recorded)

    @property
    def remaining(self) -> int:
        return len(self._specs) - self.done

    def records(self) -> tuple[RunRecord, ...]:
        """The records there are, in the order of `todo`."""
        return tuple(self._recorded[run_id] for run_id in self._specs if run_id in self._recorded)

    def has_waiting(self, program: str | None) -> bool:
        """Whether a worker that has compiled a program finds a run of it."""
        return program in self._left

    def take(self, current: str | None, busy: Sequence[str]) -> Job | None:
        """What a worker should do next, its run leased; None when there is nothing for it now.

        `current` is the program the worker has compiled, `busy` those of the other workers at work.
        """
        while (program := next_program(self._left, current, busy, self._paces)) is not None:
            run_id = self._next_of(program)
            if self._claim(run_id):
                return self._job(run_id)
        return None

    def keep(self, result: JobResult) -> None:
        """Store what came out of a job.

        Raises:
            StoppedEarly: when this is the last of the first `ALIKE` runs to fail in the same place.
            WriteFailed: when the store cannot be written.
        """
        run_id, store = result.spec.run_id, self._session.store
        run = None if result.run is None else self._signed(result.run)
        is_new = run is not None and self._put(replace(run, artefacts=result.artefacts))
        if not is_new and (run is None or self._is_reproduced(run)):
            self._add_artefacts(result)
        record = run.record if run is not None else store.record(run_id)
        self._leases.release(run_id)
        if run is not None:
            program = self._programs[run_id]
            self._paces[program] = self._paces.get(program, Pace()).after(run.record.timings)
        for name, failure in result.failures.items():
            self._session.observe(ArtefactFailed(run_id, name, failure))
        self._note(record, is_ours=True)
        if record.status is Status.FAILED and not self._keep_going:
            self._check_beginning()

    def lose(self, spec: RunSpec, worker: int, failure: Failure) -> None:
        """Take back a run that was lost with its worker: it is tried once more, then it has failed.

        Raises:
            StoppedEarly, WriteFailed: as `keep` does.
        """
        if self._is_tried_again(spec, worker, failure):
            self._put_back(spec.run_id)

    def lose_to_memory(self, spec: RunSpec, worker: int, failure: Failure) -> Job | None:
        """The job of the second try of a run that ran out of memory, which is to have its device for itself; None
        where this was the second, and the run has failed.

        Raises:
            StoppedEarly, WriteFailed: as `keep` does.
        """
        return self._job(spec.run_id) if self._is_tried_again(spec, worker, failure) else None

    def look_elsewhere(self) -> None:
        """See what became of the runs that other processes had leased: recorded, still leased, or ours now."""
        for run_id in sorted(self._elsewhere):
            if self._claim(run_id):
                self._put_back(run_id)

    def _is_tried_again(self, spec: RunSpec, worker: int, failure: Failure) -> bool:
        """Tells of the loss of a run, and whether it has a try left; if not, its failure is kept."""
        is_retried = spec.run_id not in self._lost_once
        self._session.observe(WorkerDied(spec.run_id, worker, failure.message, is_retried))
        self._lost_once.add(spec.run_id)
        if not is_retried:
            self.keep(JobResult(spec, failed_run(spec, failure)))
        return is_retried

    def _next_of(self, program: str) -> str:
        self._left[program] -= 1
        if not self._left[program]:
            del self._left[program]
        return self._waiting[program].popleft()

    def _put_back(self, run_id: str) -> None:
        """As the first of its program, and that before all others."""
        program = self._programs[run_id]
        self._waiting[program].appendleft(run_id)
        others = {each: count for each, count in self._left.items() if each != program}
        self._left = {program: len(self._waiting[program]), **others}

    def _claim(self, run_id: str) -> bool:
        """Whether the run is ours to train. If not, it is recorded by now, or being trained elsewhere."""
        if not self._leases.take(run_id):
            self._note_elsewhere(run_id)
            return False
        # Asked only under the lease: whoever had it before us has stored what came out.
        self._elsewhere.discard(run_id)
        record = self._stored(run_id)
        if record is None or record == self._old.get(run_id):
            return True
        if lacking(record, self._wanted(run_id), self._session.store):
            return True
        self._leases.release(run_id)
        self._note(record, is_ours=False)
        return False

    def _job(self, run_id: str) -> Job | None:
        spec, store = self._specs[run_id], self._session.store
        if run_id in self._session.anew:
            return Job(spec, tuple(dict.fromkeys((*self._wanted(run_id), *store.artefacts(run_id)))))
        return job_of(spec, self._stored(run_id), self._wanted(run_id), store)

    def _signed(self, run: StoredRun) -> StoredRun:
        """The run with what its command is known by, whoever trained it."""
        wanted = self._session.metrics.get(run.spec.run_id, ())
        without = [name for name in wanted if name not in run.record.metrics and name not in run.history]
        told = {WITHOUT: without} if without and run.record.status is Status.COMPLETED else {}
        environment = {**run.record.environment, **self._session.provenance, **told}
        return replace(run, record=replace(run.record, environment=environment))

    def _put(self, run: StoredRun) -> bool:
        """Whether the store has it now: what comes to nothing takes the place of nothing."""
        store, run_id = self._session.store, run.spec.run_id
        if run_id not in self._session.anew or not run.record.status.is_outcome or not store.has(run_id):
            return store.put(run)
        if run_id in self._session.incomplete and unlike(store.get(run_id), run):
            return False
        what = store.supersede(run)
        if what:
            self._session.observe(Superseded(run_id, ", ".join(what)))
        return True

    def _stored(self, run_id: str) -> RunRecord | None:
        try:
            return self._session.store.record(run_id)
        except MissingRun:
            return None

    def _wanted(self, run_id: str) -> tuple[str, ...]:
        return self._session.keep.get(run_id, ())

    def _is_reproduced(self, run: StoredRun) -> bool:
        """Whether a run that was trained again came out as the store has it, to the last bit; a failed one cannot
        say."""
        if run.record.status is Status.FAILED:
            return False
        what = unlike(self._session.store.get(run.spec.run_id), run)
        if what:
            self._session.observe(NotReproduced(run.spec.run_id, ", ".join(what)))
        return not what

    def _add_artefacts(self, result: JobResult) -> None:
        for name, arrays in result.artefacts.items():
            try:
                self._session.store.put_artefact(result.spec.run_id, name, arrays)
            except AnotherArtefact:
                self._session.observe(NotReproduced(result.spec.run_id, name))

    def _note_elsewhere(self, run_id: str) -> None:
        if run_id not in self._elsewhere:
            self._elsewhere.add(run_id)
            self._session.observe(RunClaimedElsewhere(run_id))

    def _note(self, record: RunRecord, is_ours: bool) -> None:
        self._recorded[record.run_id] = record
        self._session.observe(RunEnded(record, is_ours))

    def _check_beginning(self) -> None:
        if len(self._recorded) != ALIKE:
            return
        records = list(self._recorded.values())
        failures = [record.failure for record in records if record.failure is not None]
        if len(failures) == ALIKE and len(set(map(_place, failures))) == 1:
            raise StoppedEarly(failures[-1], ALIKE, self.remaining)


def _place(failure: Failure) -> tuple[str, ...]:
    """Where a failure happened. Its message is left out: it may hold the values of the arm."""
    frames = (line.strip() for line in failure.traceback.splitlines() if line.lstrip().startswith("File "))
    return (failure.kind, failure.type, *frames)
