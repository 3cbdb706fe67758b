"""The contract between who asks for runs, who executes them, and who trains them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ablate.core.errors import AblateError, ExitCode, UsageError
from ablate.core.identity import Json
from ablate.core.records import Array, Failure, RunRecord, StoredRun
from ablate.core.specs import Numerics, RunSpec
from ablate.runner.events import Observer, tolerated
from ablate.runner.jobs import Artefacts
from ablate.storage.runs import RunStore

if TYPE_CHECKING:
    from ablate.probes import Subject

__all__ = [
    "Executor",
    "ExecutorUnavailable",
    "KnowsExamples",
    "MeasuresProbes",
    "Progress",
    "RestoresModels",
    "RestoresSubjects",
    "Session",
    "StoppedEarly",
    "Trainer",
    "TrainerLacks",
]

# Called at the end of each epoch with its number from 1, the number of epochs, and its metrics; and, if the trainer
# likes, with 0 and no metrics when the first begins.
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

    A spec names its class, or a function that gives one; it is called with the data folder, the numerics of the runs,
    and the arguments that the spec gives it. All that it must do is to train. What else can be asked of the runs of
    the usual one is in the protocols below, and whoever asks says so (`TrainerLacks`) where a trainer lacks it.
    """

    def __init__(self, data_dir: Path | None, numerics: Numerics) -> None: ...

    def train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        """The completed or diverged run of `spec`, a completed one with its raw artefacts; whatever it raises
        becomes a failed run."""
        ...


@runtime_checkable
class MeasuresProbes(Protocol):
    """For `keep`, where it names a probe."""

    def measure(self, spec: RunSpec, probe: str, raw: Artefacts) -> Mapping[str, Array]:
        """The artefact of a probe over a completed run, from its raw artefacts, as far as the probe needs them."""
        ...


@runtime_checkable
class RestoresSubjects(Protocol):
    """For `ablate interpolate`."""

    def subject(self, spec: RunSpec, raw: Artefacts) -> Subject:
        """A completed run as probes see it, from its raw artefacts."""
        ...


@runtime_checkable
class RestoresModels(Protocol):
    """For `ablate predict` and `ablate export`."""

    def restore(self, spec: RunSpec, weights: Mapping[str, Array]) -> Any:
        """A `keras.Model` with the weights that a run ended with."""
        ...


@runtime_checkable
class KnowsExamples(Protocol):
    """For `ablate predict` and `ablate export`."""

    def example_shape(self, spec: RunSpec) -> tuple[int, ...]:
        """What the model of a run takes, without the axis of examples."""
        ...


class TrainerLacks(UsageError):
    """What was asked for takes an ability that the trainer of the runs has not."""

    def __init__(self, asked: str, trainer: Trainer, ability: str) -> None:
        name = f"{type(trainer).__module__}.{type(trainer).__qualname__}"
        super().__init__(f"{asked} takes a trainer that {ability}, and {name} does not")


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
