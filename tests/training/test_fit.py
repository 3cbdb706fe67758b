import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate.core.records import METRICS
from ablate.models.mlp import mlp
from ablate.training import fit as module
from ablate.training.feeding import Split
from ablate.training.fit import TrainingData
from ablate.training.losses import cross_entropy, mean_squared_error
from ablate.training.program import Program
from ablate.training.settings import EarlyStopping, Plateau, TrainingSettings
from tests.training.problems import blobs, model, program, run

DATA = blobs()


@pytest.fixture(scope="module")
def sgd():
    return program("sgd", l2=0.01)


def fitted(used, settings: TrainingSettings, learning_rate: float = 0.1, **arguments):
    return run(used, DATA, settings=settings, learning_rate=learning_rate, l2=0.01, **arguments)


def test_the_history_has_every_metric_once_an_epoch(sgd):
    history = fitted(sgd, TrainingSettings(epochs=3)).history
    assert {len(values) for values in history.values()} == {3}
    assert set(history) <= set(METRICS)
    expected = {"loss", "objective", "accuracy", "penalty", "learning_rate", "gradient_norm"}
    expected |= {"val_loss", "val_objective", "val_accuracy", "val_top_3_accuracy", "val_macro_f1"}
    assert set(history) == {*expected, "val_calibration_error", "val_huber"}


def test_objective_is_loss_plus_penalty(sgd):
    history = fitted(sgd, TrainingSettings(epochs=3)).history
    np.testing.assert_allclose(
        np.subtract(history["val_objective"], history["val_loss"]), history["penalty"], rtol=1e-9
    )
    assert min(history["penalty"]) > 0
    assert np.all(np.subtract(history["objective"], history["loss"]) > 0)


def test_training_goes_on_until_patience_is_lost_and_the_best_weights_come_back(sgd):
    stopping = EarlyStopping(patience=2, min_delta=0.0)
    result = fitted(sgd, TrainingSettings(epochs=200, early_stopping=stopping), learning_rate=1.0)
    values = result.history["val_loss"]
    assert result.best_epoch == int(np.argmin(values)) + 1
    assert result.epochs_run == result.best_epoch + 2 < 200
    assert result.evaluated_epoch == result.best_epoch
    restored, _ = module.evaluate(sgd, DATA.validation)
    assert restored["loss"] == min(values)


def test_without_restoring_the_last_weights_stay(sgd):
    settings = TrainingSettings(epochs=6, early_stopping=EarlyStopping(restore_best=False))
    result = fitted(sgd, settings, learning_rate=2.0)
    assert result.evaluated_epoch == 6
    assert module.evaluate(sgd, DATA.validation)[0]["loss"] == result.history["val_loss"][-1]


def test_the_plateau_rule_lowers_the_rate_but_not_below_its_floor(sgd):
    plateau = Plateau(factor=0.1, patience=1, min_delta=1e9, min_lr=2e-3)
    result = fitted(sgd, TrainingSettings(epochs=5, plateau=plateau), learning_rate=0.1)
    np.testing.assert_allclose(result.history["learning_rate"], [0.1, 0.1, 0.01, 0.002, 0.002])


def test_a_floor_above_the_rate_never_raises_it(sgd):
    plateau = Plateau(factor=0.5, patience=1, min_delta=1e9, min_lr=0.5)
    result = fitted(sgd, TrainingSettings(epochs=3, plateau=plateau), learning_rate=0.1)
    np.testing.assert_allclose(result.history["learning_rate"], [0.1, 0.1, 0.1])


def test_a_non_finite_objective_ends_the_run_where_it_happened(sgd):
    def explode(learning_rate: float, epoch: int, epochs: int, steps: int) -> np.ndarray:
        rates = np.full(steps, learning_rate)
        if epoch == 1:
            rates[2] = np.inf
        return rates

    sgd.start(model(l2=0.01))
    result = module.fit(sgd, DATA, TrainingSettings(epochs=5), 0.1, schedule=explode)
    assert result.diverged_at == (2, 4)  # the third step of epoch 2 breaks the weights, the fourth shows it
    assert result.epochs_run == 1
    assert result.evaluated_epoch is None


def test_weights_broken_by_the_last_step_are_found_by_the_validation(sgd):
    def explode(learning_rate: float, epoch: int, epochs: int, steps: int) -> np.ndarray:
        return np.array([*[learning_rate] * (steps - 1), np.inf])

    sgd.start(model(l2=0.01))
    assert module.fit(sgd, DATA, TrainingSettings(epochs=1), 0.1, schedule=explode).diverged_at == (1, 5)


class BreaksLater(keras.optimizers.SGD):
    """Gradient descent whose seventh step turns the hidden kernel into NaN: the second of the second epoch."""

    def update_step(self, gradient, variable, learning_rate):
        is_broken = (self.iterations == 6) & (variable.shape == (16, 8))
        super().update_step(tf.where(is_broken, np.nan, gradient), variable, learning_rate)


def later(engine: str) -> Program:
    return Program(model(), BreaksLater(0.1), cross_entropy, batch_size=16, engine=engine)


@pytest.mark.parametrize("engine", ["eager", "graph", "xla"])
def test_weights_that_are_not_finite_end_the_run_in_the_same_epoch_under_every_engine(engine):
    result = module.fit(later(engine), DATA, TrainingSettings(epochs=4), 0.1)
    assert result.diverged_at is not None
    assert result.diverged_at[0] == 2
    assert (result.epochs_run, result.evaluated_epoch) == (1, None)


def test_a_graph_hides_such_weights_from_every_loss():
    """There ReLU(NaN) is 0; so they are looked at themselves, after the last step."""
    used = later("graph")
    assert module.fit(used, DATA, TrainingSettings(epochs=4), 0.1).diverged_at == (2, 5)
    assert np.isnan(used.weights()[0]).all()
    measured, _ = module.evaluate(used, DATA.validation)
    assert np.isfinite(measured["objective"])


def test_a_smaller_last_batch_does_not_bias_the_means(sgd):
    """With a learning rate of 0 the running means are the means over all training examples."""
    history = fitted(sgd, TrainingSettings(epochs=1), learning_rate=0.0).history
    whole, _ = module.evaluate(sgd, DATA.train)
    np.testing.assert_allclose(history["loss"][0], whole["loss"], rtol=1e-6)
    np.testing.assert_allclose(history["accuracy"][0], whole["accuracy"], rtol=1e-6)


def test_progress_is_told_after_every_epoch(sgd):
    told = []
    sgd.start(model(l2=0.01))
    module.fit(sgd, DATA, TrainingSettings(epochs=3), 0.1, progress=lambda *seen: told.append(seen))
    assert [(epoch, epochs) for epoch, epochs, _ in told] == [(1, 3), (2, 3), (3, 3)]
    assert "val_loss" in told[0][2]


def test_a_reused_program_has_nothing_to_compile(sgd):
    assert fitted(sgd, TrainingSettings(epochs=2)).compile_seconds == 0
    fresh = program("sgd", l2=0.01)
    result = fitted(fresh, TrainingSettings(epochs=3))
    assert result.compile_seconds > max(result.epoch_seconds[1:])


def test_regression_has_its_own_metrics():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(90, 3)).astype(np.float32)
    targets = (features @ np.array([1.0, -2.0, 0.5]) + 0.1).astype(np.float32)
    train, validation = Split.of(features[:60], targets[:60]), Split.of(features[60:], targets[60:])
    used = Program(mlp((3,), 1, hidden=[]), keras.optimizers.Adam(), mean_squared_error, batch_size=16, engine="graph")
    result = module.fit(used, TrainingData(train, validation), TrainingSettings(epochs=60), learning_rate=0.05)
    assert {"mae", "val_mse", "val_mae", "val_r2"} <= set(result.history)
    assert "accuracy" not in result.history
    np.testing.assert_allclose(result.history["val_mse"], result.history["val_loss"], rtol=1e-4)
    assert max(result.history["val_r2"]) > 0.99  # the targets are a linear function of the features
