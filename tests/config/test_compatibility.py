"""What fits a data set: sizes, and metrics of its task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablate.config.building import build
from ablate.config.compatibility import comparable, fit_problems, watched
from ablate.config.composing import composing
from ablate.config.overrides import parse_overrides
from ablate.config.runs import component
from ablate.datasets.arrays import Examples, RawData
from ablate.datasets.splits import cut
from ablate.training.metrics import classification_metrics, regression_metrics
from tests.config.support import FakeFacts, load_run, tree, write

DIGITS = FakeFacts()


def config(**changes: Any) -> dict[str, Any]:
    monitor = changes.get("monitor", "val_loss")
    return {
        "dataset": {"validation_fraction": changes.get("fraction", 0.1), "validation_last": changes.get("last")},
        "training": {
            "batch_size": changes.get("batch_size", 1),
            "early_stopping": {"monitor": monitor},
            "plateau": {"monitor": "val_loss"},
        },
        "loss": {"_target_": "a.loss", "_task_": changes.get("task")},
        "model": {"_target_": "a.model", "_task_": changes.get("model")},
        "procedure": {"_target_": "a.procedure", "_task_": changes.get("procedure")},
        "augment": {"_target_": None},
    }


def keys(facts: FakeFacts = DIGITS, metric: str | None = None, **changes: Any) -> list[str]:
    return [problem.key for problem in fit_problems(config(**changes), facts, metric)]


@pytest.mark.parametrize("examples", [10, 25, 101])
@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.25, 0.96, 0.999])
def test_the_largest_batch_is_what_the_cut_leaves(examples: int, fraction: float) -> None:
    data = Examples(np.zeros((examples, 1), np.float32), np.arange(examples, dtype=np.int32) % 3)
    try:
        parts = cut(RawData(data, data, classes=3, scale=1.0, files=()), fraction, None, 0)
    except Exception:
        assert keys(FakeFacts(train_examples=examples), fraction=fraction) == ["dataset.validation_fraction"]
        return
    facts = FakeFacts(train_examples=examples)
    assert keys(facts, fraction=fraction, batch_size=len(parts.train)) == []
    assert keys(facts, fraction=fraction, batch_size=len(parts.train) + 1) == ["training.batch_size"]


def test_the_last_examples_leave_some_to_train_on() -> None:
    facts = FakeFacts(train_examples=10)
    assert keys(facts, last=9) == []
    assert keys(facts, last=10) == ["dataset.validation_last"]


def test_a_loss_is_for_its_task_or_for_either() -> None:
    regression = FakeFacts(classes=None)
    assert keys(task="regression") == keys(regression, task="classification") == ["loss"]
    assert keys(task="classification") == keys(regression, task="regression") == keys(task=None) == []


def test_a_procedure_can_be_for_another_task_than_the_data_set() -> None:
    generation = {"procedure": "generation", "model": "generation", "task": "generation"}
    assert keys(**generation) == keys(FakeFacts(classes=None), **generation) == []
    assert keys(**{**generation, "task": "classification"}) == ["loss"]
    assert keys(**{**generation, "model": None}) == ["model"]
    assert keys(model="generation") == ["model"]
    assert keys(metric="val_frechet_distance", **generation) == []
    assert keys(metric="val_accuracy", **generation) == keys(metric="val_huber", **generation) == ["sweep.metric"]
    assert keys(metric="val_frechet_distance") == ["sweep.metric"]


def test_a_typo_in_an_open_metric_is_offered_its_name() -> None:
    (problem,) = fit_problems(config(), DIGITS, "test_worst_clas", ("test_worst_class", "test_other"))
    assert problem.nearest == "test_worst_class"
    assert problem.allowed.endswith("what conf/metric adds: test_worst_class, test_other")


def test_metrics_are_those_that_the_loop_takes() -> None:
    labels, targets = np.array([0, 1, 2]), np.array([0.0, 1.0, 2.0], np.float32)
    taken = {
        "classification": set(classification_metrics(labels, np.eye(3, dtype=np.float32))),
        "regression": set(regression_metrics(targets, targets[:, None])),
    }
    for task, of_task in taken.items():
        expected = {"loss", "objective", *of_task}
        assert {name[4:] for name in watched(task) if name.startswith("val_")} == expected
        assert {name[5:] for name in comparable(task) if name.startswith("test_")} == expected


@pytest.mark.parametrize("name", ["test_loss", "gap", "train_loss", "learning_rate", "val_r2", "top_3_accuracy", "x"])
def test_no_monitor_sees_the_test_set_or_lacks_a_direction(name: str) -> None:
    assert keys(monitor=name) == ["training.early_stopping.monitor"]


@pytest.mark.parametrize(
    ("metric", "expected"), [("val_loss", []), ("test_accuracy", []), ("gap", []), ("val_mse", ["sweep.metric"])]
)
def test_a_sweep_is_about_a_metric_of_the_task(metric: str, expected: list[str]) -> None:
    assert keys(metric=metric) == expected


def refused(words: str, shape: tuple[int, ...]) -> list[str]:
    """What is refused of the model and the augmentation of a command line, for examples of a shape."""
    with composing(tree()) as composer:
        composed = composer.compose(parse_overrides(words.split()))
    facts = FakeFacts(shape=shape)
    return [each.key for each in fit_problems(composed, facts) if each.key.startswith(("model", "augment"))]


SHAPES = [(10,), (4, 4), (2, 2, 2, 1), *((side, side, 1) for side in (1, 3, 4, 7, 8, 9, 10, 22)), (8, 12, 3)]
MODELS = [
    "model=mlp",
    "model=subclassed",
    "model=cnn",
    "model=small_cnn",
    "model=small_cnn model.filters=[2]",
    "model=small_cnn model.filters=[2,2,2]",
    "model=small_cnn model.filters=[]",
    "model=tutorial_cnn model.filters=[2,2,2]",
    "model=tutorial_cnn model.filters=[2,2]",
    "model=tutorial_cnn",
    "model=resnet",
    "model=resnet model.filters=[]",
    "model=vit",
    "model=vit model.patch=3",
    "model=vit model.heads=3",
    "model=vit model.width=6 model.heads=3 model.patch=2",
]


@pytest.mark.parametrize("words", MODELS)
def test_what_is_refused_is_what_keras_could_not_build(words: str) -> None:
    with composing(tree()) as composer:
        described = component(composer.compose(parse_overrides(words.split()))["model"])
    assert described is not None
    for shape in SHAPES:
        try:
            build(described, partial=True)(input_shape=shape, outputs=3)
        except (ValueError, AttributeError, IndexError):
            assert refused(words, shape) != [], shape
        else:
            assert refused(words, shape) == [], shape


def test_a_generator_takes_images() -> None:
    words = "model=gan procedure=adversarial loss=least_squares"
    assert refused(words, (10,)) == ["model"]
    assert refused(words, (8, 8, 1)) == []


@pytest.mark.parametrize("choice", [choice for choice in tree().groups["augment"] if choice != "none"])
def test_only_images_can_be_turned_and_moved(choice: str) -> None:
    assert refused(f"augment={choice}", (10,)) == ["augment"]
    assert refused(f"augment={choice}", (8, 8, 3)) == []


def test_it_is_said_in_the_words_of_shapes() -> None:
    assert message("model=small_cnn", (10,)) == (
        "model=ablate.models.small_cnn.small_cnn: allowed is what takes rows of 10 numbers, which the data set has; "
        "this one takes images, height × width × channels"
    )
    assert message("model=vit model.patch=3", (8, 8, 1)) == (
        "model.patch=3: allowed is a divisor of both sides of the images, which are of 8 × 8 pixels"
    )
    assert message("model=small_cnn model.filters=[4,4,4,4]", (8, 8, 1)) == (
        "model.filters=[4, 4, 4, 4]: allowed is fewer than 4 convolutions, or images of at least 16 × 16 pixels; "
        "these are of 8 × 8"
    )


def message(words: str, shape: tuple[int, ...]) -> str:
    with composing(tree()) as composer:
        (problem,) = fit_problems(composer.compose(parse_overrides(words.split())), FakeFacts(shape=shape))
    return str(problem)


def test_a_model_of_ones_own_says_nothing_of_its_input(tmp_path: Path) -> None:
    leaf = "_target_: ablate.models.vit.vit\n_partial_: true\npatch: 3\n"
    assert load_run("model=own", tree(write(tmp_path, {"conf/model/own.yaml": leaf}))).model.arguments == {"patch": 3}
