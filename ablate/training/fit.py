"""The host's side of training: order, learning rates, stopping, divergence, history.

result = fit(program, data, TrainingSettings(epochs=10), learning_rate=1e-3, seed=0)
result.history["val_accuracy"]      # one value an epoch
result.diverged_at                  # None, or where the objective or the weights stopped being finite
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ablate.core.records import metric_info
from ablate.training import schedules
from ablate.training.feeding import Split
from ablate.training.program import Program, TrainedEpoch
from ablate.training.randomness import epoch_order
from ablate.training.settings import TrainingSettings
from ablate.training.stopping import Plateau, Watch

__all__ = ["FitResult", "Split", "TrainingData", "evaluate", "fit"]

Progress = Callable[[int, int, Mapping[str, float]], None]


class TrainingData(NamedTuple):
    """What `fit` may see: the test split is not here."""

    train: Split
    validation: Split


@dataclass(frozen=True)
class FitResult:
    """The outcome of `fit`; epochs are counted from 1.

    Attributes:
        history: metric to one value an epoch, for the epochs that ended finite.
        best_epoch: the epoch with the best monitored value.
        evaluated_epoch: the epoch whose weights the program holds now: the best one, or the last.
        diverged_at: (epoch, step) at which the objective, or after the last step a weight or the validation
            loss, was no longer finite.
        epoch_seconds: one value an epoch, compiling apart.
        compile_seconds: how much longer the first epoch took than the median of the others, when this
            run compiled; 0 when it reused a program.
        step_losses, step_objectives: float32 [epochs that ended finite, steps], means over the batch of each step.
    """

    history: Mapping[str, tuple[float, ...]]
    best_epoch: int | None
    evaluated_epoch: int | None
    diverged_at: tuple[int, int] | None
    epoch_seconds: tuple[float, ...]
    compile_seconds: float
    step_losses: np.ndarray
    step_objectives: np.ndarray

    @property
    def epochs_run(self) -> int:
        """The epochs that ended finite."""
        return len(next(iter(self.history.values()), ()))


@dataclass
class _Progress:
    """What changes from epoch to epoch: the one mutable thing of a fit."""

    stopping: Watch
    plateau: Plateau
    history: dict[str, list[float]] = field(default_factory=dict)
    epoch_seconds: list[float] = field(default_factory=list)
    trained: list[TrainedEpoch] = field(default_factory=list)
    best_weights: list[np.ndarray] | None = None


def fit(
    program: Program,
    data: TrainingData,
    settings: TrainingSettings,
    learning_rate: float,
    schedule: schedules.Schedule = schedules.constant,
    seed: int = 0,
    salt: int = 0,
    progress: Progress | None = None,
) -> FitResult:
    """Trains the program's model from the state it is in.

    Args:
        learning_rate: what the schedule starts from, per step.
        seed, salt: key the order of every epoch.
        progress: called after every epoch with (epoch, epochs, the epoch's metrics).
    """
    state = _Progress(_stopping_watch(settings), _plateau(settings))
    traces_before, diverged_at = program.traces, None
    for epoch in range(1, settings.epochs + 1):
        started = time.perf_counter()
        rates = _learning_rates(settings, schedule, state.plateau, learning_rate, epoch, _steps(program, data))
        order = epoch_order(len(data.train.labels), seed, salt, epoch)
        trained = program.train(data.train, order, rates)
        metrics, diverged_step = _epoch_metrics(program, data, trained, rates)
        state.epoch_seconds.append(time.perf_counter() - started)
        if diverged_step is not None:
            diverged_at = (epoch, diverged_step)
            break
        state.trained.append(trained)
        _record(state, settings, program, epoch, metrics)
        if progress is not None:
            progress(epoch, settings.epochs, metrics)
        if state.stopping.has_lost_patience(settings.early_stopping.patience):
            break
    if state.best_weights is not None and diverged_at is None:
        program.set_weights(state.best_weights)
    return _result(state, settings, diverged_at, compiled=program.traces > traces_before)


def evaluate(program: Program, split: Split) -> tuple[dict[str, float], np.ndarray]:
    """Metrics of a whole split in inference mode, and the outputs [examples, outputs] they come from.

    `loss` is the data loss alone, `objective` the loss with the penalty; where these are not finite there
    are no others.
    """
    outputs, example_losses, penalty = program.evaluate(split)
    loss = float(np.mean(example_losses, dtype=np.float64))
    losses = {"loss": loss, "objective": loss + penalty}
    if not np.isfinite(loss):
        return losses, outputs
    return losses | program.procedure.metrics(program.learner, split, outputs), outputs


def _epoch_metrics(
    program: Program, data: TrainingData, trained: TrainedEpoch, rates: np.ndarray
) -> tuple[dict[str, float], int | None]:
    """The epoch's metrics, and the step (from 1) at which it diverged, if it did."""
    examples = len(data.train.labels)
    broken = np.flatnonzero(~np.isfinite(trained.objectives))
    if len(broken):
        return {}, int(broken[0]) + 1
    if not trained.weights_are_finite:
        return {}, len(trained.objectives)
    validation, _ = evaluate(program, data.validation)
    if not np.isfinite(validation["objective"]):
        return {}, len(trained.objectives)
    sizes = _batch_sizes(examples, program.batch_size)
    score = program.procedure.score(data.train.labels)
    metrics = {
        "loss": float(np.average(trained.losses.astype(np.float64), weights=sizes)),
        "objective": float(np.average(trained.objectives.astype(np.float64), weights=sizes)),
        score: float(np.sum(trained.scores, dtype=np.float64)) / examples,
        **{f"val_{name}": value for name, value in validation.items()},
        "penalty": validation["objective"] - validation["loss"],
        "learning_rate": float(rates[-1]),
        "gradient_norm": trained.gradient_norm,
    }
    return metrics, None


def _record(
    state: _Progress, settings: TrainingSettings, program: Program, epoch: int, metrics: Mapping[str, float]
) -> None:
    for name, value in metrics.items():
        state.history.setdefault(name, []).append(value)
    state.stopping = state.stopping.after(epoch, metrics[settings.early_stopping.monitor])
    state.plateau = state.plateau.after(epoch, metrics[settings.plateau.monitor])
    if settings.early_stopping.restore_best and state.stopping.best_epoch == epoch:
        state.best_weights = program.weights()


def _result(
    state: _Progress, settings: TrainingSettings, diverged_at: tuple[int, int] | None, compiled: bool
) -> FitResult:
    best_epoch = state.stopping.best_epoch or None
    last_epoch = len(state.epoch_seconds)
    epoch_seconds, compile_seconds = _without_compiling(state.epoch_seconds, compiled)
    evaluated = best_epoch if settings.early_stopping.restore_best else last_epoch
    return FitResult(
        history={name: tuple(values) for name, values in state.history.items()},
        best_epoch=best_epoch,
        evaluated_epoch=None if diverged_at else evaluated,
        diverged_at=diverged_at,
        epoch_seconds=epoch_seconds,
        compile_seconds=compile_seconds,
        step_losses=_by_epoch(trained.losses for trained in state.trained),
        step_objectives=_by_epoch(trained.objectives for trained in state.trained),
    )


def _by_epoch(steps: Iterable[np.ndarray]) -> np.ndarray:
    rows = list(steps)
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _without_compiling(seconds: list[float], compiled: bool) -> tuple[tuple[float, ...], float]:
    """Epoch seconds, with what compiling added to the first of them taken out and apart."""
    if not compiled or not seconds:
        return tuple(seconds), 0.0
    usual = float(np.median(seconds[1:])) if len(seconds) > 1 else 0.0
    compiling = max(0.0, seconds[0] - usual)
    return (seconds[0] - compiling, *seconds[1:]), compiling


def _stopping_watch(settings: TrainingSettings) -> Watch:
    stopping = settings.early_stopping
    return Watch(metric_info(stopping.monitor).direction, stopping.min_delta)


def _plateau(settings: TrainingSettings) -> Plateau:
    plateau = settings.plateau
    return Plateau(Watch(metric_info(plateau.monitor).direction, plateau.min_delta), plateau.factor, plateau.patience)


def _learning_rates(
    settings: TrainingSettings,
    schedule: schedules.Schedule,
    plateau: Plateau,
    learning_rate: float,
    epoch: int,
    steps: int,
) -> np.ndarray:
    """float64 [steps]: the schedule's rates, lowered by the plateau rule, but by it to no less than `min_lr`."""
    rates = schedule(learning_rate=learning_rate, epoch=epoch - 1, epochs=settings.epochs, steps=steps)
    return np.minimum(rates, np.maximum(rates * plateau.multiplier, settings.plateau.min_lr))


def _steps(program: Program, data: TrainingData) -> int:
    return -(-len(data.train.labels) // program.batch_size)


def _batch_sizes(examples: int, batch_size: int) -> np.ndarray:
    steps = -(-examples // batch_size)
    return np.array([batch_size] * (steps - 1) + [examples - (steps - 1) * batch_size])
