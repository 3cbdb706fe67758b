"""The facts of metrics: declared, never read off a name; and those of metrics that a plan brings along."""

from __future__ import annotations

import ast
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from ablate.core.artefacts import PROBE_QUANTITIES, is_of_metric
from ablate.core.metrics import TAKES, OpenMetric, described, wrong_fact
from ablate.core.records import (
    BUILT_IN,
    CLASSIFICATION,
    METRICS,
    TEST,
    TRAINING,
    VALIDATION,
    Guess,
    MetricInfo,
    announce,
    twin,
)
from ablate.core.specs import Component
from ablate.metrics import balanced_accuracy

PACKAGE = Path(__file__).resolve().parents[2] / "ablate"
BALANCED = OpenMetric(
    described(balanced_accuracy.FACTS, "balanced_accuracy"),
    Component("ablate.metrics.balanced_accuracy.balanced_accuracy"),
    "0" * 64,
    ("labels", "predictions"),
)
# Parts of the names of metrics, from which something could be inferred.
WORDS = {"accuracy", "loss", "val_", "test_", "train_", "gap", "penalty", "_loss", "_accuracy"}
COMPARISONS = {"startswith", "endswith", "removeprefix", "removesuffix"}


def inferences(tree: ast.AST) -> list[str]:
    """Every call of a text's method that looks for a part of a metric's name."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return [ast.unparse(call) for call in calls if call.func.attr in COMPARISONS and WORDS & constants_of(call)]


def constants_of(call: ast.Call) -> set[object]:
    parts = (part for argument in call.args for part in ast.walk(argument))
    return {part.value for part in parts if isinstance(part, ast.Constant)}


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_inferred_from_a_name(module: Path) -> None:
    assert inferences(ast.parse(module.read_text())) == []


def test_an_inference_would_be_seen() -> None:
    source = 'a = metric.name.endswith("accuracy") or column.startswith(("val_", "test_")) or name.endswith(".npz")'
    assert len(inferences(ast.parse(source))) == 2


def test_the_facts_are_those_that_names_used_to_tell() -> None:
    """The rules of before, as an oracle; where they were wrong it is said."""
    for name, info in METRICS.items():
        prefix = next((each for each in ("val_", "test_", "train_") if name.startswith(each)), "")
        assert info.split == {"val_": VALIDATION, "test_": TEST, "train_": TRAINING, "": info.split}[prefix]
        assert info.is_final == (prefix in ("test_", "train_") or name == "gap")
        assert info.measure == name.removeprefix(prefix)
        # No share of N examples: as many of them are made up as are real.
        counts = name.endswith("accuracy") and info.unit == "fraction" and info.measure != "discriminator_accuracy"
        assert info.counts_examples == counts
        assert info.is_error == (bool(info.direction) and name not in ("gap", "penalty"))
        guessed = 0.1 if counts else math.log(10) if info.measure == "loss" else None
        assert info.worst_of(10) == (pytest.approx(guessed) if guessed else None)


ALL = (*BUILT_IN.values(), *PROBE_QUANTITIES.values(), BALANCED.info)


@pytest.mark.parametrize("info", ALL, ids=lambda info: info.name)
def test_facts_agree_with_each_other(info: MetricInfo) -> None:
    low, high = info.range
    assert low < high
    if info.is_error:
        best = high if info.sign > 0 else low
        assert math.isfinite(best)
        assert info.error(best) == 0
    else:
        assert info.error(0.5) is None
    if info.counts_examples:
        assert info.step(200) == 1 / 200
    else:
        assert info.step(200) is info.resolution
    for classes in (2, 10):
        worst = info.worst_of(classes)
        assert worst is None or low <= worst <= high
    assert info.worst_of(None) is None or not isinstance(info.worst, Guess)


def test_twins_measure_the_same_on_other_examples() -> None:
    assert twin(BUILT_IN["test_macro_f1"], VALIDATION) is BUILT_IN["val_macro_f1"]
    assert twin(BUILT_IN["val_loss"], TRAINING) is BUILT_IN["loss"]
    assert twin(BUILT_IN["gap"], VALIDATION) is None


def test_a_balanced_accuracy_is_no_share_of_examples() -> None:
    assert BALANCED.info.name == "test_balanced_accuracy"
    assert not BALANCED.info.counts_examples
    assert BALANCED.info.step(360) is None
    assert BALANCED.info.error(0.75) == 0.25
    assert BALANCED.info.worst_of(4) == 0.25


@settings(derandomize=True, deadline=None)
@given(
    direction=st.sampled_from(["min", "max", ""]),
    bounds=st.tuples(st.floats(-9, 0), st.floats(1, 9)) | st.just((-math.inf, math.inf)) | st.just((0.0, math.inf)),
    worst=st.none() | st.sampled_from(Guess) | st.floats(0, 1),
    is_error=st.booleans(),
    resolution=st.none() | st.floats(0.001, 1),
)
def test_facts_survive_json_or_are_refused(direction, bounds, worst, is_error, resolution) -> None:
    info = replace(
        BALANCED.info, direction=direction, range=bounds, worst=worst, is_error=is_error, resolution=resolution
    )
    if wrong_fact(info):
        with pytest.raises(ValueError, match="needs a best value"):
            replace(BALANCED, info=info)
        return
    metric = replace(BALANCED, info=info)
    assert OpenMetric.from_json(json.loads(json.dumps(metric.to_json()))) == metric


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "test_../../x"}, {"name": "test_accuracy"}, {"name": "balanced"}, {"title": "<b>better</b>"},
        {"title": "two\nlines"}, {"unit": "|"}, {"direction": "up"}, {"task": "poetry"}, {"split": VALIDATION},
        {"range": (1.0, 0.0)}, {"direction": ""}, {"resolution": 0.0}, {"worst": 3.0},
        {"counts_examples": True, "range": (0.0, 2.0)},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="needs"):
        replace(BALANCED, info=replace(BALANCED.info, **wrong))


def test_other_code_and_other_arguments_make_another_artefact() -> None:
    others = [
        replace(BALANCED, code="1" * 64),
        replace(BALANCED, source=Component(BALANCED.source.target, {"beta": 2.0})),
        replace(BALANCED, source=Component("mine.balanced_accuracy")),
    ]
    names = {metric.artefact for metric in (BALANCED, *others)}
    assert len(names) == 4
    assert all(map(is_of_metric, names))
    assert replace(BALANCED, info=replace(BALANCED.info, title="another title")).artefact == BALANCED.artefact


def test_what_is_taken_says_what_is_needed() -> None:
    assert BALANCED.needs == ()
    assert replace(BALANCED, takes=tuple(TAKES)).needs == ("probabilities",)
    with pytest.raises(ValueError, match="takes images"):
        replace(BALANCED, takes=("images",))


def test_no_metric_takes_the_name_of_one_that_every_run_has() -> None:
    with pytest.raises(ValueError, match="test_accuracy"):
        announce(replace(BALANCED.info, name="test_accuracy"))
    assert METRICS["test_accuracy"].task == CLASSIFICATION
