"""Sharpness: the largest eigenvalue of the Hessian of the objective, at the weights that the run ended with.

Power iteration with Hessian-vector products (Pearlmutter, Neural Computation 1994), by differentiating the product
of gradient and vector, over a fixed sample of EXAMPLES training examples in inference mode. All iterates are kept,
and the largest eigenvalue of the Hessian within their span is taken (Lanczos 1950; Golub and Van Loan, Matrix
Computations, section 10.1): the last iterate alone can rest for many steps at a value that is no eigenvalue where
the largest ones are close, and it finds the one that is largest in size, which may be negative. It ends when the
residual ‖Hv − λv‖ is below TOLERANCE · |λ|, after LEAST products at least (a start that lacks the largest
eigenvector settles on another one first) and ITERATIONS at most.

Limits: a sharp minimum can be made flat by rescaling the weights of layers without changing the function (Dinh et
al., ICML 2017), so this compares arms of one architecture, and not those that normalise differently. Activations
such as relu have no second derivative at their corner, which is left out.

Arrays: iterations int64, converged bool, residual float64: ‖Hv − λv‖; there is an eigenvalue no further from λ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import scipy.linalg
import tensorflow as tf

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.subject import Measured, Subject, objective
from ablate.training.step import Loss

__all__ = ["FACTS", "Eigenvalue", "largest_eigenvalue", "measure"]

FACTS = ArtefactInfo(
    "sharpness",
    "sharpness",
    needs=(WEIGHTS,),
    quantities=(MetricInfo("sharpness", "sharpness (largest Hessian eigenvalue)", "", ""),),
    place=30,
)

EXAMPLES = 1024
# Examples whose activations are in memory at once.
CHUNK = 256
TOLERANCE = 0.005
LEAST = 10
ITERATIONS = 60

Product = Callable[[np.ndarray], np.ndarray]


class Eigenvalue(NamedTuple):
    """What came out after `iterations` products; `residual` is ‖Hv − λv‖ for the unit vector v that was found."""

    value: float
    residual: float
    iterations: int
    has_converged: bool


def measure(subject: Subject) -> Measured:
    """`sharpness`, in units of the objective by squared weights."""
    features, targets = subject.sample(EXAMPLES)
    variables = subject.model.trainable_variables
    shapes = [tuple(variable.shape) for variable in variables]
    product = subject.compiled(hessian_product)
    # A batch of another size would be traced anew: the sample is cut into equal parts, and the rest is left out.
    size = min(CHUNK, len(targets))
    starts = range(0, len(targets) - size + 1, size)

    def hessian_times(vector: np.ndarray) -> np.ndarray:
        direction = [tf.constant(part, tf.float32) for part in split(vector, shapes)]
        parts = [product(features[start : start + size], targets[start : start + size], direction) for start in starts]
        return np.mean([joined(part) for part in parts], axis=0)

    start = subject.generator("sharpness").standard_normal(sum(int(np.prod(shape)) for shape in shapes))
    found = largest_eigenvalue(hessian_times, start)
    arrays = {
        "iterations": np.int64(found.iterations),
        "converged": np.bool_(found.has_converged),
        "residual": np.float64(found.residual),
    }
    return Measured({"sharpness": found.value}, {name: np.asarray(value) for name, value in arrays.items()})


def largest_eigenvalue(product: Product, start: np.ndarray) -> Eigenvalue:
    """The largest eigenvalue, not that of largest size, of the symmetric matrix that `product` multiplies by."""
    basis = np.empty((min(ITERATIONS, start.size), start.size), np.float32)
    alphas: list[float] = []
    betas: list[float] = []
    vector = start / np.linalg.norm(start)
    for iteration in range(1, len(basis) + 1):
        basis[iteration - 1] = vector
        image = product(vector)
        alphas.append(float(vector @ image))
        # Twice, since rounding leaves of once what would bring the first eigenvectors back.
        for _ in range(2):
            image = image - basis[:iteration].T @ (basis[:iteration] @ image)
        betas.append(float(np.linalg.norm(image)))
        if not np.isfinite(alphas[-1]):
            return Eigenvalue(float("nan"), float("nan"), iteration, False)
        values, vectors = scipy.linalg.eigh_tridiagonal(alphas, betas[:-1])
        residual = betas[-1] * abs(float(vectors[-1, -1]))
        # Where nothing is left of the image, the span holds all that can be reached.
        is_exhausted = betas[-1] <= 1e-6 * np.abs(values).max() or iteration == start.size
        has_converged = is_exhausted or residual <= TOLERANCE * abs(values[-1])
        if is_exhausted or (has_converged and iteration >= LEAST):
            break
        vector = image / betas[-1]
    return Eigenvalue(float(values[-1]), residual, iteration, bool(has_converged))


def hessian_product(
    model: keras.Model, loss: Loss, features: tf.Tensor, targets: tf.Tensor, direction: list[tf.Tensor]
) -> list[tf.Tensor]:
    """The Hessian of the objective times `direction`, which has the shapes of the trainable variables."""
    variables = model.trainable_variables
    zero = tf.UnconnectedGradients.ZERO
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = objective(model, loss, features, targets)
        gradients = inner.gradient(value, variables, unconnected_gradients=zero)
        along = tf.add_n([tf.reduce_sum(one * other) for one, other in zip(gradients, direction, strict=True)])
    products: list[tf.Tensor] = outer.gradient(along, variables, unconnected_gradients=zero)
    return products


def split(vector: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(vector, ends[:-1]), shapes, strict=True)]


def joined(parts: list[tf.Tensor]) -> np.ndarray:
    return np.concatenate([np.asarray(part, np.float64).ravel() for part in parts])
