"""`-m`: the values of the command line as an anonymous grid."""

from __future__ import annotations

import re

import pytest

from ablate.config.requests import load_request
from ablate.core.specs import Study
from tests.cli.conftest import Ablate
from tests.config.support import fake_facts, tree


def grid(words: str) -> Study:
    work = load_request(words.split(), tree(), fake_facts, lambda asked: "cpu", is_grid=True).work
    assert isinstance(work, Study)
    return work


def test_keys_with_several_values_are_factors_and_the_first_values_the_baseline() -> None:
    (sweep,) = grid("optimizer=sgd,adam model.dropout=0.3,0.0 training.epochs=2 seed=4,7").sweeps
    assert sweep.spec.factors == {"optimizer": ("sgd", "adam"), "model.dropout": (0.3, 0.0)}
    assert sweep.spec.seeds == (4, 7)
    assert len(sweep.arms) == 4
    assert sweep.baseline.levels == {"optimizer": "sgd", "model.dropout": 0.3}
    assert {arm.spec.training.arguments["epochs"] for arm in sweep.arms} == {2}


@pytest.mark.parametrize(
    ("seeds", "expected"), [("", (0,)), ("seed=3", (3,)), ("seed=range(3)", (0, 1, 2)), ("seed=2,1", (2, 1))]
)
def test_seed_gives_the_seeds(seeds: str, expected: tuple[int, ...]) -> None:
    assert grid(f"optimizer=sgd,adam {seeds}").sweeps[0].spec.seeds == expected


def test_the_name_is_that_of_the_definition() -> None:
    name = grid("optimizer=sgd,adam seed=0,1").name
    assert name == grid("optimizer=sgd,adam seed=0,1,2").name
    assert name.startswith("grid-")
    assert len(name) == len("grid-") + 8
    others = ["optimizer=adam,sgd", "optimizer=sgd,adamw", "optimizer=sgd,adam training.epochs=2"]
    assert len({name, *(grid(words).name for words in others)}) == 4


def test_it_can_be_named_and_measured_like_any_sweep() -> None:
    study = grid("model.hidden=[8],[8,8] study=widths sweep.metric=val_accuracy sweep.margin=5%")
    assert study.name == "widths"
    assert (study.sweeps[0].spec.metric, study.sweeps[0].spec.margin) == ("val_accuracy", "5%")
    assert [arm.name for arm in study.sweeps[0].arms] == ["hidden=[8]", "hidden=[8,8]"]


def test_a_plan_shows_the_grid(ablate: Ablate) -> None:
    said = ablate("plan", "-m", "optimizer=sgd,adam", "seed=0,1")
    assert said.code == 0
    assert "grid, 2 arms × 2 seeds" in said.out
    assert "optimizer=sgd (baseline)" in said.out
    assert "4 runs, 4 to train" in said.out


def test_a_plan_shows_the_names_that_arms_were_given(ablate: Ablate) -> None:
    arms = "[{name: still, model.dropout: 0.0}, {name: noisy, model.dropout: 0.5}]"
    said = ablate(
        "plan", "+sweep=dropout", "sweep.design=list", f"sweep.arms={arms}", "sweep.seeds=1", "dataset=digits"
    )
    assert re.search(r"^still: model.dropout=0.0 \(baseline\)\s+0\s+1\s+1$", said.out, re.MULTILINE)
    assert re.search(r"^noisy: model.dropout=0.5\s+0\s+1\s+2$", said.out, re.MULTILINE)


def test_a_plan_of_noise_shows_what_of_an_arm_is_unlike_the_baseline(ablate: Ablate) -> None:
    said = ablate("plan", "+sweep=seed_parts", "sweep.seeds=2")
    assert said.code == 0
    assert re.search(r"^together \(baseline\)\s+0\s+2\s+1$", said.out, re.MULTILINE)
    assert re.search(r"^order: seed_parts.initialisation=0 seed_parts.masks=0\s+0\s+2\s+1$", said.out, re.MULTILINE)
    assert max(map(len, said.out.splitlines())) <= 120
