"""The workers of one execution: who gets which run, what they answer, and what becomes of those that die."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.connection import wait
from types import TracebackType

from ablate.records import Failure
from ablate.runner.compiled import compiled_programs
from ablate.runner.devices import worker_environment
from ablate.runner.dispatch import Dispatcher
from ablate.runner.events import EpochEnded, RunStarted
from ablate.runner.jobs import Outcome
from ablate.runner.outcome import OUT_OF_MEMORY
from ablate.runner.process import GRACE_SECONDS, WorkerProcess
from ablate.runner.session import Session
from ablate.runner.worker import WorkerSettings
from ablate.specs import Numerics

__all__ = ["Crew", "Tolerance"]

TURN_SECONDS = 0.2
BEAT_SECONDS = 1.0
# What a worker may take to start in, where that is more than may pass between two signs of life.
STARTING_SECONDS = 60.0


@dataclass(frozen=True)
class Tolerance:
    """What is put up with from a worker: silence, no end of an epoch, growth of its resident memory."""

    silent_seconds: float
    stalled_seconds: float
    grown_bytes: int


class Crew:
    """The workers of one execution: a number of places, each empty or with a worker in it."""

    def __init__(
        self, places: int, trainer: str, tolerance: Tolerance, session: Session, dispatcher: Dispatcher
    ) -> None:
        self._trainer = trainer
        self._tolerance = tolerance
        self._session = session
        self._dispatcher = dispatcher
        self._workers: list[WorkerProcess | None] = [None] * places

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._present():
            worker.terminate()
        for worker in self._present():
            worker.end(GRACE_SECONDS)

    def turn(self) -> None:
        """Give work to the idle, hear what the others say, end those that hang."""
        idle = [number for number, worker in enumerate(self._workers) if worker is None or worker.spec is None]
        assigned = [self._assign(number) for number in idle]
        if not all(assigned):
            self._dispatcher.look_elsewhere()
        self._listen()
        self._end_hanging()

    def _present(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if worker is not None]

    def _assign(self, number: int) -> bool:
        """Whether the place got a run to train."""
        worker = self._workers[number]
        busy = [other.program for other in self._present() if other.spec is not None and other.program is not None]
        job = self._dispatcher.take(worker.program if worker else None, busy)
        if job is None:
            return False
        self._worker_for(number, job.spec.numerics).begin(job)
        self._session.observe(RunStarted(job.spec.run_id, number))
        return True

    def _worker_for(self, number: int, numerics: Numerics) -> WorkerProcess:
        """The worker in a place; a new one when there is none, or its device or threads are others."""
        worker = self._workers[number]
        if worker is None or worker.numerics != numerics:
            self._dismiss(number)
            worker = self._workers[number] = self._hire(number, numerics)
        return worker

    def _hire(self, number: int, numerics: Numerics) -> WorkerProcess:
        beat_seconds = min(BEAT_SECONDS, self._tolerance.silent_seconds / 4)
        settings = WorkerSettings(self._trainer, self._session.data_dir, numerics, beat_seconds)
        environment = {**worker_environment(numerics, number), **compiled_programs(numerics)}
        return WorkerProcess(number, settings, environment)

    def _dismiss(self, number: int) -> None:
        worker, self._workers[number] = self._workers[number], None
        if worker is not None:
            worker.terminate()
            worker.end(GRACE_SECONDS)

    def _listen(self) -> None:
        speaking = wait([worker.connection for worker in self._present()], TURN_SECONDS)
        for worker in self._present():
            if worker.connection in speaking:
                self._hear(worker)

    def _hear(self, worker: WorkerProcess) -> None:
        try:
            message = worker.receive()
        except (EOFError, OSError):
            self._lose(worker, None, "killed")
            return
        if isinstance(message, EpochEnded):
            self._session.observe(message)
        elif isinstance(message, Outcome):
            self._finish(worker, message)

    def _finish(self, worker: WorkerProcess, outcome: Outcome) -> None:
        failure = outcome.run.record.failure if outcome.run else None
        if failure is not None and failure.kind == OUT_OF_MEMORY:
            # What filled the memory may be the worker's past; a fresh one gets the run's second try.
            self._dismiss(worker.number)
            self._dispatcher.lose(outcome.spec, worker.number, failure)
            return
        self._dispatcher.keep(outcome)
        if worker.grown_bytes() > self._tolerance.grown_bytes:
            self._dismiss(worker.number)

    def _end_hanging(self) -> None:
        for worker in self._present():
            # It may have spoken while this process was busy, writing to a slow disk for one.
            if worker.spec is None or worker.connection.poll():
                continue
            patience_seconds = self._tolerance.silent_seconds
            if not worker.has_started:
                patience_seconds = max(patience_seconds, STARTING_SECONDS)
            if worker.silent_seconds > patience_seconds:
                self._lose(worker, f"gave no sign of life for {patience_seconds:g} s", "stalled")
            elif worker.has_started and worker.stalled_seconds > self._tolerance.stalled_seconds:
                self._lose(worker, f"ended no epoch for {self._tolerance.stalled_seconds:g} s", "stalled")

    def _lose(self, worker: WorkerProcess, reason: str | None, kind: str) -> None:
        """Bury a worker; `reason` is None when it ended by itself, and the way it did is the reason."""
        self._workers[worker.number] = None
        worker.end(GRACE_SECONDS if reason is None else 0.0)
        how, output = worker.last_words()
        if worker.spec is not None:
            failure = Failure(kind, "WorkerDied", f"the worker {reason or how}", traceback=output)
            self._dispatcher.lose(worker.spec, worker.number, failure)
