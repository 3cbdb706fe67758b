"""The multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ablate.layers.dropout import Dropout
from ablate.layers.penalty import L2

__all__ = ["mlp"]


def mlp(
    input_shape: tuple[int, ...],
    outputs: int,
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    dropout: float = 0.0,
    l2: float = 0.0,
    batch_norm: bool = False,
) -> keras.Model:
    """Flatten, then for each width in `hidden`: Dense, [BatchNormalization], activation, Dropout; then Dense.

    Args:
        input_shape: shape of one example, without the batch axis.
        outputs: width of the last layer, which has no activation (logits, or the regression target).
        hidden: units of each hidden layer; an empty sequence is a linear model.
        activation: a name that Keras knows.
        dropout: probability with which a hidden unit is dropped.
        l2: strength of the L2 penalty on every kernel, that of the last layer included.
        batch_norm: whether to normalise between the affine map and the activation (Ioffe & Szegedy 2015,
            section 3.2); the bias, which it would cancel, is then left out.

    Returns:
        A model from [batch, *input_shape] to float32 [batch, outputs].
    """
    penalty = L2(l2)
    inputs = keras.Input(input_shape, name="inputs")
    units = keras.layers.Flatten(name="flatten")(inputs)
    for number, width in enumerate(hidden, start=1):
        units = keras.layers.Dense(width, use_bias=not batch_norm, kernel_regularizer=penalty, name=f"hidden_{number}")(
            units
        )
        if batch_norm:
            units = keras.layers.BatchNormalization(name=f"batch_norm_{number}")(units)
        units = keras.layers.Activation(activation, name=f"activation_{number}")(units)
        units = Dropout(dropout, name=f"dropout_{number}")(units)
    logits = keras.layers.Dense(outputs, kernel_regularizer=penalty, dtype="float32", name="logits")(units)
    return keras.Model(inputs, logits, name="mlp")
