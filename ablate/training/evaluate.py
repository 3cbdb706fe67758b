"""The evaluation pass: outputs and losses of a whole split in inference mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from ablate.training.step import Learner, prepare, total_penalty

__all__ = ["EVALUATION_BATCH", "EvaluationResult", "evaluate_split", "in_chunks"]

# Large enough to keep the device busy, small enough that the feature maps of a convolution fit.
EVALUATION_BATCH = 1000


class EvaluationResult(NamedTuple):
    """`outputs` is float32 [examples, outputs], `losses` float32 [examples], `penalty` a scalar."""

    outputs: tf.Tensor
    losses: tf.Tensor
    penalty: tf.Tensor


def evaluate_split(learner: Learner, features: tf.Tensor, targets: tf.Tensor) -> EvaluationResult:
    """Outputs and losses of all examples, in their order."""
    width = _output_width(learner.model, features.shape[1:])
    outputs = in_chunks(lambda chunk: _outputs(learner, chunk), features, (width,))
    return EvaluationResult(outputs, learner.loss(targets, outputs), total_penalty(learner.model))


def in_chunks(
    function: Callable[[tf.Tensor], tf.Tensor], inputs: tf.Tensor, example_shape: tuple[int, ...]
) -> tf.Tensor:
    """`function` of EVALUATION_BATCH examples at a time, in a loop, then of the rest; order is kept.

    Args:
        function: from some of the examples to float32 [those, *example_shape].
        inputs: [examples, …].
    """
    examples = inputs.shape[0]
    chunks = examples // EVALUATION_BATCH
    whole = chunks * EVALUATION_BATCH
    outputs = [function(inputs[whole:])] if whole < examples else []
    if chunks:
        stacked = tf.reshape(inputs[:whole], (chunks, EVALUATION_BATCH, *inputs.shape[1:]))
        empty = tf.TensorArray(tf.float32, size=chunks, element_shape=(EVALUATION_BATCH, *example_shape))
        _, parts = tf.while_loop(
            lambda chunk, _: chunk < chunks,
            lambda chunk, parts: (chunk + 1, parts.write(chunk, function(stacked[chunk]))),
            (0, empty),
            maximum_iterations=chunks,
        )
        outputs = [parts.concat(), *outputs]
    return tf.ensure_shape(tf.concat(outputs, axis=0), (examples, *example_shape))


def _outputs(learner: Learner, features: tf.Tensor) -> tf.Tensor:
    return tf.cast(learner.model(prepare(features, learner.scale), training=False), tf.float32)


def _output_width(model: keras.Model, example_shape: tf.TensorShape) -> int:
    """Asked for as a model of any kind can tell it: only one that is made of functions has an `output_shape`."""
    batch = keras.KerasTensor((EVALUATION_BATCH, *example_shape), "float32")
    width: int = model.compute_output_spec(batch, training=False).shape[-1]
    return width
