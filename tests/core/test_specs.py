"""Specs: a run is named by all of its spec, and a program by what it knows of it, however the spec came to be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ablate.core.identity import RUN_FORMAT, digest
from ablate.core.specs import SEED_PARTS, STUDY_NAME, Component, RunSpec
from tests.runner.scripted import scripted_spec, scripted_study

# One with a part of the name of a seed inside, and one with a procedure, which others leave out.
SPECS = [
    scripted_spec(seed=3),
    scripted_spec(seed=2**32 - 1, seed_of_model=None, other={"seed": 0}),
    replace(scripted_spec(), procedure=Component("tests.procedure", {"ä": "\u2028"})),
]


@pytest.mark.parametrize("spec", SPECS)
def test_a_run_is_named_by_the_hash_of_its_whole_spec(spec: RunSpec) -> None:
    for each in (spec, spec.with_seed(17), spec.with_seed(17).with_seed(0), RunSpec.from_json(spec.to_json())):
        assert each.run_id == digest("run", RUN_FORMAT, each.to_json())
    assert spec.with_seed(17).run_id == replace(spec, seed=17).run_id != spec.run_id
    assert spec.with_seed(17) == replace(spec, seed=17)
    assert spec.with_seed(17).program_id == replace(spec, seed=17).program_id == spec.program_id


NUMBERS = st.integers(0, 4)


@given(seed=NUMBERS, parts=st.dictionaries(st.sampled_from(SEED_PARTS), NUMBERS))
def test_a_part_of_the_same_number_as_the_seed_is_no_other_run(seed: int, parts: dict[str, int]) -> None:
    plain = replace(scripted_spec(), seed=seed)
    spec = replace(plain, seed_parts=parts)
    own = {part: number for part, number in parts.items() if number != seed}
    assert spec.run_id == digest("run", RUN_FORMAT, spec.to_json())
    assert (spec.run_id == plain.run_id) is (not own)
    assert spec.to_json().get("seed_parts", {}) == own
    assert RunSpec.from_json(spec.to_json()).seed_parts == spec.with_seed(seed).seed_parts == own
    assert {part: spec.seed_of(part) for part in SEED_PARTS} == {**dict.fromkeys(SEED_PARTS, seed), **parts}


@given(seeds=st.lists(NUMBERS, min_size=1), parts=st.dictionaries(st.sampled_from(SEED_PARTS), NUMBERS))
def test_the_runs_of_an_arm_hold_the_same_parts(seeds: list[int], parts: dict[str, int]) -> None:
    """Whatever seed the arm itself was made with, and after its settings have been JSON."""
    dataset = replace(scripted_spec().dataset, split_seed=None)
    arm = replace(scripted_spec(seed=seeds[-1]), dataset=dataset, seed_parts=parts)
    read = RunSpec.from_json({**json.loads(json.dumps(arm.settings())), "seed": 0})
    for seed in seeds:
        run = arm.with_seed(seed)
        assert run.to_json() == read.with_seed(seed).to_json() == RunSpec.from_json(run.to_json()).to_json()
        assert run.dataset.split_seed == seed
        assert {part: run.seed_of(part) for part in SEED_PARTS} == {**dict.fromkeys(SEED_PARTS, seed), **parts}
        assert run.run_id == digest("run", RUN_FORMAT, run.to_json())
        assert run.program_id == scripted_spec().program_id


@pytest.mark.parametrize("parts", [{"data": 0}, {"order": -1}, {"order": True}, {"masks": 2**32}, {"masks": "0"}])
def test_a_part_has_a_name_and_a_seed(parts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(parts))):
        replace(scripted_spec(), seed_parts=parts)


def test_a_program_serves_every_strength_of_a_part_but_that_which_switches_it_off() -> None:
    def model(dropout: Any) -> RunSpec:
        return replace(scripted_spec(), model=Component("a.model", {"dropout": dropout, "units": 0}, ("dropout",)))

    weak, strong, off = (model(rate).program_id for rate in (0.1, 0.5, 0.0))
    assert weak == strong != off == model(0).program_id
    assert Component("a.model", {"units": 0}).shape() == {"target": "a.model", "arguments": {"units": 0}}


def test_what_is_changed_after_naming_is_named_anew() -> None:
    spec = SPECS[0]
    other = replace(spec.with_seed(4), precision="mixed_bfloat16")
    assert other.run_id == digest("run", RUN_FORMAT, other.to_json())
    assert other.program_id != spec.program_id


def test_a_sweep_names_each_of_its_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    study, named = scripted_study(rates=(0.1, 0.2), seeds=range(50)), []
    monkeypatch.setattr("ablate.core.specs.digest_of_text", lambda tag, version, text: named.append(text) or text)
    for _ in range(3):
        assert len(study.planned_runs()) == len(study.run_specs()) == 100
    assert len(named) == len(set(named)) == 100


@pytest.mark.parametrize("name", ["a", "l2", "dropout+l2", "grid-0a1b2c3d", "v1.2", "2nd", "console", "a" * 100])
def test_a_study_can_have_the_name(name: str) -> None:
    assert STUDY_NAME.fullmatch(name)


@pytest.mark.parametrize(
    "name",
    ["", "..", ".hidden", "-x", "_x", "a/b", "a b", "a=b", "ä", "a\n", "con", "NUL.txt", "com1", "a.", "a" * 101],
)
def test_a_study_cannot_have_a_name_that_is_no_folder_everywhere(name: str) -> None:
    assert not STUDY_NAME.fullmatch(name)
