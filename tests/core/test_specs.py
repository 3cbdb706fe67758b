"""Specs: a run is named by all of its spec, and a program by what it knows of it, however the spec came to be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.core.identity import RUN_FORMAT, digest
from ablate.core.specs import Component, RunSpec
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
