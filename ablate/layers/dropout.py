"""Dropout whose masks are keyed by (seed, layer, step) and whose rate is a variable."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ablate.layers.threefry import uniform

__all__ = ["Dropout"]


@keras.saving.register_keras_serializable("ablate")
class Dropout(keras.layers.Layer):
    """Sets inputs to zero with probability `rate` and scales the others by 1 / (1 - rate), in training.

    Srivastava et al., JMLR 2014, in the inverted form. `keras.layers.Dropout` draws other masks eagerly
    than under XLA, and is slow there on the CPU; this one draws the same ones everywhere, from
    `ablate.layers.threefry`.

    Attributes:
        rate: float32 scalar; None for a rate of 0, at which the layer is the identity and has no variables: a
            compiled step has nothing of it, and a program compiled so serves no other rate.
        key: uint32 [2], set for each run from (seed, salt, path of the layer).
        step: int64 scalar, the number of training calls so far.
    """

    def __init__(self, rate: float, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= rate < 1:
            raise ValueError(f"rate is {rate}; a dropout rate is at least 0 and below 1")
        self.rate = tf.Variable(rate, trainable=False, dtype=tf.float32) if rate else None
        if rate:
            self.key = tf.Variable([0, 0], trainable=False, dtype=tf.uint32)
            self.step = tf.Variable(0, trainable=False, dtype=tf.int64)
        self.supports_masking = True

    @property
    def run_variables(self) -> tuple[tf.Variable, ...]:
        return () if self.rate is None else (self.rate, self.key, self.step)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.rate is None or isinstance(inputs, keras.KerasTensor):
            return inputs
        self.step.assign_add(1)
        kept = uniform(self.key, tf.shape(inputs), tf.cast(self.step, tf.uint32)) >= self.rate
        scale = tf.cast(1 / (1 - self.rate), inputs.dtype)
        return tf.where(kept, inputs * scale, tf.zeros_like(inputs))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": 0.0 if self.rate is None else float(self.rate.numpy())}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Dropout:
        return cls(rate=config["rate"], name=config["name"], dtype=config["dtype"])
