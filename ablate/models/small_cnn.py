"""A small convolutional network."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ablate.layers.dropout import Dropout
from ablate.layers.penalty import L2
from ablate.models.blocks import convolution

__all__ = ["small_cnn"]


def small_cnn(
    input_shape: tuple[int, ...],
    outputs: int,
    filters: Sequence[int] = (16, 32),
    dense: int = 64,
    activation: str = "relu",
    dropout: float = 0.0,
    l2: float = 0.0,
    batch_norm: bool = False,
    padding: str = "same",
) -> keras.Model:
    """For each count in `filters`: Conv 3×3, [BatchNormalization], activation, MaxPool 2×2; then a hidden Dense.

    Args:
        input_shape: (height, width, channels) of one example; each side is halved `len(filters)` times.
        outputs: width of the last layer, which has no activation.
        filters: filters of each convolution.
        dense: units of the one hidden dense layer.
        activation: a name that Keras knows.
        dropout: probability with which a unit of the hidden dense layer is dropped.
        l2: strength of the L2 penalty on every kernel.
        batch_norm: whether to normalise between each convolution and its activation.
        padding: of the convolutions: same, or valid for none.

    Returns:
        A model from [batch, height, width, channels] to float32 [batch, outputs].
    """
    penalty = L2(l2)
    inputs = keras.Input(input_shape, name="inputs")
    maps = inputs
    for number, count in enumerate(filters, start=1):
        maps = convolution(
            maps, count, penalty, str(number), activation=activation, batch_norm=batch_norm, padding=padding
        )
        maps = keras.layers.MaxPooling2D(name=f"pool_{number}")(maps)
    units = keras.layers.Flatten(name="flatten")(maps)
    units = keras.layers.Dense(dense, activation=activation, kernel_regularizer=penalty, name="hidden")(units)
    units = Dropout(dropout, name="dropout")(units)
    logits = keras.layers.Dense(outputs, kernel_regularizer=penalty, dtype="float32", name="logits")(units)
    return keras.Model(inputs, logits, name="small_cnn")
