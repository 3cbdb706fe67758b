"""Losses against Keras's own, one value an example."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate.training.losses import cross_entropy, huber, mean_absolute_error, mean_squared_error

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(6, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 3, 0, 1], np.int32)
TARGETS = GENERATOR.normal(size=8).astype(np.float32)
OUTPUTS = (3 * GENERATOR.normal(size=(8, 1))).astype(np.float32)


def test_cross_entropy_agrees_with_keras():
    expected = keras.losses.sparse_categorical_crossentropy(LABELS, LOGITS, from_logits=True)
    np.testing.assert_allclose(cross_entropy(tf.constant(LABELS), tf.constant(LOGITS)), expected, rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.1, 1.0])
def test_label_smoothing_agrees_with_keras(smoothing):
    one_hot = np.eye(4, dtype=np.float32)[LABELS]
    expected = keras.losses.categorical_crossentropy(one_hot, LOGITS, from_logits=True, label_smoothing=smoothing)
    ours = cross_entropy(tf.constant(LABELS), tf.constant(LOGITS), label_smoothing=smoothing)
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mean_squared_error, keras.losses.mean_squared_error),
        (mean_absolute_error, keras.losses.mean_absolute_error),
        (huber, keras.losses.huber),
        (lambda *pair: huber(*pair, delta=0.3), lambda *pair: keras.losses.huber(*pair, delta=0.3)),
    ],
    ids=["mse", "mae", "huber", "huber with another delta"],
)
def test_losses_of_regression_agree_with_keras(ours, theirs):
    expected = theirs(TARGETS[:, None], OUTPUTS)
    np.testing.assert_allclose(ours(tf.constant(TARGETS), tf.constant(OUTPUTS)), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", [mean_squared_error, mean_absolute_error, huber])
def test_half_precision_outputs_have_a_float32_loss(loss):
    outputs = tf.constant([[300.0]] * 8, tf.float16)  # whose square is beyond float16
    losses = loss(tf.constant(TARGETS), outputs)
    assert losses.dtype == tf.float32
    assert losses.shape == (8,)
    assert np.all(np.isfinite(losses))
