"""Threefry-2x32-20: random bits as a pure function of a key and a counter, in TensorFlow operations.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.2, with
the rotation constants and the key parity of their reference code. Written in uint32 operations so that
no generator of the runtime is involved: eager, graph and XLA agree bit for bit.

    bits, more_bits = threefry(key, counter, step)     # two uint32 of the shape of counter
    numbers = uniform(key, tf.shape(inputs), step)
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf

__all__ = ["threefry", "uniform"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_GROUPS_OF_ROUNDS = 5


def threefry(key: tf.Tensor, first: tf.Tensor, second: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Encrypts the counters (`first`, `second`) under `key`.

    Args:
        key: uint32 [2].
        first, second: uint32, shapes that broadcast with each other.

    Returns:
        Two independent uint32 tensors of the broadcast shape.
    """
    keys = (key[0], key[1], tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(key[0], key[1]), _word(_PARITY)))
    left, right = first + keys[0], second + keys[1]
    for group in range(_GROUPS_OF_ROUNDS):
        for distance in _ROTATIONS[group % 2]:
            left = left + right
            right = tf.bitwise.bitwise_xor(_rotate_left(right, distance), left)
        left = left + keys[(group + 1) % 3]
        right = right + keys[(group + 2) % 3] + _word(group + 1)
    return left, right


def uniform(key: tf.Tensor, shape: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Uniform float32 numbers in [0, 1), multiples of 2⁻²⁴.

    In a graph whose shapes are static they are drawn by one kernel that XLA compiles, even if nothing else of
    the graph is: as some hundred operations, each a pass over memory, the masks of a convolutional network
    would take a good part of its step. The bits are the same.

    Args:
        key: uint32 [2].
        shape: int32 [axes], of what is returned.
        step: uint32 scalar, the counter.
    """
    sizes = None if tf.executing_eagerly() else tf.get_static_value(shape)
    return _uniform(key, shape, step) if sizes is None else _compiled_uniform(tuple(sizes))(key, step)


@functools.cache
def _compiled_uniform(sizes: tuple[int, ...]) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    return tf.function(lambda key, step: _uniform(key, tf.constant(sizes), step), jit_compile=True, autograph=False)


def _uniform(key: tf.Tensor, shape: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    count = tf.reduce_prod(shape)
    pairs = (count + 1) // 2
    left, right = threefry(key, tf.cast(tf.range(pairs), tf.uint32), step)
    bits = tf.concat([left, right], axis=0)[:count]
    fractions = tf.cast(tf.bitwise.right_shift(bits, _word(8)), tf.float32) * 2.0**-24
    return tf.reshape(fractions, shape)


def _word(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)


def _rotate_left(words: tf.Tensor, distance: int) -> tf.Tensor:
    high = tf.bitwise.left_shift(words, _word(distance))
    low = tf.bitwise.right_shift(words, _word(32 - distance))
    return tf.bitwise.bitwise_or(high, low)
