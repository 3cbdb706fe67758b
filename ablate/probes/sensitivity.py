"""Accuracy against displacement: test images moved, turned and magnified, bilinear and with zeros outside.

    sensitivity(model, images, labels, "shift", [0, 1, 2])      # float64 [3]

A shift is tried down, up, right and left, and the accuracies are averaged; a rotation of positive degrees is
counter-clockwise; a scale above 1 magnifies about the centre. The displacement is that of the augmentation
(`ablate.training.augmentation.resample`), so a model trained with it has seen images that were blurred alike.
Of a large test set EXAMPLES are looked at, the same for every run.

Arrays, for shift (pixels), rotation (degrees) and scale (factor) each: <kind>/amount and <kind>/accuracy, float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import keras
import numpy as np
import tensorflow as tf

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import CLASSIFICATION, TEST, MetricInfo
from ablate.probes.subject import Measured, NotApplicable, Subject
from ablate.training.augmentation import resample
from ablate.training.step import prepare

__all__ = ["FACTS", "KINDS", "displaced", "measure", "sensitivity"]

# Each is a mean over several moves of the test examples, and so no share of N.
FACTS = ArtefactInfo(
    "sensitivity",
    "sensitivity to displacement",
    needs=(WEIGHTS,),
    quantities=(
        MetricInfo(
            "test_accuracy_shifted",
            "test accuracy, moved by 1/14 of the side",
            "max",
            "fraction",
            CLASSIFICATION,
            split=TEST,
            is_error=True,
            range=(0.0, 1.0),
        ),
        MetricInfo(
            "test_accuracy_rotated",
            "test accuracy, turned by 15°",
            "max",
            "fraction",
            CLASSIFICATION,
            split=TEST,
            is_error=True,
            range=(0.0, 1.0),
        ),
        MetricInfo(
            "test_accuracy_scaled",
            "test accuracy, scaled by 0.8 or 1.2",
            "max",
            "fraction",
            CLASSIFICATION,
            split=TEST,
            is_error=True,
            range=(0.0, 1.0),
        ),
    ),
    place=100,
)

KINDS = ("shift", "rotation", "scale")
EXAMPLES = 2000
BATCH = 1000

ROTATIONS = (-60, -45, -30, -15, 0, 15, 30, 45, 60)
SCALES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
# What the numbers of the probe are about; the shift is in shares of the side: two pixels of MNIST's 28.
MODERATE_SHIFT, MODERATE_ROTATION, MODERATE_SCALES = 1 / 14, 15, (0.8, 1.2)


def measure(subject: Subject) -> Measured:
    """`test_accuracy_shifted`, `test_accuracy_rotated` and `test_accuracy_scaled`, at the moderate displacements."""
    labels, features = subject.test.labels, subject.test.features
    if not np.issubdtype(labels.dtype, np.integer):
        raise NotApplicable("a regression has no accuracy")
    if len(features.shape) != 4:
        raise NotApplicable("its examples are no images, which could be moved or turned")
    chosen = np.sort(np.random.default_rng(0).permutation(len(labels))[:EXAMPLES])
    images = prepare(tf.gather(features, chosen), subject.scale)
    side = int(images.shape[1])
    amounts = {
        "shift": sorted({*map(float, range(side // 4 + 1)), side * MODERATE_SHIFT}),
        "rotation": ROTATIONS,
        "scale": SCALES,
    }
    curves = {kind: sensitivity(subject.model, images, labels[chosen], kind, amounts[kind]) for kind in KINDS}

    def accuracy(kind: str, *at: float) -> float:
        return float(np.mean([curves[kind][list(amounts[kind]).index(amount)] for amount in at]))

    values = {
        "test_accuracy_shifted": accuracy("shift", side * MODERATE_SHIFT),
        "test_accuracy_rotated": accuracy("rotation", -MODERATE_ROTATION, MODERATE_ROTATION),
        "test_accuracy_scaled": accuracy("scale", *MODERATE_SCALES),
    }
    arrays = {
        f"{kind}/{name}": np.asarray(numbers, np.float64)
        for kind in KINDS
        for name, numbers in (("amount", amounts[kind]), ("accuracy", curves[kind]))
    }
    return Measured(values, arrays)


def sensitivity(
    model: keras.Model, images: tf.Tensor, labels: np.ndarray, kind: str, amounts: Sequence[float]
) -> np.ndarray:
    """The accuracy at each of the amounts, float64 [amounts].

    Args:
        images: float32 [examples, height, width, channels], as the model takes them.
        labels: [examples].
        kind: one of KINDS.
    """
    return np.array([_accuracy(model, images, labels, kind, float(amount)) for amount in amounts])


def displaced(images: tf.Tensor, kind: str, amount: float) -> list[tf.Tensor]:
    """The images displaced in each of the ways that an amount of the kind has: four for a shift, else one.

    Raises:
        ValueError: for another kind.
    """
    if kind == "shift":
        ways = [(amount, 0.0), (-amount, 0.0), (0.0, amount), (0.0, -amount)] if amount else [(0.0, 0.0)]
        return [_resampled(images, offset=way) for way in ways]
    if kind == "rotation":
        return [_resampled(images, angle=amount * pi / 180)]
    if kind == "scale":
        return [_resampled(images, scale=amount)]
    raise ValueError(f"{kind!r} is no displacement; there are {', '.join(KINDS)}")


def _resampled(
    images: tf.Tensor, angle: float = 0.0, scale: float = 1.0, offset: tuple[float, float] = (0.0, 0.0)
) -> tf.Tensor:
    every = (len(images), 1)
    return resample(images, tf.fill(every, angle), tf.fill(every, scale), tf.tile(tf.constant([offset]), every))


def _accuracy(model: keras.Model, images: tf.Tensor, labels: np.ndarray, kind: str, amount: float) -> float:
    correct, asked = 0, 0
    for start in range(0, len(labels), BATCH):
        for moved in displaced(images[start : start + BATCH], kind, amount):
            predicted = np.argmax(np.asarray(model(moved, training=False), np.float32), axis=1)
            correct += int(np.sum(predicted == labels[start : start + BATCH]))
            asked += len(predicted)
    return correct / asked
