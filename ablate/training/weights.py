"""Statistics of a model's weights."""

from __future__ import annotations

import keras
import numpy as np

__all__ = ["NEAR_ZERO", "weight_statistics"]

# A weight this small moves a pre-activation of inputs in [0, 1] by less than a thousandth.
NEAR_ZERO = 1e-3


def weight_statistics(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """Paths [weights] and float64 [weights, 6] of the trainable weights: mean, standard deviation (over the
    weight's elements), min, max, Euclidean norm, and the share of elements below NEAR_ZERO in size."""
    weights = model.trainable_weights
    paths = np.array([weight.path for weight in weights])
    return paths, np.array([_statistics(weight.numpy().astype(np.float64)) for weight in weights])


def _statistics(values: np.ndarray) -> list[float]:
    near_zero = np.mean(np.abs(values) < NEAR_ZERO)
    return [values.mean(), values.std(), values.min(), values.max(), np.linalg.norm(values), near_zero]
