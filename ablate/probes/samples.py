"""A few test examples with what the run makes of them, for a reader to look at: some drawn at random, the same for
every run, and the mistakes that the run was surest of. And how often each class occurs.

Arrays, for random and mistake each (n of them):

    <which>/index        int64 [n]       of the test examples
    <which>/label        int64 [n]
    <which>/probability  float32 [n, C]
    <which>/image        uint8 [n, height, width, channels], 255 for the largest value; absent where examples are
                         no images

and classes/<split>, int64 [C]: how many examples of each class are in train, validation and test.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.probes.answers import class_probabilities
from ablate.probes.subject import Measured, NotApplicable, Subject
from ablate.training.step import prepare

__all__ = ["FACTS", "SHOWN", "measure"]

FACTS = ArtefactInfo(
    "samples",
    "a few test examples as the run reads them",
    needs=(WEIGHTS,),
    place=120,
)

SHOWN = 10


def measure(subject: Subject) -> Measured:
    """No number of its own."""
    labels = subject.test.labels
    if not np.issubdtype(labels.dtype, np.integer):
        raise NotApplicable("a regression has no classes")
    probabilities = class_probabilities(subject.model, subject.test.features, subject.scale)
    drawn = np.sort(np.random.default_rng(0).permutation(len(labels))[:SHOWN])
    mistaken = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    surest = mistaken[np.argsort(-probabilities[mistaken].max(axis=1), kind="stable")[:SHOWN]]
    classes = probabilities.shape[1]
    splits = {"train": subject.train, "validation": subject.validation, "test": subject.test}
    counts = {f"classes/{name}": np.bincount(split.labels, minlength=classes) for name, split in splits.items()}
    chosen = {"random": drawn, "mistake": surest}
    return Measured(
        {},
        {
            **counts,
            **{
                f"{which}/{name}": values
                for which, rows in chosen.items()
                for name, values in _shown(subject, rows, probabilities).items()
            },
        },
    )


def _shown(subject: Subject, rows: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    features = np.asarray(prepare(tf.gather(subject.test.features, rows), subject.scale))
    pixels = np.round(255 * np.clip(features, 0, 1)).astype(np.uint8)
    return {
        "index": rows.astype(np.int64),
        "label": subject.test.labels[rows].astype(np.int64),
        "probability": probabilities[rows].astype(np.float32),
        **({"image": pixels} if features.ndim == 4 else {}),
    }
