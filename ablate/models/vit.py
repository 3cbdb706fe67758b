"""The vision transformer, small."""

from __future__ import annotations

import keras

from ablate.layers.dropout import Dropout
from ablate.layers.penalty import L2
from ablate.layers.positions import Positions

__all__ = ["vit"]


def vit(
    input_shape: tuple[int, ...],
    outputs: int,
    patch: int = 4,
    width: int = 64,
    blocks: int = 4,
    heads: int = 4,
    hidden: int = 128,
    activation: str = "gelu",
    dropout: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Patches, Dense, learned positions; encoder blocks; LayerNormalization, the mean over tokens, Dense.

    Dosovitskiy et al., ICLR 2021, section 3.1, with the mean over tokens in place of the class token, as in
    Beyer, Zhai and Kolesnikov 2022 ("Better plain ViT baselines for ImageNet-1k").

    Args:
        input_shape: (height, width, channels) of one example; both sides are multiples of `patch`.
        outputs: width of the last layer, which has no activation.
        patch: side of a patch, in pixels.
        width: units of a token, a multiple of `heads`.
        blocks: encoder blocks.
        heads: attention heads of each block.
        hidden: units of the hidden layer of each block's perceptron.
        activation: a name that Keras knows, of the perceptrons.
        dropout: probability with which a unit of the embedded tokens, and of what each half of a block adds
            to them, is dropped. Attention weights are not dropped.
        l2: strength of the L2 penalty on every kernel.

    Returns:
        A model from [batch, height, width, channels] to float32 [batch, outputs].

    Raises:
        ValueError: when patches do not tile the image, or heads do not divide the width.
    """
    if width % heads:
        raise ValueError(f"width is {width}; it must be a multiple of heads, which is {heads}")
    penalty = L2(l2)
    inputs = keras.Input(input_shape, name="inputs")
    tokens = keras.layers.Dense(width, kernel_regularizer=penalty, name="embedding")(patches(inputs, patch))
    tokens = Dropout(dropout, name="dropout")(Positions(name="positions")(tokens))
    for number in range(1, blocks + 1):
        tokens = attention(tokens, heads, dropout, penalty, f"attention_{number}")
        tokens = perceptron(tokens, hidden, activation, dropout, penalty, f"perceptron_{number}")
    tokens = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(tokens)
    features = keras.layers.GlobalAveragePooling1D(name="mean")(tokens)
    logits = keras.layers.Dense(outputs, kernel_regularizer=penalty, dtype="float32", name="logits")(features)
    return keras.Model(inputs, logits, name="vit")


def patches(images: keras.KerasTensor, side: int) -> keras.KerasTensor:
    """The images cut into squares, row by row: [batch, patches, side · side · channels].

    Raises:
        ValueError: when they do not tile the image.
    """
    _, height, width, channels = images.shape
    if height % side or width % side:
        raise ValueError(f"patches of side {side} do not tile an image of {height} × {width} pixels")
    rows, columns = height // side, width // side
    grid = keras.layers.Reshape((rows, side, columns, side * channels), name="grid")(images)
    squares = keras.layers.Permute((1, 3, 2, 4), name="squares")(grid)
    return keras.layers.Reshape((rows * columns, side * side * channels), name="patches")(squares)


def attention(tokens: keras.KerasTensor, heads: int, dropout: float, penalty: L2, name: str) -> keras.KerasTensor:
    """tokens + Dropout(self-attention of the normalised tokens): the first half of an encoder block."""
    normalised = keras.layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(tokens)
    attended = keras.layers.MultiHeadAttention(
        heads, key_dim=tokens.shape[-1] // heads, kernel_regularizer=penalty, name=name
    )(normalised, normalised)
    return keras.layers.Add(name=f"{name}_add")([tokens, Dropout(dropout, name=f"{name}_dropout")(attended)])


def perceptron(
    tokens: keras.KerasTensor, hidden: int, activation: str, dropout: float, penalty: L2, name: str
) -> keras.KerasTensor:
    """tokens + Dropout(two dense layers of the normalised tokens): the second half of an encoder block."""
    width = tokens.shape[-1]
    units = keras.layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(tokens)
    units = keras.layers.Dense(hidden, activation=activation, kernel_regularizer=penalty, name=f"{name}_hidden")(units)
    units = keras.layers.Dense(width, kernel_regularizer=penalty, name=f"{name}_output")(units)
    return keras.layers.Add(name=f"{name}_add")([tokens, Dropout(dropout, name=f"{name}_dropout")(units)])
