"""What executors whose runs are trained by a pool of workers have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ablate.core.records import RunRecord
from ablate.core.specs import RunSpec
from ablate.runner.dispatch import Dispatcher
from ablate.runner.epoch_notes import EpochNotes, noting
from ablate.runner.session import Session
from ablate.runner.signals import watched_signals
from ablate.runner.worker_pool import WorkerHost, WorkerLimits, WorkerPool
from ablate.storage.leases import Leases

__all__ = ["PoolExecutor"]

GIB = 2**30


@dataclass(frozen=True)
class PoolExecutor(ABC):
    """How many workers, and the limits of each.

    Attributes:
        workers: how many; None for as many as there is room for. Never more than there are runs.
        heartbeat_seconds: a worker not heard of for so long is killed; a new one is given a minute if that is more.
        stall_seconds: a worker that ends no epoch for so long is killed; compiling counts.
        keep_going: whether to go on when the first runs all fail alike.
        memory_growth_gib: a worker whose resident memory has grown by more since its first run is replaced.
    """

    workers: int | None = None
    heartbeat_seconds: float = 30.0
    stall_seconds: float = 1800.0
    keep_going: bool = False
    memory_growth_gib: float = 4.0

    def __post_init__(self) -> None:
        wrong = [f"{name} is {getattr(self, name)}" for name in self._positive() if not getattr(self, name) > 0]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: it must be greater than 0")

    def execute(self, todo: Sequence[RunSpec], session: Session) -> tuple[RunRecord, ...]:
        """See `ablate.runner.session.Executor`."""
        if not todo:
            return ()
        notes = EpochNotes(session.store.root)
        session = noting(session.tolerant(), notes)
        with (
            watched_signals() as signals,
            self._joined(todo) as (host, room),
            Leases(session.store.root) as leases,
        ):
            dispatcher = Dispatcher(todo, session, leases, self.keep_going)
            slots = self._worker_count(todo, room)
            with WorkerPool(slots, host, self._limits(), session, dispatcher) as pool:
                while dispatcher.remaining:
                    signals.check(dispatcher.done, dispatcher.remaining)
                    pool.turn()
                    notes.write()
        return dispatcher.records()

    @abstractmethod
    def _joined(self, todo: Sequence[RunSpec]) -> AbstractContextManager[tuple[WorkerHost[Any], int]]:
        """Where `todo` is trained, and for how many workers there is room."""

    def _worker_count(self, todo: Sequence[RunSpec], room: int) -> int:
        return min(self.workers or room, len(todo))

    def _positive(self) -> list[str]:
        """The settings that are given and have to be greater than 0."""
        given = [] if self.workers is None else ["workers"]
        return ["heartbeat_seconds", "stall_seconds", "memory_growth_gib", *given]

    def _limits(self) -> WorkerLimits:
        return WorkerLimits(self.heartbeat_seconds, self.stall_seconds, int(self.memory_growth_gib * GIB))
