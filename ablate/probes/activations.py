"""The activations of hidden units.

for batch in hidden_activations(model, features):      # {"activation_1": float32 [examples, units]}

Hidden units are what comes out of an activation: of an activation layer, or of a dense or convolutional layer
with an activation of its own. A unit is an index of the last axis; in a convolution that is a feature map.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ablate.training.randomness import layers_of

__all__ = ["BATCH", "hidden_activations", "hidden_layers"]

# Examples whose feature maps are in memory at once.
BATCH = 250
ACTIVATION_LAYERS = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
)


def hidden_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers whose outputs are hidden units, in the model's order."""
    return [layer for layer in layers_of(model) if _is_hidden(layer)]


def hidden_activations(model: keras.Model, features: tf.Tensor) -> Iterator[dict[str, np.ndarray]]:
    """Layer path to activations, float32 [at most BATCH, …, units], of one batch of prepared features after the
    other, in inference mode."""
    layers = hidden_layers(model)
    for start in range(0, len(features), BATCH):
        with _recorded(layers) as outputs:
            model(features[start : start + BATCH], training=False)
        yield {path: np.asarray(tf.cast(values, tf.float32)) for path, values in outputs.items()}


def _is_hidden(layer: keras.layers.Layer) -> bool:
    if isinstance(layer, ACTIVATION_LAYERS):
        return True
    activation = getattr(layer, "activation", None)
    return activation is not None and activation is not keras.activations.linear and hasattr(layer, "kernel")


@contextmanager
def _recorded(layers: list[keras.layers.Layer]) -> Iterator[dict[str, tf.Tensor]]:
    """What each layer gives while it lasts. It works for models of any kind, subclassed ones too, whose layers have
    no output that could be asked for."""
    outputs: dict[str, tf.Tensor] = {}

    def record(layer: keras.layers.Layer) -> None:
        call = layer.call

        def recording(*arguments: Any, **options: Any) -> Any:
            # Layers without weights have no path before they are built, which no functional model does.
            outputs[layer.path or layer.name] = call(*arguments, **options)
            return outputs[layer.path or layer.name]

        object.__setattr__(layer, "call", recording)

    try:
        for layer in layers:
            record(layer)
        yield outputs
    finally:
        for layer in layers:
            vars(layer).pop("call", None)
