"""Arms: merging what levels change equals composing them, and costs no composing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ablate.config import composing as composing_module
from ablate.config.arms import ArmConfigs
from ablate.config.composing import Composer, composing
from ablate.config.overrides import write_override
from ablate.config.problems import ConfigError
from tests.config.support import CHECKOUT, load_study, load_sweep, problems, tree, write

# Groups, values under them, values that two factors touch, nulls and lists: merging must hold for all of them.
LEVELS: dict[str, list[Any]] = {
    "model": ["mlp", "small_cnn"],
    "model.dropout": [0.0, 0.3],
    "optimizer": ["adam", "sgd"],
    "optimizer.learning_rate": [0.001, 0.1],
    "training.clip": [
        {"value": None, "norm": None, "global_norm": None},
        {"value": None, "norm": 1.0, "global_norm": None},
    ],
    "training.clip.norm": [None, 2.0],
    "dataset": ["digits", "mnist"],
    "model.hidden": [[128], [64, 32]],
}


# Its memory outlives Hydra's context, which each test enters by itself.
COMPOSER = Composer(tree())


@st.composite
def two_arms(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    factors = sorted(draw(st.sets(st.sampled_from(sorted(LEVELS)), min_size=2, max_size=3)))
    baseline = {factor: LEVELS[factor][0] for factor in factors}
    return baseline, {factor: draw(st.sampled_from(LEVELS[factor])) for factor in factors}


@settings(deadline=None, derandomize=True, max_examples=25)
@given(arms=two_arms())
def test_merged_equals_composed(arms: tuple[dict[str, Any], dict[str, Any]]) -> None:
    baseline, levels = arms
    with composing(tree()):
        configs = ArmConfigs(COMPOSER, (), baseline)
        assert configs.of(levels) == configs.composed(levels)


@pytest.mark.parametrize(
    ("levels", "alone"),
    [
        ({"optimizer": "sgd", "model.dropout": 0.3}, False),
        ({"model.hidden": [64, 32], "model.dropout": 0.3}, False),
        ({"optimizer": "sgd", "optimizer.learning_rate": 0.1}, True),
        ({"training.clip": {"value": None, "norm": 1.0, "global_norm": None}, "training.clip.norm": 2.0}, True),
    ],
)
def test_only_arms_whose_levels_touch_are_composed_themselves(
    monkeypatch: pytest.MonkeyPatch, levels: dict[str, Any], alone: bool
) -> None:
    composed: list[set[str]] = []
    with composing(tree()) as composer:
        compose = composer.compose
        monkeypatch.setattr(
            composer, "compose", lambda words: composed.append({word.text for word in words}) or compose(words)
        )
        ArmConfigs(composer, (), {factor: LEVELS[factor][0] for factor in levels}).of(levels)
    arm = {write_override(*item).text for item in levels.items()}
    assert (arm in composed) is alone


GRID = """
question: Everything?
factors:
  model.dropout: [0.0, 0.1, 0.2, 0.3, 0.4]
  model.l2: [0.0, 0.1, 0.2, 0.3, 0.4]
  optimizer.learning_rate: [1.0, 2.0, 3.0, 4.0, 5.0]
  training.batch_size: [1, 2, 3, 4, 5]
  training.epochs: [1, 2]
design: grid
baseline: {model.dropout: 0.0, model.l2: 0.0, optimizer.learning_rate: 1.0, training.batch_size: 1, training.epochs: 1}
seeds: 1
metric: val_loss
"""


def test_1250_arms_of_values_cost_hydra_one_composing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    hydra_compose = composing_module.hydra_compose

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return hydra_compose(*arguments)

    monkeypatch.setattr(composing_module, "hydra_compose", counted)
    sweep = load_sweep("+sweep=grid", tree(write(tmp_path, {"conf/sweep/grid.yaml": GRID})))
    assert len(sweep.arms) == 5**4 * 2
    assert len({arm.spec.run_id for arm in sweep.arms}) == 5**4 * 2
    assert count == 1


def test_levels_are_cast_to_the_type_of_their_key(tmp_path: Path) -> None:
    sweep = load_sweep("+sweep=dropout sweep.factors.model.dropout=[0,0.5] sweep.baseline.model.dropout=0")
    assert [arm.name for arm in sweep.arms] == ["dropout=0.0", "dropout=0.5"]
    assert [type(arm.spec.model.arguments["dropout"]) for arm in sweep.arms] == [float, float]
    assert type(sweep.spec.baseline["model.dropout"]) is float


def test_levels_that_cast_to_one_value_are_repeated() -> None:
    words = "+sweep=dropout sweep.factors.model.dropout=[0,0.5,0.0]"
    assert problems(words) == [("sweep.factors.model.dropout", 0.0, None)]


def test_every_bad_level_is_named_once() -> None:
    words = "+sweep=optimizers sweep.factors.optimizer=[adm,adam,sdg,null]"
    assert problems(words) == [("optimizer", "adm", "adam"), ("optimizer", "sdg", "sgd"), ("optimizer", None, None)]
    words = "+sweep=batch_sizes sweep.factors.training.batch_size=[0,32,a]"
    assert sorted(problems(words), key=str) == [("training.batch_size", "a", None), ("training.batch_size", 0, None)]


def test_lists_and_nulls_are_levels(tmp_path: Path) -> None:
    leaf = (
        "{question: 'Q?', design: grid, seeds: 1, metric: val_loss, "
        "factors: {model.hidden: [[128], [64, 64], []], training.early_stopping.patience: [null, 3]}, "
        "baseline: {model.hidden: [128], training.early_stopping.patience: null}}"
    )
    sweep = load_sweep("+sweep=widths", tree(write(tmp_path, {"conf/sweep/widths.yaml": leaf})))
    assert [arm.name for arm in sweep.arms][:3] == [
        "hidden=[128],patience=null",
        "hidden=[128],patience=3",
        "hidden=[64,64],patience=null",
    ]
    assert sweep.baseline.name == "hidden=[128],patience=null"
    assert sweep.arms[5].spec.model.arguments["hidden"] == []
    assert sweep.arms[5].spec.training.arguments["early_stopping"]["patience"] == 3  # type: ignore[index,call-overload]


def test_equal_specs_of_two_sweeps_are_one_run() -> None:
    study = load_study("+sweep=[dropout,l2] sweep.seeds=2")
    assert len(study.planned_runs()) == 16
    assert len(study.run_specs()) == 14


def test_arms_by_hand_have_levels_of_the_type_of_their_key() -> None:
    words = "+sweep=dropout sweep.design=list sweep.factors.model.dropout=[0,0.5,1e-1] sweep.baseline.model.dropout=0"
    sweep = load_sweep(f"{words} sweep.arms=[{{name:low,model.dropout:0.1}},{{model.dropout:0.5}}]")
    assert [arm.name for arm in sweep.arms] == ["dropout=0.0", "low", "dropout=0.5"]
    assert [arm.spec.model.arguments["dropout"] for arm in sweep.arms] == [0.0, 0.1, 0.5]
    assert sweep.spec.arms == ({"name": "low", "model.dropout": 0.1}, {"model.dropout": 0.5})


def test_conditions_and_sizes_reach_the_design() -> None:
    words = "+sweep=dropout_l2 sweep.design=random sweep.size=4 sweep.where=['dropout<0.5']"
    sweep = load_sweep(words)
    assert len(sweep.arms) == 4
    assert sweep.baseline.name == "dropout=0.0,l2=0.0"
    assert {arm.levels["model.dropout"] for arm in sweep.arms} <= {0.0, 0.2}
    assert load_sweep(f"{words} sweep.design_seed=2").arms != sweep.arms


def test_replicas_of_one_arm_are_one_program() -> None:
    sweep = load_sweep("+sweep=aa")
    assert len({arm.spec.run_id for arm in sweep.arms}) == 8
    assert len({arm.spec.program_id for arm in sweep.arms}) == 1


def test_claims_of_a_sweep_go_with_the_arms_that_words_take_away() -> None:
    claims = load_sweep("+sweep=optimizers").spec.claims
    assert "adamw ~ adam on val_loss" in claims
    kept = load_sweep("+sweep=optimizers sweep.factors.optimizer=[sgd,adam]").spec.claims
    assert kept == tuple(claim for claim in claims if "adamw" not in claim)


def test_claims_are_of_the_task_and_name_their_line(tmp_path: Path) -> None:
    leaf = (CHECKOUT / "conf" / "sweep" / "dropout.yaml").read_text()
    claims = leaf.index("claims:")
    text = f"{leaf[:claims]}claims:\n  - 0.3 < 0 on gap\n  - 0.3 < 0 on val_mse\n"
    with pytest.raises(ConfigError) as caught:
        load_sweep("+sweep=mine", tree(write(tmp_path, {"conf/sweep/mine.yaml": text})))
    (problem,) = caught.value.problems
    assert (problem.key, problem.allowed.split(",")[0]) == ("sweep.claims[1]", "a quantity of classification")
    assert problem.location.endswith(f"mine.yaml:{len(text.splitlines())}")
