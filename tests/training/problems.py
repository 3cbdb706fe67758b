"""Small problems that the training tests share."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from ablate.models.mlp import mlp
from ablate.training.adafactor import Adafactor
from ablate.training.augmentation import Augment, unchanged
from ablate.training.by_part import ByPart
from ablate.training.feeding import Split
from ablate.training.fit import FitResult, TrainingData, fit
from ablate.training.losses import cross_entropy
from ablate.training.program import Program
from ablate.training.randomness import augment_key, initialise
from ablate.training.settings import TrainingSettings

OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.0),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.002),
    "adam": lambda: keras.optimizers.Adam(0.005),
    "adamw": lambda: keras.optimizers.AdamW(0.005, weight_decay=0.01),
    "nadam": lambda: keras.optimizers.Nadam(0.005),
    "nesterov": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adagrad": lambda: keras.optimizers.Adagrad(0.01, initial_accumulator_value=0.1),
    "adamax": lambda: keras.optimizers.Adamax(0.005),
    "lion": lambda: keras.optimizers.Lion(0.001),
    "adafactor": lambda: Adafactor(0.01),
    # The rate that a run gives multiplies those of the parts.
    "by_part": lambda: ByPart(
        [
            {"match": "logits/", "optimizer": keras.optimizers.SGD(5.0, momentum=0.9)},
            {"match": "", "optimizer": keras.optimizers.Adam(0.5)},
        ]
    ),
    "muon": lambda: keras.optimizers.Muon(0.005, exclude_layers=["^logits/"]),
}


def blobs(examples: int = 70, classes: int = 3, seed: int = 0) -> TrainingData:
    """Noisy images of 4×4 pixels, one bright row a class; the number of examples divides no batch size."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(classes, size=examples + 30).astype(np.int32)
    images = generator.integers(0, 120, size=(examples + 30, 4, 4, 1))
    images[np.arange(len(labels)), labels] += 60
    images = images.astype(np.uint8)
    train, validation = slice(0, examples), slice(examples, None)
    return TrainingData(Split.of(images[train], labels[train]), Split.of(images[validation], labels[validation]))


def model(seed: int = 0, precision: str = "float32", **arguments) -> keras.Model:
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy(precision)
    built = mlp((4, 4, 1), outputs=3, **{"hidden": [8], **arguments})
    keras.config.set_dtype_policy("float32")
    initialise(built, seed, salt=0)
    return built


def program(
    optimizer: str = "adam",
    engine: str = "xla",
    clip: str | None = None,
    augment: Augment = unchanged,
    **arguments,
) -> Program:
    built, made = model(**arguments), OPTIMIZERS[optimizer]()
    return Program(built, made, cross_entropy, batch_size=16, clip=clip, engine=engine, augment=augment)


def run(
    used: Program,
    data: TrainingData,
    seed: int = 0,
    epochs: int = 3,
    learning_rate: float = 0.01,
    settings: TrainingSettings | None = None,
    clip_limit: float | None = None,
    **arguments,
) -> FitResult:
    """A whole run on a program that may have trained others before."""
    used.start(model(seed, **arguments), clip_limit, augment_key(seed, salt=0))
    return fit(used, data, settings or TrainingSettings(epochs=epochs), learning_rate, seed=seed)
