"""What is missing: subtracted from the store, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from ablate.core.records import Failure, RunRecord, Status, StoredRun, Timings
from ablate.core.specs import Component
from ablate.runner.plan import estimate_seconds, missing
from ablate.storage.runs import RunStore
from tests.runner.scripted import scripted_spec, scripted_study

STUDY = scripted_study()


def put(store, spec, status=Status.COMPLETED, wall_seconds=1.0):
    failure = Failure("error", "ValueError", "no") if status is Status.FAILED else None
    store.put(StoredRun(spec, RunRecord(spec.run_id, status, failure=failure, timings=Timings(wall_seconds))))


def test_everything_is_missing_from_an_empty_store(tmp_path):
    work = missing(STUDY.run_specs(), RunStore(tmp_path))
    assert work.todo == tuple(STUDY.run_specs().values())
    assert (work.done, work.failed, work.estimated_seconds) == ({}, {}, None)
    assert work.programs == (scripted_spec().program_id,)


def test_completed_and_diverged_are_done_and_failed_is_not(tmp_path):
    store = RunStore(tmp_path)
    first, second, third, *rest = STUDY.run_specs().values()
    put(store, first, Status.COMPLETED)
    put(store, second, Status.DIVERGED)
    put(store, third, Status.FAILED)
    put(store, scripted_spec(seed=99))
    work = missing(STUDY.run_specs(), store)
    assert work.todo == (third, *rest)
    assert list(work.done) == [first.run_id, second.run_id]
    assert list(work.failed) == [third.run_id]


def test_nothing_is_left_of_a_finished_study(tmp_path):
    store = RunStore(tmp_path)
    for spec in STUDY.run_specs().values():
        put(store, spec)
    work = missing(STUDY.run_specs(), store)
    assert (work.todo, work.programs, work.estimated_seconds) == ((), (), 0)


def test_estimates_from_the_likeliest_runs():
    def timed(spec, wall_seconds):
        return spec, RunRecord(spec.run_id, Status.COMPLETED, timings=Timings(wall_seconds))

    same_program, same_model = scripted_spec(seed=9), scripted_spec(width=9)
    unlike = replace(scripted_spec(), model=Component("tests.other_model"))
    done = [timed(same_program, 2.0), timed(scripted_spec(seed=8), 4.0), timed(same_model, 30.0)]
    assert estimate_seconds([scripted_spec()], done) == 3.0
    assert estimate_seconds([scripted_spec(width=5), scripted_spec()], done) == 12.0 + 3.0
    assert estimate_seconds([scripted_spec(), unlike], done) is None
