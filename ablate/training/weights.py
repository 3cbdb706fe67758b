"""The weights of a model: taken out, put back, described."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

__all__ = ["NEAR_ZERO", "assign_weights", "weight_statistics", "weights_of"]

# A weight this small moves a pre-activation of inputs in [0, 1] by less than a thousandth.
NEAR_ZERO = 1e-3


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Variable path to value, in the model's order: trainable weights, and those that are not, such as the moving
    averages of batch normalisation."""
    return {weight.path: weight.numpy() for weight in model.weights}


def assign_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Puts back what `weights_of` took out of a model that was built alike.

    Raises:
        ValueError: when paths or shapes are not those of the model; it is as it was before.
    """
    own = {weight.path: weight for weight in model.weights}
    expected = {path: tuple(weight.shape) for path, weight in own.items()}
    given = {path: values.shape for path, values in weights.items()}
    if given != expected:
        different = sorted(path for path in given.keys() | expected.keys() if given.get(path) != expected.get(path))
        raise ValueError(f"these are the weights of another model: {', '.join(different)} differ")
    for path, values in weights.items():
        own[path].assign(values)


def weight_statistics(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """Paths [weights] and float64 [weights, 6] of the trainable weights: mean, standard deviation (over the
    weight's elements), min, max, Euclidean norm, and the share of elements below NEAR_ZERO in size."""
    weights = model.trainable_weights
    paths = np.array([weight.path for weight in weights])
    return paths, np.array([_statistics(weight.numpy().astype(np.float64)) for weight in weights])


def _statistics(values: np.ndarray) -> list[float]:
    near_zero = np.mean(np.abs(values) < NEAR_ZERO)
    return [values.mean(), values.std(), values.min(), values.max(), np.linalg.norm(values), near_zero]
