"""The parent's bookkeeping: which runs wait, which are being trained, and what became of each.

Both executors ask for the next run and hand back what came out of it; claims, retries, records and the
runs that another process is training are seen to here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from ablate.claims import Claims
from ablate.packing import pack
from ablate.records import Failure, RunRecord, Status, StoredRun
from ablate.runner.events import ArtefactFailed, NotReproduced, RunClaimedElsewhere, RunEnded, WorkerDied
from ablate.runner.jobs import Job, Outcome, job_of, lacking
from ablate.runner.outcome import failed_run
from ablate.runner.schedule import next_program
from ablate.runner.session import Session, StoppedEarly
from ablate.specs import RunSpec
from ablate.store import AnotherArtefact, MissingRun

__all__ = ["ALIKE", "Dispatcher"]

# So many failures in the same place, with nothing else before them, stop the work.
ALIKE = 3


class Dispatcher:
    """Every run of `todo` is in one place: waiting, being trained here, claimed elsewhere, or recorded."""

    def __init__(self, todo: Sequence[RunSpec], session: Session, claims: Claims, keep_going: bool) -> None:
        self._session = session
        self._claims = claims
        self._keep_going = keep_going
        self._specs = {spec.run_id: spec for spec in todo}
        self._programs = {run_id: spec.program_id for run_id, spec in self._specs.items()}
        self._waiting: dict[str, deque[str]] = {program: deque() for program in self._programs.values()}
        for run_id, program in self._programs.items():
            self._waiting[program].append(run_id)
        # How many wait of each program of which any do, in the order of the plan.
        self._left = {program: len(runs) for program, runs in self._waiting.items()}
        self._elsewhere: set[str] = set()
        self._recorded: dict[str, RunRecord] = {}
        self._lost_once: set[str] = set()
        # What has failed before is tried again, unless another process has tried it meanwhile.
        before = {run_id: self._stored(run_id) for run_id in self._specs}
        self._old = {run_id: record for run_id, record in before.items() if record and not record.status.is_outcome}

    @property
    def done(self) -> int:
        return len(self._recorded)

    @property
    def remaining(self) -> int:
        return len(self._specs) - self.done

    def records(self) -> tuple[RunRecord, ...]:
        """The records there are, in the order of `todo`."""
        return tuple(self._recorded[run_id] for run_id in self._specs if run_id in self._recorded)

    def take(self, current: str | None, busy: Sequence[str]) -> Job | None:
        """What a worker should do next, its run claimed; None when there is nothing for it now.

        `current` is the program the worker has compiled, `busy` those of the other workers at work.
        """
        while (program := next_program(self._left, current, busy)) is not None:
            run_id = self._next_of(program)
            if self._claim(run_id):
                return job_of(self._specs[run_id], self._stored(run_id), self._wanted(run_id), self._session.store)
        return None

    def keep(self, outcome: Outcome) -> None:
        """Store what came out of a job.

        Raises:
            StoppedEarly: when this is the last of the first `ALIKE` runs to fail in the same place.
            WriteFailed: when the store cannot be written.
        """
        run_id, run, store = outcome.spec.run_id, outcome.run, self._session.store
        is_new = run is not None and store.put(replace(run, artefacts=outcome.artefacts))
        if not is_new and (run is None or self._is_reproduced(run)):
            self._add_artefacts(outcome)
        record = run.record if run is not None else store.record(run_id)
        self._claims.release(run_id)
        for name, failure in outcome.failures.items():
            self._session.observe(ArtefactFailed(run_id, name, failure))
        self._note(record, is_ours=True)
        if record.status is Status.FAILED and not self._keep_going:
            self._check_beginning()

    def lose(self, spec: RunSpec, worker: int, failure: Failure) -> None:
        """Take back a run that was lost with its worker: it is tried once more, then it has failed.

        Raises:
            StoppedEarly, WriteFailed: as `keep` does.
        """
        run_id = spec.run_id
        is_retried = run_id not in self._lost_once
        self._session.observe(WorkerDied(run_id, worker, failure.message, is_retried))
        if is_retried:
            self._lost_once.add(run_id)
            self._put_back(run_id)
        else:
            self.keep(Outcome(spec, failed_run(spec, failure)))

    def look_elsewhere(self) -> None:
        """See what became of the runs that other processes had claimed: recorded, still claimed, or ours now."""
        for run_id in sorted(self._elsewhere):
            if self._claim(run_id):
                self._put_back(run_id)

    def _next_of(self, program: str) -> str:
        self._left[program] -= 1
        if not self._left[program]:
            del self._left[program]
        return self._waiting[program].popleft()

    def _put_back(self, run_id: str) -> None:
        """As the first of its program, and that before all others."""
        program = self._programs[run_id]
        self._waiting[program].appendleft(run_id)
        self._left = {
            program: len(self._waiting[program]),
            **{each: n for each, n in self._left.items() if each != program},
        }

    def _claim(self, run_id: str) -> bool:
        """Whether the run is ours to train. If not, it is recorded by now, or being trained elsewhere."""
        if not self._claims.take(run_id):
            self._note_elsewhere(run_id)
            return False
        # Asked only under the claim: whoever had it before us has stored what came out.
        self._elsewhere.discard(run_id)
        record = self._stored(run_id)
        if record is None or record == self._old.get(run_id):
            return True
        if lacking(record, self._wanted(run_id), self._session.store):
            return True
        self._claims.release(run_id)
        self._note(record, is_ours=False)
        return False

    def _stored(self, run_id: str) -> RunRecord | None:
        try:
            return self._session.store.record(run_id)
        except MissingRun:
            return None

    def _wanted(self, run_id: str) -> tuple[str, ...]:
        return self._session.keep.get(run_id, ())

    def _is_reproduced(self, run: StoredRun) -> bool:
        """Whether a run that was trained again came out as the store has it, to the last bit; a failed one cannot
        say. Of arrays that the store does not have, since a later version measures more, nothing can be said."""
        if run.record.status is Status.FAILED:
            return False
        kept = self._session.store.get(run.spec.run_id)
        names = [name for name in kept.arrays if not _same_array(kept, run, name)]
        is_same = kept.record.status is run.record.status and not names
        if not is_same:
            self._session.observe(NotReproduced(run.spec.run_id, ", ".join(names) or run.record.status.value))
        return is_same

    def _add_artefacts(self, outcome: Outcome) -> None:
        for name, arrays in outcome.artefacts.items():
            try:
                self._session.store.put_artefact(outcome.spec.run_id, name, arrays)
            except AnotherArtefact:
                self._session.observe(NotReproduced(outcome.spec.run_id, name))

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


def _same_array(kept: StoredRun, again: StoredRun, name: str) -> bool:
    return name in again.arrays and pack({name: kept.arrays[name]}) == pack({name: again.arrays[name]})


def _place(failure: Failure) -> tuple[str, ...]:
    """Where a failure happened. Its message is left out: it may hold the values of the arm."""
    frames = (line.strip() for line in failure.traceback.splitlines() if line.lstrip().startswith("File "))
    return (failure.kind, failure.type, *frames)
