"""The training epoch: full batches in a loop, then the last batch, which may be smaller.

This is the code that is compiled whole. Its shapes are static: the host hands the order over as a
matrix of full batches and a vector with the rest, since slicing a vector at a computed offset would give
XLA a shape that it does not know, and an epoch more than 20 times slower.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from ablate.training.step import Learner, train_step, training_inputs

__all__ = ["EpochResult", "train_epoch"]


class EpochResult(NamedTuple):
    """Sums and per-step values, never ratios, so that an unequal last batch cannot bias a mean.

    `losses` and `objectives` are float32 [steps]; `score` is the sum over all examples;
    `gradient_norm` is that of the last step, over all weights, before clipping.
    """

    losses: tf.Tensor
    objectives: tf.Tensor
    score: tf.Tensor
    gradient_norm: tf.Tensor


def train_epoch(
    learner: Learner,
    features: tf.Tensor,
    targets: tf.Tensor,
    batches: tf.Tensor,
    last_batch: tf.Tensor,
    learning_rates: tf.Tensor,
) -> EpochResult:
    """Every example once, in the given order.

    Args:
        features: [examples, *example shape].
        targets: [examples].
        batches: int32 [steps − 1, batch size], rows of `features`; there may be none.
        last_batch: int32 [1 … batch size], the remaining rows.
        learning_rates: float32 [steps].
    """
    steps = batches.shape[0]
    losses = tf.TensorArray(tf.float32, size=steps)
    objectives = tf.TensorArray(tf.float32, size=steps)
    score = tf.zeros(())
    for step in tf.range(steps):
        rows = batches[step]
        inputs = training_inputs(learner, tf.gather(features, rows))
        result = train_step(learner, inputs, tf.gather(targets, rows), learning_rates[step])
        losses = losses.write(step, result.loss)
        objectives = objectives.write(step, result.objective)
        score += result.score
    inputs = training_inputs(learner, tf.gather(features, last_batch))
    last = train_step(learner, inputs, tf.gather(targets, last_batch), learning_rates[steps])
    return EpochResult(
        losses=tf.concat([losses.stack(), [last.loss]], axis=0),
        objectives=tf.concat([objectives.stack(), [last.objective]], axis=0),
        score=score + last.score,
        gradient_norm=tf.linalg.global_norm(last.gradients) / last.loss_scale,
    )
