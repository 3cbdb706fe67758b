"""What every executor promises, held to one set of tests: the same bytes, and no accident of one run is another's.

A scripted trainer misbehaves as its runs ask for. Where workers are processes of their own, a run may take its
worker with it; where they are the test's own process, it may not.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from dataclasses import replace

import psutil
import pytest

from ablate.analysis.frame import study_tables
from ablate.core.errors import Interrupted
from ablate.core.plans import StudyPlan
from ablate.core.records import Status
from ablate.core.specs import Component
from ablate.runner.cluster import RayExecutor
from ablate.runner.events import ArtefactFailed, EpochEnded, NotReproduced, RunEnded, RunStarted, WorkerDied
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor
from ablate.runner.pool_executor import PoolExecutor
from ablate.runner.session import Session, StoppedEarly
from ablate.storage.runs import RunStore, pack
from tests.requests import spec as real_spec
from tests.runner.scripted import EPOCHS, scripted_spec, scripted_study, tried

EXECUTORS = {
    "inline": InlineExecutor(),
    "local": LocalExecutor(workers=2),
    "ray": RayExecutor(workers=2),
}
STUDY = scripted_study(rates=(0.1, 0.2, 0.3), seeds=(0, 1), claims=("rate=0.1 < rate=0.3 on test_loss",), seconds=0.05)
SOUND = tuple(STUDY.run_specs().values())
RAISES, EXITS, DIVERGES, UNSTORABLE = (
    scripted_spec(script=script) for script in ("raise", "exit", "diverge", "unstorable")
)
BROKEN_PROBE = scripted_spec(broken_probe="sharpness")
ROUGH = (SOUND[0], RAISES, EXITS, DIVERGES, UNSTORABLE, BROKEN_PROBE)
# What costs a worker: once, and its run is tried again; at every try, and it has failed.
DEADLY = {
    "crowded once": scripted_spec(script="exhaust", once=True, seconds=0.3),
    "crowded": scripted_spec(script="memory", seconds=0.3),
    "dies once": scripted_spec(script="die", once=True),
    "dies": scripted_spec(script="die"),
}
KEEP = ("weights", "sharpness")


class Scene:
    """A store, a folder for the trainer, and all that an executor told."""

    def __init__(self, folder, executor) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.executor = folder, executor
        self.store = RunStore(folder / "results")
        self.events = []

    @property
    def has_workers(self) -> bool:
        return isinstance(self.executor, PoolExecutor)

    def execute(self, specs, *keep, **settings):
        if not self.has_workers:
            settings.pop("workers", None)
        session = Session(self.store, self.folder, self.events.append, {spec.run_id: keep for spec in specs})
        return replace(self.executor, **settings).execute(specs, session)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def record(self, spec):
        return self.store.record(spec.run_id)

    def files(self, pattern):
        """What is stored of the sound runs, by its place."""
        paths = [path for spec in SOUND for path in self.store.folder(spec.run_id).glob(pattern)]
        return {path.relative_to(self.store.root): path.read_bytes() for path in paths}

    def tables(self):
        plan = StudyPlan.of(STUDY)
        tables = study_tables(plan, self.store.present(plan.run_ids))
        files = {**tables.files(), "history.csv": b"".join(tables.history_csv())}
        return {name: content for name, content in files.items() if not name.startswith("timings")}


@pytest.fixture(scope="module")
def ray_of_its_own():
    """One Ray for all tests of this module; an executor makes use of what its process has joined."""
    pytest.importorskip("ray")
    from ablate.runner.actors import joined

    with joined(None, cores=2, gpus=0):
        yield


@pytest.fixture(scope="module", params=EXECUTORS)
def executor(request):
    if request.param == "ray":
        request.getfixturevalue("ray_of_its_own")
    return EXECUTORS[request.param]


@pytest.fixture(scope="module")
def played(executor, tmp_path_factory) -> Scene:
    """Everything that can go wrong, among runs that are sound."""
    scene = Scene(tmp_path_factory.mktemp("played"), executor)
    specs = (*ROUGH, *(DEADLY.values() if scene.has_workers else ()), *SOUND[1:])
    scene.records = scene.execute(specs, *KEEP)
    scene.asked = specs
    return scene


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Scene:
    """The sound runs alone, one after the other, by the trainer itself."""
    scene = Scene(tmp_path_factory.mktemp("undisturbed"), EXECUTORS["inline"])
    scene.execute(SOUND, *KEEP)
    return scene


@pytest.fixture
def scene(executor, tmp_path):
    before = set(psutil.Process().children())
    yield Scene(tmp_path, executor)
    assert {child for child in psutil.Process().children() if child not in before} == set()
    assert not [path for path in tmp_path.glob("**/claims/*") if not path.name.startswith(".")]
    assert list(tmp_path.glob("**/.tmp-*")) == []


def test_returns_the_records_in_order_and_tells_of_every_run_and_epoch(played):
    assert [record.run_id for record in played.records] == [spec.run_id for spec in played.asked]
    assert all(played.store.record(record.run_id) == record for record in played.records)
    assert Counter(event.record.run_id for event in played.of(RunEnded)) == Counter(tried_once(played.asked))
    assert all(event.is_ours for event in played.of(RunEnded))
    assert Counter(event.run_id for event in played.of(RunStarted)) >= Counter(tried_once(played.asked))
    epochs = Counter(event.run_id for event in played.of(EpochEnded))
    assert {spec.run_id: epochs[spec.run_id] for spec in SOUND} == {spec.run_id: EPOCHS for spec in SOUND}


def tried_once(specs):
    return [spec.run_id for spec in specs]


def test_stores_equal_bytes_whatever_went_wrong_beside_them(played, undisturbed):
    for pattern, count in (("spec.json", 1), ("arrays.npz", 1), ("artefacts/*.npz", len(KEEP))):
        assert len(undisturbed.files(pattern)) == count * len(SOUND)
        assert played.files(pattern) == undisturbed.files(pattern)
    assert len(undisturbed.tables()) == 6
    assert played.tables() == undisturbed.tables()


def test_records_a_failure_and_a_divergence_once_and_goes_on(played):
    failure = played.record(RAISES).failure
    assert played.record(RAISES).status is Status.FAILED
    assert (failure.kind, failure.type, failure.message) == ("error", "Unpicklable", "as the script says")
    assert 'raise Unpicklable("as the script says")' in failure.traceback
    assert played.record(EXITS).failure.type == "SystemExit"
    assert "no canonical form" in played.record(UNSTORABLE).failure.message
    assert played.record(DIVERGES).status is Status.DIVERGED
    times = Counter(tried(played.folder))
    assert {times[spec.run_id] for spec in (*ROUGH, *SOUND)} == {1}


def test_a_probe_that_fails_leaves_the_run_and_its_other_artefacts(played):
    (event,) = played.of(ArtefactFailed)
    assert (event.run_id, event.artefact, event.failure.message) == (
        BROKEN_PROBE.run_id,
        "sharpness",
        "as the script says",
    )
    assert played.record(BROKEN_PROBE).status is Status.COMPLETED
    assert played.store.artefacts(BROKEN_PROBE.run_id) == ("weights",)
    assert played.store.artefacts(DIVERGES.run_id) == ()


def test_a_run_whose_worker_was_killed_is_tried_once_more(played):
    if not played.has_workers:
        pytest.skip("the worker is this process")
    deaths = {name: [] for name in DEADLY}
    for event in played.of(WorkerDied):
        [name] = [name for name, spec in DEADLY.items() if spec.run_id == event.run_id]
        deaths[name].append(event.is_retried)
    assert deaths == {"dies once": [True], "dies": [True, False], "crowded once": [True], "crowded": [True, False]}
    assert played.record(DEADLY["dies once"]).status is Status.COMPLETED
    assert played.record(DEADLY["dies"]).failure.kind == "killed"
    times = Counter(tried(played.folder))
    assert {times[spec.run_id] for spec in DEADLY.values()} == {2}


def test_a_run_that_ran_out_of_memory_has_the_device_for_itself_at_its_second_try(played):
    if not played.has_workers:
        pytest.skip("a run of this process is alone from the start")
    crowded = [DEADLY["crowded once"], DEADLY["crowded"]]
    once, always = map(played.record, crowded)
    assert once.status is Status.COMPLETED
    assert (always.status, always.failure.kind, always.failure.type) == (Status.FAILED, "oom", "MemoryError")
    together = beside_each_try(played)
    assert any(others for tries in together.values() for others in tries)
    assert [together[spec.run_id][1] for spec in crowded] == [set(), set()]


def beside_each_try(scene):
    """run_id → for each of its tries the other runs that were being trained at any time of it."""
    running, tries = {}, {}
    # Nobody notes the end of those that are killed.
    killed = {DEADLY[name].run_id for name in ("dies once", "dies")}
    for line in (scene.folder / "log").read_text().splitlines():
        what, run_id = line.split()
        if run_id in killed:
            continue
        if what == "end":
            del running[run_id]
        else:
            others = set(running)
            for each in others:
                running[each].add(run_id)
            running[run_id] = others
            tries.setdefault(run_id, []).append(others)
    return tries


def test_artefacts_are_derived_without_training_or_trained_for_again_and_come_out_the_same(scene):
    derived, trained = SOUND[:2]
    scene.execute([derived], "weights")
    scene.execute([trained])
    scene.execute([derived, trained], "sharpness", "step_losses", workers=1)
    assert scene.store.artefacts(derived.run_id) == ("weights", "step_losses", "sharpness")
    assert scene.store.artefacts(trained.run_id) == ("step_losses", "sharpness")
    assert scene.of(NotReproduced) == []
    scene.execute([derived], "dead_units", workers=1)
    assert Counter(tried(scene.folder)) == {derived.run_id: 2, trained.run_id: 2}


def test_stops_when_the_first_runs_fail_in_the_same_place(scene):
    specs = [scripted_spec(seed, script="raise") for seed in range(6)]
    with pytest.raises(StoppedEarly, match=r"the first 3 runs failed alike .*; 3 not tried"):
        scene.execute(specs, workers=1)
    assert len(list(scene.store.ids())) == 3
    assert len(scene.execute(specs, workers=1, keep_going=True)) == 6


def test_a_signal_ends_the_work_and_keeps_what_is_done(scene):
    def interrupt(event):
        if isinstance(event, RunEnded):
            signal.raise_signal(signal.SIGTERM)

    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    scene.events = type("Events", (list,), {"append": lambda _, event: interrupt(event)})()
    with pytest.raises(Interrupted) as caught:
        scene.execute(SOUND, workers=1)
    assert (caught.value.signal_number, caught.value.done, caught.value.remaining) == (signal.SIGTERM, 1, 5)
    assert list(scene.store.ids()) == [SOUND[0].run_id]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_ends_a_worker_that_hangs_or_falls_silent(scene):
    if not scene.has_workers:
        pytest.skip("the worker is this process")
    hanging, frozen = (scripted_spec(script=script, once=True) for script in ("hang", "freeze"))
    scene.execute((hanging, frozen, SOUND[0]), stall_seconds=5.0, heartbeat_seconds=4.0)
    reasons = {event.run_id: event.reason for event in scene.of(WorkerDied)}
    assert reasons[hanging.run_id] == "the worker ended no epoch for 5 s"
    assert reasons[frozen.run_id] == "the worker gave no sign of life for 4 s"
    assert {scene.record(spec).status for spec in (hanging, frozen, SOUND[0])} == {Status.COMPLETED}


def test_records_a_trainer_that_cannot_be_loaded(scene):
    (record,) = scene.execute([replace(SOUND[0], trainer=Component("tests.runner.absent.Trainer"))])
    assert (record.failure.kind, record.failure.type) == ("error", "ConfigError")
    assert "No module named 'tests.runner.absent'" in record.failure.message


def test_nothing_to_do_starts_nothing(scene, monkeypatch):
    monkeypatch.setattr("ablate.runner.worker_pool.WorkerPool.turn", None)
    assert scene.execute(()) == ()
    assert scene.events == []


def test_plans_for_no_more_places_than_there_are_runs(executor):
    assert executor.worker_count(SOUND[:1]) == 1


@pytest.fixture(scope="module")
def really_trained():
    """One tiny run with dropout, by the real trainer in this process."""
    from ablate.runner.trainer import Trainer

    asked = real_spec("training.epochs=1", "model.hidden=[4]", "model.dropout=0.2")
    return asked, pack(Trainer(None, asked.numerics).train(asked, lambda epoch, epochs, metrics: None).arrays)


def test_the_real_trainer_gives_the_same_bytes(scene, really_trained):
    asked, arrays = really_trained
    (record,) = scene.execute([asked])
    assert record.status is Status.COMPLETED, record.failure
    assert (scene.store.folder(asked.run_id) / "arrays.npz").read_bytes() == arrays
    assert json.loads((scene.store.folder(asked.run_id) / "spec.json").read_bytes())["seed"] == asked.seed
