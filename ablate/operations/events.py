"""What an operation tells while it works: what there is to do, what became of each run, what came of it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ablate.core.records import RunRecord
from ablate.core.specs import RunSpec
from ablate.runner.events import Event
from ablate.runner.plan import WorkPlan

__all__ = ["DamageFound", "Observer", "OperationEvent", "WorkEnded", "WorkPlanned", "unobserved"]


@dataclass(frozen=True)
class WorkPlanned:
    """Runs were looked up in the store, and `work` says what it lacks of them.

    Attributes:
        name: what the runs are for: a study, its confirmation, or `run`.
        labels: run_id → what the run is called.
        specs: all of them, done or not.
        judged: run_id → the metric that the sweep of the run is judged by.
    """

    name: str
    labels: Mapping[str, str]
    specs: tuple[RunSpec, ...]
    work: WorkPlan
    judged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkEnded:
    """What `WorkPlanned` announced is done. `records` are those of the runs that were worked on."""

    records: tuple[RunRecord, ...]
    seconds: float


@dataclass(frozen=True)
class DamageFound:
    """These runs looked sound and were not, as shows when they are read whole; they are trained again."""

    run_ids: frozenset[str]


OperationEvent = Event | WorkPlanned | WorkEnded | DamageFound
Observer = Callable[[OperationEvent], None]


def unobserved(event: OperationEvent) -> None:
    """The observer of whoever only wants the result."""
