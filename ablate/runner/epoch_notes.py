"""What the runs of this process have told of their epochs, noted for whoever looks on from elsewhere.

The parent notes it, and workers lose no time. Nor does the parent: however many runs and epochs there are, and however
slow the folder is, it writes at most a few times a second and spends at most a small part of its time on it.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ablate.runner.events import EpochEnded, Event, RunEnded, RunStarted, TrainingBegan, WorkerDied
from ablate.runner.session import Session
from ablate.storage.atomic import WriteFailed
from ablate.storage.epochs import EpochsSoFar, forget_epochs, write_epochs

__all__ = ["EpochNotes", "noting"]

# Between two times of writing; and how many times as long as the last one took.
LEAST_SECONDS, TIMES_AS_LONG = 0.3, 20.0

log = logging.getLogger(__name__)


class EpochNotes:
    """The epochs of the runs that are under way. `monotonic` stands for the clock, and is given by tests."""

    def __init__(self, root: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._monotonic = monotonic
        self._known: dict[str, EpochsSoFar] = {}
        self._unwritten: set[str] = set()
        self._not_before = 0.0
        self._has_failed = False

    def tell(self, event: Event) -> None:
        """Take note of what a run tells, and write it where it is time to."""
        match event:
            case TrainingBegan(run_id, epochs):
                self._note(EpochsSoFar(run_id, epochs))
            case EpochEnded(run_id, epoch, epochs, metrics):
                # What was tried before, or never began, is another try.
                known = self._known.get(run_id)
                is_next = known is not None and known.epoch < epoch
                so_far = known if is_next and known is not None else EpochsSoFar(run_id, epochs)
                self._note(replace(so_far, epochs=epochs).with_epoch(epoch, metrics))
            case RunStarted(run_id) | WorkerDied(run_id):
                self._forget(run_id)
                with contextlib.suppress(OSError):
                    forget_epochs(self._root, run_id)
            case RunEnded(record):  # its file has gone with its lease
                self._forget(record.run_id)

    def write(self) -> None:
        """Write what is new, where enough time has passed since the last time."""
        begun = self._monotonic()
        if not self._unwritten or begun < self._not_before:
            return
        for run_id in sorted(self._unwritten):
            self._write(self._known[run_id])
        self._unwritten.clear()
        ended = self._monotonic()
        self._not_before = ended + max(LEAST_SECONDS, TIMES_AS_LONG * (ended - begun))

    def _note(self, so_far: EpochsSoFar) -> None:
        self._known[so_far.run_id] = so_far
        self._unwritten.add(so_far.run_id)
        self.write()

    def _forget(self, run_id: str) -> None:
        self._known.pop(run_id, None)
        self._unwritten.discard(run_id)

    def _write(self, so_far: EpochsSoFar) -> None:
        """Who looks on does not end what others wait for."""
        try:
            write_epochs(self._root, so_far)
        except WriteFailed as error:
            if not self._has_failed:
                log.warning("the epochs of runs under way cannot be shown elsewhere: %s", error)
            self._has_failed = True


def noting(session: Session, notes: EpochNotes) -> Session:
    """The same, with every event told to `notes` first."""
    observe = session.observe

    def both(event: Event) -> None:
        notes.tell(event)
        observe(event)

    return replace(session, observe=both)
