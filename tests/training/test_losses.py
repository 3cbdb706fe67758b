"""Losses against Keras's own, one value an example."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from scipy.stats import entropy

from ablate.training.losses import (
    Weighted,
    binary_cross_entropy,
    brier,
    confidence,
    cross_entropy,
    focal,
    huber,
    mean_absolute_error,
    mean_squared_error,
)
from ablate.training.program import Program
from tests.training.problems import blobs, model

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


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_the_focal_loss_agrees_with_keras(gamma):
    one_hot = np.eye(4, dtype=np.float32)[LABELS]
    expected = keras.losses.categorical_focal_crossentropy(one_hot, LOGITS, alpha=1.0, gamma=gamma, from_logits=True)
    np.testing.assert_allclose(focal(tf.constant(LABELS), tf.constant(LOGITS), gamma), expected, rtol=1e-4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_the_focal_loss_has_a_gradient_where_a_probability_rounds_to_one(gamma):
    logits = tf.Variable([[200.0, 0.0], [-200.0, 0.0]])
    with tf.GradientTape() as tape:
        losses = focal(tf.constant([0, 0]), logits, gamma)
    np.testing.assert_allclose(losses, [0, 200], atol=1e-5)
    assert np.all(np.isfinite(tape.gradient(losses, logits)))


def test_the_squared_error_of_probabilities_by_hand():
    expected = np.sum((softmax(LOGITS, axis=1) - np.eye(4)[LABELS]) ** 2, axis=1)
    np.testing.assert_allclose(brier(tf.constant(LABELS), tf.constant(LOGITS)), expected, rtol=1e-5)


def test_confidence_is_what_entropy_lacks_of_its_most():
    expected = np.log(4) - entropy(softmax(LOGITS, axis=1), axis=1)
    np.testing.assert_allclose(confidence(tf.constant(LABELS), tf.constant(LOGITS)), expected, rtol=1e-4)
    np.testing.assert_allclose(confidence(tf.constant([0]), tf.zeros((1, 4))), 0, atol=1e-6)


def test_the_loss_of_two_classes_agrees_with_keras():
    targets = np.array([0, 1, 1, 0, 1, 0, 1, 0], np.float32)
    expected = keras.losses.binary_crossentropy(targets[:, None], OUTPUTS, from_logits=True)
    np.testing.assert_allclose(binary_cross_entropy(tf.constant(targets), tf.constant(OUTPUTS)), expected, rtol=1e-4)


def weighted(**weights: float) -> Weighted:
    return Weighted({"cross_entropy": cross_entropy, "brier": brier}, weights)


def test_losses_are_weighed_together():
    labels, logits = tf.constant(LABELS), tf.constant(LOGITS)
    ours = weighted(cross_entropy=2.0, brier=0.5)(labels, logits)
    np.testing.assert_allclose(ours, 2 * cross_entropy(labels, logits) + 0.5 * brier(labels, logits), rtol=1e-6)


def test_weights_without_a_term_and_terms_without_a_weight_are_refused():
    with pytest.raises(ValueError, match="terms are cross_entropy, brier, the weights those of brier"):
        weighted(brier=1.0)


def test_one_program_serves_all_weights():
    """Every weight of a used program equals the run of a new one, and none compiles again."""
    data = blobs()
    used = Program(model(), keras.optimizers.SGD(0.1), weighted(cross_entropy=1.0, brier=0.0), 16, engine="graph")
    rates, order = np.full(5, 0.1), np.arange(70, dtype=np.int32)
    outcomes = []
    for number in (0.0, 0.5, 5.0, 0.5):
        loss = weighted(cross_entropy=1.0, brier=number)
        used.start(model(), loss=loss)
        losses = used.train(data.train, order, rates).losses.tolist()
        new = Program(model(), keras.optimizers.SGD(0.1), loss, 16, engine="graph")
        assert losses == new.train(data.train, order, rates).losses.tolist()
        outcomes.append(losses)
    assert used.traces == 1
    assert outcomes[1] == outcomes[3]
    assert outcomes[0] != outcomes[1] != outcomes[2]
