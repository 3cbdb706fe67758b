"""The multi-layer perceptron, written as a subclass of `keras.Model`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import keras
import tensorflow as tf

from ablate.layers.dropout import Dropout
from ablate.layers.penalty import L2

__all__ = ["Subclassed"]


@keras.saving.register_keras_serializable("ablate")
class Subclassed(keras.Model):
    """`ablate.models.mlp.mlp` with its layers in the constructor and its forward pass in `call`.

    Its layers are built at once, outside the model's scope: so its weights have the paths, and therefore the
    initial values, of the functional network's, and both train to the same numbers, bit for bit.

    Args:
        as those of `mlp`.
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        outputs: int,
        hidden: Sequence[int] = (128,),
        activation: str = "relu",
        dropout: float = 0.0,
        l2: float = 0.0,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(name="subclassed")
        self._arguments = {
            "input_shape": list(input_shape),
            "outputs": outputs,
            "hidden": list(hidden),
            "activation": activation,
            "dropout": dropout,
            "batch_norm": batch_norm,
        }
        self._penalty = L2(l2)
        self.flatten = keras.layers.Flatten(name="flatten")
        self.hidden_layers = []
        for number, units in enumerate(hidden, start=1):
            self.hidden_layers.append(
                keras.layers.Dense(
                    units, use_bias=not batch_norm, kernel_regularizer=self._penalty, name=f"hidden_{number}"
                )
            )
            if batch_norm:
                self.hidden_layers.append(keras.layers.BatchNormalization(name=f"batch_norm_{number}"))
            self.hidden_layers.append(keras.layers.Activation(activation, name=f"activation_{number}"))
            self.hidden_layers.append(Dropout(dropout, name=f"dropout_{number}"))
        self.logits = keras.layers.Dense(outputs, kernel_regularizer=self._penalty, dtype="float32", name="logits")
        self._build_layers(tuple(input_shape))

    def _build_layers(self, example_shape: tuple[int, ...]) -> None:
        self.flatten.build((None, *example_shape))
        shape = (None, prod(example_shape))
        for layer in (*self.hidden_layers, self.logits):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits, or the regression target: float32 [batch, outputs]."""
        units = self.flatten(inputs)
        for layer in self.hidden_layers:
            acts_in_training = isinstance(layer, (Dropout, keras.layers.BatchNormalization))
            units = layer(units, training=training) if acts_in_training else layer(units)
        return self.logits(units)

    def get_config(self) -> dict[str, Any]:
        rates = [layer.get_config()["rate"] for layer in self.hidden_layers if isinstance(layer, Dropout)]
        dropout = {"dropout": rates[0]} if rates else {}
        return {**self._arguments, **dropout, "l2": self._penalty.get_config()["strength"]}
