"""A generator against a discriminator: the step against two gradients taken apart, the promises of a program, and
the distance against another formula for it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import sqrtm

from ablate.models.gan import Gan
from ablate.training import adversarial as module
from ablate.training.adversarial import adversarial, frechet_distance
from ablate.training.feeding import Split
from ablate.training.fit import TrainingData, evaluate, fit
from ablate.training.losses import binary_cross_entropy, mean_squared_error
from ablate.training.program import Program
from ablate.training.randomness import initialise
from ablate.training.settings import EarlyStopping, TrainingSettings
from tests.training.problems import blobs

DATA = blobs()
LAST = TrainingSettings(epochs=2, batch_size=16, early_stopping=EarlyStopping(restore_best=False))


def gan(seed: int = 0, dropout: float = 0.0) -> Gan:
    keras.utils.clear_session(free_memory=False)
    model = Gan((4, 4, 1), outputs=3, latent=3, hidden=[8], dropout=dropout)
    initialise(model, seed, salt=0)
    return model


def program(engine: str = "eager", optimizer=None, loss=binary_cross_entropy, clip=None, dropout=0.0) -> Program:
    optimizer = optimizer or keras.optimizers.Adam(0.01)
    return Program(gan(dropout=dropout), optimizer, loss, 16, clip, engine=engine, procedure=adversarial(components=4))


def run(used: Program, data: TrainingData = DATA, seed: int = 0, dropout: float = 0.0, **settings):
    used.start(gan(seed, dropout), 1.0)
    return fit(used, data, settings.get("settings", LAST), learning_rate=0.01, seed=seed)


def test_a_step_moves_each_model_down_its_own_loss():
    """Plain gradient descent, so that the weights say what the gradients were; these by formulas of their own."""
    used, rate = program(optimizer=keras.optimizers.SGD(1.0)), 0.1
    before = gan()
    images = tf.cast(DATA.train.features[:16], tf.float32) / 255
    made = before.generator
    latent = before.noise(images, training=True)

    def discriminator_loss() -> tf.Tensor:
        real, fake = before.discriminator(images), before.discriminator(made(latent))
        return tf.reduce_mean(tf.math.softplus(-real)) + tf.reduce_mean(tf.math.softplus(fake))

    def generator_loss() -> tf.Tensor:
        return tf.reduce_mean(tf.math.softplus(-before.discriminator(made(latent))))

    expected = {}
    for loss, part in ((discriminator_loss, before.discriminator), (generator_loss, made)):
        with tf.GradientTape() as tape:
            value = loss()
        gradients = tape.gradient(value, part.trainable_variables)
        pairs = zip(part.trainable_variables, gradients, strict=True)
        expected |= {weight.path: weight.numpy() - rate * gradient.numpy() for weight, gradient in pairs}
    used.start(gan())
    trained = used.train(DATA.train, np.arange(16, dtype=np.int32), np.array([rate]))
    assert trained.losses[0] == pytest.approx(float(discriminator_loss()), rel=1e-5)
    assert trained.scores[0] / 16 == pytest.approx(float(generator_loss()), rel=1e-5)
    for weight in used.model.trainable_variables:
        np.testing.assert_allclose(weight.numpy(), expected[weight.path], rtol=1e-5, atol=1e-7, err_msg=weight.path)


@pytest.mark.parametrize("clip", [None, "global_norm"])
def test_eager_graph_and_xla_agree(clip):
    curves = {engine: run(program(engine, clip=clip, dropout=0.3), dropout=0.3).history for engine in ("eager", "xla")}
    for name, values in curves["eager"].items():
        np.testing.assert_allclose(curves["xla"][name], values, rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_used_program_gives_the_same_bits_as_a_new_one():
    used = program("graph", dropout=0.2)
    run(used, seed=5, dropout=0.4)
    again = run(used, seed=0, dropout=0.2).history
    assert again == run(program("graph", dropout=0.2), seed=0, dropout=0.2).history
    assert used.traces == 1


@pytest.mark.parametrize("engine", ["eager", "graph", "xla"])
def test_weights_of_either_model_that_are_not_finite_are_a_divergence(engine):
    used = program(engine)
    paths = [weight.path for weight in used.model.weights]
    for path in ("generator_hidden_1/kernel", "discriminator_logits/bias"):
        used.start(gan(), 1.0)
        values = used.weights()
        values[paths.index(path)].flat[0] = np.nan
        used.set_weights(values)
        result = fit(used, DATA, LAST, learning_rate=0.0, seed=0)
        assert result.diverged_at is not None, path
        assert (result.diverged_at[0], result.epochs_run) == (1, 0)


def test_the_history_has_the_losses_of_both():
    history = run(program("graph")).history
    assert {"loss", "generator_loss", "val_loss", "val_generator_loss"} <= set(history)
    assert {"val_discriminator_accuracy", "val_frechet_distance"} <= set(history)
    assert "val_accuracy" not in history


def test_metrics_of_the_evaluation_by_hand():
    used = program()
    measured, outputs = evaluate(used, DATA.validation)
    images = DATA.validation.features.numpy() / np.float32(255)
    model = used.model
    generated = model.generator(model.noise(images)).numpy()
    real, fake = model(images).numpy(), model(generated).numpy()
    np.testing.assert_allclose(outputs, np.hstack([real, fake, generated.reshape(len(images), -1)]), rtol=1e-5)
    assert measured["discriminator_accuracy"] == (np.mean(real > 0) + np.mean(fake < 0)) / 2
    assert measured["generator_loss"] == pytest.approx(np.mean(np.logaddexp(0, -fake)), rel=1e-5)
    assert measured["loss"] == pytest.approx(np.mean(np.logaddexp(0, -real) + np.logaddexp(0, fake)), rel=1e-5)


def test_no_more_than_the_first_images_are_judged(monkeypatch):
    monkeypatch.setattr(module, "EVALUATED", 20)
    used = program()
    measured, outputs = evaluate(used, DATA.validation)
    first = Split.of(DATA.validation.features.numpy()[:20], DATA.validation.labels[:20])
    assert len(outputs) == 20
    assert measured == evaluate(used, first)[0]


def test_least_squares_calls_half_way_the_border():
    used = program(loss=mean_squared_error)
    measured, outputs = evaluate(used, DATA.validation)
    right = (np.mean(outputs[:, 0] > 0.5) + np.mean(outputs[:, 1] < 0.5)) / 2
    assert measured["discriminator_accuracy"] == right


def test_samples_are_kept_as_images():
    used = program()
    _, outputs = evaluate(used, DATA.validation)
    kept = used.procedure.kept(used.learner, DATA.validation, outputs)["generated/images"]
    assert kept.shape == (30, 4, 4, 1)
    np.testing.assert_allclose(kept.reshape(30, -1) / 255, outputs[:, 2:], atol=0.5 / 255 + 1e-6)


GENERATOR = np.random.default_rng(3)
REAL = GENERATOR.normal(size=(400, 6)) @ GENERATOR.normal(size=(6, 6))
OTHER = GENERATOR.normal(size=(300, 6)) @ GENERATOR.normal(size=(6, 6)) + 1


def test_the_distance_agrees_with_its_formula():
    first, second = np.cov(REAL, rowvar=False), np.cov(OTHER, rowvar=False)
    root = np.real(sqrtm(first @ second))
    shift = np.sum((REAL.mean(axis=0) - OTHER.mean(axis=0)) ** 2)
    expected = shift + np.trace(first + second - 2 * root)
    assert frechet_distance(REAL, OTHER, components=6) == pytest.approx(expected, rel=1e-6)


def test_the_distance_of_a_set_to_itself_is_nothing_and_to_its_shift_the_shift():
    assert frechet_distance(REAL, REAL, 6) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(REAL, REAL + 2.0, 6) == pytest.approx(6 * 2.0**2)


def test_of_the_components_the_largest_count():
    spread = REAL * np.array([100, 1, 1, 1, 1, 1])
    moved = spread + np.array([30, 0, 0, 0, 0, 0])
    assert frechet_distance(spread, moved, components=1) == pytest.approx(900, rel=1e-2)
