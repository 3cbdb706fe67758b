"""Probes that look at single examples: displaced ones, their probabilities, the few that a report shows."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from ablate.models.small_cnn import small_cnn
from ablate.probes import Measured, NotApplicable, Subject, probabilities, samples, sensitivity
from ablate.probes.answers import class_probabilities, hidden_maps
from ablate.probes.sensitivity import KINDS, displaced
from ablate.training.feeding import Split
from ablate.training.losses import cross_entropy
from tests.runner.scripted import scripted_spec

SIDE = 8


def halves(side: int = SIDE) -> keras.Model:
    """Class 0 where the left half of an image is brighter, class 1 where the right one is."""
    inputs = keras.Input((side, side, 1))
    logits = keras.layers.Dense(2, use_bias=False, name="logits")(keras.layers.Flatten(name="flatten")(inputs))
    model = keras.Model(inputs, logits)
    is_right = np.broadcast_to(np.arange(side) >= side / 2, (side, side)).reshape(-1)
    model.set_weights([np.stack([~is_right, is_right], axis=1).astype(np.float32)])
    return model


def perceptron(seed: int = 0) -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, 1))
    units = keras.layers.Dense(5, name="hidden_1")(keras.layers.Flatten(name="flatten")(inputs))
    units = keras.layers.Activation("relu", name="activation_1")(units)
    model = keras.Model(inputs, keras.layers.Dense(3, name="logits")(units))
    draws = np.random.default_rng(seed)
    model.set_weights([draws.standard_normal(values.shape) for values in model.get_weights()])
    return model


def subject_of(model: keras.Model, images: np.ndarray, labels: np.ndarray, scale: float = 255.0) -> Subject:
    split = Split.of(images, labels)
    train = Split.of(images[:12], labels[:12])
    return Subject(scripted_spec(0), model, cross_entropy, scale, train, split, split)


def drawn(examples: int = 40, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(3)
    images = draws.integers(0, 256, (examples, SIDE, SIDE, 1)).astype(np.uint8)
    return images, draws.integers(0, classes, examples).astype(np.int32)


def by_hand(model: keras.Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hidden units and probabilities of the perceptron."""
    first, first_bias, second, second_bias = model.get_weights()
    hidden = np.maximum(images.reshape(len(images), -1) / 255 @ first + first_bias, 0)
    exponentials = np.exp(hidden @ second + second_bias)
    return hidden, exponentials / exponentials.sum(axis=1, keepdims=True)


# displacement ----------------------------------------------------------------------------------------


def test_a_shift_of_whole_pixels_moves_them_four_ways() -> None:
    image = np.random.default_rng(0).random((1, SIDE, SIDE, 1), dtype=np.float32)
    moved = [np.asarray(each)[0, :, :, 0] for each in displaced(tf.constant(image), "shift", 2.0)]
    for offset, found in zip([(2, 0), (-2, 0), (0, 2), (0, -2)], moved, strict=True):
        assert found == pytest.approx(ndimage.shift(image[0, :, :, 0], offset, order=0), abs=1e-6)
    assert len(displaced(tf.constant(image), "shift", 0.0)) == 1


@pytest.mark.parametrize(("kind", "amount"), [("rotation", 30.0), ("rotation", -75.0), ("scale", 0.7), ("scale", 1.4)])
def test_rotation_and_scale_are_those_of_scipy(kind: str, amount: float) -> None:
    # A smooth image with an empty border: the two treat the outermost pixels differently.
    image = np.zeros((15, 15), np.float32)
    image[3:-3, 3:-3] = np.random.default_rng(0).random((9, 9))
    (found,) = displaced(tf.constant(image[None, :, :, None]), kind, amount)
    angle, scale = (np.deg2rad(amount), 1.0) if kind == "rotation" else (0.0, amount)
    # Rows grow downwards, so counter-clockwise to the eye takes (row, column) from (cos r + sin c, cos c − sin r).
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    expected = ndimage.affine_transform(image, matrix, offset=7 - matrix @ [7, 7], order=1)
    assert np.asarray(found)[0, :, :, 0] == pytest.approx(expected, abs=1e-4)


def test_counter_clockwise_is_to_the_eye() -> None:
    image = np.zeros((1, 5, 5, 1), np.float32)
    image[0, 2, 4] = 1.0  # at the right
    (turned,) = displaced(tf.constant(image), "rotation", 90.0)
    assert np.unravel_index(np.argmax(turned), (5, 5)) == (0, 2)  # at the top


def test_accuracies_are_counted_over_the_ways() -> None:
    """One bright pixel an image: which half it is in after a move to the right or left is known."""
    columns = np.arange(SIDE)
    images = np.zeros((SIDE, SIDE, SIDE, 1), np.float32)
    images[columns, 3, columns] = 1.0
    labels = (columns >= SIDE // 2).astype(np.int64)
    found = sensitivity.sensitivity(halves(), tf.constant(images), labels, "shift", [0, 1, 3])

    def correct(column: int, move: int) -> bool:
        landed = column + move
        # Out of the picture nothing is bright, and the first class is taken.
        seen = int(landed >= SIDE // 2) if 0 <= landed < SIDE else 0
        return seen == int(column >= SIDE // 2)

    sideways = [np.mean([correct(column, move) for column in columns for move in (-by, by)]) for by in (0, 1, 3)]
    assert found == pytest.approx([(1 + share) / 2 for share in sideways])
    with pytest.raises(ValueError, match="is no displacement"):
        displaced(tf.constant(images), "shear", 1.0)


def test_the_numbers_of_the_probe_are_points_of_its_curves() -> None:
    images, labels = drawn(classes=2)
    found = sensitivity.measure(subject_of(halves(), images, labels))
    curves = {kind: (found.arrays[f"{kind}/amount"], found.arrays[f"{kind}/accuracy"]) for kind in KINDS}
    at = {kind: dict(zip(*map(np.ndarray.tolist, curves[kind]), strict=True)) for kind in KINDS}
    assert found.values["test_accuracy_shifted"] == at["shift"][SIDE / 14]
    assert found.values["test_accuracy_rotated"] == np.mean([at["rotation"][-15.0], at["rotation"][15.0]])
    assert found.values["test_accuracy_scaled"] == np.mean([at["scale"][0.8], at["scale"][1.2]])
    left, right = (half.sum(axis=(1, 2, 3), dtype=int) for half in (images[:, :, :4], images[:, :, 4:]))
    upright = np.mean((right > left) == labels)
    assert at["shift"][0.0] == at["rotation"][0.0] == at["scale"][1.0] == pytest.approx(upright)


# probabilities and samples ---------------------------------------------------------------------------


def test_probabilities_and_hidden_units_are_those_of_the_weights() -> None:
    images, labels = drawn()
    model = perceptron()
    hidden, expected = by_hand(model, images)
    found = probabilities.measure(subject_of(model, images, labels))
    assert found.arrays["probability"] == pytest.approx(expected, abs=1e-5)
    assert found.arrays["label"].tolist() == labels.tolist()
    assert class_probabilities(model, images, 255.0) == pytest.approx(expected, abs=1e-5)
    answers = hidden_maps(model, images[3].astype(np.float32) / 255)
    assert list(answers) == ["activation_1"]
    assert answers["activation_1"] == pytest.approx(hidden[3], abs=1e-4)


def test_feature_maps_are_those_of_a_model_that_ends_in_their_layer() -> None:
    model = small_cnn((SIDE, SIDE, 1), outputs=3)
    image = drawn()[0][0].astype(np.float32) / 255
    found = hidden_maps(model, image)
    assert [values.ndim for values in found.values()] == [3, 3, 1], "two convolutions and a dense layer"
    for path, values in found.items():
        part = keras.Model(model.input, model.get_layer(path).output)
        assert values == pytest.approx(np.asarray(part(image[np.newaxis], training=False))[0], abs=1e-6)


def test_samples_show_the_same_examples_and_the_surest_mistakes() -> None:
    images, labels = drawn()
    first, second = (samples.measure(subject_of(perceptron(seed), images, labels)).arrays for seed in (0, 1))
    assert first["random/index"].tolist() == second["random/index"].tolist()
    assert len(first["random/index"]) == samples.SHOWN
    assert np.array_equal(first["random/image"], images[first["random/index"]])
    _, expected = by_hand(perceptron(0), images)
    wrong = np.flatnonzero(expected.argmax(axis=1) != labels)
    surest = sorted(wrong, key=lambda row: -expected[row].max())[: samples.SHOWN]
    assert first["mistake/index"].tolist() == surest
    assert first["mistake/label"].tolist() == labels[surest].tolist()
    assert first["mistake/probability"] == pytest.approx(expected[surest], abs=1e-5)
    assert first["classes/train"].tolist() == np.bincount(labels[:12], minlength=3).tolist()
    assert first["classes/test"].sum() == len(labels)


def test_a_model_without_mistakes_has_none_to_show() -> None:
    images, _ = drawn()
    model = perceptron()
    labels = by_hand(model, images)[1].argmax(axis=1).astype(np.int32)
    arrays = samples.measure(subject_of(model, images, labels)).arrays
    assert arrays["mistake/index"].shape == (0,)
    assert arrays["mistake/image"].shape == (0, SIDE, SIDE, 1)


def test_what_has_no_classes_or_no_images_is_said_to_have_none() -> None:
    images, labels = drawn()
    regression = subject_of(halves(), images, labels.astype(np.float32))
    for probe in (sensitivity, probabilities, samples):
        with pytest.raises(NotApplicable, match="a regression has no"):
            probe.measure(regression)
    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    rows = np.random.default_rng(0).random((20, 4), dtype=np.float32)
    table = subject_of(flat, rows, labels[:20])
    with pytest.raises(NotApplicable, match="no images"):
        sensitivity.measure(table)
    shown: Measured = samples.measure(table)
    assert "random/image" not in shown.arrays
    assert "random/probability" in shown.arrays
