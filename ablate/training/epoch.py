"""The training epoch: full batches in a loop, then the last batch, which may be smaller.

This is the code that is compiled whole. Its shapes are static: the host hands the order over as a
matrix of full batches and a vector with the rest, since slicing a vector at a computed offset would give
XLA a shape that it does not know, and an epoch more than 20 times slower.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

from ablate.training.step import Learner, training_inputs

__all__ = ["EpochResult", "StepResults", "train_batches", "train_epoch"]


class StepResults(NamedTuple):
    """float32 [steps] each: `losses` and `objectives` are means over a step's batch, `scores` sums over it."""

    losses: tf.Tensor
    objectives: tf.Tensor
    scores: tf.Tensor


class EpochResult(NamedTuple):
    """Per-step values and sums, never ratios, so that an unequal last batch cannot bias a mean.

    `gradient_norm` is that of the last step, over all weights, before clipping. `weights_are_finite` says whether
    all weights are, after the last step.
    """

    steps: StepResults
    gradient_norm: tf.Tensor
    weights_are_finite: tf.Tensor


def train_batches(
    learner: Learner, features: tf.Tensor, targets: tf.Tensor, batches: tf.Tensor, learning_rates: tf.Tensor
) -> StepResults:
    """A step for each full batch.

    Args:
        features: [examples, *example shape].
        targets: [examples].
        batches: int32 [steps, batch size], rows of `features`; there may be none.
        learning_rates: float32 [steps or more].
    """
    steps = batches.shape[0]

    def one_step(step: tf.Tensor, results: tuple[tf.TensorArray, ...]) -> tuple[tf.Tensor, tuple[tf.TensorArray, ...]]:
        rows = batches[step]
        inputs = training_inputs(learner, tf.gather(features, rows))
        result = learner.step(learner, inputs, tf.gather(targets, rows), learning_rates[step])
        values = (result.loss, result.objective, result.score)
        return step + 1, tuple(array.write(step, value) for array, value in zip(results, values, strict=True))

    # The loop is written out, not a `for` that TensorFlow's AutoGraph translates: that would parse and rewrite the
    # source of all that a step calls, each time that a program is traced.
    results = tuple(tf.TensorArray(tf.float32, size=steps) for _ in StepResults._fields)
    _, results = tf.while_loop(lambda step, _: step < steps, one_step, (0, results), maximum_iterations=steps)
    return StepResults(*(array.stack() for array in results))


def train_epoch(
    learner: Learner,
    features: tf.Tensor,
    targets: tf.Tensor,
    batches: tf.Tensor,
    last_batch: tf.Tensor,
    learning_rates: tf.Tensor,
) -> EpochResult:
    """Every example once, in the given order: as `train_batches`, then the remaining rows in a smaller step.

    Args:
        last_batch: int32 [1 … batch size], the remaining rows.
        learning_rates: float32 [steps], one for each of `batches` and one for `last_batch`.
    """
    before = train_batches(learner, features, targets, batches, learning_rates)
    inputs = training_inputs(learner, tf.gather(features, last_batch))
    last = learner.step(learner, inputs, tf.gather(targets, last_batch), learning_rates[batches.shape[0]])
    steps = StepResults(
        losses=tf.concat([before.losses, [last.loss]], axis=0),
        objectives=tf.concat([before.objectives, [last.objective]], axis=0),
        scores=tf.concat([before.scores, [last.score]], axis=0),
    )
    gradient_norm = tf.linalg.global_norm(last.gradients) / last.loss_scale
    return EpochResult(steps, gradient_norm, weights_are_finite(learner.model))


def weights_are_finite(model: keras.Model) -> tf.Tensor:
    """A boolean. It is asked of the weights themselves, those that are not trained included, for a graph hides from
    its losses what XLA shows: its ReLU(NaN) is 0.

    Once an epoch is enough: what was not finite once never is again, and an average over it is not either.
    """
    real = [tf.convert_to_tensor(weight) for weight in model.weights if keras.backend.is_float_dtype(weight.dtype)]
    # Side by side before they are reduced: a reduction for each weight would be a kernel more to compile for each.
    return tf.reduce_all(tf.concat([tf.reshape(tf.math.is_finite(values), [-1]) for values in real], axis=0))
