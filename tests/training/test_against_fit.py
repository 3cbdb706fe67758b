"""The whole loop against Keras's `fit` on real MNIST: other code, other kernels, the same results."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from ablate.datasets import mnist
from ablate.datasets.splits import cut
from ablate.models.mlp import mlp
from ablate.training.feeding import Split
from ablate.training.fit import TrainingData, fit
from ablate.training.losses import cross_entropy
from ablate.training.program import Program
from ablate.training.randomness import epoch_order, initialise
from ablate.training.settings import TrainingSettings

SEEDS = range(5)
EPOCHS = 8


def fresh_model(seed: int) -> keras.Model:
    keras.utils.clear_session(free_memory=False)
    model = mlp((28, 28, 1), outputs=10)
    initialise(model, seed, salt=0)
    return model


@pytest.mark.slow
@pytest.mark.needs_data
def test_the_best_validation_losses_agree_over_five_seeds():
    parts = cut(mnist.load(Path(os.environ["ABLATE_DATA_DIR"])), 0.1, 5000, 0)
    train, validation = (Split.of(part.features, part.targets) for part in (parts.train, parts.validation))
    program = Program(fresh_model(0), keras.optimizers.Adam(1e-3), cross_entropy, batch_size=32)
    ours, theirs = [], []
    for seed in SEEDS:
        program.start(fresh_model(seed))
        settings = TrainingSettings(epochs=EPOCHS, batch_size=32)
        ours.append(min(fit(program, TrainingData(train, validation), settings, 1e-3, seed=seed).history["val_loss"]))
        theirs.append(min(keras_losses(seed, parts)))
    assert abs(np.mean(ours) - np.mean(theirs)) < 0.003, (ours, theirs)


def keras_losses(seed: int, parts) -> list[float]:
    """The validation loss of every epoch, from the same weights and over the same order: with shuffles of its
    own, the mean of five seeds would differ by more than the tolerance for no reason but chance."""
    model = fresh_model(seed)
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images, held = (part.features.astype(np.float32) / 255 for part in (parts.train, parts.validation))
    losses = []
    for epoch in range(1, EPOCHS + 1):
        order = epoch_order(len(images), seed, 0, epoch)
        model.fit(images[order], parts.train.targets[order], batch_size=32, shuffle=False, verbose=0)
        losses.append(model.evaluate(held, parts.validation.targets, batch_size=1000, verbose=0))
    return losses
