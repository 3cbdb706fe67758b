"""Specs: a run is named by all of its spec, and a program by what it knows of it, however the spec came to be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.core.identity import RUN_FORMAT, digest
from ablate.core.specs import STUDY_NAME, Component, RunSpec
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
