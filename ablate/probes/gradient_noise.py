"""Gradient noise: how far the gradient of a batch is from that of all examples.

McCandlish, Kaplan, Amodei et al., "An Empirical Model of Large-Batch Training" (2018), appendix A.1: from the
squared norms of gradients over b and over N examples come unbiased estimates of tr(Σ), the variance of one
example's gradient, and of |G|², that of the whole; their ratio tr(Σ) ÷ |G|² is the simple noise scale, the batch
size at which noise and signal are equal.

The gradients are of the objective in inference mode (no dropout, no augmentation), at the weights that the run
ended with, from SMALL examples each of a fixed sample of at most EXAMPLES training examples. Near a minimum the
whole gradient is lost in the noise and the estimate of |G|² may be negative: the noise scale is left out then.

Array: squared_norms float64 [batches].
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.subject import Measured, NotApplicable, Subject, objective
from ablate.training.step import Loss

__all__ = ["FACTS", "estimates", "measure"]

FACTS = ArtefactInfo(
    "gradient_noise",
    "gradient noise",
    needs=(WEIGHTS,),
    quantities=(
        MetricInfo("gradient_variance", "variance of one example's gradient (trace)", "", ""),
        MetricInfo("batch_gradient_noise", "standard deviation of a batch's gradient", "", ""),
        MetricInfo("gradient_noise_scale", "simple gradient noise scale", "", "examples"),
    ),
    place=20,
)

EXAMPLES = 2048
SMALL = 32


def measure(subject: Subject) -> Measured:
    """`gradient_variance` tr(Σ), `batch_gradient_noise` √(tr(Σ) ÷ the run's batch size), `gradient_noise_scale`."""
    features, targets = subject.sample(EXAMPLES)
    batches = len(targets) // SMALL
    if batches < 2:
        raise NotApplicable(f"fewer than {2 * SMALL} training examples")
    features, targets = (
        tf.reshape(part[: batches * SMALL], (batches, SMALL, *part.shape[1:])) for part in (features, targets)
    )
    squared_norms, squared_mean = subject.compiled(batch_gradients)(features, targets)
    small = squared_norms.numpy().astype(np.float64)
    variance, signal = estimates(float(small.mean()), float(squared_mean), SMALL, batches * SMALL)
    values = {"gradient_variance": variance, "batch_gradient_noise": float(np.sqrt(variance / subject.batch_size))}
    if signal > 0:
        values["gradient_noise_scale"] = variance / signal
    return Measured(values, {"squared_norms": small})


def estimates(small: float, large: float, small_size: int, large_size: int) -> tuple[float, float]:
    """tr(Σ) and |G|², unbiased, from the mean squared norm `small` of gradients over `small_size` examples each and
    that of the gradient over all `large_size` of them."""
    variance = (small - large) / (1 / small_size - 1 / large_size)
    return max(variance, 0.0), (large_size * large - small_size * small) / (large_size - small_size)


def batch_gradients(
    model: keras.Model, loss: Loss, features: tf.Tensor, targets: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Squared norms of the gradients of batches [batches, size, …], float32 [batches], and of their mean."""
    variables = model.trainable_variables
    batches = features.shape[0]
    sums = [tf.zeros_like(variable) for variable in variables]
    norms = tf.TensorArray(tf.float32, size=batches)
    for batch in tf.range(batches):
        with tf.GradientTape() as tape:
            value = objective(model, loss, features[batch], targets[batch])
        gradients = tape.gradient(value, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        norms = norms.write(batch, squared_norm(gradients))
        sums = [total + gradient for total, gradient in zip(sums, gradients, strict=True)]
    return norms.stack(), squared_norm(sums) / batches**2


def squared_norm(gradients: list[tf.Tensor]) -> tf.Tensor:
    return tf.add_n([tf.reduce_sum(tf.square(gradient)) for gradient in gradients])
