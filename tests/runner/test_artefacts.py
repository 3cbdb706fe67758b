"""What is kept of runs: made once, derived where it can be, trained again where not, and never overwritten."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from ablate.core import artefacts
from ablate.core.artefacts import ARTEFACTS
from ablate.core.records import Status
from ablate.runner.events import ArtefactFailed, NotReproduced, RunEnded
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor
from ablate.runner.plan import missing
from ablate.runner.session import Session
from ablate.storage.runs import RunStore
from tests.runner.scripted import scripted_spec, tried

LOCAL = LocalExecutor(workers=2)
INLINE = InlineExecutor()
SPECS = tuple(scripted_spec(seed) for seed in range(3))


class Place:
    def __init__(self, folder, executor) -> None:
        self.store, self.folder, self.executor = RunStore(folder / "results"), folder, executor
        self.events = []

    def run(self, *names, specs=SPECS):
        self.events = []
        keep = {spec.run_id: names for spec in specs}
        work = missing({spec.run_id: spec for spec in specs}, self.store, keep)
        if work.jobs:
            self.executor.execute(work.jobs, Session(self.store, self.folder, self.events.append, keep))
        return work

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def trained(self):
        return Counter(Counter(tried(self.folder)).values())


@pytest.fixture(params=[LOCAL, INLINE], ids=["local", "inline"])
def place(request, tmp_path) -> Place:
    return Place(tmp_path, request.param)


def test_artefacts_come_with_their_runs(place):
    place.run("weights", "sharpness")
    for spec in SPECS:
        assert place.store.artefacts(spec.run_id) == ("weights", "sharpness")
        assert place.store.artefact(spec.run_id, "weights")["kernel"].tolist() == [spec.seed] * 3
        assert place.store.artefact(spec.run_id, "sharpness")["value/sharpness"] == 3 * spec.seed
    assert place.run("weights", "sharpness").jobs == ()


def test_a_probe_is_derived_from_kept_weights_without_training(place):
    place.run("weights")
    work = place.run("weights", "sharpness")
    assert (work.todo, work.retrained) == ((), ())
    assert work.derived == SPECS
    assert set(work.lacking.values()) == {("sharpness",)}
    assert place.trained() == {1: 3}
    assert [place.store.artefact(spec.run_id, "sharpness")["value/sharpness"] for spec in SPECS] == [0, 3, 6]
    assert len(place.of(RunEnded)) == 3


def test_what_cannot_be_derived_is_trained_again_and_must_come_out_the_same(place):
    place.run("weights")
    before = {path: path.read_bytes() for path in place.store.root.rglob("runs/*/*/[as]*.*")}
    work = place.run("step_losses", "sharpness")
    assert (work.todo, work.derived) == ((), ())
    assert work.retrained == SPECS
    assert work.programs == (SPECS[0].program_id,)
    assert place.trained() == {2: 3}
    assert all(place.store.artefacts(spec.run_id) == ("weights", "step_losses", "sharpness") for spec in SPECS)
    assert all(path.read_bytes() == content for path, content in before.items())
    assert place.of(NotReproduced) == []


def test_a_run_that_comes_out_otherwise_is_reported_and_changes_nothing(place):
    restless = scripted_spec(restless=True)
    place.run("weights", specs=[restless])
    before = {path: path.read_bytes() for path in place.store.root.rglob("runs/*/*/**/*.*")}
    place.run("step_losses", specs=[restless])
    assert place.of(NotReproduced) == [NotReproduced(restless.run_id, "history/loss")]
    assert place.store.artefacts(restless.run_id) == ("weights",)
    assert {path: path.read_bytes() for path in place.store.root.rglob("runs/*/*/**/*.*")} == before


def test_a_probe_that_fails_leaves_the_run_and_its_other_artefacts(place):
    broken = scripted_spec(broken_probe="sharpness")
    place.run("weights", "sharpness", "dead_units", specs=[broken])
    (event,) = place.of(ArtefactFailed)
    assert (event.run_id, event.artefact, event.failure.message) == (broken.run_id, "sharpness", "as the script says")
    assert place.store.record(broken.run_id).status is Status.COMPLETED
    assert place.store.artefacts(broken.run_id) == ("weights", "dead_units")
    # It is tried again the next time, from the weights.
    assert place.run("weights", "sharpness", specs=[broken]).derived == (broken,)
    assert place.trained() == {1: 1}


def test_runs_that_came_to_nothing_lack_nothing(place):
    diverged = scripted_spec(script="diverge")
    place.run("weights", specs=[diverged])
    assert place.store.artefacts(diverged.run_id) == ()
    assert place.run("weights", specs=[diverged]).jobs == ()


def test_a_probe_of_another_version_is_measured_again(place, monkeypatch):
    place.run("weights", "sharpness")
    newer = replace(ARTEFACTS["sharpness"], version=2)
    monkeypatch.setitem(artefacts.ARTEFACTS, "sharpness", newer)
    work = missing({spec.run_id: spec for spec in SPECS}, place.store, {SPECS[0].run_id: ("sharpness",)})
    assert work.derived == (SPECS[0],)
