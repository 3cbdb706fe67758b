"""Common random numbers: every stream is a function of (seed, salt, purpose), and never of the arm.

So arms differ only where their factor acts, equal seeds make real pairs, and a run is the same whatever
ran before it.

    stream_key(0, 0, "order", 3)                 # a 128-bit integer
    epoch_order(54_000, seed=0, salt=0, epoch=3) # int32 [54000], a permutation
    initialise(model, seed=0, salt=0)            # weights by variable path, dropout keys by layer path

A run has one seed for all of them, unless parts of it are held at numbers of their own: then each function takes the
number of its part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import keras
import numpy as np
import numpy.typing as npt

__all__ = ["augment_key", "epoch_order", "initialise", "layers_of", "stream_key"]


def stream_key(seed: int, salt: int, *purpose: str | int) -> int:
    """A 128-bit key: the first half of sha256 over seed, salt and purpose, unambiguously joined."""
    text = "\x1f".join(["ablate.stream", str(seed), str(salt), *map(str, purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def epoch_order(examples: int, seed: int, salt: int, epoch: int) -> npt.NDArray[np.int32]:
    """The order in which an epoch visits its examples: int32 [examples], a permutation of their indices."""
    bits = np.random.Philox(key=stream_key(seed, salt, "order", epoch))
    return np.random.Generator(bits).permutation(examples).astype(np.int32)


def augment_key(seed: int, salt: int) -> tuple[int, int]:
    """The key of a run's augmentation, as two words of 32 bits."""
    return _words(stream_key(seed, salt, "augment"))


def layers_of(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Every layer of the model, those inside other layers included, each once, parents first."""
    return iter(model._flatten_layers(include_self=True, recursive=True))


def initialise(model: keras.Model, seed: int, salt: int, masks: int | None = None) -> None:
    """Draws the model's weights and sets the keys of its keyed layers, each by its own path.

    Args:
        masks: the seed of the keys, if it is another than that of the weights.

    A weight `w` is drawn anew when its layer says how, by Keras's convention of an attribute
    `w_initializer`. A weight without one keeps the value with which the model was built.
    """
    for layer in layers_of(model):
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            initializer = getattr(layer, f"{variable.name}_initializer", None)
            if initializer is not None and "seed" in initializer.get_config():
                variable.assign(_seeded(initializer, seed, salt, variable.path)(variable.shape, variable.dtype))
        if hasattr(layer, "key"):
            layer.key.assign(_words(stream_key(seed if masks is None else masks, salt, "dropout", layer.path)))


def _seeded(
    initializer: keras.initializers.Initializer, seed: int, salt: int, path: str
) -> keras.initializers.Initializer:
    config = {**initializer.get_config(), "seed": stream_key(seed, salt, "weights", path) % 2**31}
    return type(initializer).from_config(config)


def _words(key: int) -> tuple[int, int]:
    return key % 2**32, key // 2**32 % 2**32
