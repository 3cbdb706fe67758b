"""The self-test finds what it is for: runs that do not come out again, engines that part, workers that die."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from ablate.checkup import loop
from ablate.checkup.findings import Level, Trouble
from ablate.checkup.loop import WORDS, look_at_loop
from ablate.core.specs import Numerics
from tests.requests import spec
from tests.runner.scripted import scripted_spec
from tests.synthetic import completed_run, run_spec


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Looks at the loop with the scripted trainer, which wants a folder for its marks."""
    settings = loop.WorkerSettings
    monkeypatch.setattr(loop, "WorkerSettings", lambda _, numerics, beat: settings(tmp_path, numerics, beat))

    def run(tested, **arguments):
        return {each.subject: each for each in look_at_loop(tested, **arguments)}

    return run


def test_all_is_well_with_the_real_loop():
    found = {each.subject: each for each in look_at_loop(spec(*WORDS))}
    assert list(found) == ["training", "the same run twice", "graph and xla", "eager and xla"]
    assert {each.level for each in found.values()} == {Level.FINE}, found
    assert "bit-equal" in found["the same run twice"].says


def test_a_run_that_does_not_come_out_again_is_found(look):
    found = look(scripted_spec(restless=True))
    twice = found["the same run twice"]
    assert (twice.level, twice.trouble) == (Level.WRONG, Trouble.INSTALLATION)
    assert "loss of each epoch" in twice.says
    assert twice.mend


@pytest.mark.parametrize(("device", "level"), [("cpu", Level.WRONG), ("gpu", Level.NOTE)])
@pytest.mark.parametrize("factor", [1.0, 1 + 1e-6, 1.01])
def test_engines_may_part_by_rounding_and_on_a_gpu_by_more(monkeypatch, device, level, factor):
    def answers(specs, *_):
        once, twice, graph, eager = (completed_run(each) for each in specs)
        arrays = {**once.arrays, "history/loss": once.arrays["history/loss"] * factor}
        return [once, twice, *(replace(run, record=once.record, arrays=arrays) for run in (graph, eager))]

    monkeypatch.setattr(loop, "trained", answers)
    tested = replace(run_spec(), numerics=Numerics(device, "xla", 1))
    found = {each.subject: each.level for each in look_at_loop(tested)}
    expected = level if factor == 1.01 else Level.FINE
    assert found == {
        "training": Level.FINE,
        "the same run twice": Level.FINE,
        "graph and xla": expected,
        "eager and xla": expected,
    }


@pytest.mark.parametrize(
    ("script", "says"),
    [("die", "the worker was killed by SIGKILL: last words"), ("raise", "xla: Unpicklable: as the script says")],
)
def test_a_worker_that_dies_or_fails_is_said(look, script, says):
    found = look(scripted_spec(script=script))
    assert list(found) == ["training"]
    assert (found["training"].level, found["training"].says) == (Level.WRONG, says)


def test_without_tensorflow_there_is_nothing_to_try(monkeypatch):
    def absent(numerics):
        raise PackageNotFoundError("tensorflow")

    monkeypatch.setattr(loop, "compiled_programs", absent)
    (finding,) = look_at_loop(scripted_spec())
    assert (finding.says, finding.level) == ("not tried, for tensorflow is not installed", Level.WRONG)


def test_a_worker_that_hangs_is_not_waited_for_for_ever(look):
    found = look(scripted_spec(script="hang"), patience_seconds=3.0)
    assert found["training"].says == "the worker had not trained a tiny network in time"
