"""Runs in this process, one after another: for debugging, where a breakpoint should stop what it is in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from ablate.core.records import RunRecord
from ablate.core.specs import Numerics, RunSpec
from ablate.runner.devices import thread_environment
from ablate.runner.dispatch import Dispatcher
from ablate.runner.do_job import TrainerOf, do_job, report_to, trainers
from ablate.runner.epoch_notes import EpochNotes, noting
from ablate.runner.events import RunStarted
from ablate.runner.quiet import quiet_backend
from ablate.runner.session import Progress, Session
from ablate.runner.signals import watched_signals
from ablate.storage.leases import Leases

__all__ = ["InlineExecutor"]

TURN_SECONDS = 0.2


@dataclass(frozen=True)
class InlineExecutor:
    """Trains in the calling process, which a crash of a run takes with it.

    TensorFlow takes its threads once, so runs with other numerics than the first one's fail. A run is alone with its
    device from the start, so one that runs out of memory is not tried again.

    Attributes:
        keep_going: whether to go on when the first runs all fail alike.
    """

    keep_going: bool = False

    def worker_count(self, todo: Sequence[RunSpec]) -> int:
        """One run at a time."""
        return min(1, len(todo))

    def execute(self, todo: Sequence[RunSpec], session: Session) -> tuple[RunRecord, ...]:
        """See `ablate.runner.session.Executor`. A signal is noticed at the end of an epoch."""
        session = noting(session.tolerant(), EpochNotes(session.store.root))
        trainers_with = cache(partial(_trainers, session.data_dir))
        program = None
        with Leases(session.store.root) as leases, watched_signals() as signals:
            dispatcher = Dispatcher(todo, session, leases, self.keep_going)

            def check() -> None:
                signals.check(dispatcher.done, dispatcher.remaining)

            while dispatcher.remaining:
                check()
                job = dispatcher.take(program, busy=())
                if job is None:
                    dispatcher.look_elsewhere()
                    time.sleep(TURN_SECONDS)
                    continue
                session.observe(RunStarted(job.spec.run_id, 0, job.compiles(program)))
                program = job.spec.program_id
                progress = followed_by(report_to(session.observe, job.spec), check)
                dispatcher.keep(do_job(trainers_with(job.spec.numerics), job, progress))
        return dispatcher.records()


def _trainers(data_dir: Path | None, numerics: Numerics) -> TrainerOf:
    os.environ.update(thread_environment(numerics))
    quiet_backend()
    return trainers(data_dir, numerics)


def followed_by(progress: Progress, check: Callable[[], None]) -> Progress:
    def both(epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        progress(epoch, epochs, metrics)
        check()

    return both
