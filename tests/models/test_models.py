"""What holds for every model: logits out, explicit names, one program for all dropout rates and strengths."""

import keras
import numpy as np
import pytest

from ablate.models.mlp import mlp
from ablate.models.small_cnn import small_cnn

MODELS = {"mlp": mlp, "small_cnn": small_cnn}


def test_parameters_of_the_perceptron_by_hand():
    assert mlp((28, 28, 1), 10, hidden=[128]).count_params() == 784 * 128 + 128 + 128 * 10 + 10
    # Batch normalisation: no bias, but scale, shift, and two running statistics a unit.
    assert mlp((28, 28, 1), 10, hidden=[128], batch_norm=True).count_params() == 784 * 128 + 4 * 128 + 128 * 10 + 10
    assert mlp((28, 28, 1), 10, hidden=[]).count_params() == 784 * 10 + 10


def test_parameters_of_the_small_network_by_hand():
    convolutions = 9 * 1 * 16 + 16 + 9 * 16 * 32 + 32
    assert small_cnn((8, 8, 1), 10).count_params() == convolutions + 2 * 2 * 32 * 64 + 64 + 64 * 10 + 10


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("arguments", [{}, {"batch_norm": True}, {"dropout": 0.5, "l2": 1e-3, "activation": "gelu"}])
def test_outputs_are_logits_of_the_right_shape(name, arguments):
    model = MODELS[name]((8, 8, 1), 7, **arguments)
    outputs = model(np.random.default_rng(0).random((5, 8, 8, 1), np.float32)).numpy()
    assert outputs.shape == (5, 7)
    assert outputs.dtype == np.float32
    assert not np.allclose(outputs.sum(axis=1), 1)


@pytest.mark.parametrize("name", MODELS)
def test_names_of_weights_do_not_depend_on_what_was_built_before(name):
    paths = [[weight.path for weight in MODELS[name]((8, 8, 1), 10, batch_norm=True).weights] for _ in range(2)]
    assert paths[0] == paths[1]


@pytest.mark.parametrize("name", MODELS)
def test_the_penalty_covers_every_kernel(name):
    model = MODELS[name]((8, 8, 1), 10, l2=0.5)
    kernels = [weight.numpy() for weight in model.weights if weight.path.endswith("kernel")]
    expected = 0.5 * sum(np.sum(kernel.astype(np.float64) ** 2) for kernel in kernels)
    np.testing.assert_allclose(sum(float(loss) for loss in model.losses), expected, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_dropout_acts_in_training_only(name):
    model = MODELS[name]((8, 8, 1), 10, dropout=0.5)
    images = np.ones((4, 8, 8, 1), np.float32)
    np.testing.assert_array_equal(model(images, training=False), model(images, training=False))
    assert not np.array_equal(model(images, training=True), model(images, training=True))


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_predicts_the_same(name, tmp_path):
    model = MODELS[name]((8, 8, 1), 10, dropout=0.5, l2=0.1)
    images = np.random.default_rng(0).random((4, 8, 8, 1), np.float32)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
