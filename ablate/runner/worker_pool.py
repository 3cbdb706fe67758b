"""The workers of one execution: who gets which run, what they answer, and what becomes of those that die.

A run that ran out of memory has its device for itself at its second try: nothing else begins there until it
has ended, and the idle workers, which may hold memory of their past, are stopped.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from ablate.core.records import Failure
from ablate.core.specs import Numerics, RunSpec
from ablate.runner.dispatch import Dispatcher
from ablate.runner.do_job import OUT_OF_MEMORY
from ablate.runner.events import RunProgress, RunStarted
from ablate.runner.jobs import Job, JobResult
from ablate.runner.session import Session
from ablate.runner.worker import WorkerSettings
from ablate.runner.worker_handle import WorkerHandle

__all__ = ["GRACE_SECONDS", "WorkerHost", "WorkerLimits", "WorkerPool"]

TURN_SECONDS = 0.2
BEAT_SECONDS = 1.0
GRACE_SECONDS = 2.0
# What a worker may take to start in, where that is more than may pass between two signs of life.
STARTING_SECONDS = 60.0
# Between two looks at the workers there are turns of a fifth of a second. After so long the process itself stood still.
PAUSED_SECONDS = 5.0

Handle = TypeVar("Handle", bound=WorkerHandle)


class WorkerHost(Protocol[Handle]):
    """Where the workers are, and how they are reached."""

    def start_worker(self, number: int, settings: WorkerSettings) -> Handle:
        """A new worker in a slot."""
        ...

    def device(self, number: int, numerics: Numerics) -> str:
        """The device that runs with these numerics are computed on in a slot; equal for slots that share it."""
        ...

    def speaking(self, workers: Sequence[Handle], seconds: float) -> list[Handle]:
        """Those that have said something or have ended, after at most `seconds` of waiting for the first."""
        ...


@dataclass(frozen=True)
class WorkerLimits:
    """What a worker may do before it is ended: be silent, end no epoch, grow in resident memory."""

    silent_seconds: float
    stalled_seconds: float
    grown_bytes: int


@dataclass(frozen=True)
class Retry:
    """The second try of a run that ran out of memory, in the slot of the first."""

    number: int
    job: Job


class WorkerPool(Generic[Handle]):
    """The workers of one execution: a number of slots, each empty or with a worker in it."""

    def __init__(
        self,
        slots: int,
        host: WorkerHost[Handle],
        limits: WorkerLimits,
        session: Session,
        dispatcher: Dispatcher,
    ) -> None:
        self._host = host
        self._limits = limits
        self._session = session
        self._dispatcher = dispatcher
        self._workers: list[Handle | None] = [None] * slots
        # Of those that share a device the first is on it, or waits until nobody else is; the others come after it.
        self._retries: list[Retry] = []
        self._looked_at = time.monotonic()

    def __enter__(self) -> WorkerPool[Handle]:
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
        idle = [number for number, worker in enumerate(self._workers) if worker is None or worker.job is None]
        # First those that need not compile, or another would compile for the runs that they are about to do.
        assigned = [self._assign(number) for number in sorted(idle, key=self._has_to_compile)]
        if not all(assigned):
            self._dispatcher.look_elsewhere()
        self._listen()
        self._end_hanging()

    def _present(self) -> list[Handle]:
        return [worker for worker in self._workers if worker is not None]

    def _has_to_compile(self, number: int) -> bool:
        worker = self._workers[number]
        return worker is None or not self._dispatcher.has_waiting(worker.program)

    def _assign(self, number: int) -> bool:
        """Whether the slot has, or is soon to have, something to do."""
        for retry in self._retries:
            if self._shares_device(number, retry):
                self._assign_alone(number, retry)
                return True
        worker = self._workers[number]
        busy = [other.program for other in self._present() if other.job is not None and other.program is not None]
        job = self._dispatcher.take(worker.program if worker else None, busy)
        if job is None and worker is not None:
            job = self._taken_over()
        if job is not None:
            self._begin(number, job)
        return job is not None

    def _assign_alone(self, number: int, retry: Retry) -> None:
        """Clears the device of a retry of workers that have nothing to do, and begins it in its slot when no other
        run is left there."""
        for worker in self._present():
            if worker.job is None and self._shares_device(worker.number, retry):
                self._stop_worker(worker.number)
        is_clear = not any(self._shares_device(worker.number, retry) for worker in self._present())
        if number == retry.number and is_clear:
            self._begin(number, retry.job)

    def _shares_device(self, number: int, retry: Retry) -> bool:
        numerics = retry.job.spec.numerics
        return self._host.device(number, numerics) == self._host.device(retry.number, numerics)

    def _taken_over(self) -> Job | None:
        """The run of a worker that no machine has had room for yet, which then is not needed: whoever is idle can do
        it at once, and may hold the very room that was waited for."""
        for worker in self._present():
            if worker.is_waiting and worker.job is not None:
                self._stop_worker(worker.number)
                return worker.job
        return None

    def _begin(self, number: int, job: Job) -> None:
        worker = self._worker_for(number, job.spec.numerics)
        compiles = job.compiles(worker.program)
        worker.begin(job)
        self._session.observe(RunStarted(job.spec.run_id, number, compiles))

    def _worker_for(self, number: int, numerics: Numerics) -> Handle:
        """The worker in a slot; a new one when there is none, or its device or threads are others."""
        worker = self._workers[number]
        if worker is None or worker.numerics != numerics:
            self._stop_worker(number)
            worker = self._workers[number] = self._start_worker(number, numerics)
        return worker

    def _start_worker(self, number: int, numerics: Numerics) -> Handle:
        beat_seconds = min(BEAT_SECONDS, self._limits.silent_seconds / 4)
        settings = WorkerSettings(self._session.data_dir, numerics, beat_seconds)
        return self._host.start_worker(number, settings)

    def _stop_worker(self, number: int) -> None:
        worker, self._workers[number] = self._workers[number], None
        if worker is not None:
            worker.terminate()
            worker.end(GRACE_SECONDS)

    def _listen(self) -> None:
        for worker in self._host.speaking(self._present(), TURN_SECONDS):
            self._hear(worker)

    def _hear(self, worker: Handle) -> None:
        try:
            message = worker.receive()
        except (EOFError, OSError):
            self._lose(worker, None, "killed")
            return
        if isinstance(message, RunProgress):
            self._session.observe(message)
        elif isinstance(message, JobResult):
            self._finish(worker, message)

    def _finish(self, worker: Handle, result: JobResult) -> None:
        self._forget_retry(result.spec)
        failure = result.run.record.failure if result.run else None
        if failure is not None and failure.kind == OUT_OF_MEMORY:
            # What filled the memory may be the worker's past, too.
            self._stop_worker(worker.number)
            job = self._dispatcher.lose_to_memory(result.spec, worker.number, failure)
            if job is not None:
                self._retries.append(Retry(worker.number, job))
            return
        self._dispatcher.keep(result)
        if worker.grown_bytes() > self._limits.grown_bytes:
            self._stop_worker(worker.number)

    def _forget_retry(self, spec: RunSpec) -> None:
        self._retries = [retry for retry in self._retries if retry.job.spec != spec]

    def _end_hanging(self) -> None:
        before, self._looked_at = self._looked_at, time.monotonic()
        paused_seconds = self._looked_at - before
        for worker in self._present():
            if paused_seconds > PAUSED_SECONDS:
                worker.excuse(paused_seconds)
            # It may have spoken while this process was busy, writing to a slow disk for one.
            if worker.job is None or worker.is_waiting or worker.has_spoken():
                continue
            patience_seconds = self._limits.silent_seconds
            if not worker.has_started:
                patience_seconds = max(patience_seconds, STARTING_SECONDS)
            if worker.silent_seconds > patience_seconds:
                self._lose(worker, f"gave no sign of life for {patience_seconds:g} s", "stalled")
            elif worker.has_started and worker.stalled_seconds > self._limits.stalled_seconds:
                self._lose(worker, f"ended no epoch for {self._limits.stalled_seconds:g} s", "stalled")

    def _lose(self, worker: Handle, reason: str | None, kind: str) -> None:
        """Give up a worker; `reason` is None when it ended by itself, and the way it did is the reason."""
        self._workers[worker.number] = None
        worker.end(GRACE_SECONDS if reason is None else 0.0)
        how, output = worker.exit_report()
        if worker.spec is not None:
            self._forget_retry(worker.spec)
            failure = Failure(kind, "WorkerDied", f"the worker {reason or how}", traceback=output)
            self._dispatcher.lose(worker.spec, worker.number, failure)
