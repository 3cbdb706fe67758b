"""The parent's side of one worker, wherever that is: what it is doing, and when it was last heard of."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

from ablate.core.specs import Numerics, RunSpec
from ablate.runner.events import RunProgress
from ablate.runner.jobs import Job, JobResult
from ablate.runner.worker import Beat

__all__ = ["WorkerHandle"]


class WorkerHandle(ABC):
    """A worker and its books; how it is reached is left to the subclass.

    Attributes:
        number: its slot in the pool, from 0.
        numerics: what its process was set up for.
        job: what it is doing; None while it is idle.
        program: the program it compiled last.
        has_started: whether it has been heard of at all. Until then it imports, which proves nothing.
        is_waiting: whether there has been no room for it yet on any machine; nothing is expected of it before.
    """

    def __init__(self, number: int, numerics: Numerics, is_waiting: bool = False) -> None:
        self.number = number
        self.numerics = numerics
        self.job: Job | None = None
        self.program: str | None = None
        self.has_started = False
        self.is_waiting = is_waiting
        self._heard_at = self._progressed_at = time.monotonic()

    @property
    def spec(self) -> RunSpec | None:
        return None if self.job is None else self.job.spec

    def begin(self, job: Job) -> None:
        self.job = job
        self.program = job.spec.program_id
        self._heard_at = self._progressed_at = time.monotonic()
        self._send(job)

    def receive(self) -> Beat | RunProgress | JobResult:
        """The next message, waited for.

        Raises:
            EOFError, OSError: when the worker has ended.
        """
        message = self._next()
        self._heard_at = time.monotonic()
        if self.is_waiting or not self.has_started or not isinstance(message, Beat):
            self._progressed_at = self._heard_at
        self.has_started = True
        self.is_waiting = False
        if isinstance(message, JobResult):
            self.job = None
        return message

    def excuse(self, seconds: float) -> None:
        """Count these seconds as none: nobody was there to hear, for the machine or the container stood still."""
        now = time.monotonic()
        self._heard_at, self._progressed_at = (min(at + seconds, now) for at in (self._heard_at, self._progressed_at))

    @property
    def silent_seconds(self) -> float:
        return time.monotonic() - self._heard_at

    @property
    def stalled_seconds(self) -> float:
        """Since the last end of an epoch, the beginning of the run, or the first sign of life."""
        return time.monotonic() - self._progressed_at

    @abstractmethod
    def has_spoken(self) -> bool:
        """Whether `receive` would not have to wait."""

    @abstractmethod
    def grown_bytes(self) -> int:
        """By how much resident memory has grown since this was asked first."""

    @abstractmethod
    def terminate(self) -> None:
        """Ask it, and all it has started, to end."""

    @abstractmethod
    def end(self, grace_seconds: float = 0.0) -> None:
        """Kill it, and all it has started, if it has not ended after `grace_seconds`."""

    @abstractmethod
    def exit_report(self) -> tuple[str, str]:
        """How it ended (`exited with code 1`), and what is known of it beyond that; asked once it has."""

    @abstractmethod
    def _send(self, job: Job) -> None:
        """Hand it a job. A worker that is gone is noticed where its messages are waited for."""

    @abstractmethod
    def _next(self) -> Beat | RunProgress | JobResult:
        """The next message, as `receive` gives it."""
