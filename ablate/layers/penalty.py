"""L2 regularization whose strength is a variable."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

__all__ = ["L2"]


@keras.saving.register_keras_serializable("ablate")
class L2(keras.regularizers.Regularizer):
    """The penalty `strength · Σ w²`, as `keras.regularizers.L2` (no factor ½), in nats.

    One instance serves all layers of a model. At strength 0 there is no penalty and no variable: a compiled step
    has nothing of it, and a program compiled so serves no other strength (`ablate.core.specs.Component.shape`).
    """

    def __init__(self, strength: float) -> None:
        if strength < 0:
            raise ValueError(f"strength is {strength}; an L2 strength is at least 0")
        self.strength = tf.Variable(strength, trainable=False, dtype=tf.float32) if strength else None

    @property
    def run_variables(self) -> tuple[tf.Variable, ...]:
        return () if self.strength is None else (self.strength,)

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        if self.strength is None:
            return tf.zeros((), tf.float32)
        return self.strength * tf.reduce_sum(tf.square(tf.cast(tf.convert_to_tensor(weights), tf.float32)))

    def get_config(self) -> dict[str, Any]:
        return {"strength": 0.0 if self.strength is None else float(self.strength.numpy())}
