"""What an executor tells while it works, for live displays and plain lines alike."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ablate.core.records import Failure, RunRecord

__all__ = [
    "ArtefactFailed",
    "EpochEnded",
    "Event",
    "NotReproduced",
    "Observer",
    "RunClaimedElsewhere",
    "RunEnded",
    "RunProgress",
    "RunStarted",
    "Superseded",
    "TrainingBegan",
    "WorkerDied",
    "tolerated",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunStarted:
    """`worker` counts from 0; a run that lost its worker starts again. `compiles` says whether its worker will first
    have to compile the run's program."""

    run_id: str
    worker: int
    compiles: bool = False


@dataclass(frozen=True)
class TrainingBegan:
    """What trains the run and its data are loaded, and its first epoch begins, with compiling where it takes that."""

    run_id: str
    epochs: int


@dataclass(frozen=True)
class EpochEnded:
    """`epoch` counts from 1 to at most `epochs`; `metrics` are those of the epoch."""

    run_id: str
    epoch: int
    epochs: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class RunEnded:
    """The record is in the store. `is_ours` is False for a run that another process has trained."""

    record: RunRecord
    is_ours: bool


@dataclass(frozen=True)
class WorkerDied:
    """A worker ended, or was ended, with its run unfinished; the run is tried again if `is_retried`."""

    run_id: str
    worker: int
    reason: str
    is_retried: bool


@dataclass(frozen=True)
class RunClaimedElsewhere:
    """Another process is training the run; its outcome is waited for, and its lease taken over if it dies."""

    run_id: str


@dataclass(frozen=True)
class ArtefactFailed:
    """An artefact that was asked for could not be made of a run, which is in the store all the same."""

    run_id: str
    artefact: str
    failure: Failure


@dataclass(frozen=True)
class NotReproduced:
    """A run was done again for something that was not kept of it, and `what` came out with other bits: what the
    store has stays as it is, and what was new is not kept."""

    run_id: str
    what: str


@dataclass(frozen=True)
class Superseded:
    """A run was trained anew, as it was asked for, and `what` came out with other bits: the new run is in the store,
    the former one set aside."""

    run_id: str
    what: str


# What a worker tells of its run before it ends.
RunProgress = TrainingBegan | EpochEnded
Event = (
    ArtefactFailed | NotReproduced | Superseded | RunStarted | RunProgress | RunEnded | WorkerDied | RunClaimedElsewhere
)
Observer = Callable[[Event], None]


def tolerated(observe: Observer) -> Observer:
    """`observe` until it raises: that is one warning in the log, and it is told nothing more. Who looks on does not
    end what others wait for."""
    is_silent = False

    def tell(event: Event) -> None:
        nonlocal is_silent
        if is_silent:
            return
        try:
            observe(event)
        except Exception as error:
            is_silent = True
            log.warning("the observer of runs raised %s, and is told nothing more", repr(error))

    return tell
