"""The training step: the textbook's forward, loss, gradient, apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from ablate.training.augmentation import Augment
from ablate.training.clipping import Clipping

__all__ = [
    "Learner",
    "Step",
    "StepResult",
    "correct_or_error",
    "prepare",
    "total_penalty",
    "train_step",
    "training_inputs",
]

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Learner(NamedTuple):
    """What a step needs besides its batch, and which step it is. `clip_limit` is a float32 scalar variable;
    `scale` divides integer features (255 for pixels); `augment_key` is a uint32 [2] variable."""

    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    loss: Loss
    clip: Clipping
    clip_limit: tf.Variable
    scale: float
    augment: Augment
    augment_key: tf.Variable
    step: Step


class StepResult(NamedTuple):
    """`loss` and `objective` are means over the batch; `score` is a sum over it (see `correct_or_error`);
    `gradients` are those of the objective times `loss_scale`."""

    loss: tf.Tensor
    objective: tf.Tensor
    score: tf.Tensor
    gradients: list[tf.Tensor]
    loss_scale: tf.Tensor


Step = Callable[[Learner, tf.Tensor, tf.Tensor, tf.Tensor], StepResult]


def train_step(learner: Learner, features: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor) -> StepResult:
    """One update of the model's weights by one batch.

    Args:
        features: [batch, *example shape], as `training_inputs` gives them.
        targets: [batch].
        learning_rate: float32 scalar.
    """
    model, optimizer = learner.model, learner.optimizer
    optimizer.learning_rate.assign(learning_rate)
    loss_scale = optimizer.scale_loss(tf.ones(()))  # 1, but for float16: see `ablate.training.precision`
    with tf.GradientTape() as tape:
        outputs = model(features, training=True)
        loss = tf.reduce_mean(learner.loss(targets, outputs))
        objective = loss + total_penalty(model)
    gradients = tape.gradient(objective, model.trainable_variables, output_gradients=loss_scale)
    clipped = learner.clip(gradients, loss_scale * learner.clip_limit)
    optimizer.apply_gradients(zip(clipped, model.trainable_variables, strict=True))
    return StepResult(loss, objective, correct_or_error(targets, outputs), gradients, loss_scale)


def training_inputs(learner: Learner, features: tf.Tensor) -> tf.Tensor:
    """What a step trains on: the features prepared, then augmented by the random numbers of the coming step.

    Steps are counted by the optimizer, which leaves out those that loss scaling skips.
    """
    return learner.augment(prepare(features, learner.scale), learner.augment_key, learner.optimizer.iterations)


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
    errors = tf.cast(tf.reshape(outputs, tf.shape(targets)), targets.dtype) - targets
    return tf.reduce_sum(tf.abs(errors))
