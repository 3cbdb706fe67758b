"""A generator against a discriminator, in the loop of all other runs.

    program = Program(Gan((8, 8, 1), outputs=10), optimizer, binary_cross_entropy, 32, procedure=adversarial())

What differs from supervised training stands here: the step, whose tape gives two gradients; the evaluation,
which judges real and generated images; its metrics; and the samples that are kept. Epochs, order, random
numbers, augmentation, clipping, half precision, stopping and records are those of every run.

`loss` is the discriminator's, `generator_loss` the generator's; the loss component says how far an output is
from "real" (1) or "generated" (0). The features are images with values from 0 to 1 once they are prepared.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ablate.training.evaluate import EvaluationResult, in_chunks
from ablate.training.feeding import Split
from ablate.training.procedure import Arrays, Procedure
from ablate.training.step import Learner, StepResult, prepare, total_penalty

__all__ = ["EVALUATED", "SAMPLES", "adversarial", "adversarial_step", "frechet_distance"]

# Of a split no more images are judged: a Fréchet distance of more changes little, and they take memory.
EVALUATED = 10_000
SAMPLES = 64

Rows = npt.NDArray[np.float64]


def adversarial(components: int = 32) -> Procedure:
    """The procedure of `ablate.models.gan.Gan`.

    Args:
        components: principal components of the real images in which `frechet_distance` is taken.
    """
    return Procedure(
        step=adversarial_step,
        evaluate=judge_split,
        score=score,
        metrics=partial(metrics, components=components),
        kept=samples,
        evaluated=EVALUATED,
    )


def adversarial_step(learner: Learner, features: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor) -> StepResult:
    """One update of both models by one batch of real images and as many generated ones.

    Goodfellow et al., NeurIPS 2014, algorithm 1 with k = 1 and the generator's loss of its section 3, which
    does not saturate: it asks for samples that are taken for real. Both gradients are of the weights before
    the step. `objective` is the discriminator's; clipping by global norm takes both models together.
    """
    del targets
    gan, optimizer = learner.model, learner.optimizer
    optimizer.learning_rate.assign(learning_rate)
    loss_scale = optimizer.scale_loss(tf.ones(()))
    latent = gan.noise(features, training=True)
    with tf.GradientTape(persistent=True) as tape:
        generated = gan.generator(latent, training=True)
        taken_for_real = gan.discriminator(generated, training=True)
        loss = tf.reduce_mean(
            learner.loss(_all(1.0, features), gan.discriminator(features, training=True))
            + learner.loss(_all(0.0, features), taken_for_real)
        )
        objective = loss + total_penalty(gan.discriminator)
        generator_losses = learner.loss(_all(1.0, features), taken_for_real)
        generator_objective = tf.reduce_mean(generator_losses) + total_penalty(gan.generator)
    parts = ((gan.generator, generator_objective), (gan.discriminator, objective))
    weights = [weight for part, _ in parts for weight in part.trainable_variables]
    gradients = [
        gradient
        for part, own_objective in parts
        for gradient in tape.gradient(own_objective, part.trainable_variables, output_gradients=loss_scale)
    ]
    clipped = learner.clip(gradients, loss_scale * learner.clip_limit)
    optimizer.apply_gradients(zip(clipped, weights, strict=True))
    return StepResult(loss, objective, tf.reduce_sum(generator_losses), gradients, loss_scale)


def score(targets: np.ndarray) -> str:
    """The metric of which a step's score is the sum."""
    del targets
    return "generator_loss"


def judge_split(learner: Learner, features: tf.Tensor, targets: tf.Tensor) -> EvaluationResult:
    """The discriminator on these images and on as many generated ones.

    Returns:
        outputs [images, 2 + pixels]: on the real image, on the generated one, and the generated pixels. The
        latent points are the same at every evaluation of a run.
    """
    del targets
    gan, image_shape = learner.model, tuple(features.shape[1:])
    generated = in_chunks(lambda latent: gan.generator(latent, training=False), gan.noise(features), image_shape)
    on_real = in_chunks(lambda chunk: gan(prepare(chunk, learner.scale), training=False), features, (1,))
    on_generated = in_chunks(lambda chunk: gan(chunk, training=False), generated, (1,))
    losses = learner.loss(_all(1.0, features), on_real) + learner.loss(_all(0.0, features), on_generated)
    pixels = tf.reshape(generated, (features.shape[0], -1))
    return EvaluationResult(tf.concat([on_real, on_generated, pixels], 1), losses, total_penalty(gan.discriminator))


def metrics(learner: Learner, split: Split, outputs: np.ndarray, components: int) -> dict[str, float]:
    """generator_loss, discriminator_accuracy (of real and generated images together, of which ties are half
    right) and frechet_distance, for the outputs of `judge_split`."""
    on_real, on_generated = outputs[:, :1], outputs[:, 1:2]
    real = prepare(split.features[: len(outputs)], learner.scale).numpy().reshape(len(outputs), -1)
    right = np.mean([_says_real(learner, on_real), 1 - _says_real(learner, on_generated)], axis=0)
    return {
        "generator_loss": float(np.mean(_losses(learner, 1.0, on_generated), dtype=np.float64)),
        "discriminator_accuracy": float(np.mean(right)),
        "frechet_distance": frechet_distance(real, outputs[:, 2:], components),
    }


def samples(learner: Learner, split: Split, outputs: np.ndarray) -> Arrays:
    """The first SAMPLES generated images, with 255 for 1: `generated/images` of `ablate.core.records`."""
    del learner
    pixels = np.clip(np.rint(outputs[:SAMPLES, 2:] * 255), 0, 255).astype(np.uint8)
    return {"generated/images": pixels.reshape(-1, *split.features.shape[1:])}


def frechet_distance(real: np.ndarray, generated: np.ndarray, components: int) -> float:
    """|m − n|² + tr(A + B − 2 (AB)^½) of the means m, n and covariances A, B of two sets of images.

    Dowson and Landau 1982, as Heusel et al., NeurIPS 2017, section 3, use it; but for features it has the
    principal components of the real images, at most as many as `components`, instead of those of a large
    network. So it sees mean, spread and correlation of the images, and nothing finer; distances of other
    data sets, other sizes of split and other numbers of components are other scales.

    Args:
        real, generated: [images, pixels].
    """
    centre = real.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(np.cov(real, rowvar=False))
    kept = axes[:, -components:]
    ours, theirs = (np.asarray(rows - centre, np.float64) @ kept for rows in (real, generated))
    first, second = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (ours, theirs))
    # The square root of AB has the trace of that of A^½ B A^½, which is symmetric.
    root = _square_root(first)
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ second @ root), 0, None)).sum()
    shift = np.sum((ours.mean(axis=0) - theirs.mean(axis=0)) ** 2)
    return float(max(0.0, shift + np.trace(first) + np.trace(second) - 2 * shared))


def _square_root(matrix: Rows) -> Rows:
    values, vectors = np.linalg.eigh(matrix)
    root: Rows = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root


def _says_real(learner: Learner, outputs: np.ndarray) -> Rows:
    """1 where an output is nearer to real than to generated, by the loss; 0.5 where it is as near."""
    surplus = _losses(learner, 0.0, outputs) - _losses(learner, 1.0, outputs)
    said: Rows = (np.sign(surplus, dtype=np.float64) + 1) / 2
    return said


def _losses(learner: Learner, target: float, outputs: np.ndarray) -> np.ndarray:
    losses: np.ndarray = learner.loss(tf.fill([len(outputs)], target), tf.constant(outputs)).numpy()
    return losses


def _all(target: float, images: tf.Tensor) -> tf.Tensor:
    """float32 [batch]"""
    return tf.fill([images.shape[0]], target)
