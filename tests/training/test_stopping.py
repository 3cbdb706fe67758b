"""Stopping rules against Keras's callbacks, driven with the same values."""

import keras
import numpy as np
import pytest

from ablate.training.stopping import Plateau, Watch

GENERATOR = np.random.default_rng(3)
CURVES = [
    [1.0, 0.8, 0.7, 0.71, 0.705, 0.72, 0.69, 0.75, 0.74, 0.73, 0.72, 0.71],
    [0.5] * 8,
    list(GENERATOR.random(30)),
    list(np.linspace(1, 0, 12)),
]


class Stand:
    """As much of a model as the callbacks touch."""

    def __init__(self) -> None:
        self.stop_training = False
        self.optimizer = keras.optimizers.SGD(1.0)

    def get_weights(self) -> list[np.ndarray]:
        return []

    def set_weights(self, weights: list[np.ndarray]) -> None:
        pass


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("patience", [1, 2, 4])
@pytest.mark.parametrize("min_delta", [0.0, 0.02])
@pytest.mark.parametrize(("direction", "sign"), [("min", 1), ("max", -1)])
def test_early_stopping_stops_where_keras_stops(curve, patience, min_delta, direction, sign):
    callback = keras.callbacks.EarlyStopping("watched", mode=direction, patience=patience, min_delta=min_delta)
    stand = Stand()
    callback.set_model(stand)
    callback.on_train_begin()
    watch = Watch(direction, min_delta)
    for epoch, value in enumerate(curve):
        callback.on_epoch_end(epoch, {"watched": sign * value})
        watch = watch.after(epoch + 1, sign * value)
        assert watch.has_lost_patience(patience) == stand.stop_training
        assert watch.best_epoch == callback.best_epoch + 1
        if stand.stop_training:
            break


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("patience", [1, 2, 4])
def test_the_plateau_rule_lowers_the_rate_where_keras_lowers_it(curve, patience):
    callback = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=patience, min_delta=0.01)
    stand = Stand()
    callback.set_model(stand)
    callback.on_train_begin()
    plateau = Plateau(Watch("min", 0.01), factor=0.5, patience=patience)
    for epoch, value in enumerate(curve):
        callback.on_epoch_end(epoch, {"val_loss": value})
        plateau = plateau.after(epoch + 1, value)
        assert plateau.multiplier == float(stand.optimizer.learning_rate)


def test_without_patience_nothing_ever_stops():
    watch = Watch("min", 0.0)
    for epoch in range(1, 100):
        watch = watch.after(epoch, 1.0)
    assert not watch.has_lost_patience(None)
    assert watch.best_epoch == 1
