"""Plans as data: what a study meant to run survives its JSON."""

from __future__ import annotations

import json

import pytest

from ablate.plans import StudyPlan
from ablate.specs import Study
from tests.runner.scripted import scripted_spec, scripted_study

STUDY = scripted_study()
PLAN = StudyPlan.of(STUDY)


def test_survives_json():
    again = StudyPlan.from_json(json.loads(json.dumps(PLAN.to_json())))
    assert again == PLAN
    assert again.plan_hash == PLAN.plan_hash


def test_holds_what_the_study_planned():
    assert PLAN.runs == STUDY.planned_runs()
    assert PLAN.run_ids == tuple(STUDY.run_specs())
    assert PLAN.definition() == STUDY.definition()
    assert [run.seed for run in PLAN.sweeps[0].runs_of("rate=0.2")] == [0, 1, 2]
    assert PLAN.sweep("rates").arm("rate=0.2").settings == scripted_spec(rate=0.2).settings()
    assert PLAN.sweeps[0].baseline.name == "rate=0.1"


def test_counts_a_shared_run_once_and_lists_it_twice():
    other = scripted_study(rates=(0.1, 0.9), name="more")
    both = StudyPlan.of(Study("both", "?", (*STUDY.sweeps, *other.sweeps)))
    assert (len(both.runs), len(both.run_ids)) == (12, 9)


def test_hash_sees_every_part():
    variants = [
        scripted_study(rates=(0.1, 0.3)),
        scripted_study(seeds=(0, 1)),
        scripted_study(name="other"),
        scripted_study(claims=("a < b",)),
    ]
    hashes = {PLAN.plan_hash, *(StudyPlan.of(study).plan_hash for study in variants)}
    assert len(hashes) == 5


def test_an_unknown_name_lists_the_known():
    with pytest.raises(KeyError, match=r"no arm 'adam'; it has rate=0.1, rate=0.2"):
        PLAN.sweeps[0].arm("adam")
    with pytest.raises(KeyError, match=r"no sweep 'x'; it has rates"):
        PLAN.sweep("x")
