"""How examples reach the compiled code: arrays that live on the device, or pieces that arrive while it works.

    split = Split.of(features, targets)                     # resident, unless it is very large
    for piece in pieces(split, order, batch_size=32):       # one piece a resident epoch, many a streamed one
        ...

A streamed split stays in the host's memory. A `tf.data` pipeline gathers the examples of PIECE_STEPS steps at
a time, in the same keyed order, and has the next pieces ready while the device trains on one. The steps
themselves are the same compiled code, so both ways give the same run, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
import tensorflow as tf

__all__ = ["PIECE_STEPS", "RESIDENT_BYTES", "Piece", "Pipeline", "Split", "consecutive", "pieces"]

# What a piece costs besides its steps (a call, a copy) is then a hundredth of what they cost.
PIECE_STEPS = 256
PIECES_AHEAD = 2
# Examples of a streamed split that are evaluated in one call: a multiple of the evaluation's batch.
EVALUATION_PIECE = 20_000
# Larger features are streamed unless the caller says otherwise.
RESIDENT_BYTES = 4 * 2**30


class Pipeline:
    """What gathers the examples of a streamed split in a given order. It is built once and runs every epoch:
    building costs as much as many steps."""

    def __init__(self, features: tf.Tensor, targets: tf.Tensor) -> None:
        self._features, self._targets = features, targets
        with tf.device("/CPU:0"):
            self._rows = tf.Variable(tf.range(len(targets)), trainable=False)
        self._by_size: dict[int, tf.data.Dataset] = {}

    def run(self, order: np.ndarray, size: int) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
        """Features and targets of `size` examples at a time, in `order`; the last may be fewer."""
        self._rows.assign(order)
        if size not in self._by_size:
            self._by_size[size] = self._built(size)
        return iter(self._by_size[size])

    def _built(self, size: int) -> tf.data.Dataset:
        def gather(start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = self._rows[start : start + size]
            return tf.gather(self._features, rows), tf.gather(self._targets, rows)

        with tf.device("/CPU:0"):
            starts = tf.data.Dataset.range(0, self._rows.shape[0], size)
            return starts.map(gather, num_parallel_calls=1).prefetch(PIECES_AHEAD)


class Split(NamedTuple):
    """Part of a data set: features [examples, *example shape], targets [examples]; the targets once more as
    numpy, for metrics. The tensors of a streamed split stay on the host; `pipeline` is None for a resident one."""

    features: tf.Tensor
    targets: tf.Tensor
    labels: np.ndarray
    pipeline: Pipeline | None

    @property
    def is_streamed(self) -> bool:
        return self.pipeline is not None

    @classmethod
    def of(cls, features: np.ndarray, targets: np.ndarray, stream: bool | None = None) -> Split:
        """A split of arrays; `stream` says whether to stream it, None decides by the size of the features."""
        is_streamed = features.nbytes > RESIDENT_BYTES if stream is None else stream
        with tf.device("/CPU:0") if is_streamed else nullcontext():
            tensors = tf.constant(features), tf.constant(targets)
        return cls(*tensors, targets, Pipeline(*tensors) if is_streamed else None)


class Piece(NamedTuple):
    """Consecutive steps of an epoch.

    Attributes:
        features, targets: the examples that `batches` and `last_batch` are rows of.
        batches: int32 [full steps, batch size].
        last_batch: int32 [1 … batch size], the epoch's last; None in every piece but the last one.
    """

    features: tf.Tensor
    targets: tf.Tensor
    batches: tf.Tensor
    last_batch: tf.Tensor | None

    @property
    def steps(self) -> int:
        return int(self.batches.shape[0]) + (self.last_batch is not None)


def pieces(split: Split, order: np.ndarray, batch_size: int) -> Iterator[Piece]:
    """The examples of `split` in `order`, int32 [examples], cut into steps of `batch_size` examples."""
    if split.pipeline is None:
        yield Piece(split.features, split.targets, *_batches(order, batch_size))
        return
    size = PIECE_STEPS * batch_size
    last = (len(order) - 1) // size
    for number, (features, targets) in enumerate(split.pipeline.run(order, size)):
        rows = np.arange(len(targets), dtype=np.int32)
        if number < last:
            yield Piece(features, targets, tf.constant(rows.reshape(PIECE_STEPS, batch_size)), None)
        else:
            yield Piece(features, targets, *_batches(rows, batch_size))


def consecutive(split: Split, most: int | None = None) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """Features and targets as they lie, a streamed split in parts that the device can hold.

    Args:
        most: how many of the first examples; None for all.
    """
    examples = min(len(split.labels), most or len(split.labels))
    if examples == len(split.labels) and not split.is_streamed:
        yield split.features, split.targets
        return
    size = EVALUATION_PIECE if split.is_streamed else examples
    for start in range(0, examples, size):
        end = min(start + size, examples)
        yield split.features[start:end], split.targets[start:end]


def _batches(rows: np.ndarray, batch_size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Full batches, and the last one, which is never empty."""
    full = (len(rows) - 1) // batch_size
    return tf.constant(rows[: full * batch_size].reshape(full, batch_size)), tf.constant(rows[full * batch_size :])
