"""What a generator is fed: random numbers keyed by (seed, layer, step)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ablate.layers.threefry import uniform

__all__ = ["Noise"]


@keras.saving.register_keras_serializable("ablate")
class Noise(keras.layers.Layer):
    """Points of a latent space, uniform in [−1, 1) along each of its axes; other ones at every training step.

    Attributes:
        size: the axes of the space.
        key: uint32 [2], set for each run from (seed, salt, path of the layer).
        step: int64 scalar, the number of draws so far.
    """

    def __init__(self, size: int, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.size = size
        self.key = tf.Variable([0, 0], trainable=False, dtype=tf.uint32)
        self.step = tf.Variable(0, trainable=False, dtype=tf.int64)

    @property
    def run_variables(self) -> tuple[tf.Variable, ...]:
        return (self.key, self.step)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Nothing to make; Keras gives the layer its path here."""

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """A point for each of `inputs`: float32 [batch, size]. Outside training they are the same every time."""
        if isinstance(inputs, keras.KerasTensor):
            return keras.KerasTensor(self.compute_output_shape(inputs.shape), "float32")
        if training:
            self.step.assign_add(1)
        step = tf.cast(self.step, tf.uint32) if training else tf.zeros((), tf.uint32)
        return 2 * uniform(self.key, tf.stack([tf.shape(inputs)[0], self.size]), step) - 1

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Noise:
        return cls(size=config["size"], name=config["name"], dtype=config["dtype"])
