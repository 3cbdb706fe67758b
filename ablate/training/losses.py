"""Losses: functions from (targets, outputs) to one value an example, in float32.

    cross_entropy(labels, logits, label_smoothing=0.1)     # float32 [batch]
    huber(targets, outputs, delta=1.0)

The mean over a batch is the step's business, the mean over a split the host's; a loss per example makes
both exact when the last batch is smaller. One function a loss, named by a leaf of conf/loss. Those of
regression take targets [batch] and outputs [batch, outputs], and are means over the outputs.
"""

from __future__ import annotations

import tensorflow as tf

__all__ = ["cross_entropy", "huber", "mean_absolute_error", "mean_squared_error"]


def cross_entropy(targets: tf.Tensor, outputs: tf.Tensor, label_smoothing: float = 0.0) -> tf.Tensor:
    """−Σ q log softmax(outputs), in nats, where q is (1 − s) at the target plus s / classes everywhere.

    Szegedy et al., CVPR 2016, section 7, with s = `label_smoothing`. A validation loss is smoothed too, so
    between different strengths only other metrics can be compared.

    Args:
        targets: int [batch], classes.
        outputs: [batch, classes], logits.

    Returns:
        float32 [batch].
    """
    logits = tf.cast(outputs, tf.float32)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    if not label_smoothing:
        return loss
    uniform = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
    return (1 - label_smoothing) * loss + label_smoothing * uniform


def mean_squared_error(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """(output − target)²: float32 [batch]."""
    return tf.reduce_mean(tf.square(_errors(targets, outputs)), axis=-1)


def mean_absolute_error(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """|output − target|: float32 [batch]."""
    return tf.reduce_mean(tf.abs(_errors(targets, outputs)), axis=-1)


def huber(targets: tf.Tensor, outputs: tf.Tensor, delta: float = 1.0) -> tf.Tensor:
    """e²/2 for errors e up to `delta` in size, delta · (|e| − delta/2) beyond: float32 [batch].

    Huber, Annals of Mathematical Statistics 1964, section 2. Squared near zero and straight far out, so
    that one wild target cannot rule the gradient.
    """
    sizes = tf.abs(_errors(targets, outputs))
    return tf.reduce_mean(tf.where(sizes <= delta, tf.square(sizes) / 2, delta * (sizes - delta / 2)), axis=-1)


def _errors(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """float32 [batch, outputs]."""
    return tf.cast(outputs, tf.float32) - tf.reshape(tf.cast(targets, tf.float32), (targets.shape[0], -1))
