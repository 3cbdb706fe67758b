"""Learning-rate schedules: functions of the host that give every step of an epoch its rate.

The compiled program takes the rates as data, so no schedule ever needs a compile. One function a
schedule, named by a leaf of conf/schedule; each is called as

    rates = schedule(learning_rate=1e-3, epoch=0, epochs=30, steps=45)      # float64 [steps]

with the epoch counted from 0 and `steps` the number of steps in an epoch.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Schedule", "constant"]


class Schedule(Protocol):
    def __call__(self, learning_rate: float, epoch: int, epochs: int, steps: int) -> npt.NDArray[np.float64]: ...


def constant(learning_rate: float, epoch: int, epochs: int, steps: int) -> npt.NDArray[np.float64]:
    """The same rate at every step."""
    del epoch, epochs
    return np.full(steps, learning_rate)
