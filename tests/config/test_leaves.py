"""Every leaf of conf/ composes; what each describes is used in test_built_leaves."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

from ablate.config.building import locate
from ablate.config.composing import LATER, Composer, composing
from ablate.config.overrides import parse_overrides
from ablate.config.runs import component
from tests.config.support import load_run, load_study, tree

GROUPS = dict(tree().groups)
SWEEPS = GROUPS.pop("sweep")
# No arm of it can be better.
ABOUT_NOISE = "seed_parts"
# Named by what they measure, and never chosen.
METRICS = GROUPS.pop("metric")
LEAVES = [(group, choice) for group, choices in GROUPS.items() for choice in choices]


def compose(words: str) -> dict[str, Any]:
    with composing(tree()) as composer:
        return dict(composer.compose(parse_overrides(words.split())))


def test_the_groups_are_those_of_the_design() -> None:
    groups = {"augment", "dataset", "executor", "loss", "model", "optimizer", "procedure", "schedule", "training"}
    assert set(GROUPS) == groups | {"trainer"}
    assert {"sgd", "momentum", "rmsprop", "adam", "adamw", "nadam"} <= set(GROUPS["optimizer"])
    assert {"activations", "batch_sizes", "dropout", "epochs", "l2", "learning_rates", "optimizers"} <= set(SWEEPS)


@pytest.mark.parametrize(("group", "choice"), LEAVES)
def test_every_leaf_composes_and_says_which_of_its_arguments_are_variables(group: str, choice: str) -> None:
    described = component(compose(f"{group}={choice}")[group])
    if described is None:
        assert (group, choice) in (("augment", "none"), ("procedure", "supervised"), ("trainer", "gradient_tape"))
    else:
        assert set(described.variables) <= set(described.arguments)


# As they were before the leaf had arguments that came later.
CSV_IDS = {
    "dataset=csv dataset.path=a.csv dataset.target=y": (
        "1729a23d9892adeb81e814c47893472ae143b8f9f3f2abe996fb831f358db3eb"
    ),
    "dataset=csv dataset.path=a.csv dataset.target=y dataset.classes=10 dataset.drop=[a,b]": (
        "e79ca363a67a0d2be4130817de8d29a9c6841b402220f914d6fb355920306457"
    ),
}


@pytest.mark.parametrize(("words", "run_id"), CSV_IDS.items())
def test_arguments_that_came_later_are_no_part_of_an_identity_while_they_have_their_defaults(
    words: str, run_id: str
) -> None:
    assert load_run(words).run_id == run_id
    assert load_run(f"{words} dataset.missing=refuse dataset.categorical=[]").run_id == run_id
    dropped = load_run(f"{words} dataset.missing=drop")
    assert dropped.dataset.source.arguments["missing"] == "drop"
    assert "decimal" not in dropped.dataset.source.arguments
    assert dropped.run_id != run_id


@pytest.mark.parametrize(("group", "choice"), LEAVES)
def test_what_is_left_out_at_a_value_is_built_with_it(group: str, choice: str) -> None:
    leaf = compose(f"{group}={choice}")[group]
    later = leaf.get(LATER, {})
    assert {name: leaf[name] for name in later} == later
    if later:
        taken = inspect.signature(locate(leaf["_target_"])).parameters
        defaults = {name: taken[name].default for name in later}
        assert {name: [*each] if isinstance(each, tuple) else each for name, each in defaults.items()} == later


BUILD_QUIETLY = """
import json, sys
from ablate.config.building import build
from ablate.core.specs import Component
for target, arguments in json.loads(sys.argv[1]):
    build(Component(target, arguments))
assert not {"tensorflow", "keras", "hydra", "ray"} & set(sys.modules)
"""


def test_what_a_plan_builds_comes_without_tensorflow() -> None:
    described = [
        component(compose(f"{group}={choice}")[group]) for group in ("training", "executor") for choice in GROUPS[group]
    ]
    words = json.dumps([[each.target, dict(each.arguments)] for each in described if each is not None])
    subprocess.run([sys.executable, "-c", BUILD_QUIETLY, words], check=True)


def test_leaves_differ_where_their_names_do() -> None:
    optimizers = {choice: compose(f"optimizer={choice}")["optimizer"] for choice in ("sgd", "momentum")}
    assert optimizers["sgd"]["momentum"] == 0.0
    assert optimizers["momentum"]["momentum"] == 0.9


@pytest.mark.parametrize("sweep", [sweep for sweep in SWEEPS if sweep != ABOUT_NOISE])
def test_every_sweep_is_a_study_of_eight_seeds_with_a_margin_and_a_reason(sweep: str) -> None:
    (resolved,) = load_study(f"+sweep={sweep}").sweeps
    assert resolved.spec.seeds == tuple(range(8))
    assert resolved.spec.question.endswith("?")
    assert resolved.spec.margin is not None
    assert resolved.spec.margin_reason.endswith(".")
    assert len({arm.spec.run_id for arm in resolved.arms}) == len(resolved.arms) >= 2
    assert resolved.baseline.spec.seed == 0


def test_the_sweep_about_noise_has_the_seeds_that_variances_need_and_no_margin() -> None:
    (resolved,) = load_study(f"+sweep={ABOUT_NOISE}").sweeps
    assert resolved.spec.is_about_noise
    assert len(resolved.spec.seeds) == 30
    assert resolved.spec.question.endswith("?")
    assert resolved.spec.margin is None
    # The run of the seed at which parts are held is that of every arm.
    assert len({arm.spec.run_id for arm in resolved.arms}) == 1
    assert len({arm.spec.with_seed(1).run_id for arm in resolved.arms}) == len(resolved.arms) == 6


@pytest.mark.parametrize("experiment", sorted(tree().experiments_by_name))
def test_every_experiment_resolves(experiment: str) -> None:
    study = load_study(f"+experiment={experiment}")
    assert study.name == experiment
    assert study.question.endswith("?")


@pytest.mark.parametrize("experiment", sorted(tree().experiments_by_name))
def test_every_experiment_runs_on_the_digits_that_need_no_file(experiment: str) -> None:
    study = load_study(f"+experiment={experiment} dataset=digits study=reduced")
    # A regression keeps the data that comes with it.
    needs_no_file = {"ablate.datasets.digits.load", "ablate.datasets.diabetes.load"}
    assert {arm.spec.dataset.source.target for sweep in study.sweeps for arm in sweep.arms} <= needs_no_file
    originals = [sweep.spec for sweep in study.sweeps if sweep.spec.original is not None]
    assert all(spec.conclusions and spec.setup for spec in originals)


def test_the_study_of_a_tutorial_keeps_its_regression_whatever_the_images_are() -> None:
    for words, images in (("", "mnist"), ("dataset=digits", "digits"), ("dataset=fashion_mnist", "fashion_mnist")):
        sweeps = load_study(f"+experiment=subclassed_model {words}").sweeps
        sources = {sweep.spec.name: sweep.baseline.spec.dataset.source.target.split(".")[-2] for sweep in sweeps}
        assert sources.pop("regression_losses") == "diabetes"
        assert sources["ways_to_write"] == images
        assert sources["architectures_on_photographs"] == (images if words else "npz")
        assert "dataset=diabetes" in sweeps[-1].spec.base


def test_a_composer_composes_equal_words_once() -> None:
    with composing(tree()) as composer:
        assert isinstance(composer, Composer)
        words = parse_overrides(["optimizer=sgd"])
        assert composer.compose(words) is composer.compose(words)
