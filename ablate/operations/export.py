"""Trained models as files of Keras, or the histories of runs for TensorBoard."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ablate.analysis.comparison import Side
from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.core.identity import short_id
from ablate.core.records import Status, StoredRun
from ablate.exporting import available
from ablate.operations.as_json import document
from ablate.operations.restore import RestoredRun, WeightedRun, restored, runs_with_weights, weighted_runs
from ablate.operations.sides import distinct_sides
from ablate.runner.quiet import quiet_backend
from ablate.sanitize.text import file_stem
from ablate.storage.runs import RunStore

__all__ = ["FORMATS", "Exported", "LeftOut", "export"]

# What can be written, see `ablate.exporting`.
FORMATS = available()
# Examples that a model and the one of its file are compared by.
SAMPLES = 8


@dataclass(frozen=True)
class LeftOut:
    """What of a run was not written, and why."""

    run_id: str
    label: str
    reason: str


@document("export", version=2)
@dataclass(frozen=True)
class Exported:
    """What was written, in this order: a file or a folder of each run; and what of the runs was left out."""

    paths: tuple[Path, ...]
    left_out: tuple[LeftOut, ...] = ()


def export(
    names: Sequence[str],
    *,
    settings: Settings,
    form: str,
    out: Path,
    observe: Callable[[Path], None] = lambda _: None,
) -> Exported:
    """Writes every completed run with weights, or every run that has a history, as far as it goes, into the folder
    `out`. TensorFlow is imported by this call, for seconds.

    Args:
        names: runs by the beginnings of their ids, arms as `study:level`, or studies.
        form: one of FORMATS.
        observe: is told each path as soon as it is written.

    Raises:
        UsageError: when there is no such format, when there are no names, or two of one side, when there is nothing to
            write of any run though some did not diverge, when a model cannot be read without its code, or when a
            history is there already. What was written before stays.
        NoSuchArm, MissingRun, AmbiguousPrefix: for a name that is not that of one thing.
        ConfigError: when a run is made of what the user has not allowed.
        TrainerLacks: when what trained a run restores no models.
        DataError: when the data of a run, which says what its model takes, cannot be read.
    """
    if form not in FORMATS:
        raise UsageError(f"{form} is no format of an export: {', '.join(FORMATS)} are")
    sides = distinct_sides(names, settings.results_dir)
    if not sides:
        raise UsageError("Which run? ablate export RUN --format keras --out FOLDER")
    quiet_backend()
    written_by = importlib.import_module(f"ablate.exporting.{form}")
    is_of_models, store = hasattr(written_by, "write_model"), RunStore(settings.results_dir)
    weighted = [(side, runs_with_weights(side, store)) for side in sides] if is_of_models else []
    if is_of_models and not any(runs for _, runs in weighted):
        for side in sides:
            if not all(map(_has_diverged, side.runs)):
                weighted_runs(side, store)  # says why there are none, and what keeps them
    left_out = _without_weights(weighted) if is_of_models else _without_history(sides)
    written = []
    for path in _models(weighted, settings, out, written_by) if is_of_models else _histories(sides, out, written_by):
        written.append(path)
        observe(path)
    if not written and not all(_has_diverged(run) for side in sides for run in side.runs):
        raise UsageError("; ".join(f"{each.label} {each.reason}" for each in left_out))
    return Exported(tuple(written), tuple(left_out))


def _without_weights(weighted: Sequence[tuple[Side, Sequence[WeightedRun]]]) -> list[LeftOut]:
    """The runs that leave no model, and why."""
    found = []
    for side, runs in weighted:
        has_weights = {each.run.record.run_id for each in runs}
        for run in side.runs:
            if run.record.run_id not in has_weights:
                is_completed = run.record.status is Status.COMPLETED
                why = "has no weights saved" if is_completed else f"{_ended(run)}, so it has no model"
                found.append(_left_out(side, run, why))
    return found


def _without_history(sides: Sequence[Side]) -> list[LeftOut]:
    """The runs that have no history, or one that ends before they should have, and why."""
    return [
        _left_out(side, run, f"{_ended(run)}, so {_extent(run)}")
        for side in sides
        for run in side.runs
        if run.record.status is not Status.COMPLETED
    ]


def _has_diverged(run: StoredRun) -> bool:
    return run.record.status is Status.DIVERGED


def _ended(run: StoredRun) -> str:
    if run.record.divergence is None:
        return run.record.status.value
    return f"diverged in epoch {run.record.divergence.epoch}, step {run.record.divergence.step}"


def _extent(run: StoredRun) -> str:
    epochs = run.record.epochs_run
    return f"its history ends with epoch {epochs}" if epochs else "it has no history"


def _left_out(side: Side, run: StoredRun, reason: str) -> LeftOut:
    is_arm = ":" in side.label
    return LeftOut(run.record.run_id, f"{side.label}, seed {run.spec.seed}" if is_arm else side.label, reason)


def _models(
    weighted: Sequence[tuple[Side, Sequence[WeightedRun]]], settings: Settings, out: Path, form: Any
) -> Iterator[Path]:
    """Writes a file for every completed run with weights, and makes sure of it; each path."""
    for side, runs in weighted:
        for each in restored("ablate export", runs, settings) if runs else ():
            path = out / f"{_file_name(side, each.run.spec.seed)}{form.SUFFIX}"
            form.write_model(each.model, path)
            _verify(path, each, form)
            yield path


def _verify(path: Path, restored_run: RestoredRun, form: Any) -> None:
    """Reads the file again, and compares what both models answer."""
    try:
        loaded = form.read_model(path)
    except (TypeError, ValueError) as error:  # a class of the user's own, which Keras was not told of
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(f"{path} is written, but cannot be read without the code of its model: {reason}") from error
    draws = np.random.default_rng(0).random((SAMPLES, *restored_run.example_shape), np.float32)
    saved, answers = (np.asarray(model(draws, training=False)) for model in (loaded, restored_run.model))
    if not np.array_equal(saved, answers):
        raise RuntimeError(f"{path} was read again, and predicts something else than the run's model")


def _histories(sides: Sequence[Side], out: Path, form: Any) -> Iterator[Path]:
    """Writes a folder for every run that has a history; each path."""
    for side in sides:
        for run in side.runs:
            if not run.record.epochs_run:
                continue
            own = out / _file_name(side, run.spec.seed)
            if own.exists():
                raise UsageError(f"{own} is there already, and TensorBoard would show both: remove it, or choose --out")
            if form.write_history(run.history, own):
                yield own


def _file_name(side: Side, seed: int) -> str:
    """`dropout=0.1_seed3` for a run of an arm, the beginning of its id for a run alone."""
    _, is_arm, arm = side.label.partition(":")
    return f"{file_stem(arm)}_seed{seed}" if is_arm else short_id(side.label)
