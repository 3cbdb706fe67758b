"""The residual network for small images."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ablate.layers.penalty import L2
from ablate.models.blocks import convolution

__all__ = ["resnet"]


def resnet(
    input_shape: tuple[int, ...],
    outputs: int,
    filters: Sequence[int] = (16, 32, 64),
    blocks: int = 1,
    activation: str = "relu",
    l2: float = 0.0,
) -> keras.Model:
    """A convolution, then for each count in `filters` a stage of residual blocks; global mean; Dense.

    He, Zhang, Ren and Sun, CVPR 2016, section 4.2, with batch normalisation after every convolution and
    their initialisation (ICCV 2015). Every stage but the first halves both sides. One block a stage makes
    8 layers, three make the paper's ResNet-20. Where a shortcut changes shape it is a 1×1 convolution
    (their option B); the paper's networks for CIFAR pad with zeros there (option A).

    Args:
        input_shape: (height, width, channels) of one example.
        outputs: width of the last layer, which has no activation.
        filters: filters of each stage.
        blocks: residual blocks of each stage.
        activation: a name that Keras knows.
        l2: strength of the L2 penalty on every kernel.

    Returns:
        A model from [batch, height, width, channels] to float32 [batch, outputs].
    """
    penalty = L2(l2)
    inputs = keras.Input(input_shape, name="inputs")
    maps = _normalised(inputs, filters[0], penalty, "first", activation)
    for stage, count in enumerate(filters, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            maps = residual_block(maps, count, stride, activation, penalty, f"{stage}_{block}")
    features = keras.layers.GlobalAveragePooling2D(name="mean")(maps)
    logits = keras.layers.Dense(outputs, kernel_regularizer=penalty, dtype="float32", name="logits")(features)
    return keras.Model(inputs, logits, name="resnet")


def residual_block(
    maps: keras.KerasTensor, filters: int, stride: int, activation: str, penalty: L2, number: str
) -> keras.KerasTensor:
    """activation(shortcut + two normalised convolutions): [batch, ⌈height / stride⌉, ⌈width / stride⌉, filters]."""
    branch = _normalised(maps, filters, penalty, f"{number}_1", activation, stride=stride)
    branch = _normalised(branch, filters, penalty, f"{number}_2", None)
    if maps.shape != branch.shape:
        maps = _normalised(maps, filters, penalty, f"{number}_shortcut", None, size=1, stride=stride)
    maps = keras.layers.Add(name=f"add_{number}")([maps, branch])
    return keras.layers.Activation(activation, name=f"activation_{number}")(maps)


def _normalised(
    maps: keras.KerasTensor,
    filters: int,
    penalty: L2,
    number: str,
    activation: str | None,
    size: int = 3,
    stride: int = 1,
) -> keras.KerasTensor:
    return convolution(
        maps, filters, penalty, number, size, stride, activation, batch_norm=True, initializer="he_normal"
    )
