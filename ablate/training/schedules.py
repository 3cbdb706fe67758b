"""Learning-rate schedules: functions of the host that give every step of an epoch its rate.

The compiled program takes the rates as data, so no schedule ever needs a compile. One function a
schedule, named by a leaf of conf/schedule; each is called as

    rates = schedule(learning_rate=1e-3, epoch=0, epochs=30, steps=45)      # float64 [steps]

with the epoch counted from 0 and `steps` the number of steps in an epoch. Every schedule is a multiple of
the optimizer's learning rate, so that one schedule serves all optimizers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Rule", "Schedule", "constant", "cosine", "exponential", "geometric", "per_epoch", "piecewise"]

Rates = npt.NDArray[np.float64]


class Schedule(Protocol):
    def __call__(self, learning_rate: float, epoch: int, epochs: int, steps: int) -> Rates: ...


class Rule(Protocol):
    """The rate of an epoch, which is counted from 0."""

    def __call__(self, learning_rate: float, epoch: int) -> float: ...


def constant(learning_rate: float, epoch: int, epochs: int, steps: int) -> Rates:
    """The same rate at every step."""
    del epoch, epochs
    return np.full(steps, learning_rate)


def exponential(learning_rate: float, epoch: int, epochs: int, steps: int, decay: float) -> Rates:
    """learning_rate · decay^t, where t is the time in epochs at the beginning of each step."""
    del epochs
    return learning_rate * decay ** _time(epoch, steps)


def cosine(
    learning_rate: float, epoch: int, epochs: int, steps: int, warmup_epochs: float = 0.0, final_fraction: float = 0.0
) -> Rates:
    """A straight line up to the learning rate, then half a cosine down to `final_fraction` of it.

    Loshchilov and Hutter, ICLR 2017, equation 5, with one period of all `epochs`; the warm-up is that of
    Goyal et al. 2017, section 2.2. The first step of a warm-up has the rate of one step of climbing, not 0.
    """
    time = _time(epoch, steps)
    rising = np.minimum(1.0, (time + 1 / steps) / warmup_epochs) if warmup_epochs else 1.0
    progress = np.maximum(0.0, time - warmup_epochs) / (epochs - warmup_epochs or 1.0)
    falling = final_fraction + (1 - final_fraction) * (1 + np.cos(np.pi * progress)) / 2
    return learning_rate * rising * falling


def piecewise(
    learning_rate: float, epoch: int, epochs: int, steps: int, boundaries: Sequence[int], factors: Sequence[float]
) -> Rates:
    """The learning rate, and after `boundaries[i]` epochs `factors[i]` times that.

    Raises:
        ValueError: when there is not one factor for each boundary, or boundaries do not increase.
    """
    if len(boundaries) != len(factors) or sorted(set(boundaries)) != list(boundaries):
        raise ValueError(f"boundaries {boundaries} must increase, and factors {factors} be as many")
    passed = int(np.searchsorted(boundaries, epoch, side="right"))
    return constant(learning_rate * [1.0, *factors][passed], epoch, epochs, steps)


def per_epoch(learning_rate: float, epoch: int, epochs: int, steps: int, rule: Rule) -> Rates:
    """The rate that `rule` gives an epoch, at each of its steps: a schedule that is one line to write."""
    return constant(rule(learning_rate, epoch), epoch, epochs, steps)


def geometric(learning_rate: float, epoch: int, decay: float) -> float:
    """learning_rate · decay^epoch: a rule for `per_epoch`."""
    return learning_rate * decay**epoch


def _time(epoch: int, steps: int) -> Rates:
    """Epochs gone by at the beginning of each step of an epoch: float64 [steps]."""
    return epoch + np.arange(steps) / steps
