"""The training step: the textbook's forward, loss, gradient, apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from ablate.training.clipping import Clipping

__all__ = ["Learner", "StepResult", "correct_or_error", "prepare", "total_penalty", "train_step"]

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Learner(NamedTuple):
    """What a step needs besides its batch. `clip_limit` is a float32 scalar variable; `scale` divides
    integer features (255 for pixels)."""

    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    loss: Loss
    clip: Clipping
    clip_limit: tf.Variable
    scale: float


class StepResult(NamedTuple):
    """`loss` and `objective` are means over the batch; `score` is a sum over it (see `correct_or_error`)."""

    loss: tf.Tensor
    objective: tf.Tensor
    score: tf.Tensor
    gradients: list[tf.Tensor]


def train_step(learner: Learner, features: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor) -> StepResult:
    """One update of the model's weights by one batch.

    Args:
        features: [batch, *example shape], as `prepare` gives them.
        targets: [batch].
        learning_rate: float32 scalar.
    """
    model, optimizer = learner.model, learner.optimizer
    optimizer.learning_rate.assign(learning_rate)
    with tf.GradientTape() as tape:
        outputs = model(features, training=True)
        loss = tf.reduce_mean(learner.loss(targets, outputs))
        objective = loss + total_penalty(model)
    gradients = tape.gradient(objective, model.trainable_variables)
    optimizer.apply_gradients(zip(learner.clip(gradients, learner.clip_limit), model.trainable_variables, strict=True))
    return StepResult(loss, objective, correct_or_error(targets, outputs), gradients)


def prepare(features: tf.Tensor, scale: float) -> tf.Tensor:
    """Features as the model takes them: integers (pixels travel as uint8) become float32 in units of `scale`."""
    return tf.cast(features, tf.float32) / scale if features.dtype.is_integer else features


def total_penalty(model: keras.Model) -> tf.Tensor:
    """The sum of the regularization terms of the model's layers, in nats; 0 for a model without any."""
    return tf.add_n(model.losses) if model.losses else tf.zeros(())


def correct_or_error(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Summed over the batch: correct classes where targets are integers, absolute errors where they are real."""
    if targets.dtype.is_integer:
        predicted = tf.argmax(outputs, axis=-1, output_type=targets.dtype)
        return tf.reduce_sum(tf.cast(predicted == targets, tf.float32))
    return tf.reduce_sum(tf.abs(tf.reshape(outputs, tf.shape(targets)) - targets))
