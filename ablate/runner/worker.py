"""The worker's side: a process that trains what it is sent until its parent hangs up.

It is started by `ablate.runner.process` with one end of a socket. It is sent `WorkerSettings`, then jobs;
it sends back beats, how its runs get on, and an `Outcome` for each job. It writes no file.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ablate.core.specs import Numerics
from ablate.runner.do_job import do_job, report_to, trainers
from ablate.runner.events import RunProgress
from ablate.runner.jobs import Job, JobResult

__all__ = ["Beat", "WorkerSettings", "main"]


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is told once: where data lies, with what numerics it trains, how often it shows that it lives."""

    data_dir: Path | None
    numerics: Numerics
    beat_seconds: float


@dataclass(frozen=True)
class Beat:
    """The worker lives; whether it gets on shows in the ends of its epochs."""


class Link:
    """The worker's end of the socket, which its two threads share. Without a parent there is no worker:
    when the other end is gone, so is the process."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def receive(self) -> Any:
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            os._exit(0)

    def send(self, message: Beat | RunProgress | JobResult) -> None:
        try:
            with self._sending:
                self._connection.send(message)
        except OSError:
            os._exit(1)


def main(descriptor: int) -> None:
    """Train what comes through the socket `descriptor`; never returns."""
    os.set_inheritable(descriptor, False)
    link = Link(Connection(descriptor))
    settings: WorkerSettings = link.receive()
    threading.Thread(target=beat, args=(link, settings.beat_seconds), daemon=True).start()
    # Loads nothing before a run asks for its trainer, so that one that cannot be loaded is a failure of that run.
    trainer_of = trainers(settings.data_dir, settings.numerics, is_worker=True)
    # What TensorFlow makes while it is imported and while it traces stays: to look for garbage in it after each seven
    # hundred objects took a sixth of a worker's start.
    gc.set_threshold(100_000, *gc.get_threshold()[1:])
    while True:
        job: Job = link.receive()
        link.send(do_job(trainer_of, job, report_to(link.send, job.spec)))


def beat(link: Link, beat_seconds: float) -> None:
    while True:
        link.send(Beat())
        time.sleep(beat_seconds)
