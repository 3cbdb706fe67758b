"""The convolutional network of MNIST tutorials: five convolutions, two hidden dense layers."""

from __future__ import annotations

import keras

from ablate.layers.dropout import Dropout
from ablate.layers.penalty import L2
from ablate.models.blocks import convolution

__all__ = ["cnn"]

# Filters of the convolutions between one pooling and the next.
STAGES = ((32, 32), (64, 64), (128,))
HIDDEN = (512, 256)


def cnn(
    input_shape: tuple[int, ...],
    outputs: int,
    activation: str = "relu",
    dropout: float = 0.25,
    dense_dropout: float = 0.5,
    l2: float = 0.0,
    batch_norm: bool = False,
) -> keras.Model:
    """3×3 convolutions (32, 32 | 64, 64 | 128), MaxPool 2×2 and Dropout after each group; Dense 512, 256, outputs.

    On 28×28×1 images with 10 outputs it has 863,082 parameters.

    Args:
        input_shape: (height, width, channels) of one example; each side is halved three times.
        outputs: width of the last layer, which has no activation.
        activation: a name that Keras knows.
        dropout: probability with which a feature after a pooling is dropped.
        dense_dropout: probability with which a unit of a hidden dense layer is dropped.
        l2: strength of the L2 penalty on every kernel.
        batch_norm: whether to normalise between each convolution and its activation.

    Returns:
        A model from [batch, height, width, channels] to float32 [batch, outputs].
    """
    penalty = L2(l2)
    inputs = keras.Input(input_shape, name="inputs")
    maps = inputs
    for stage, counts in enumerate(STAGES, start=1):
        for number, count in enumerate(counts, start=1):
            maps = convolution(maps, count, penalty, f"{stage}_{number}", activation=activation, batch_norm=batch_norm)
        maps = keras.layers.MaxPooling2D(name=f"pool_{stage}")(maps)
        maps = Dropout(dropout, name=f"dropout_{stage}")(maps)
    units = keras.layers.Flatten(name="flatten")(maps)
    for number, width in enumerate(HIDDEN, start=1):
        hidden = keras.layers.Dense(width, activation=activation, kernel_regularizer=penalty, name=f"hidden_{number}")
        units = Dropout(dense_dropout, name=f"dense_dropout_{number}")(hidden(units))
    logits = keras.layers.Dense(outputs, kernel_regularizer=penalty, dtype="float32", name="logits")(units)
    return keras.Model(inputs, logits, name="cnn")
