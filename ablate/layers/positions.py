"""Learned positions: what tells a transformer where a token stands."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

__all__ = ["Positions"]


@keras.saving.register_keras_serializable("ablate")
class Positions(keras.layers.Layer):
    """Adds a learned vector to every token (Dosovitskiy et al., ICLR 2021, equation 1).

    Attributes:
        embeddings: [tokens, width], drawn from a normal distribution of standard deviation 0.02, cut at two
            of them, as in the authors' code.
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.embeddings_initializer = keras.initializers.TruncatedNormal(stddev=0.02)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.embeddings = self.add_weight(
            shape=input_shape[1:], initializer=self.embeddings_initializer, name="embeddings"
        )

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        return tokens + self.embeddings

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Positions:
        return cls(name=config["name"], dtype=config["dtype"])
