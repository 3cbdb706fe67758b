"""Adafactor for gradients of which whole rows and columns are zero, as those of pixels that are always 0.

    optimizer = Adafactor(learning_rate=0.01)

Keras's own turns every weight of such a matrix into NaN: it estimates the mean square of an element as a row's mean
times a column's, over the mean of all. Where both are zeros that is about epsilon_1², which is 0 in float32, and the
element's update is 0 / 0; the clipping of updates, which takes their mean square, spreads it to the whole matrix.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

__all__ = ["Adafactor"]


class Adafactor(keras.optimizers.Adafactor):
    """Keras's Adafactor wherever that is finite (within rounding, eagerly to the bit); an element rests while its
    estimated mean square is 0.

    Shazeer & Stern, ICML 2018, algorithms 4 and 5. The arguments are those of Keras, without the one that plays no
    part there: the rate is at most 1 / √step whether `relative_step` is true or not.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        weight_decay: float | None = None,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            beta_2_decay=beta_2_decay,
            epsilon_1=epsilon_1,
            epsilon_2=epsilon_2,
            clip_threshold=clip_threshold,
            weight_decay=weight_decay,
        )

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Moves one weight; `gradient` has its shape."""
        gradient = ops.cast(gradient, variable.dtype)
        step = ops.cast(self.iterations + 1, variable.dtype)
        rate = ops.minimum(ops.cast(learning_rate, variable.dtype), 1 / ops.sqrt(step))
        size = ops.maximum(ops.cast(self.epsilon_2, variable.dtype), self._rms(variable))
        mean_square = self._mean_square(ops.square(gradient) + self.epsilon_1, variable, step)
        update = ops.divide_no_nan(gradient, ops.sqrt(mean_square))
        clipped = update / ops.maximum(1.0, self._rms(update) / self.clip_threshold)
        self.assign_sub(variable, size * rate * clipped)

    def _mean_square(self, squares: tf.Tensor, variable: tf.Variable, step: tf.Tensor) -> keras.Variable:
        """The running mean of the squared gradients; of a matrix it is estimated from those of its rows and columns."""
        index = self._get_variable_index(variable)
        rows, columns, whole = self._r[index], self._c[index], self._v[index]
        decay = 1 - ops.power(step, self.beta_2_decay)
        if len(variable.shape) < 2:
            self.assign(whole, decay * whole + (1 - decay) * squares)
            return whole
        self.assign(rows, decay * rows + (1 - decay) * ops.mean(squares, axis=-1))
        self.assign(columns, decay * columns + (1 - decay) * ops.mean(squares, axis=-2))
        # 0 over 0 where epsilon_1 is 0 in float32.
        shares = ops.divide_no_nan(rows, ops.mean(rows, axis=-1, keepdims=True))
        self.assign(whole, ops.expand_dims(shares, -1) * ops.expand_dims(columns, -2))
        return whole
