import keras
import numpy as np
import pytest

from ablate.layers.dropout import Dropout

ONES = np.ones((50, 200), np.float32)


def test_in_inference_the_layer_is_the_identity():
    np.testing.assert_array_equal(Dropout(0.9)(ONES, training=False).numpy(), ONES)


def test_at_rate_zero_the_layer_is_the_identity():
    np.testing.assert_array_equal(Dropout(0.0)(ONES, training=True).numpy(), ONES)


def test_units_are_dropped_at_the_rate_and_the_others_scaled():
    outputs = Dropout(0.3)(ONES, training=True).numpy()
    assert set(np.unique(outputs)) == {np.float32(0), np.float32(1 / 0.7)}
    standard_error = np.sqrt(0.3 * 0.7 / outputs.size)
    assert abs(np.mean(outputs == 0) - 0.3) < 4 * standard_error


def test_every_step_has_its_own_mask_and_the_same_step_the_same():
    layer = Dropout(0.5)
    first, second = (layer(ONES, training=True).numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    layer.step.assign(0)
    np.testing.assert_array_equal(layer(ONES, training=True).numpy(), first)


def test_another_key_gives_another_mask():
    layer = Dropout(0.5)
    first = layer(ONES, training=True).numpy()
    layer.step.assign(0)
    layer.key.assign([0, 1])
    assert not np.array_equal(layer(ONES, training=True).numpy(), first)


def test_rate_and_key_are_no_weights():
    model = keras.Sequential([keras.Input((4,)), Dropout(0.5), keras.layers.Dense(2)])
    assert model.count_params() == 10


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ValueError, match="dropout rate"):
        Dropout(rate)


def test_a_saved_model_loads_with_its_rate(tmp_path):
    keras.Sequential([keras.Input((4,)), Dropout(0.25)]).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].get_config()["rate"] == 0.25
