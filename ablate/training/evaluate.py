"""The evaluation pass: outputs and losses of a whole split in inference mode."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from ablate.training.step import Learner, prepare, total_penalty

__all__ = ["EVALUATION_BATCH", "EvaluationResult", "evaluate_split"]

# Large enough to keep the device busy, small enough that the feature maps of a convolution fit.
EVALUATION_BATCH = 1000


class EvaluationResult(NamedTuple):
    """`outputs` is float32 [examples, outputs], `losses` float32 [examples], `penalty` a scalar."""

    outputs: tf.Tensor
    losses: tf.Tensor
    penalty: tf.Tensor


def evaluate_split(learner: Learner, features: tf.Tensor, targets: tf.Tensor) -> EvaluationResult:
    """Chunks of EVALUATION_BATCH examples in a loop, then the rest; order is kept."""
    examples = features.shape[0]
    chunks = examples // EVALUATION_BATCH
    whole = chunks * EVALUATION_BATCH
    outputs = [_outputs(learner, features[whole:])] if whole < examples else []
    if chunks:
        stacked = tf.reshape(features[:whole], (chunks, EVALUATION_BATCH, *features.shape[1:]))
        parts = tf.TensorArray(
            tf.float32, size=chunks, element_shape=(EVALUATION_BATCH, learner.model.output_shape[-1])
        )
        for chunk in tf.range(chunks):
            parts = parts.write(chunk, _outputs(learner, stacked[chunk]))
        outputs = [parts.concat(), *outputs]
    together = tf.concat(outputs, axis=0)
    return EvaluationResult(together, learner.loss(targets, together), total_penalty(learner.model))


def _outputs(learner: Learner, features: tf.Tensor) -> tf.Tensor:
    return tf.cast(learner.model(prepare(features, learner.scale), training=False), tf.float32)
