"""The contract between who asks for runs, who executes them, and who trains them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ablate.core.errors import AblateError, ExitCode
from ablate.core.identity import Json
from ablate.core.records import Array, Failure, RunRecord, StoredRun
from ablate.core.specs import Numerics, RunSpec
from ablate.runner.events import Observer, tolerated
from ablate.runner.jobs import Artefacts
from ablate.storage.runs import RunStore

__all__ = [
    "TRAINER",
    "Executor",
    "ExecutorUnavailable",
    "Progress",
    "Session",
    "StoppedEarly",
    "Trainer",
]

# The module whose `Trainer` trains, unless an executor is told another.
TRAINER = "ablate.runner.trainer"

# Called at the end of each epoch with its number from 1, the number of epochs, and its metrics.
Progress = Callable[[int, int, Mapping[str, float]], None]


@dataclass(frozen=True)
class Session:
    """Where runs are kept, where data lies (None: wherever the data set's loader looks), who is told, and which
    artefacts are kept of each run (by run id; of others none).

    Attributes:
        provenance: what every record says of the command, beside its worker's environment.
        anew: ids of runs that are trained although the store has them, and take the place of what it has.
        incomplete: those of `anew` that take it only where all that it has of them comes out again.
        metrics: run_id → the metrics that its record is to have; one that has no finite value of them tells so.
    """

    store: RunStore
    data_dir: Path | None
    observe: Observer
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provenance: Mapping[str, Json] = field(default_factory=dict)
    anew: frozenset[str] = frozenset()
    incomplete: frozenset[str] = frozenset()
    metrics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def tolerant(self) -> Session:
        """The same, but for an observer whose errors end nothing."""
        return replace(self, observe=tolerated(self.observe))


class Trainer(Protocol):
    """What trains, for as many runs as its process lives: programs compiled for one run serve the next.

    A class of this shape named `Trainer` is looked up in the executor's trainer module.
    """

    def __init__(self, data_dir: Path | None, numerics: Numerics) -> None: ...

    def train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        """The completed or diverged run of `spec`, a completed one with its raw artefacts; whatever it raises
        becomes a failed run."""
        ...

    def measure(self, spec: RunSpec, probe: str, raw: Artefacts) -> Mapping[str, Array]:
        """The artefact of a probe over a completed run, from its raw artefacts, as far as the probe needs them."""
        ...


class Executor(Protocol):
    """Trains runs and keeps them in the session's store."""

    def worker_count(self, todo: Sequence[RunSpec]) -> int | None:
        """How many of `todo` it trains at a time; None where only their execution can tell."""
        ...

    def execute(self, todo: Sequence[RunSpec], session: Session) -> tuple[RunRecord, ...]:
        """The records of `todo`, in its order, once all are in the store, whoever trained them, with the artefacts
        that the session keeps of them. What the store has already is not done again.

        Raises:
            Interrupted: on SIGINT or SIGTERM; what was finished is kept.
            StoppedEarly: when the first runs all fail alike, unless told to keep going.
            ExecutorUnavailable: when what it works with is not installed, not reached, or has no room for these runs.
            ablate.runner.devices.DeviceAbsent: when its settings name a device that is not there.
            WriteFailed: when the store cannot be written; what was finished before is kept.
        """
        ...


class ExecutorUnavailable(AblateError):
    """What an executor works with is not installed, not reached, or has no room; the message says what helps."""


class StoppedEarly(AblateError):
    """The first `count` runs failed in the same place: the rest would, too."""

    def __init__(self, failure: Failure, count: int, remaining: int) -> None:
        super().__init__(
            f"the first {count} runs failed alike ({failure.type}: {failure.message}); {remaining} not tried"
        )
        self.failure = failure
        self.count = count
        self.remaining = remaining

    @property
    def exit_code(self) -> int:
        return ExitCode.SOME_RUNS_FAILED

    @property
    def hint(self) -> str:
        return "To try them all the same: executor.keep_going=true"
