"""Augmentation on the device: functions from (images, key, step) to images of the same shape.

    augment = functools.partial(random_rotation, degrees=10.0)
    images = augment(images, key, step)           # other angles at every step and under every key

`images` are float32 [batch, height, width, channels], `key` is uint32 [2] and `step` an integer scalar.
Each kind draws from a stream of its own, so that an arm which also turns its images moves them as an arm
which does not. The random numbers are the same eagerly, in a graph and under XLA. A kind of strength 0 is
left out when a program is traced: to the last bit it is no augmentation, and it costs nothing.

One function a kind, named by a leaf of conf/augment; `standard` has them all. What comes into view from
outside an image is zero. Every one raises ValueError for examples that are no images.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import tensorflow as tf

from ablate.layers.threefry import uniform

__all__ = [
    "Augment",
    "random_cutout",
    "random_flip",
    "random_rotation",
    "random_shift",
    "random_zoom",
    "resample",
    "standard",
    "unchanged",
]

Augment = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]

# Streams under the key of a run. They are part of what a run is: no number may come to mean another.
SHIFT, ROTATION, ZOOM, FLIP, CUTOUT = range(5)


def unchanged(images: tf.Tensor, key: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """The images as they are."""
    del key, step
    return images


def random_shift(images: tf.Tensor, key: tf.Tensor, step: tf.Tensor, fraction: float) -> tf.Tensor:
    """Each image moved along both axes, by up to `fraction` of its height and width either way, uniformly."""
    return standard(images, key, step, shift=fraction)


def random_rotation(images: tf.Tensor, key: tf.Tensor, step: tf.Tensor, degrees: float) -> tf.Tensor:
    """Each image turned about its centre, by up to `degrees` either way, uniformly."""
    return standard(images, key, step, rotation=degrees)


def random_zoom(images: tf.Tensor, key: tf.Tensor, step: tf.Tensor, fraction: float) -> tf.Tensor:
    """Each image magnified about its centre, by 1 − `fraction` to 1 + `fraction`, uniformly."""
    return standard(images, key, step, zoom=fraction)


def random_flip(images: tf.Tensor, key: tf.Tensor, step: tf.Tensor, probability: float) -> tf.Tensor:
    """Each image mirrored left to right with `probability`."""
    if not probability:
        return images
    batch, _, _ = _sizes(images)
    mirrored = _draws(key, FLIP, step, batch)[:, :, None, None] < probability
    return tf.where(mirrored, images[:, :, ::-1], images)


def random_cutout(images: tf.Tensor, key: tf.Tensor, step: tf.Tensor, fraction: float) -> tf.Tensor:
    """A square of each image set to zero: its side is `fraction` of the height, in whole pixels.

    DeVries and Taylor 2017, section 3.2: its centre is any pixel, so that a part of it may lie outside.
    """
    if not fraction:
        return images
    batch, height, width = _sizes(images)
    side, draws = round(fraction * height), _draws(key, CUTOUT, step, batch, 2)
    rows, columns = _around(draws[:, :1], side, height), _around(draws[:, 1:], side, width)
    return tf.where(rows[:, :, None, None] & columns[:, None, :, None], 0.0, images)


def standard(
    images: tf.Tensor,
    key: tf.Tensor,
    step: tf.Tensor,
    shift: float = 0.0,
    rotation: float = 0.0,
    zoom: float = 0.0,
    flip: float = 0.0,
    cutout: float = 0.0,
) -> tf.Tensor:
    """All kinds, each with the strength of its own function: flip; rotation, zoom and shift together, for each
    resampling blurs; then cutout."""
    images = random_flip(images, key, step, flip)
    if shift or rotation or zoom:
        batch, height, width = _sizes(images)
        angles = rotation * pi / 180 * _signed_draws(key, ROTATION, step, batch)
        scales = 1 + zoom * _signed_draws(key, ZOOM, step, batch)
        offsets = shift * tf.constant([height, width], tf.float32) * _signed_draws(key, SHIFT, step, batch, 2)
        images = resample(images, angles, scales, offsets)
    return random_cutout(images, key, step, cutout)


def resample(images: tf.Tensor, angles: tf.Tensor, scales: tf.Tensor, offsets: tf.Tensor) -> tf.Tensor:
    """Each image turned and magnified about its centre, then moved; bilinear, with zeros outside.

    Args:
        images: [batch, height, width, channels].
        angles: [batch, 1], radians, counter-clockwise.
        scales: [batch, 1], above 0.
        offsets: [batch, 2], pixels down and to the right.
    """
    _, height, width = _sizes(images)
    centre_row, centre_column = (height - 1) / 2, (width - 1) / 2
    rows = tf.range(height, dtype=tf.float32)[None, :, None] - centre_row - offsets[:, :1, None]
    columns = tf.range(width, dtype=tf.float32)[None, None, :] - centre_column - offsets[:, 1:, None]
    # Where each pixel comes from: the movement undone.
    cosine, sine = (tf.cos(angles) / scales)[:, :, None], (tf.sin(angles) / scales)[:, :, None]
    return _bilinear(
        images, cosine * rows + sine * columns + centre_row, cosine * columns - sine * rows + centre_column
    )


def _bilinear(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The images at the real positions `rows`, `columns`, both [batch, height, width]."""
    top, left = tf.floor(rows), tf.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    upper = (1 - right) * _pixels(images, top, left) + right * _pixels(images, top, left + 1)
    lower = (1 - right) * _pixels(images, top + 1, left) + right * _pixels(images, top + 1, left + 1)
    return (1 - down) * upper + down * lower


def _pixels(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The pixels at whole positions, zero outside: [batch, height, width, channels]."""
    batch, height, width = _sizes(images)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    places = tf.cast(tf.where(inside, rows * width + columns, 0.0), tf.int32)
    found = tf.gather(tf.reshape(images, (batch, height * width, -1)), places, batch_dims=1)
    return tf.where(inside[..., None], found, 0.0)


def _around(draws: tf.Tensor, side: int, length: int) -> tf.Tensor:
    """bool [batch, length]: the `side` positions about the one that each of `draws` [batch, 1] falls on."""
    first = tf.cast(draws * length, tf.int32) - side // 2
    positions = tf.range(length)[None]
    return (positions >= first) & (positions < first + side)


def _signed_draws(key: tf.Tensor, stream: int, step: tf.Tensor, batch: int, count: int = 1) -> tf.Tensor:
    return 2 * _draws(key, stream, step, batch, count) - 1


def _draws(key: tf.Tensor, stream: int, step: tf.Tensor, batch: int, count: int = 1) -> tf.Tensor:
    """Uniform numbers in [0, 1) of one stream at one step, of up to 2²⁸: float32 [batch, count]."""
    counter = tf.cast(step, tf.uint32) + tf.constant(stream * 2**28, tf.uint32)
    return uniform(key, tf.constant([batch, count]), counter)


def _sizes(images: tf.Tensor) -> tuple[int, int, int]:
    """Batch, height and width.

    Raises:
        ValueError: when `images` are none.
    """
    if len(images.shape) != 4:
        raise ValueError(f"augmentation takes images [batch, height, width, channels]; these are {images.shape}")
    batch, height, width, _ = images.shape
    return batch, height, width
