"""Gradient clipping, with the limit as a tensor so that a new limit needs no compile.

clip = CLIPPINGS["norm"]
gradients = clip(gradients, limit)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

__all__ = ["CLIPPINGS", "Clipping"]

Clipping = Callable[[Sequence[tf.Tensor], tf.Tensor], Sequence[tf.Tensor]]


def keep(gradients: Sequence[tf.Tensor], limit: tf.Tensor) -> Sequence[tf.Tensor]:
    """The gradients as they are."""
    del limit
    return gradients


def clip_by_value(gradients: Sequence[tf.Tensor], limit: tf.Tensor) -> Sequence[tf.Tensor]:
    """Every finite element into [−limit, limit]. What is not finite stays: a limit must hide no overflow."""
    return [
        tf.where(tf.math.is_finite(gradient), tf.clip_by_value(gradient, -limit, limit), gradient)
        for gradient in gradients
    ]


def clip_by_norm(gradients: Sequence[tf.Tensor], limit: tf.Tensor) -> Sequence[tf.Tensor]:
    """Each weight's gradient to a Euclidean norm of at most limit."""
    return [_shrunk(gradient, tf.norm(gradient), limit) for gradient in gradients]


def clip_by_global_norm(gradients: Sequence[tf.Tensor], limit: tf.Tensor) -> Sequence[tf.Tensor]:
    """All gradients together to a Euclidean norm of at most limit (Pascanu et al., ICML 2013, algorithm 1).

    The norm over all weights at every step is the one expensive thing here: on a small network it can
    nearly double the time of an epoch.
    """
    norm = tf.linalg.global_norm(gradients)
    return [_shrunk(gradient, norm, limit) for gradient in gradients]


def _shrunk(gradient: tf.Tensor, norm: tf.Tensor, limit: tf.Tensor) -> tf.Tensor:
    # A factor of exactly 1 below the limit: tf.clip_by_norm would round there, and a limit that is never
    # reached would not be the same run as no limit.
    return gradient * tf.minimum(1.0, limit / norm)


CLIPPINGS: Mapping[str | None, Clipping] = {
    None: keep,
    "value": clip_by_value,
    "norm": clip_by_norm,
    "global_norm": clip_by_global_norm,
}
