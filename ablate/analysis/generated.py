"""What generators made: the images that runs of generation keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ablate.analysis.values import Runs
from ablate.core.plans import PlannedSweep
from ablate.core.records import GENERATED

__all__ = ["Samples", "samples_of_arms"]


@dataclass(frozen=True)
class Samples:
    """The images of one run of an arm: `shape` is (images, height, width, channels), `pixels` a byte for each."""

    label: str
    seed: int
    shape: tuple[int, int, int, int]
    pixels: bytes


def samples_of_arms(sweep: PlannedSweep, runs: Runs) -> tuple[Samples, ...]:
    """Those of the first seed of each arm whose run kept any."""
    return tuple(found for arm in sweep.arms for found in _of_arm(sweep, arm.name, runs))


def _of_arm(sweep: PlannedSweep, arm: str, runs: Runs) -> Iterator[Samples]:
    for planned in sweep.runs_of(arm):
        images = runs[planned.run_id].arrays.get(GENERATED) if planned.run_id in runs else None
        if images is not None:
            count, height, width, channels = images.shape
            yield Samples(arm, planned.seed, (count, height, width, channels), images.tobytes())
            return
