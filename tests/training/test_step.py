"""The step against arithmetic done by hand, in numpy, from the formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate.layers.penalty import L2
from ablate.training.augmentation import unchanged
from ablate.training.clipping import CLIPPINGS
from ablate.training.losses import mean_squared_error
from ablate.training.step import Learner, correct_or_error, prepare, train_step

FEATURES = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]], np.float32)
TARGETS = np.array([1.0, 0.0, -2.0], np.float32)
WEIGHT = np.array([[0.5], [-0.25]], np.float32)
STRENGTH = 0.1


def learner(optimizer: keras.optimizers.Optimizer, clip: str | None = None, limit: float = 0.0) -> Learner:
    inputs = keras.Input((2,))
    outputs = keras.layers.Dense(1, use_bias=False, kernel_regularizer=L2(STRENGTH))(inputs)
    model = keras.Model(inputs, outputs)
    model.set_weights([WEIGHT])
    optimizer.build(model.trainable_variables)
    key = tf.Variable([0, 0], dtype=tf.uint32)
    limited = CLIPPINGS[clip], tf.Variable(limit)
    return Learner(model, optimizer, mean_squared_error, *limited, 1.0, unchanged, key, train_step)


def hand_gradient(weight: np.ndarray) -> np.ndarray:
    """Of mean((Xw − y)²) + strength · Σ w²."""
    residual = FEATURES @ weight - TARGETS[:, None]
    return 2 * FEATURES.T @ residual / len(TARGETS) + 2 * STRENGTH * weight


def take_step(used: Learner, learning_rate: float):
    return train_step(used, tf.constant(FEATURES), tf.constant(TARGETS), tf.constant(learning_rate))


def test_gradient_descent_by_hand():
    used = learner(keras.optimizers.SGD(1.0))
    result = take_step(used, 0.05)
    np.testing.assert_allclose(used.model.get_weights()[0], WEIGHT - 0.05 * hand_gradient(WEIGHT), rtol=1e-6)
    loss = np.mean((FEATURES @ WEIGHT - TARGETS[:, None]) ** 2)
    np.testing.assert_allclose(float(result.loss), loss, rtol=1e-6)
    np.testing.assert_allclose(float(result.objective), loss + STRENGTH * np.sum(WEIGHT**2), rtol=1e-6)


def test_two_steps_of_adam_by_hand():
    # Kingma & Ba, ICLR 2015, algorithm 1.
    used = learner(keras.optimizers.Adam(1.0, beta_1=0.9, beta_2=0.999, epsilon=1e-7))
    weight, mean, square = WEIGHT.astype(np.float64), 0.0, 0.0
    for step in (1, 2):
        take_step(used, 0.01)
        gradient = hand_gradient(weight)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        # Keras applies the bias correction to the rate, which moves epsilon by a factor close to one.
        rate = 0.01 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        weight = weight - rate * mean / (np.sqrt(square) + 1e-7)
    np.testing.assert_allclose(used.model.get_weights()[0], weight, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "limited"),
    [
        ("value", lambda gradient: np.clip(gradient, -0.5, 0.5)),
        ("norm", lambda gradient: gradient * min(1, 0.5 / np.linalg.norm(gradient))),
        ("global_norm", lambda gradient: gradient * min(1, 0.5 / np.linalg.norm(gradient))),
    ],
)
def test_clipping_limits_what_is_applied_and_not_what_is_reported(kind, limited):
    used = learner(keras.optimizers.SGD(1.0), kind, limit=0.5)
    result = take_step(used, 1.0)
    gradient = hand_gradient(WEIGHT)
    assert np.linalg.norm(gradient) > 0.5
    np.testing.assert_allclose(used.model.get_weights()[0], WEIGHT - limited(gradient), rtol=1e-5)
    np.testing.assert_allclose(result.gradients[0].numpy(), gradient, rtol=1e-5)


def test_global_norm_spans_all_gradients_where_norm_takes_each_alone():
    gradients = [tf.constant([3.0]), tf.constant([4.0])]
    together = CLIPPINGS["global_norm"](gradients, tf.constant(1.0))
    np.testing.assert_allclose([float(g[0]) for g in together], [0.6, 0.8], rtol=1e-6)
    alone = CLIPPINGS["norm"](gradients, tf.constant(1.0))
    np.testing.assert_allclose([float(g[0]) for g in alone], [1.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize("kind", ["value", "norm", "global_norm"])
def test_no_limit_hides_an_overflow(kind):
    clipped = CLIPPINGS[kind]([tf.constant([np.inf, 1.0])], tf.constant(0.5))
    assert not np.all(np.isfinite(clipped[0]))


def test_integers_are_scaled_and_reals_left_alone():
    pixels = prepare(tf.constant([0, 51, 255], tf.uint8), 255.0)
    np.testing.assert_allclose(pixels.numpy(), [0, 0.2, 1], rtol=1e-6)
    np.testing.assert_array_equal(prepare(tf.constant(FEATURES), 255.0).numpy(), FEATURES)


def test_the_score_counts_classes_and_sums_errors():
    logits = tf.constant([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0]])
    assert float(correct_or_error(tf.constant([0, 1, 1]), logits)) == 2
    assert float(correct_or_error(tf.constant([1.0, 2.0]), tf.constant([[0.0], [4.0]]))) == 3
