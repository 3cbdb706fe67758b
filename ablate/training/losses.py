"""Losses: functions from (targets, outputs) to one value an example, in float32.

    cross_entropy(labels, logits, label_smoothing=0.1)     # float32 [batch]
    huber(targets, outputs, delta=1.0)

The mean over a batch is the step's business, the mean over a split the host's; a loss per example makes
both exact when the last batch is smaller. One function a loss, named by a leaf of conf/loss. Those of
regression take targets [batch] and outputs [batch, outputs], and are means over the outputs.

A loss with numbers that are to be variables, so that a compiled program serves all of them, is a class with
`run_variables`, called as the functions are: see `Weighted`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import tensorflow as tf

__all__ = [
    "Weighted",
    "binary_cross_entropy",
    "brier",
    "confidence",
    "cross_entropy",
    "focal",
    "huber",
    "mean_absolute_error",
    "mean_squared_error",
]


def cross_entropy(targets: tf.Tensor, outputs: tf.Tensor, label_smoothing: float = 0.0) -> tf.Tensor:
    """−Σ q log softmax(outputs), in nats, where q is (1 − s) at the target plus s / classes everywhere.

    Szegedy et al., CVPR 2016, section 7, with s = `label_smoothing`. A validation loss is smoothed too, so
    between different strengths only other metrics can be compared.

    Args:
        targets: int [batch], classes.
        outputs: [batch, classes], logits.

    Returns:
        float32 [batch].
    """
    logits = tf.cast(outputs, tf.float32)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    if not label_smoothing:
        return loss
    uniform = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
    return (1 - label_smoothing) * loss + label_smoothing * uniform


def focal(targets: tf.Tensor, outputs: tf.Tensor, gamma: float = 2.0) -> tf.Tensor:
    """−(1 − p)^gamma log p of the target's probability p: float32 [batch].

    Lin et al., ICCV 2017, equation 4. Its power is taken of log(1 − p), which is known exactly where p rounds
    to 1: there a power of 1 − p would have no gradient.

    Args:
        targets: int [batch], classes.
        outputs: [batch, classes], logits.
    """
    logits = tf.cast(outputs, tf.float32)
    others = tf.where(_is_target(targets, logits), logits.dtype.min, logits)
    log_rest = tf.reduce_logsumexp(others, axis=-1) - tf.reduce_logsumexp(logits, axis=-1)
    return tf.exp(gamma * log_rest) * cross_entropy(targets, logits)


def brier(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Σ (p − y)² over the classes, where y is 1 at the target: float32 [batch], from 0 to 2.

    Brier, Monthly Weather Review 1950, equation 2; arguments as those of `focal`.
    """
    probabilities = tf.nn.softmax(tf.cast(outputs, tf.float32))
    errors = probabilities - tf.cast(_is_target(targets, outputs), tf.float32)
    return tf.reduce_sum(tf.square(errors), axis=-1)


def confidence(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Σ p log p + log classes: how far the probabilities are from uniform, in nats; float32 [batch].

    The penalty of Pereyra et al. 2017 (section 3), with a constant that makes 0 its least value. It looks at
    no target, so it is a term of `Weighted` and nothing to train with alone.
    """
    del targets
    log_probabilities = tf.nn.log_softmax(tf.cast(outputs, tf.float32))
    entropy = -tf.reduce_sum(tf.exp(log_probabilities) * log_probabilities, axis=-1)
    return tf.math.log(float(outputs.shape[-1])) - entropy


def binary_cross_entropy(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """−y log σ(output) − (1 − y) log(1 − σ(output)), in nats: float32 [batch].

    Args:
        targets: [batch], from 0 to 1.
        outputs: [batch, outputs], logits; the mean is over the outputs.
    """
    logits = tf.cast(outputs, tf.float32)
    labels = tf.broadcast_to(tf.reshape(tf.cast(targets, tf.float32), (targets.shape[0], -1)), tf.shape(logits))
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits), axis=-1)


class Weighted:
    """Σ weight · term: several losses together, float32 [batch].

    Args:
        terms: losses by name.
        weights: a number for each of them.

    Raises:
        ValueError: when the two have other names.
    """

    def __init__(
        self, terms: Mapping[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]], weights: Mapping[str, float]
    ) -> None:
        if not terms or set(terms) != set(weights):
            raise ValueError(f"the terms are {', '.join(terms)}, the weights those of {', '.join(weights)}")
        self._terms = dict(sorted(terms.items()))  # so that the order of a file changes no rounding
        self._weights = {name: tf.Variable(weights[name], trainable=False, dtype=tf.float32) for name in self._terms}

    @property
    def run_variables(self) -> tuple[tf.Variable, ...]:
        return tuple(self._weights.values())

    def __call__(self, targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        return tf.add_n([self._weights[name] * term(targets, outputs) for name, term in self._terms.items()])


def mean_squared_error(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """(output − target)²: float32 [batch]."""
    return tf.reduce_mean(tf.square(_errors(targets, outputs)), axis=-1)


def mean_absolute_error(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """|output − target|: float32 [batch]."""
    return tf.reduce_mean(tf.abs(_errors(targets, outputs)), axis=-1)


def huber(targets: tf.Tensor, outputs: tf.Tensor, delta: float = 1.0) -> tf.Tensor:
    """e²/2 for errors e up to `delta` in size, delta · (|e| − delta/2) beyond: float32 [batch].

    Huber, Annals of Mathematical Statistics 1964, section 2. Squared near zero and straight far out, so
    that one wild target cannot rule the gradient.
    """
    sizes = tf.abs(_errors(targets, outputs))
    return tf.reduce_mean(tf.where(sizes <= delta, tf.square(sizes) / 2, delta * (sizes - delta / 2)), axis=-1)


def _is_target(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """bool [batch, classes]."""
    return tf.one_hot(targets, outputs.shape[-1], on_value=True, off_value=False)


def _errors(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """float32 [batch, outputs]."""
    return tf.cast(outputs, tf.float32) - tf.reshape(tf.cast(targets, tf.float32), (targets.shape[0], -1))
