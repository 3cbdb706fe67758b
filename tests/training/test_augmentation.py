"""Augmentation against scipy's resampling, and its promises: keyed, the same everywhere, nothing at strength 0."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from ablate.training import augmentation as module
from ablate.training.augmentation import (
    random_cutout,
    random_flip,
    random_rotation,
    random_shift,
    random_zoom,
    resample,
    standard,
)
from ablate.training.fit import fit
from ablate.training.settings import TrainingSettings
from tests.training.problems import blobs, model, program, run

IMAGES = tf.constant(np.random.default_rng(0).random((64, 9, 12, 2), np.float32) + 0.1)
KEY, STEP = tf.constant([3, 4], tf.uint32), tf.constant(7, tf.int64)
KINDS = {
    "shift": partial(random_shift, fraction=0.2),
    "rotation": partial(random_rotation, degrees=30.0),
    "zoom": partial(random_zoom, fraction=0.3),
    "flip": partial(random_flip, probability=0.5),
    "cutout": partial(random_cutout, fraction=0.5),
    "standard": partial(standard, shift=0.1, rotation=20.0, zoom=0.2, flip=0.5, cutout=0.3),
}


def column(values) -> tf.Tensor:
    return tf.constant(np.reshape(values, (-1, 1)), tf.float32)


@pytest.mark.parametrize(
    ("angle", "scale", "offset"),
    [(0.0, 1.0, (1.3, -2.6)), (0.4, 1.0, (0.0, 0.0)), (0.0, 0.7, (0.0, 0.0)), (-0.9, 1.4, (0.6, 2.2))],
    ids=["shift", "rotation", "zoom", "all"],
)
def test_resampling_agrees_with_scipy(angle, scale, offset):
    """scipy asks where each pixel comes from: position → matrix · position + shift."""
    ours = resample(IMAGES[:1], column(angle), column(scale), tf.constant([offset]))[0].numpy()
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    centre = (np.array(ours.shape[:2]) - 1) / 2
    source = centre - turn @ (centre + offset)
    for channel in range(ours.shape[-1]):
        image = IMAGES[0, :, :, channel].numpy()
        expected = ndimage.affine_transform(image, turn, source, order=1, mode="grid-constant", cval=0.0)
        np.testing.assert_allclose(ours[..., channel], expected, atol=2e-6)


def test_whole_pixels_move_exactly_and_down_and_right():
    moved = resample(IMAGES[:1], column(0.0), column(1.0), tf.constant([[2.0, 3.0]]))[0].numpy()
    np.testing.assert_array_equal(moved[2:, 3:], IMAGES[0].numpy()[:-2, :-3])
    assert not moved[:2].any()
    assert not moved[:, :3].any()


def test_a_positive_angle_turns_counter_clockwise():
    square = IMAGES[:1, :, :9]
    turned = resample(square, column(np.pi / 2), column(1.0), tf.zeros((1, 2)))[0].numpy()
    np.testing.assert_allclose(turned[1:-1, 1:-1], np.rot90(square[0].numpy())[1:-1, 1:-1], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_key_and_step_decide_and_every_image_has_numbers_of_its_own(kind):
    augment = KINDS[kind]
    same = tf.repeat(IMAGES[:1], 64, axis=0)
    first = augment(same, KEY, STEP).numpy()
    np.testing.assert_array_equal(augment(same, KEY, STEP), first)
    assert not np.array_equal(augment(same, KEY, STEP + 1), first)
    assert not np.array_equal(augment(same, KEY + 1, STEP), first)
    assert len({image.tobytes() for image in first}) > 1


@pytest.mark.parametrize("jit_compile", [False, True])
def test_engines_agree(jit_compile):
    compiled = tf.function(KINDS["standard"], jit_compile=jit_compile)
    np.testing.assert_allclose(compiled(IMAGES, KEY, STEP), KINDS["standard"](IMAGES, KEY, STEP), atol=1e-5)


def test_kinds_act_alone_as_they_do_together():
    together = standard(IMAGES, KEY, STEP, shift=0.2, flip=0.5, cutout=0.4)
    row = random_cutout(random_shift(random_flip(IMAGES, KEY, STEP, 0.5), KEY, STEP, 0.2), KEY, STEP, 0.4)
    np.testing.assert_array_equal(together, row)


def test_kinds_draw_from_streams_of_their_own():
    streams = (module.SHIFT, module.ROTATION, module.ZOOM, module.FLIP, module.CUTOUT)
    draws = np.array([module._draws(KEY, stream, STEP, 1000)[:, 0] for stream in streams])
    correlations = np.corrcoef(draws) - np.eye(len(streams))
    assert np.abs(correlations).max() < 4 / np.sqrt(1000)


def test_a_flip_mirrors_the_columns_of_about_half_the_images():
    flipped = random_flip(IMAGES, KEY, STEP, 0.5).numpy()
    mirrored = np.array([np.array_equal(ours, image[:, ::-1]) for ours, image in zip(flipped, IMAGES, strict=True)])
    kept = np.array([np.array_equal(ours, image) for ours, image in zip(flipped, IMAGES, strict=True)])
    assert np.all(mirrored ^ kept)
    assert 16 < mirrored.sum() < 48  # 32 ± 4 standard deviations
    np.testing.assert_array_equal(random_flip(IMAGES, KEY, STEP, 1.0), IMAGES[:, :, ::-1])


def test_a_cutout_is_one_square_about_any_pixel():
    holes = random_cutout(IMAGES, KEY, STEP, 0.45).numpy()[..., 0] == 0
    side = 4  # 0.45 of 9 rows
    for hole in holes:
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        assert hole.sum() == len(rows) * len(columns)
        assert side // 2 <= len(rows) <= side
        assert side // 2 <= len(columns) <= side
    assert holes.any(axis=0).all()
    assert holes.sum(axis=(1, 2)).max() == side**2


def test_shifts_reach_their_limit_and_no_further():
    row = tf.constant(np.eye(1, 41, 20, dtype=np.float32).reshape(1, 1, 41, 1).repeat(500, axis=0))
    shifted = random_shift(row, KEY, STEP, 0.1).numpy()[:, 0, :, 0]
    offsets = shifted @ np.arange(41) / np.maximum(shifted.sum(axis=1), 1e-6) - 20
    inside = shifted.sum(axis=1) > 1e-3  # the others left through the top or the bottom of their only row
    assert np.abs(offsets[inside]).max() <= 4.1 + 1e-4
    assert offsets[inside].min() < -3.9
    assert offsets[inside].max() > 3.9


@pytest.mark.parametrize("augment", [*KINDS.values()], ids=[*KINDS])
def test_what_is_no_image_is_refused(augment):
    with pytest.raises(ValueError, match=r"takes images \[batch, height, width, channels\]"):
        augment(tf.zeros((8, 5)), KEY, STEP)


DATA = blobs()


@pytest.fixture(scope="module")
def augmented():
    return program("sgd", "eager", augment=KINDS["standard"])


def test_strength_zero_is_no_augmentation_to_the_last_bit(augmented):
    zero = partial(standard, shift=0.0, rotation=0.0, zoom=0.0, flip=0.0, cutout=0.0)
    with_none = run(program("sgd", "eager"), DATA).history
    assert run(program("sgd", "eager", augment=zero), DATA).history == with_none
    assert run(augmented, DATA).history != with_none


def test_a_used_program_augments_as_a_new_one(augmented):
    run(augmented, DATA, seed=1)
    again = run(augmented, DATA).history
    assert run(program("sgd", "eager", augment=KINDS["standard"]), DATA).history == again


def test_the_key_of_a_run_reaches_its_augmentation(augmented):
    histories = []
    for key in ((0, 0), (0, 1), (0, 0)):
        augmented.start(model(), augment_key=key)
        histories.append(fit(augmented, DATA, TrainingSettings(epochs=1), learning_rate=0.1).history)
    assert histories[0] == histories[2] != histories[1]


def test_only_training_examples_are_augmented():
    """At a learning rate of 0 the training loss is that of other images, the validation loss is not."""
    none, cut = (
        run(program("sgd", "eager", **options), DATA, epochs=2, learning_rate=0.0).history
        for options in ({}, {"augment": KINDS["cutout"]})
    )
    assert none["val_loss"] == cut["val_loss"]
    assert cut["loss"][0] != cut["loss"][1]  # by the step as well
    np.testing.assert_allclose(none["loss"][0], none["loss"][1], rtol=1e-6)
