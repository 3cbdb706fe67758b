"""`--same-environment`: what other versions computed is trained anew, and nothing that differs is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.core.records import Status
from ablate.runner.events import NotReproduced, RunEnded, Superseded
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor
from ablate.runner.plan import missing
from ablate.runner.session import Session
from ablate.storage.runs import RunStore
from tests.runner.scripted import scripted_spec, tried

OLD, NEW = {"tensorflow": "2.20.0"}, {"tensorflow": "2.21.0"}
SPECS = tuple(scripted_spec(seed) for seed in range(2))


class Place:
    def __init__(self, folder, executor) -> None:
        self.store, self.folder, self.executor = RunStore(folder / "results"), folder, executor
        self.events = []

    def run(self, *names, specs=SPECS, computed_with=NEW, wanted=None):
        self.events = []
        keep = {spec.run_id: names for spec in specs}
        work = missing({spec.run_id: spec for spec in specs}, self.store, keep, wanted)
        # The scripted trainer records no versions, so these stand in for what a worker would tell.
        anew = frozenset(spec.run_id for spec in work.outdated)
        session = Session(self.store, self.folder, self.events.append, keep, computed_with, anew)
        if work.jobs:
            self.executor.execute(work.jobs, session)
        return work

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def versions(self):
        return {self.store.record(run_id).environment["tensorflow"] for run_id in self.store.ids()}


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path, InlineExecutor())


def test_records_bear_what_their_command_is_known_by(place):
    place.run(computed_with={"argv": ["seed=0"], "git": None})
    for spec in SPECS:
        assert place.store.record(spec.run_id).environment == {"argv": ["seed=0"], "git": None}


def test_runs_of_other_versions_are_used_unless_it_matters(place):
    place.run(computed_with=OLD)
    assert place.run().jobs == ()
    assert place.run(wanted=OLD).jobs == ()
    assert place.run(wanted=NEW).outdated == SPECS
    assert place.versions() == {"2.21.0"}
    assert place.run(wanted=NEW).jobs == ()
    assert len(tried(place.folder)) == 4


@pytest.mark.parametrize("executor", [InlineExecutor(), LocalExecutor(workers=2)])
def test_what_comes_out_again_takes_the_place_of_the_former_with_its_artefacts(executor, tmp_path):
    place = Place(tmp_path, executor)
    place.run("weights", computed_with=OLD)
    before = {path: path.read_bytes() for path in place.store.root.glob("runs/??/*/**/*.npz")}
    place.run(wanted=NEW)
    assert {path: path.read_bytes() for path in place.store.root.glob("runs/??/*/**/*.npz")} == before
    assert place.of(Superseded) == place.of(NotReproduced) == []
    assert list(place.store.root.glob("runs/??/*.superseded")) == []
    assert len(place.of(RunEnded)) == 2


def test_what_comes_out_otherwise_is_kept_and_the_former_set_aside(place):
    restless = scripted_spec(restless=True)
    place.run(specs=[restless], computed_with=OLD)
    former = place.store.get(restless.run_id)
    place.run(specs=[restless], wanted=NEW)
    assert place.of(Superseded) == [Superseded(restless.run_id, "history/loss")]
    assert place.store.get(restless.run_id).record.metrics != former.record.metrics
    (aside,) = place.store.root.glob("runs/??/*.superseded")
    assert aside.name == f"{restless.run_id}.superseded"
    assert list(place.store.ids()) == [restless.run_id]


def test_what_fails_anew_takes_the_place_of_nothing(place, monkeypatch):
    place.run(specs=SPECS[:1], computed_with=OLD)
    former = place.store.get(SPECS[0].run_id)
    monkeypatch.delattr("tests.runner.scripted.Trainer")
    place.executor = replace(place.executor, keep_going=True)
    place.run(specs=SPECS[:1], wanted=NEW)
    (ended,) = place.of(RunEnded)
    assert ended.record.status is Status.FAILED
    assert place.store.get(SPECS[0].run_id).record == former.record
