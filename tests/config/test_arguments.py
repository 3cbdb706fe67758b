"""What a leaf says of its arguments, and what its target takes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablate.config.arguments import argument_problems
from ablate.config.building import locate
from ablate.config.composing import composing
from ablate.config.signatures import parameters
from tests.config.support import load_run, problems, tree, write


def found(value: Any, rule: Any) -> list[tuple[str, str]]:
    """Key and what is allowed, where the argument `x` of a leaf has this value and this rule."""
    problems = argument_problems("leaf", None, {"x": value}, {"x": rule})
    return [(problem.key, problem.allowed) for problem in problems]


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("0 <= x < 1", [0, 0.0, 0.999], [-1e-9, 1, 1.0, float("nan")]),
        ("0 < x <= 1", [1e-9, 1], [0, 1.001]),
        ("x > 0", [1e-9, 10], [0, -1]),
        ("x >= 1", [1, 2], [0, 0.5]),
        ("x < 0", [-1], [0]),
        ("x <= -1e-3", [-0.001, -2], [0]),
        ("x", [-1, 0, 1e9], []),
    ],
)
def test_an_interval_is_read_as_mathematics_writes_it(rule: str, inside: list[float], outside: list[float]) -> None:
    assert [value for value in inside if found(value, rule)] == []
    assert [value for value in outside if not found(value, rule)] == []


def test_an_interval_holds_for_each_item_and_for_numbers_alone() -> None:
    assert [key for key, _ in found([1, 0, [2, -1]], "x >= 1")] == ["leaf.x[1]", "leaf.x[2][1]"]
    assert found("3", "x >= 1") == found(True, "x >= 1") == [("leaf.x", "a number from 1")]
    assert [key for key, _ in found({"a": 1, "b": {"c": 0}}, "x >= 1")] == ["leaf.x.b.c"]
    assert found(None, "x >= 1") == []


def test_choices_and_null() -> None:
    assert found("relu", ["relu", "gelu"]) == []
    assert found("glu", ["relu", "gelu"]) == [("leaf.x", "one of relu, gelu")]
    assert found("anything", None) == []


@pytest.mark.parametrize("rule", ["0 < y < 1", "positive", "1 > x > 0", "[0, 1)", ""])
def test_a_rule_that_is_none_is_the_leafs_problem(rule: str) -> None:
    assert [key for key, _ in found(0.5, rule)] == ["leaf.x in _ranges_"]


OWN = """
_target_: ablate.models.mlp.mlp
_partial_: true
_ranges_: {hidden: 4 <= x <= 8, dropout: null}
hidden: [8]
dropout: 0.0
l2: 0.0
"""


def test_ones_own_leaf_declares_ranges_and_lifts_those_of_its_group(tmp_path: Path) -> None:
    here = tree(write(tmp_path, {"conf/model/own.yaml": OWN}))
    assert problems("model=own model.hidden=[4,9] model.l2=-1", here) == [
        ("model.l2", -1.0, None),
        ("model.hidden[1]", 9, None),
    ]
    assert load_run("model=own model.dropout=1.5", here).model.arguments["dropout"] == 1.5


def test_a_misspelt_argument_of_ones_own_leaf_is_found(tmp_path: Path) -> None:
    here = tree(write(tmp_path, {"conf/model/own.yaml": OWN.replace("dropout: 0.0", "dropuot: 0.0")}))
    assert problems("model=own", here) == [("model.dropuot", 0.0, "model.dropout")]


def test_arguments_of_what_stands_inside_a_leaf_are_read_as_well(tmp_path: Path) -> None:
    leaf = """
_target_: ablate.training.by_part.ByPart
learning_rate: 1.0
parts:
  - match: logits/
    optimizer: {_target_: keras.optimizers.SGD, learnng_rate: 0.1}
  - match: ""
    optimizer: {_target_: keras.optimizers.Adam}
"""
    here = tree(write(tmp_path, {"conf/optimizer/own.yaml": leaf}))
    key = "optimizer.parts[0].optimizer"
    assert problems("optimizer=own", here) == [(f"{key}.learnng_rate", 0.1, f"{key}.learning_rate")]
    assert problems("loss=weighted loss.weights.brier=-1") == [("loss.weights.brier", -1.0, None)]


def test_every_activation_that_is_allowed_is_one_of_keras() -> None:
    import keras

    with composing(tree()) as composer:
        names = composer.compose(())["model"]["_ranges_"]["activation"]
    assert len(names) > 10
    for name in names:
        slope = keras.activations.get(name)(np.linspace(-2.0, 2.0, 9, dtype=np.float32))
        # As a layer uses it: a number for a number, more for more where it counts.
        assert np.all(np.isfinite(slope)), name
        assert slope[-1] > slope[4], name


class TestParameters:
    @pytest.mark.parametrize("optimizer", ["SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Lion", "Muon", "Adafactor"])
    def test_of_keras_are_read_as_python_reports_them(self, optimizer: str) -> None:
        target = f"keras.optimizers.{optimizer}"
        reported = inspect.signature(locate(target)).parameters.values()
        assert parameters(target) == tuple(each.name for each in reported if each.kind is not each.VAR_KEYWORD)

    @pytest.mark.parametrize("target", ["ablate.models.mlp.mlp", "ablate.models.small_cnn.small_cnn"])
    def test_of_functions_are_read_as_python_reports_them(self, target: str) -> None:
        assert parameters(target) == tuple(inspect.signature(locate(target)).parameters)

    @pytest.mark.parametrize(
        "target",
        ["keras.layers.Dense", "absent.thing", "ablate.absent.thing", "ablate.models.mlp.absent", "json.dumps.x", "x"],
    )
    def test_are_unknown_where_the_source_does_not_say(self, target: str) -> None:
        assert parameters(target) is None
