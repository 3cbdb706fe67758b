"""Tiny subjects with known weights and data: linear, quadratic, and one hidden layer."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from ablate.core.specs import Component
from ablate.layers.penalty import L2
from ablate.probes import Subject
from ablate.training.feeding import Split
from ablate.training.losses import cross_entropy, mean_squared_error
from tests.runner.scripted import scripted_spec


def subject(model, loss, features, targets, batch_size=32, step_losses=None, seed=0) -> Subject:
    spec = replace(scripted_spec(seed), training=Component("tests.training", {"batch_size": batch_size}))
    split = Split.of(features, targets)
    return Subject(spec, model, loss, 1.0, split, split, split, step_losses or {})


def linear_regression(examples=64, inputs=3, l2=0.0, seed=0) -> Subject:
    """y ≈ x·w + b by mean squared error: per example (x·w + b − y)², whose derivatives are known."""
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((examples, inputs)).astype(np.float32)
    targets = generator.standard_normal(examples).astype(np.float32)
    keras.utils.clear_session()
    units = keras.Input((inputs,))
    model = keras.Model(units, keras.layers.Dense(1, kernel_regularizer=L2(l2), name="logits")(units))
    model.set_weights([generator.standard_normal((inputs, 1)), generator.standard_normal(1)])
    return subject(model, mean_squared_error, features, targets)


def residuals(given: Subject) -> tuple[np.ndarray, np.ndarray]:
    """float64 inputs with a column of ones, and x·w + b − y."""
    features = given.train.features.numpy().astype(np.float64)
    extended = np.hstack([features, np.ones((len(features), 1))])
    kernel, bias = given.model.get_weights()
    return extended, extended @ np.concatenate([kernel[:, 0], bias]) - given.train.labels


def classifier(hidden=6, activation="relu", examples=80, classes=3, seed=0) -> Subject:
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((examples, 4)).astype(np.float32)
    labels = generator.integers(0, classes, examples)
    keras.utils.clear_session()
    inputs = keras.Input((4,))
    units = keras.layers.Dense(hidden, name="hidden_1")(inputs)
    units = keras.layers.Activation(activation, name="activation_1")(units)
    model = keras.Model(inputs, keras.layers.Dense(classes, name="logits")(units))
    model.set_weights([generator.standard_normal(values.shape) for values in model.get_weights()])
    return subject(model, cross_entropy, features, labels)
