"""Losses: functions from (targets, outputs) to one value an example, in float32.

The mean over a batch is the step's business, the mean over a split the host's; a loss per example makes
both exact when the last batch is smaller. One function a loss, named by a leaf of conf/loss.
"""

from __future__ import annotations

import tensorflow as tf

__all__ = ["cross_entropy", "mean_squared_error"]


def cross_entropy(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """−log softmax(outputs)[target], in nats.

    Args:
        targets: int [batch], classes.
        outputs: [batch, classes], logits.

    Returns:
        float32 [batch].
    """
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=tf.cast(outputs, tf.float32))


def mean_squared_error(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """(output − target)², the mean over outputs: float32 [batch] of [batch] and [batch, outputs]."""
    errors = tf.cast(outputs, tf.float32) - tf.reshape(tf.cast(targets, tf.float32), (targets.shape[0], -1))
    return tf.reduce_mean(tf.square(errors), axis=-1)
