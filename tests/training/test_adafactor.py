"""Adafactor where Keras's own breaks, and Keras's everywhere else."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate.training.adafactor import Adafactor

SHAPES = ((5, 4), (3,), (3, 3, 1, 4), (3, 3, 2, 4), ())
STEPS = 12
OURS_AND_THEIRS = (Adafactor, keras.optimizers.Adafactor)
# How each engine runs one step.
ENGINES = {
    "eager": lambda step: step,
    "graph": tf.function,
    "xla": lambda step: tf.function(step, jit_compile=True),
}


def gradients(seed: int) -> list[list[np.ndarray]]:
    """Of every step and weight, of all sizes, without a zero."""
    generator = np.random.default_rng(seed)
    return [
        [(generator.normal(size=shape) * 10.0 ** generator.integers(-6, 3)).astype(np.float32) for shape in SHAPES]
        for _ in range(STEPS)
    ]


def trained(
    optimizer: keras.optimizers.Optimizer, steps: Sequence[Sequence[np.ndarray]], engine: str = "eager"
) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    weights = [keras.Variable(generator.normal(size=shape), dtype="float32") for shape in SHAPES]
    optimizer.build(weights)
    step = ENGINES[engine](lambda *given: optimizer.apply(list(given), weights))
    for given in steps:
        step(*map(tf.constant, given))
    return [weight.numpy() for weight in weights]


@pytest.mark.parametrize(
    "arguments", [{}, {"weight_decay": 0.01}, {"beta_2_decay": -0.5, "epsilon_2": 0.1, "clip_threshold": 0.5}]
)
@pytest.mark.parametrize("seed", range(3))
def test_it_is_that_of_keras_to_the_bit(arguments: dict[str, float], seed: int) -> None:
    ours, theirs = (trained(each(learning_rate=0.05, **arguments), gradients(seed)) for each in OURS_AND_THEIRS)
    for our, their in zip(ours, theirs, strict=True):
        assert np.isfinite(their).all()
        np.testing.assert_array_equal(our, their)


@pytest.mark.parametrize("engine", ["graph", "xla"])
def test_compiled_it_is_that_of_keras_within_rounding(engine: str) -> None:
    ours, theirs = (trained(each(learning_rate=0.05), gradients(0), engine) for each in OURS_AND_THEIRS)
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-6)


def with_zeros() -> list[list[np.ndarray]]:
    """The gradients of the first weight have a row and a column that are always zeros."""
    steps = gradients(1)
    for first, *_ in steps:
        first[1], first[:, 2] = 0, 0
    return steps


@pytest.mark.parametrize("engine", ENGINES)
def test_where_rows_and_columns_are_zeros_their_weights_rest_and_the_others_move(engine: str) -> None:
    (matrix, *_), (start, *_) = (trained(Adafactor(0.05), steps, engine) for steps in (with_zeros(), []))
    moved = np.ones((5, 4), bool)
    moved[1], moved[:, 2] = False, False
    np.testing.assert_array_equal(matrix != start, moved)
    assert np.isfinite(matrix).all()


def test_that_of_keras_breaks_there() -> None:
    """Once it no longer does, ours can go."""
    matrix, *others = trained(keras.optimizers.Adafactor(0.05), with_zeros())
    assert np.isnan(matrix).all()
    assert all(np.isfinite(each).all() for each in others)


def test_an_epsilon_that_is_nothing_in_float32_breaks_nothing_either() -> None:
    for weight in trained(Adafactor(0.05, epsilon_1=1e-50), [[np.zeros(shape, np.float32) for shape in SHAPES]]):
        assert np.isfinite(weight).all()
