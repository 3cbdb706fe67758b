"""The loss on the straight lines between the runs of two arms, seed by seed, for those who print it and draw it.

    seed_0 = Interpolation(positions, train_loss, validation_loss, barrier)
    found = ArmInterpolations("optimizers:adam", "optimizers:sgd", {0: seed_0})
    found.barrier.mean                           # over the seeds
    interpolations_from_arrays(interpolations_to_arrays([found]))

They are measured by `ablate.probes.interpolation`, which says what a barrier is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.core.records import Array
from ablate.stats.estimates import Estimate, estimate_mean

__all__ = [
    "ArmInterpolations",
    "Interpolation",
    "interpolations_from_arrays",
    "interpolations_to_arrays",
    "with_interpolations",
]

Reals = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Interpolation:
    """One pair of runs: `positions` [P] from 0, the first, to 1, the second; the objective there, over training
    examples and over validation examples, [P] each; and the barrier of the first of these."""

    positions: Reals
    train_loss: Reals
    validation_loss: Reals
    barrier: float


@dataclass(frozen=True, eq=False)
class ArmInterpolations:
    """The lines between the runs of two arms, each as `study:arm`, that share their seed."""

    first: str
    second: str
    by_seed: Mapping[int, Interpolation]

    @property
    def barrier(self) -> Estimate:
        return estimate_mean({seed: interpolation.barrier for seed, interpolation in self.by_seed.items()})


def with_interpolations(known: Sequence[ArmInterpolations], found: ArmInterpolations) -> tuple[ArmInterpolations, ...]:
    """`found` added to the others, in place of those between the same two arms, whichever came first."""
    ends = {found.first, found.second}
    return (*(each for each in known if {each.first, each.second} != ends), found)


def interpolations_to_arrays(found: Sequence[ArmInterpolations]) -> dict[str, Array]:
    """As arrays for an .npz, named <pair>/<what>, pairs counted from 0: first, second (text), seed [N], barrier [N],
    positions [P], train_loss and validation_loss [N, P]."""
    arrays: dict[str, Array] = {}
    for number, pair in enumerate(found):
        interpolations = list(pair.by_seed.values())
        own = {
            "first": np.array(pair.first),
            "second": np.array(pair.second),
            "seed": np.array(list(pair.by_seed)),
            "barrier": np.array([interpolation.barrier for interpolation in interpolations]),
            "positions": interpolations[0].positions,
            "train_loss": np.array([interpolation.train_loss for interpolation in interpolations]),
            "validation_loss": np.array([interpolation.validation_loss for interpolation in interpolations]),
        }
        arrays |= {f"{number}/{name}": values for name, values in own.items()}
    return arrays


def interpolations_from_arrays(arrays: Mapping[str, Array]) -> tuple[ArmInterpolations, ...]:
    """
    Raises:
        KeyError: when these are no arrays of `interpolations_to_arrays`.
    """
    return tuple(_pair(arrays, number) for number in range(sum(name.endswith("/first") for name in arrays)))


def _pair(arrays: Mapping[str, Array], number: int) -> ArmInterpolations:
    def own(name: str) -> Array:
        return arrays[f"{number}/{name}"]

    rows = zip(own("train_loss"), own("validation_loss"), own("barrier").tolist(), strict=True)
    interpolations = [Interpolation(own("positions"), *row) for row in rows]
    return ArmInterpolations(
        str(own("first")), str(own("second")), dict(zip(own("seed").tolist(), interpolations, strict=True))
    )
