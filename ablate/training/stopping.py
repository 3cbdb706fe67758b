"""Watching a monitored value: when it was best, when to stop, when to lower the learning rate.

watch = Watch(direction="min", min_delta=0.0)
watch = watch.after(epoch=1, value=0.31)
watch.best_epoch, watch.epochs_without_improvement
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Plateau", "Watch"]


@dataclass(frozen=True)
class Watch:
    """The best value so far; an improvement is one by more than `min_delta`, as in Keras's EarlyStopping.

    `direction` is min or max, as in `ablate.core.records.MetricInfo`.
    """

    direction: str
    min_delta: float
    best: float | None = None
    best_epoch: int = 0
    epochs_without_improvement: int = 0

    def after(self, epoch: int, value: float) -> Watch:
        if self._improves(value):
            return replace(self, best=value, best_epoch=epoch, epochs_without_improvement=0)
        return replace(self, epochs_without_improvement=self.epochs_without_improvement + 1)

    def has_lost_patience(self, patience: int | None) -> bool:
        """Whether `patience` epochs went by without an improvement; never, when it is None."""
        return patience is not None and self.epochs_without_improvement >= patience

    def _improves(self, value: float) -> bool:
        if self.best is None:
            return True
        if self.direction == "min":
            return value < self.best - self.min_delta
        return value > self.best + self.min_delta


@dataclass(frozen=True)
class Plateau:
    """Lowers the learning rate when a watched value has not improved for `patience` epochs.

    `multiplier` is what the schedule's rates are multiplied with: a product of `factor`s.
    """

    watch: Watch
    factor: float
    patience: int | None
    multiplier: float = 1.0

    def after(self, epoch: int, value: float) -> Plateau:
        watch = self.watch.after(epoch, value)
        if not watch.has_lost_patience(self.patience):
            return replace(self, watch=watch)
        rested = replace(watch, epochs_without_improvement=0)
        return replace(self, watch=rested, multiplier=self.multiplier * self.factor)
