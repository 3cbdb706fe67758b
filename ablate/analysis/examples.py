"""Test examples that a reader is shown, and how often each class occurs: what the probe `samples` kept of a run.

shown = shown_examples(sweep, runs)      # None where no run of the baseline kept any
shown.mistakes[0].confidence
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.analysis.values import Runs, stored
from ablate.core.class_names import names_in
from ablate.core.plans import PlannedSweep
from ablate.core.records import Array, StoredRun

__all__ = ["SAMPLES", "Example", "ShownExamples", "run_that_shows", "shown_examples"]

SAMPLES = "samples"
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Example:
    """A test example as a run reads it. `image` is in [0, 1], [height, width] or [height, width, 3], None for
    examples that are no images; `probabilities` is [classes]."""

    index: int
    label: int
    probabilities: npt.NDArray[np.floating]
    image: npt.NDArray[np.floating] | None = None

    @property
    def predicted(self) -> int:
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        return float(self.probabilities.max())


@dataclass(frozen=True, eq=False)
class ShownExamples:
    """Of one run: examples drawn at random, and the mistakes it was surest of, the surest first.

    Attributes:
        classes: train, validation, test to how many examples of each class it has.
        class_names: where they are known.
    """

    arm: str
    seed: int
    random: tuple[Example, ...]
    mistakes: tuple[Example, ...]
    classes: Mapping[str, tuple[int, ...]]
    class_names: tuple[str, ...] = ()

    @property
    def have_images(self) -> bool:
        return any(example.image is not None for example in (*self.random, *self.mistakes))


def shown_examples(sweep: PlannedSweep, runs: Runs) -> ShownExamples | None:
    """Those of `run_that_shows`."""
    run = run_that_shows(sweep, runs)
    if run is None:
        return None
    arrays = run.artefacts[SAMPLES]
    return ShownExamples(
        arm=sweep.baseline.name,
        seed=run.spec.seed,
        random=_examples(arrays, "random"),
        mistakes=_examples(arrays, "mistake"),
        classes={split: tuple(arrays[f"classes/{split}"].tolist()) for split in SPLITS},
        class_names=names_in(run.record.environment),
    )


def run_that_shows(sweep: PlannedSweep, runs: Runs) -> StoredRun | None:
    """The run of the baseline's first seed that kept examples."""
    kept = [run for run in stored(runs, sweep.runs_of(sweep.baseline.name)) if _has_examples(run)]
    return min(kept, key=lambda run: run.spec.seed, default=None)


def _has_examples(run: StoredRun) -> bool:
    return "random/label" in run.artefacts.get(SAMPLES, {})


def _examples(arrays: Mapping[str, Array], which: str) -> tuple[Example, ...]:
    labels = arrays[f"{which}/label"]
    images = arrays.get(f"{which}/image")
    shown = [None] * len(labels) if images is None else [_drawable(image) for image in images]
    columns = arrays[f"{which}/index"].tolist(), labels.tolist(), arrays[f"{which}/probability"], shown
    return tuple(Example(*values) for values in zip(*columns, strict=True))


def _drawable(image: Array) -> npt.NDArray[np.floating] | None:
    """uint8 [height, width, channels] as it is drawn; None for a number of channels that nobody can see."""
    values = image.astype(np.float32) / 255
    return {1: values[..., 0], 3: values}.get(image.shape[-1])
