"""Two models in one: the shapes of both, and latent points that the seed draws."""

import keras
import numpy as np
import pytest

from ablate.models.gan import Gan
from ablate.training.randomness import initialise

IMAGES = np.random.default_rng(0).random((5, 4, 4, 1), np.float32)


def gan(seed: int = 0, **arguments) -> Gan:
    keras.utils.clear_session(free_memory=False)
    model = Gan((4, 4, 1), outputs=10, **{"latent": 3, "hidden": [8, 6], **arguments})
    initialise(model, seed, salt=0)
    return model


def test_parameters_by_hand():
    generator = (3 * 6 + 6) + (6 * 8 + 8) + (8 * 16 + 16)
    discriminator = (16 * 8 + 8) + (8 * 6 + 6) + (6 * 1 + 1)
    assert gan().generator.count_params() == generator
    assert gan().discriminator.count_params() == discriminator
    assert gan().count_params() == generator + discriminator


def test_weights_are_named_by_their_model():
    names = [weight.path.split("_")[0] for weight in gan().trainable_weights]
    assert names == ["generator"] * 6 + ["discriminator"] * 6


def test_called_it_is_the_discriminator_and_samples_are_images():
    model = gan()
    assert model(IMAGES).shape == (5, 1)
    samples = model.generator(model.noise(IMAGES)).numpy()
    assert samples.shape == IMAGES.shape
    assert 0 <= samples.min() < samples.max() <= 1


def test_latent_points_are_the_seeds_the_same_in_evaluation_and_new_at_every_step():
    one, other = gan(seed=0), gan(seed=1)
    points = one.noise(IMAGES).numpy()
    assert points.shape == (5, 3)
    assert -1 <= points.min() < 0 < points.max() < 1
    assert len(np.unique(points)) == points.size
    steps = [one.noise(IMAGES, training=True).numpy() for _ in range(2)]
    assert not np.array_equal(steps[0], steps[1])
    assert not np.array_equal(steps[0], points)
    np.testing.assert_array_equal(one.noise(IMAGES), points)
    assert not np.array_equal(other.noise(IMAGES), points)
    np.testing.assert_array_equal(gan(seed=0).noise(IMAGES), points)


def test_a_saved_one_judges_and_makes_the_same(tmp_path):
    model = gan(dropout=0.25)
    model.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded(IMAGES), model(IMAGES))
    latent = model.noise(IMAGES)
    np.testing.assert_array_equal(loaded.generator(latent), model.generator(latent))


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="generator of images"):
        Gan((10,), outputs=10)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_in_half_precision_images_and_judgements_have_all_their_digits(precision):
    keras.config.set_dtype_policy(precision)
    try:
        model = gan()
        images = model.generator(model.noise(IMAGES))
        assert (images.dtype, model(images).dtype) == ("float32", "float32")
    finally:
        keras.config.set_dtype_policy("float32")
