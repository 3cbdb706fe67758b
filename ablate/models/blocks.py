"""What the convolutional models are made of."""

from __future__ import annotations

import keras

from ablate.layers.penalty import L2

__all__ = ["convolution"]


def convolution(
    maps: keras.KerasTensor,
    filters: int,
    penalty: L2,
    number: str,
    size: int = 3,
    stride: int = 1,
    activation: str | None = "relu",
    batch_norm: bool = False,
    initializer: str = "glorot_uniform",
    padding: str = "same",
) -> keras.KerasTensor:
    """A convolution, [BatchNormalization], [activation]; layers are named by their kind and `number`.

    Args:
        maps: [batch, height, width, channels].
        size: side of the kernel.
        activation: a name that Keras knows, or None for none.
        batch_norm: whether to normalise before the activation; the bias, which it would cancel, is then
            left out.
        padding: same, or valid for none.

    Returns:
        [batch, ⌈height / stride⌉, ⌈width / stride⌉, filters]; without padding `size` − 1 less on either side.
    """
    maps = keras.layers.Conv2D(
        filters,
        kernel_size=size,
        strides=stride,
        padding=padding,
        use_bias=not batch_norm,
        kernel_initializer=initializer,
        kernel_regularizer=penalty,
        name=f"convolution_{number}",
    )(maps)
    if batch_norm:
        maps = keras.layers.BatchNormalization(name=f"batch_norm_{number}")(maps)
    if activation is not None:
        maps = keras.layers.Activation(activation, name=f"activation_{number}")(maps)
    return maps
