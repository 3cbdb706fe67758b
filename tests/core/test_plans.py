"""Plans as data: what a study meant to run survives its JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.specs import LATER, Study, confirmation_runs
from tests.core.test_metrics import BALANCED
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


# What a plan of before the later fields hashes to; the study's log and its reports are named by it.
OLDER_HASH = "c33cf69f6f86a74d0dfdc264ff7222054fed816e9c05acd5e69c9d020a80666f"


def test_the_hash_of_an_older_plan_stands():
    (sweep,) = STUDY.sweeps
    # Of before there was a choice of who trains, too.
    arms = tuple(replace(arm, spec=replace(arm.spec, trainer=None, code={})) for arm in sweep.arms)
    plan = StudyPlan.of(replace(STUDY, sweeps=(replace(sweep, arms=arms),)))
    assert plan.plan_hash == OLDER_HASH
    assert not set(LATER) & plan.to_json()["sweeps"][0]["spec"].keys()


def test_later_fields_survive_json_and_make_another_plan():
    changes = {
        "arms": ({"name": "fast", "optimizer.learning_rate": 0.2},),
        "size": 3,
        "design_seed": 1,
        "where": ("learning_rate < 1",),
        "scale": "raw",
        "alpha": 0.01,
        "multiplicity": "joint",
        "confirm": 2,
        "metrics": (BALANCED.to_json(),),
        "worst": 8.0,
        "paired": False,
    }
    assert set(changes) == set(LATER)
    (sweep,) = STUDY.sweeps
    for key, value in changes.items():
        study = replace(STUDY, sweeps=(replace(sweep, spec=replace(sweep.spec, **{key: value})),))
        plan = StudyPlan.of(study)
        assert StudyPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
        assert plan.plan_hash != PLAN.plan_hash
        # Confirmation adds runs to the same study; the arms of the definition are those laid out.
        assert (plan.definition() == PLAN.definition()) == (key in ("confirm", "arms", "metrics"))


def test_confirmation_takes_the_seeds_after_the_largest():
    (sweep,) = STUDY.sweeps
    spec = replace(sweep.spec, seeds=(7, 3), confirm=2)
    sweep = replace(sweep, spec=spec)
    runs = confirmation_runs(sweep)
    assert [(run.arm, run.seed) for run in runs] == [(arm.name, seed) for arm in sweep.arms for seed in (8, 9)]
    assert all(run.run_id == asked.run_id and asked.seed == run.seed for run, asked in runs.items())
    assert PlannedSweep.of(sweep).confirmation == tuple(runs)
    assert not set(runs) & set(sweep.planned_runs())
