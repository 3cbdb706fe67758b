"""What a trained model answers: the probabilities of the classes, and what its hidden units say on the way."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from ablate.probes.activations import hidden_activations
from ablate.training.evaluate import EVALUATION_BATCH
from ablate.training.metrics import softmax
from ablate.training.step import prepare

__all__ = ["class_probabilities", "hidden_maps"]


def class_probabilities(model: keras.Model, features: tf.Tensor | np.ndarray, scale: float = 1.0) -> np.ndarray:
    """float64 [examples, classes], in inference mode.

    Args:
        features: [examples, *example shape]; integers are divided by `scale`, other numbers are taken as they are.
    """
    pieces = (features[start : start + EVALUATION_BATCH] for start in range(0, len(features), EVALUATION_BATCH))
    parts = [model(prepare(tf.convert_to_tensor(piece), scale), training=False) for piece in pieces]
    return softmax(np.concatenate([np.asarray(part, np.float32) for part in parts]))


def hidden_maps(model: keras.Model, example: tf.Tensor | np.ndarray) -> dict[str, np.ndarray]:
    """Path of a layer to what its hidden units answer to one example, float32 [*positions, units], in the order of the
    model. A unit of a convolution is a feature map.

    Args:
        example: float, of the shape that the model takes.
    """
    batches = hidden_activations(model, tf.convert_to_tensor(example)[tf.newaxis])
    return {path: values[0] for batch in batches for path, values in batch.items()}
