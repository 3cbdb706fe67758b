"""Trained models of runs that are stored, for the verbs that ask something of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ablate.analysis.comparison import Side
from ablate.config.building import spec_problems
from ablate.config.problems import raise_any
from ablate.config.runs import Settings
from ablate.core.artefacts import WEIGHTS
from ablate.core.errors import UsageError
from ablate.core.records import Array, Status, StoredRun
from ablate.core.specs import Numerics
from ablate.runner.devices import worker_environment
from ablate.runner.do_job import TrainerOf, trainers
from ablate.runner.quiet import quiet_backend
from ablate.runner.session import KnowsExamples, RestoresModels, Trainer, TrainerLacks
from ablate.storage.runs import MissingArtefact, RunStore, how_to_keep
from ablate.storage.studies import StudyFolder

__all__ = [
    "RestoredRun",
    "WeightedRun",
    "restored",
    "runs_with_weights",
    "trainer_on_cpu",
    "trainers_on_cpu",
    "weighted_runs",
]


@dataclass(frozen=True)
class WeightedRun:
    """A completed run with the weights that it ended with, by variable path."""

    run: StoredRun
    weights: Mapping[str, Array]


@dataclass(frozen=True)
class RestoredRun:
    """A run with its model, a `keras.Model` as the run left it, and the shape of one example."""

    run: StoredRun
    model: Any
    example_shape: tuple[int, ...]


def weighted_runs(side: Side, store: RunStore) -> list[WeightedRun]:
    """The completed runs of a side whose weights were kept, by seed.

    Raises:
        UsageError: when there is none; the message says how to keep them.
    """
    if not any(run.record.status is Status.COMPLETED for run in side.runs):
        raise UsageError(f"{side.label} has no completed run")
    found = runs_with_weights(side, store)
    if not found:
        raise UsageError(f"{side.label} has no weights saved. {_how_to_keep_them(side, store.root)}")
    return found


def runs_with_weights(side: Side, store: RunStore) -> list[WeightedRun]:
    """The same where there may be none."""
    completed = [run for run in side.runs if run.record.status is Status.COMPLETED]
    found = [WeightedRun(run, weights) for run in completed if (weights := _weights(run, store)) is not None]
    return sorted(found, key=lambda each: each.run.spec.seed)


def restored(
    verb: str, runs: Sequence[WeightedRun], settings: Settings, trainer_of: TrainerOf | None = None
) -> Iterator[RestoredRun]:
    """The runs with their models, on the CPU, one after the other. What trained them is imported by this call, for
    seconds.

    Args:
        verb: what they are for, as a message says it.
        runs: those of one arm, which share a trainer.
        trainer_of: as `trainer_on_cpu`.

    Raises:
        ConfigError: when a run is made of what the user has not allowed.
        TrainerLacks: when what trained them restores no model, or does not say what it takes.
        DataError: while iterating, when the data of a run, which says what its model takes, cannot be read.
    """
    trainer = trainer_on_cpu(runs, settings, trainer_of)
    if not isinstance(trainer, RestoresModels):
        raise TrainerLacks(verb, trainer, "restores models")
    if not isinstance(trainer, KnowsExamples):
        raise TrainerLacks(verb, trainer, "knows the shape of an example")

    def restore(each: WeightedRun) -> RestoredRun:
        spec = each.run.spec
        return RestoredRun(each.run, trainer.restore(spec, each.weights), trainer.example_shape(spec))

    return map(restore, runs)


def trainer_on_cpu(runs: Sequence[WeightedRun], settings: Settings, trainer_of: TrainerOf | None = None) -> Trainer:
    """The trainer of the first of these runs in this process, on the CPU whatever their device. What trains is
    imported by this call, for seconds.

    Args:
        trainer_of: gives the trainer where one process asks several arms one after the other; see `trainers_on_cpu`.

    Raises:
        ConfigError: when a run is made of what the user has not allowed, whatever its record says: a store can be
            anybody's.
    """
    raise_any(problem for each in runs for problem in spec_problems(each.run.spec, settings.allow_targets))
    spec = runs[0].run.spec
    return (trainer_of or trainers_on_cpu(settings, spec.numerics))(spec)


def trainers_on_cpu(settings: Settings, numerics: Numerics) -> TrainerOf:
    """The trainers of this process, which is set up for these numerics, on the CPU whatever their device. What trains
    is imported when the first is asked for, which has to be one that is allowed."""
    on_cpu = replace(numerics, device="cpu")
    os.environ.update(worker_environment(on_cpu, slot=0))
    quiet_backend()
    return trainers(settings.data_dir, on_cpu)


def _weights(run: StoredRun, store: RunStore) -> Mapping[str, Array] | None:
    try:
        return store.artefact(run.record.run_id, WEIGHTS)
    except MissingArtefact:
        return None


def _how_to_keep_them(side: Side, results_dir: Path) -> str:
    """The command that trains the runs again with their weights kept, as far as it is known."""
    study, colon, _ = side.label.partition(":")
    lines = StudyFolder(results_dir, study).plan_lines() if colon else ()
    if not lines:
        return how_to_keep(WEIGHTS)
    return f"This keeps them: ablate {shlex.join([*lines[-1].argv, f'keep=[{WEIGHTS}]'])}"
