"""How a run is trained, apart from the model, the optimizer and the data: plain, checked settings.

    settings = TrainingSettings(epochs=10, early_stopping=EarlyStopping(patience=3))
    settings.early_stopping.restore_best      # True: the final metrics belong to the best epoch
    TrainingSettings(epochs=0, batch_size=0)  # InvalidSettings, which lists both

Standard library only, so that a plan can check the settings of a run without TensorFlow. The parts
(`EarlyStopping`, `Plateau`, `Clip`) are checked by the `TrainingSettings` that holds them, so that one
error lists everything that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Clip", "EarlyStopping", "InvalidSettings", "Plateau", "SettingProblem", "TrainingSettings"]


@dataclass(frozen=True)
class SettingProblem:
    """One setting that cannot be: its dotted name (`clip.norm`), its value, and what is allowed."""

    key: str
    value: object
    allowed: str


class InvalidSettings(ValueError):
    """Settings that cannot be. `problems` holds every one of them."""

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{each.key} is {each.value!r}, must be {each.allowed}" for each in problems))


@dataclass(frozen=True)
class EarlyStopping:
    """When training ends before its last epoch, and whose weights the final metrics belong to.

    Attributes:
        monitor: the metric that is watched, named as Keras does.
        patience: stop after this many epochs in a row without improvement; None never stops.
        min_delta: what counts as improvement, in the monitor's unit.
        restore_best: evaluate the weights of the best epoch by `monitor`, else those of the last epoch.
            It holds without patience too.
    """

    monitor: str = "val_loss"
    patience: int | None = None
    min_delta: float = 0.0
    restore_best: bool = True


@dataclass(frozen=True)
class Plateau:
    """Multiply the learning rate by `factor` when the monitor has stopped improving.

    Attributes:
        monitor: the metric that is watched, named as Keras does.
        factor: what the learning rate is multiplied with, above 0 and below 1.
        patience: reduce after this many epochs in a row without improvement; None never reduces.
        min_delta: what counts as improvement, in the monitor's unit.
        min_lr: the learning rate is never reduced below this.
    """

    monitor: str = "val_loss"
    factor: float = 0.5
    patience: int | None = None
    min_delta: float = 1e-4
    min_lr: float = 0.0


@dataclass(frozen=True)
class Clip:
    """How gradients are limited before they are applied; at most one of the three, or none.

    Attributes:
        value: each component of each gradient to [-value, value].
        norm: the Euclidean norm of each variable's gradient.
        global_norm: the Euclidean norm of all gradients together.
    """

    value: float | None = None
    norm: float | None = None
    global_norm: float | None = None

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are set, by kind: empty, or one entry once it has been checked."""
        kinds = {"value": self.value, "norm": self.norm, "global_norm": self.global_norm}
        return {kind: limit for kind, limit in kinds.items() if limit is not None}


@dataclass(frozen=True)
class TrainingSettings:
    """Everything about the training of one run that is neither model, optimizer, loss nor data.

    Attributes:
        epochs: passes over the training examples, at most.
        batch_size: examples a step; the last, smaller batch of an epoch is trained on as well.

    Raises:
        InvalidSettings: with every setting that cannot be, those of the parts included.
    """

    epochs: int = 30
    batch_size: int = 32
    early_stopping: EarlyStopping = EarlyStopping()
    plateau: Plateau = Plateau()
    clip: Clip = Clip()

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise InvalidSettings(problems)


def _problems(settings: TrainingSettings) -> Iterator[SettingProblem]:
    yield from _counted("epochs", settings.epochs)
    yield from _counted("batch_size", settings.batch_size)
    yield from _early_stopping_problems(settings.early_stopping)
    yield from _plateau_problems(settings.plateau)
    yield from _clip_problems(settings.clip)


def _early_stopping_problems(stopping: EarlyStopping) -> Iterator[SettingProblem]:
    yield from _counted("early_stopping.patience", stopping.patience)
    yield from _not_negative("early_stopping.min_delta", stopping.min_delta)


def _plateau_problems(plateau: Plateau) -> Iterator[SettingProblem]:
    yield from _counted("plateau.patience", plateau.patience)
    if not 0 < plateau.factor < 1:
        yield SettingProblem("plateau.factor", plateau.factor, "a number above 0 and below 1")
    yield from _not_negative("plateau.min_delta", plateau.min_delta)
    yield from _not_negative("plateau.min_lr", plateau.min_lr)


def _clip_problems(clip: Clip) -> Iterator[SettingProblem]:
    for kind, limit in clip.limits.items():
        if not limit > 0:
            yield SettingProblem(f"clip.{kind}", limit, "a number above 0, or null for no clipping")
    if len(clip.limits) > 1:
        yield SettingProblem("clip", clip.limits, "at most one of value, norm and global_norm")


def _counted(key: str, count: int | None) -> Iterator[SettingProblem]:
    if count is not None and count < 1:
        yield SettingProblem(key, count, "a whole number from 1")


def _not_negative(key: str, number: float) -> Iterator[SettingProblem]:
    if not number >= 0:
        yield SettingProblem(key, number, "a number from 0")
