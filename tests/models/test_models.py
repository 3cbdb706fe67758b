"""What holds for every model: logits out, explicit names, one program for all dropout rates and strengths."""

import keras
import numpy as np
import pytest

from ablate.models.cnn import cnn
from ablate.models.mlp import mlp
from ablate.models.resnet import resnet
from ablate.models.small_cnn import small_cnn
from ablate.models.subclassed import Subclassed
from ablate.models.vit import vit
from ablate.training.randomness import initialise

MODELS = {"mlp": mlp, "small_cnn": small_cnn, "cnn": cnn, "resnet": resnet, "vit": vit, "subclassed": Subclassed}
VARIANTS = {
    "mlp": [{}, {"batch_norm": True}, {"dropout": 0.5, "l2": 1e-3, "activation": "gelu"}],
    "small_cnn": [{}, {"batch_norm": True}, {"dropout": 0.5, "l2": 1e-3, "activation": "gelu"}],
    "cnn": [{}, {"batch_norm": True}],
    "resnet": [{}, {"blocks": 2, "filters": [4, 8]}],
    "subclassed": [{}, {"batch_norm": True}, {"hidden": [], "activation": "gelu"}],
    "vit": [{}, {"patch": 2, "width": 12, "heads": 3, "blocks": 1, "dropout": 0.5}],
}


def test_parameters_of_the_perceptron_by_hand():
    assert mlp((28, 28, 1), 10, hidden=[128]).count_params() == 784 * 128 + 128 + 128 * 10 + 10
    # Batch normalisation: no bias, but scale, shift, and two running statistics a unit.
    assert mlp((28, 28, 1), 10, hidden=[128], batch_norm=True).count_params() == 784 * 128 + 4 * 128 + 128 * 10 + 10
    assert mlp((28, 28, 1), 10, hidden=[]).count_params() == 784 * 10 + 10


def test_parameters_of_the_small_network_by_hand():
    convolutions = 9 * 1 * 16 + 16 + 9 * 16 * 32 + 32
    assert small_cnn((8, 8, 1), 10).count_params() == convolutions + 2 * 2 * 32 * 64 + 64 + 64 * 10 + 10


def test_the_network_of_the_tutorials_has_its_parameters():
    assert cnn((28, 28, 1), 10).count_params() == 863_082


def test_the_network_of_tutorials_on_loops_has_its_parameters():
    model = small_cnn((28, 28, 1), 10, filters=[32], padding="valid")
    assert model.count_params() == (9 * 32 + 32) + (13 * 13 * 32 * 64 + 64) + (64 * 10 + 10) == 347_146


@pytest.mark.parametrize("arguments", [{"hidden": [6, 5]}, {"batch_norm": True, "dropout": 0.5, "l2": 0.1}])
def test_a_subclass_has_the_weights_of_the_functional_network(arguments):
    ours, theirs = Subclassed((8, 8, 1), 10, **arguments), mlp((8, 8, 1), 10, **arguments)
    for model in (ours, theirs):
        initialise(model, seed=3, salt=0)
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]
    images = np.random.default_rng(0).random((4, 8, 8, 1), np.float32)
    for training in (False, True):
        np.testing.assert_array_equal(ours(images, training=training), theirs(images, training=training))


def test_parameters_of_the_residual_network_by_hand():
    def convolution(inputs: int, filters: int, size: int = 3) -> int:
        return size * size * inputs * filters + 4 * filters  # no bias; four numbers a filter to normalise

    first, second = convolution(3, 16), 2 * convolution(16, 16)
    third = convolution(16, 32) + convolution(32, 32) + convolution(16, 32, size=1)
    fourth = convolution(32, 64) + convolution(64, 64) + convolution(32, 64, size=1)
    assert resnet((32, 32, 3), 10).count_params() == first + second + third + fourth + 64 * 10 + 10


def test_three_blocks_make_the_residual_network_of_twenty_layers():
    """He et al. 2016, table 6: 0.27 million parameters, where shortcuts have none and running statistics do not
    count."""
    model = resnet((32, 32, 3), 10, blocks=3)
    weights = [weight for weight in model.trainable_weights if "shortcut" not in weight.path]
    assert sum(np.prod(weight.shape) for weight in weights) == 269_722


def test_parameters_of_the_transformer_by_hand():
    norm, attention, perceptron = 2 * 64, 4 * (64 * 64 + 64), 64 * 128 + 128 + 128 * 64 + 64
    tokens = 16 * 64 + 64 + 49 * 64
    assert vit((28, 28, 1), 10).count_params() == tokens + 4 * (2 * norm + attention + perceptron) + norm + 650


def test_patches_are_what_a_strided_convolution_sees():
    images = np.random.default_rng(0).random((2, 8, 12, 3), np.float32)
    model = vit((8, 12, 3), 10, blocks=1)
    embedded = keras.Model(model.input, model.get_layer("embedding").output)(images)
    kernel = np.reshape(model.get_layer("embedding").kernel, (4, 4, 3, 64))
    expected = keras.ops.conv(images, kernel, strides=4, padding="valid")
    np.testing.assert_allclose(embedded, np.reshape(expected, (2, 6, 64)), atol=1e-5)


def test_a_transformer_knows_where_a_patch_stands():
    model = vit((8, 8, 1), 10, blocks=1)
    images = np.random.default_rng(0).random((1, 8, 8, 1), np.float32)
    swapped = np.roll(images, 4, axis=1)  # the upper patches below and the lower ones above
    assert np.abs(model(images) - model(swapped)).max() > 1e-4
    model.get_layer("positions").embeddings.assign(np.zeros((4, 64)))
    np.testing.assert_allclose(model(images), model(swapped), atol=1e-5)


@pytest.mark.parametrize("arguments", [{"patch": 3}, {"width": 10, "heads": 4}])
def test_a_transformer_that_does_not_divide_is_refused(arguments):
    with pytest.raises(ValueError, match=r"multiple of heads|do not tile"):
        vit((8, 8, 1), 10, **arguments)


@pytest.mark.parametrize("name", MODELS)
def test_the_seed_draws_every_weight_that_is_random(name):
    model = MODELS[name]((8, 8, 1), 10)
    drawn = []
    for seed in (0, 1, 0):
        initialise(model, seed, salt=0)
        drawn.append({weight.path: weight.numpy() for weight in model.weights})
    for path, first in drawn[0].items():
        np.testing.assert_array_equal(first, drawn[2][path])
        same = np.array_equal(first, drawn[1][path])
        assert same == (np.ptp(first) == 0), path  # what is constant, as a bias of zeros, is no draw


@pytest.mark.parametrize(("name", "arguments"), [(name, each) for name in MODELS for each in VARIANTS[name]])
def test_outputs_are_logits_of_the_right_shape(name, arguments):
    model = MODELS[name]((8, 8, 1), 7, **arguments)
    outputs = model(np.random.default_rng(0).random((5, 8, 8, 1), np.float32)).numpy()
    assert outputs.shape == (5, 7)
    assert outputs.dtype == np.float32
    assert not np.allclose(outputs.sum(axis=1), 1)


@pytest.mark.parametrize("name", MODELS)
def test_names_of_weights_do_not_depend_on_what_was_built_before(name):
    paths = [[weight.path for weight in MODELS[name]((8, 8, 1), 10).weights] for _ in range(2)]
    assert paths[0] == paths[1]


@pytest.mark.parametrize("name", MODELS)
def test_the_penalty_covers_every_kernel(name):
    model = MODELS[name]((8, 8, 1), 10, l2=0.5)
    kernels = [weight.numpy() for weight in model.weights if weight.path.endswith("kernel")]
    expected = 0.5 * sum(np.sum(kernel.astype(np.float64) ** 2) for kernel in kernels)
    np.testing.assert_allclose(sum(float(loss) for loss in model.losses), expected, rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "resnet"])
def test_dropout_acts_in_training_only(name):
    model = MODELS[name]((8, 8, 1), 10, dropout=0.5)
    images = np.ones((4, 8, 8, 1), np.float32)
    np.testing.assert_array_equal(model(images, training=False), model(images, training=False))
    assert not np.array_equal(model(images, training=True), model(images, training=True))


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_predicts_the_same(name, tmp_path):
    model = MODELS[name]((8, 8, 1), 10, l2=0.1)
    images = np.random.default_rng(0).random((4, 8, 8, 1), np.float32)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
