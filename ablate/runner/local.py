"""Runs in worker processes on this machine, each of which lives for many runs.

    LocalExecutor(workers=4).execute(work.todo, session)

A worker that dies, falls silent or gets stuck costs its run one retry and is replaced. Workers never
outlive their parent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.claims import Claims
from ablate.records import RunRecord
from ablate.runner.crew import Crew, Tolerance
from ablate.runner.devices import available_cores, available_gpus
from ablate.runner.dispatch import Dispatcher
from ablate.runner.session import TRAINER, Session
from ablate.runner.signals import watched_signals
from ablate.specs import Numerics, RunSpec

__all__ = ["LocalExecutor"]

GIB = 2**30


@dataclass(frozen=True)
class LocalExecutor:
    """How many workers, and what is put up with from them.

    Attributes:
        workers: processes; None for the available cores divided by the threads of a run, or one for each
            GPU. Never more than there are runs.
        heartbeat_seconds: a worker not heard of for so long is killed; a new one is given a minute if that is more.
        stall_seconds: a worker that ends no epoch for so long is killed; compiling counts.
        keep_going: whether to go on when the first runs all fail alike.
        memory_growth_gib: a worker whose resident memory has grown by more since its first run is replaced.
        trainer: the module whose `Trainer` trains.
    """

    workers: int | None = None
    heartbeat_seconds: float = 30.0
    stall_seconds: float = 1800.0
    keep_going: bool = False
    memory_growth_gib: float = 4.0
    trainer: str = TRAINER

    def __post_init__(self) -> None:
        positive = ("heartbeat_seconds", "stall_seconds", "memory_growth_gib")
        wrong = [f"{name} is {getattr(self, name)}" for name in positive if not getattr(self, name) > 0]
        if self.workers is not None and self.workers < 1:
            wrong.append(f"workers is {self.workers}")
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: it must be greater than 0")

    def execute(self, todo: Sequence[RunSpec], session: Session) -> tuple[RunRecord, ...]:
        """See `ablate.runner.session.Executor`."""
        session = session.tolerant()
        with Claims(session.store.root) as claims, watched_signals() as signals:
            dispatcher = Dispatcher(todo, session, claims, self.keep_going)
            with Crew(self.places(todo), self.trainer, self._tolerance(), session, dispatcher) as crew:
                while dispatcher.remaining:
                    signals.check(dispatcher.done, dispatcher.remaining)
                    crew.turn()
        return dispatcher.records()

    def places(self, todo: Sequence[RunSpec]) -> int:
        """How many workers `todo` is given."""
        wanted = default_workers([spec.numerics for spec in todo]) if self.workers is None else self.workers
        return min(wanted, len(todo))

    def _tolerance(self) -> Tolerance:
        return Tolerance(self.heartbeat_seconds, self.stall_seconds, int(self.memory_growth_gib * GIB))


def default_workers(numerics: Sequence[Numerics]) -> int:
    """One worker for each GPU if any run needs one, else as many as the cores can give their threads."""
    if any(each.device == "gpu" for each in numerics):
        return max(1, len(available_gpus()))
    threads = max((each.threads for each in numerics), default=1)
    return max(1, available_cores() // threads)
