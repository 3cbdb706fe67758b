"""Two models in one: a generator and a discriminator."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import keras
import tensorflow as tf

from ablate.layers.dropout import Dropout
from ablate.layers.noise import Noise

__all__ = ["Gan"]


@keras.saving.register_keras_serializable("ablate")
class Gan(keras.Model):
    """A generative adversarial network of dense layers (Goodfellow et al., NeurIPS 2014).

    Called as a model it is its discriminator; `ablate.training.adversarial` trains both. Weights are named
    `generator_…` and `discriminator_…`, so that `optimizer=by_part` can train each by an optimizer of its own.

    Args:
        input_shape: (height, width, channels) of an image with values from 0 to 1.
        outputs: the classes of the data set, which play no part.
        latent: axes of the space that samples are drawn from, uniformly (Radford et al. 2016, section 4).
        hidden: units of each hidden layer of the discriminator, with leaky ReLU; the generator has as many in
            reverse, with ReLU.
        dropout: probability with which a hidden unit of the discriminator is dropped.

    Raises:
        ValueError: when examples are no images.
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        outputs: int,
        latent: int = 32,
        hidden: Sequence[int] = (128,),
        dropout: float = 0.0,
    ) -> None:
        super().__init__(name="gan")
        if len(input_shape) != 3:
            raise ValueError(f"a generator of images takes [height, width, channels]; examples are {input_shape}")
        self._arguments = {
            "input_shape": list(input_shape),
            "outputs": outputs,
            "latent": latent,
            "hidden": list(hidden),
            "dropout": dropout,
        }
        self.noise = Noise(latent, name="noise")
        self.noise.build((None,))
        self.generator = _generator(latent, tuple(reversed(hidden)), tuple(input_shape))
        self.discriminator = _discriminator(tuple(input_shape), hidden, dropout)
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """[batch, 1]: how real the images look, as a logit."""
        return self.discriminator(inputs, training=training)

    def get_config(self) -> dict[str, Any]:
        rates = [layer.get_config()["rate"] for layer in self.discriminator.layers if isinstance(layer, Dropout)]
        return {**self._arguments, **({"dropout": rates[0]} if rates else {})}


def _generator(latent: int, hidden: Sequence[int], image_shape: tuple[int, ...]) -> keras.Model:
    inputs = keras.Input((latent,), name="latent")
    units = inputs
    for number, width in enumerate(hidden, start=1):
        units = keras.layers.Dense(width, activation="relu", name=f"generator_hidden_{number}")(units)
    pixels = keras.layers.Dense(prod(image_shape), activation="sigmoid", dtype="float32", name="generator_pixels")(
        units
    )
    # In half precision, too, an image has the digits of its pixels.
    image = keras.layers.Reshape(image_shape, dtype="float32", name="image")(pixels)
    return keras.Model(inputs, image, name="generator")


def _discriminator(image_shape: tuple[int, ...], hidden: Sequence[int], dropout: float) -> keras.Model:
    inputs = keras.Input(image_shape, name="images")
    units = keras.layers.Flatten(name="flatten")(inputs)
    for number, width in enumerate(hidden, start=1):
        units = keras.layers.Dense(width, activation="leaky_relu", name=f"discriminator_hidden_{number}")(units)
        units = Dropout(dropout, name=f"discriminator_dropout_{number}")(units)
    logits = keras.layers.Dense(1, dtype="float32", name="discriminator_logits")(units)
    return keras.Model(inputs, logits, name="discriminator")
