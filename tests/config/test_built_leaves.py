"""What each leaf of conf/ describes does what the leaf says: an optimizer descends, a loss has its value, …

What is wrong with a leaf is seen here, what is wrong with the function it names in that function's own tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ablate.config.building import PARTIAL, build
from ablate.config.composing import composing
from ablate.config.overrides import parse_overrides
from ablate.config.runs import component
from ablate.core.records import METRICS
from ablate.datasets.arrays import DataError, RawData
from ablate.training import devices
from ablate.training.by_part import ByPart
from ablate.training.procedure import Procedure
from ablate.training.program import run_state
from ablate.training.randomness import initialise
from ablate.training.settings import TrainingSettings
from tests.config.support import load_run, tree
from tests.training.problems import OPTIMIZERS

# Before TensorFlow's first operation; a trainer in the same process wants one thread.
devices.configure("cpu", threads=1)

GROUPS = tree().groups
EPOCHS, STEPS = 30, 4


def built(group: str, choice: str, words: str = "") -> Any:
    """What the leaf describes, with these words of a command line after it."""
    with composing(tree()) as composer:
        leaf = composer.compose(parse_overrides(f"{group}={choice} {words}".split()))[group]
    described = component(leaf)
    return None if described is None else build(described, partial=leaf.get(PARTIAL, False))


def choices(group: str, *without: str) -> list[str]:
    return [choice for choice in GROUPS[group] if choice not in without]


# models ------------------------------------------------------------------------------------------------

# By hand, on images of 8 × 8 grey pixels and ten classes; weights that are not trained are counted.
PARAMETERS = {
    "mlp": 64 * 128 + 128 + 1290,
    "subclassed": 64 * 128 + 128 + 1290,
    "small_cnn": (9 * 16 + 16) + (9 * 16 * 32 + 32) + (4 * 32 * 64 + 64) + 650,
    # Without padding 8 × 8 pixels become 6 × 6, and after pooling 3 × 3.
    "tutorial_cnn": (9 * 32 + 32) + (9 * 32 * 64 + 64) + 650,
    "vit": (16 * 64 + 64) + 4 * 64 + 4 * (2 * 128 + 4 * (64 * 64 + 64) + 64 * 128 + 128 + 128 * 64 + 64) + 128 + 650,
}


@pytest.mark.parametrize("choice", choices("model", "gan"))
def test_a_model_takes_the_shape_of_the_data_and_gives_a_logit_a_class(choice: str) -> None:
    model = built("model", choice)(input_shape=(8, 8, 1), outputs=10)
    images = np.random.default_rng(0).random((3, 8, 8, 1), np.float32)
    logits = model(images, training=False).numpy()
    assert logits.shape == (3, 10)
    assert logits.dtype == np.float32
    # Probabilities would be positive and sum to one.
    assert logits.min() < 0
    assert model.count_params() == PARAMETERS.get(choice, model.count_params())


@pytest.mark.parametrize("choice", choices("model"))
def test_a_model_draws_nothing_while_it_is_built_but_what_initialise_draws_again(choice: str) -> None:
    """The trainer builds a model of ours once, and draws other seeds into it."""

    def drawn(global_seed: int) -> list[np.ndarray]:
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(global_seed)
        model = built("model", choice)(input_shape=(28, 28, 1), outputs=10)
        initialise(model, seed=3, salt=0)
        return [variable.numpy() for variable in run_state(model)]

    for one, other in zip(drawn(1), drawn(2), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_generator_and_its_discriminator_take_each_others_images() -> None:
    gan = built("model", "gan")(input_shape=(8, 8, 1), outputs=10)
    generated = gan.generator(np.zeros((3, 32), np.float32))
    assert generated.shape == (3, 8, 8, 1)
    assert gan(generated).shape == (3, 1)


# optimizers --------------------------------------------------------------------------------------------


def bowl() -> list[keras.Variable]:
    """A hidden and an output kernel away from zero, where the sum of their squares is least."""
    kernels = []
    for layer in ("hidden_1", "logits"):
        with keras.name_scope(layer):
            kernels.append(keras.Variable(np.linspace(1.0, 2.0, 12).reshape(4, 3), dtype="float32", name="kernel"))
    return kernels


# Which elements of the kernels the sum is of: the gradients of the others are zero, as those of pixels that are
# always 0 and of units that are never active.
BOWLS = {
    "all": np.ones((4, 3), np.float32),
    "without a row": np.float32([[1, 1, 1], [0, 0, 0], [1, 1, 1], [1, 1, 1]]),
    "without rows and a column": np.float32([[1, 0, 1], [0, 0, 0], [1, 0, 1], [0, 0, 0]]),
    "none": np.zeros((4, 3), np.float32),
}


@pytest.mark.parametrize("counts", BOWLS.values(), ids=BOWLS)
@pytest.mark.parametrize("choice", choices("optimizer"))
def test_an_optimizer_descends_at_its_own_learning_rate(choice: str, counts: np.ndarray) -> None:
    optimizer, kernels = built("optimizer", choice), bowl()
    before = [kernel.numpy() for kernel in kernels]
    optimizer.build(kernels)
    for step in range(5):
        optimizer.apply([2 * counts * kernel.value for kernel in kernels], kernels)
        if step == 0:
            # Of a leaf's own rate, from 0.0001 to 0.01, at a slope of at most 4.
            steps = [np.abs(kernel.numpy() - values).max() for kernel, values in zip(kernels, before, strict=True)]
            assert max(steps) < 0.1
    for kernel, values in zip(kernels, before, strict=True):
        assert np.isfinite(kernel.numpy()).all()
        if counts.any():
            assert np.sum(counts * kernel.numpy() ** 2) < np.sum(counts * values**2)


@pytest.mark.parametrize("choice", choices("optimizer"))
def test_an_optimizer_is_that_of_its_name(choice: str) -> None:
    ours, theirs = built("optimizer", choice), OPTIMIZERS[choice]()
    assert type(ours) is type(theirs)
    assert getattr(ours, "momentum", None) == getattr(theirs, "momentum", None)
    assert getattr(ours, "nesterov", None) == getattr(theirs, "nesterov", None)
    if not isinstance(ours, ByPart):
        spec = load_run(f"optimizer={choice} optimizer.learning_rate=0.125")
        assert float(build(spec.optimizer).learning_rate) == 0.125


# losses ------------------------------------------------------------------------------------------------

LOGITS, LABEL = np.log([0.5, 0.3, 0.2]), 1
CROSS_ENTROPY, BRIER = -math.log(0.3), 0.5**2 + 0.7**2 + 0.2**2
CONFIDENCE = 0.5 * math.log(0.5) + 0.3 * math.log(0.3) + 0.2 * math.log(0.2) + math.log(3)
# Of the probabilities ½, 3/10 and 1/5, of which the second is the true class's; or of the output 3 and the target 1.
VALUES = {
    "cross_entropy": CROSS_ENTROPY,
    "smoothed_cross_entropy": 0.9 * CROSS_ENTROPY - 0.1 * math.log(0.5 * 0.3 * 0.2) / 3,
    "focal": 0.7**2 * CROSS_ENTROPY,
    "brier": BRIER,
    "weighted": CROSS_ENTROPY + BRIER + 0.1 * CONFIDENCE,
    "mse": 4.0,
    "mae": 2.0,
    "huber": 1.5,
    "binary_cross_entropy": math.log1p(math.exp(-3)),
    "least_squares": 4.0,
}


@pytest.mark.parametrize("choice", choices("loss"))
def test_a_loss_has_the_value_that_its_formula_gives(choice: str) -> None:
    loss = built("loss", choice)
    # A class, whose weights are variables, waits to be made.
    loss = loss() if choice == "weighted" else loss
    of_classes = choice in ("cross_entropy", "smoothed_cross_entropy", "focal", "brier", "weighted")
    targets, outputs = ([LABEL], [LOGITS]) if of_classes else ([1.0], [[3.0]])
    value = loss(tf.constant(targets), tf.constant(outputs, tf.float32))
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, [VALUES[choice]], rtol=1e-5)


# schedules ---------------------------------------------------------------------------------------------

# The rate of the first step of the first epoch and of the twenty-first of thirty, of an optimizer's rate of 1.
RATES = {
    "constant": (1.0, 1.0),
    "cosine": (1 / STEPS, (1 + math.cos(math.pi * 19 / 29)) / 2),
    "exponential": (1.0, 0.95**20),
    "per_epoch": (1.0, 0.95**20),
    "piecewise": (1.0, 0.1),
}


@pytest.mark.parametrize("choice", choices("schedule"))
def test_a_schedule_gives_a_rate_a_step(choice: str) -> None:
    schedule = built("schedule", choice)
    epochs = [schedule(learning_rate=1.0, epoch=epoch, epochs=EPOCHS, steps=STEPS) for epoch in range(EPOCHS)]
    rates = np.array(epochs)
    assert rates.shape == (EPOCHS, STEPS)
    assert (rates.min() > 0) & (rates.max() <= 1)
    assert (rates[0, 0], rates[20, 0]) == pytest.approx(RATES[choice])


# augmentations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", choices("augment", "none"))
def test_an_augmentation_keeps_shape_and_type_and_changes_what_it_is_given(choice: str) -> None:
    images = np.random.default_rng(0).random((6, 8, 6, 2), np.float32)
    changed = built("augment", choice)(tf.constant(images), tf.constant([1, 2], tf.uint32), tf.constant(0))
    assert changed.shape == images.shape
    assert changed.dtype == tf.float32
    assert not np.array_equal(changed, images)
    assert np.array_equal(changed, built("augment", choice)(tf.constant(images), tf.constant([1, 2], tf.uint32), 0))


def test_a_strength_that_is_said_is_the_strength_that_is_used() -> None:
    images = tf.constant(np.random.default_rng(0).random((6, 8, 6, 1), np.float32))
    key = tf.constant([1, 2], tf.uint32)
    words = {"flip": "probability=1.0", "cutout": "fraction=0.0", "shift": "fraction=0.0"}
    expected = {"flip": images[:, :, ::-1], "cutout": images, "shift": images}
    for choice, word in words.items():
        augmented = built("augment", choice, f"augment.{word}")(images, key, tf.constant(0))
        np.testing.assert_array_equal(augmented, expected[choice])


# data sets ---------------------------------------------------------------------------------------------


def _pictures(*shape: int) -> dict[str, np.ndarray]:
    """Arrays as Keras lays them out: twenty images for training, ten for the test."""
    generator = np.random.default_rng(0)
    images = generator.integers(256, size=(30, *shape), dtype=np.uint8)
    labels = np.arange(30, dtype=np.uint8) % 10
    return {"x_train": images[:20], "y_train": labels[:20], "x_test": images[20:], "y_test": labels[20:]}


def _archive(name: str, **arrays: np.ndarray) -> Callable[[Path], None]:
    return lambda folder: np.savez(folder / name, **arrays)


def _table(folder: Path) -> None:
    rows = np.random.default_rng(0).random((12, 3)).round(6)
    (folder / "mine.csv").write_text("a,b,price\n" + "".join(f"{a},{b},{price}\n" for a, b, price in rows))


def _folder(folder: Path) -> None:
    for number in range(4):
        path = folder / "flowers" / f"class_{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((28, 28), 50 * number, np.uint8)).save(path)


def _nothing(folder: Path) -> None:
    """What comes with a library is found without a file."""


HOUSES = {"x": np.random.default_rng(0).random((20, 8)), "y": np.linspace(15_000.0, 500_000.0, 20)}
# What lies in the data folder, the words that name it, and what is read of it: shape of an example and classes.
SOURCES: dict[str, tuple[Callable[[Path], None], str, tuple[int, ...], int | None]] = {
    "digits": (_nothing, "", (8, 8, 1), 10),
    "diabetes": (_nothing, "", (10,), None),
    "mnist": (_archive("mnist.npz", **_pictures(28, 28)), "", (28, 28, 1), 10),
    "mnist_last_5000": (_archive("mnist.npz", **_pictures(28, 28)), "dataset.validation_last=5", (28, 28, 1), 10),
    "fashion_mnist": (_archive("fashion_mnist.npz", **_pictures(28, 28)), "", (28, 28, 1), 10),
    "cifar10": (_archive("cifar10.npz", **_pictures(32, 32, 3)), "", (32, 32, 3), 10),
    "cifar10_subset": (_archive("cifar10_subset.npz", **_pictures(32, 32, 3)), "", (32, 32, 3), 10),
    "california_housing": (_archive("california_housing.npz", **HOUSES), "", (8,), None),
    "npz": (_archive("mine.npz", **_pictures(5, 4, 1)), "dataset.path=mine.npz dataset.classes=10", (5, 4, 1), 10),
    "csv": (_table, "dataset.path=mine.csv dataset.target=price", (2,), None),
    "image_folder": (_folder, "dataset.path=flowers", (28, 28, 1), 2),
}


@pytest.fixture(autouse=True)
def empty_keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


@pytest.mark.parametrize("choice", choices("dataset", "tfds"))
def test_a_data_set_is_read_from_where_its_leaf_says(choice: str, tmp_path: Path) -> None:
    lay, words, shape, classes = SOURCES[choice]
    lay(tmp_path)
    data = built("dataset", choice, words)(data_dir=tmp_path)
    assert isinstance(data, RawData)
    assert (data.example_shape, data.classes) == (shape, classes)
    assert len(data.train.features) == len(data.train.targets) > 0
    assert data.train.targets.dtype == (np.float32 if classes is None else np.int32)
    assert float(data.train.features.max()) / data.scale <= (1.0 if len(shape) == 3 and choice != "npz" else 255.0)


@pytest.mark.parametrize("choice", ["npz", "csv", "image_folder", "tfds"])
def test_a_data_set_of_ones_own_asks_for_what_its_leaf_leaves_out(choice: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dataset\.(path|name)"):
        built("dataset", choice)(data_dir=tmp_path)


# the rest ----------------------------------------------------------------------------------------------


def test_a_procedure_scores_with_a_metric_that_is_known() -> None:
    procedure = built("procedure", "adversarial")
    assert isinstance(procedure, Procedure)
    assert procedure.score(np.zeros(3, np.int32)) in METRICS


def test_nothing_is_built_where_nothing_is_asked_for() -> None:
    assert built("augment", "none") is None
    assert built("procedure", "supervised") is None


def test_training_is_that_of_the_dataclass() -> None:
    assert built("training", "default") == TrainingSettings()


@pytest.mark.parametrize("choice", choices("executor"))
def test_an_executor_has_a_place_for_a_run_and_none_for_nothing(choice: str) -> None:
    executor = built("executor", choice, "" if choice == "inline" else "executor.workers=3")
    todo = [load_run(f"seed={seed}") for seed in range(5)]
    assert executor.worker_count(todo[:1]) == 1
    assert executor.worker_count(todo) == (1 if choice == "inline" else 3)
