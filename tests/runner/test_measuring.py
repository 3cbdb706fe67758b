"""What a sweep asks of stored runs beside what they have: measured, or the run is trained again and comes out alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from ablate.core.metrics import PROBABILITIES
from ablate.core.records import Status
from ablate.core.specs import Component
from ablate.runner.events import ArtefactFailed, NotReproduced
from ablate.runner.inline import InlineExecutor
from ablate.runner.jobs import WITHOUT
from ablate.runner.measuring import measure_runs, unmeasured
from ablate.runner.plan import missing
from ablate.runner.session import Session
from ablate.storage.runs import RunStore
from tests.core.test_metrics import BALANCED
from tests.runner.scripted import scripted_spec, tried
from tests.synthetic import completed_run, diverged_run, run_spec

SPECS = {spec.run_id: spec for spec in (run_spec(seed=seed) for seed in range(3))}
WANTED = dict.fromkeys(SPECS, (BALANCED,))


@pytest.fixture
def store(tmp_path) -> RunStore:
    store = RunStore(tmp_path)
    for spec in SPECS.values():
        store.put(completed_run(spec, quality=0.5))
    return store


def measure(store: RunStore, wanted=WANTED) -> list:
    events: list = []
    records = [store.record(run_id) for run_id in SPECS]
    measure_runs(unmeasured(records, wanted, store), store, events.append)
    return events


def test_a_run_that_lacks_the_metric_is_incomplete_and_is_mended_without_training(store):
    work = missing(SPECS, store, measured=WANTED)
    assert (work.jobs, dict(work.unmeasured)) == ((), WANTED)
    assert measure(store) == []
    assert missing(SPECS, store, measured=WANTED).unmeasured == {}
    for run in store.present(SPECS, [BALANCED.artefact]).values():
        labels, predictions = run.arrays["test/label"], run.arrays["test/prediction"]
        expected = balanced_accuracy_score(labels, predictions)
        assert run.measured(BALANCED.info.name) == pytest.approx(expected, abs=1e-12)
    assert all(run.measured(BALANCED.info.name) is None for run in store.present(SPECS).values())


def test_other_code_measures_again_and_what_was_measured_stays(store):
    measure(store)
    changed = replace(BALANCED, code="1" * 64)
    wanted = dict.fromkeys(SPECS, (changed,))
    assert len(missing(SPECS, store, measured=wanted).unmeasured) == 3
    measure(store, wanted)
    assert all(store.has_artefact(run_id, each.artefact) for run_id in SPECS for each in (BALANCED, changed))


def test_runs_that_diverged_have_no_metric(tmp_path):
    store, spec = RunStore(tmp_path), run_spec()
    store.put(diverged_run(spec))
    assert missing({spec.run_id: spec}, store, measured={spec.run_id: (BALANCED,)}).unmeasured == {}


def test_a_function_that_raises_is_told_and_leaves_the_others(store):
    broken = replace(BALANCED, source=Component("ablate.metrics.balanced_accuracy.nothing"), code="2" * 64)
    events = measure(store, dict.fromkeys(SPECS, (broken, BALANCED)))
    assert [type(event) for event in events] == [ArtefactFailed] * 3
    assert "nothing" in events[0].failure.message
    assert missing(SPECS, store, measured=WANTED).unmeasured == {}


def test_probabilities_come_from_their_artefact(store):
    metric = replace(BALANCED, takes=("labels", "predictions", PROBABILITIES))
    assert [event.artefact for event in measure(store, dict.fromkeys(SPECS, (metric,)))] == [metric.artefact] * 3
    work = missing(SPECS, store, dict.fromkeys(SPECS, metric.needs), measured=dict.fromkeys(SPECS, (metric,)))
    assert (work.retrained, dict(work.unmeasured)) == (tuple(SPECS.values()), {})


class Place:
    """Runs of the scripted trainer, which measures no validation loss, or of one that does."""

    def __init__(self, folder) -> None:
        self.store, self.folder, self.events = RunStore(folder / "results"), folder, []
        self.spec = scripted_spec(0)

    def run(self, *metrics: str):
        self.events.clear()
        wanted = {self.spec.run_id: metrics}
        work = missing({self.spec.run_id: self.spec}, self.store, metrics=wanted)
        incomplete = frozenset(spec.run_id for spec in work.incomplete)
        session = Session(
            self.store, self.folder, self.events.append, anew=work.anew, incomplete=incomplete, metrics=wanted
        )
        if work.jobs:
            InlineExecutor().execute(work.jobs, session)
        return work


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


def put_older(place: Place, **changes) -> None:
    """The run as a version left it that measured less."""
    run = place.store.get(place.spec.run_id)
    record = replace(run.record, metrics={}, environment={})
    place.store.remove(place.store.folder(place.spec.run_id))
    place.store.put(replace(run, record=record, arrays={**run.arrays, **changes}))


def test_a_record_without_a_metric_of_its_sweep_is_replaced_by_one_that_came_out_alike(place):
    place.run()
    (name, value), *_ = place.store.record(place.spec.run_id).metrics.items()
    put_older(place)
    assert place.run(name).incomplete == (place.spec,)
    assert place.store.record(place.spec.run_id).metrics[name] == value
    assert place.run(name).jobs == ()
    assert len(tried(place.folder)) == 2


def test_one_that_comes_out_otherwise_stays_and_is_said(place):
    place.run()
    (name, _), *_ = place.store.record(place.spec.run_id).metrics.items()
    array = next(iter(place.store.get(place.spec.run_id).arrays))
    put_older(place, **{array: np.array([7.0])})
    before = place.store.record(place.spec.run_id)
    place.run(name)
    assert [type(event) for event in place.events if isinstance(event, NotReproduced)] == [NotReproduced]
    assert place.store.record(place.spec.run_id) == before


def test_a_run_that_has_no_value_of_a_metric_tells_so_and_is_tried_once(place):
    place.run("test_frechet_distance")
    record = place.store.record(place.spec.run_id)
    assert record.status is Status.COMPLETED
    assert list(record.environment[WITHOUT]) == ["test_frechet_distance"]
    assert place.run("test_frechet_distance").jobs == ()


def test_a_metric_of_each_epoch_is_had_from_the_history(place):
    place.run()
    put_older(place)
    history = place.store.get(place.spec.run_id).history
    assert place.run(*history).jobs == ()
