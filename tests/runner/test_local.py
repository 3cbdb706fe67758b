"""Worker processes: the same outcome whoever trains, and no accident of one run is another's."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest

from ablate.durable import WriteFailed
from ablate.records import Status
from ablate.runner import crew, process
from ablate.runner.events import EpochEnded, RunEnded, RunStarted, WorkerDied
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor, default_workers
from ablate.runner.process import OUTPUT_BYTES
from ablate.runner.session import Session, StoppedEarly
from ablate.specs import Numerics
from ablate.store import RunStore
from tests.runner.scripted import EPOCHS, NAME, Unpicklable, scripted_spec, tried

LOCAL = LocalExecutor(workers=2, trainer=NAME)
INLINE = InlineExecutor(trainer=NAME)
SPECS = tuple(scripted_spec(seed, rate, width=width) for width in (1, 2) for rate in (0.1, 0.2) for seed in (0, 1))


class Scene:
    """A store, a folder for the trainer, and all that an executor told."""

    def __init__(self, tmp_path) -> None:
        tmp_path.mkdir(exist_ok=True)
        self.store = RunStore(tmp_path / "results")
        self.data_dir = tmp_path
        self.events = []
        self.session = Session(self.store, tmp_path, self.events.append)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def bytes_of(self, *names):
        return {
            path.relative_to(self.store.root): path.read_bytes()
            for name in names
            for path in self.store.root.glob(f"runs/??/*/{name}")
        }


@pytest.fixture
def scene(tmp_path, children):
    yield Scene(tmp_path)
    assert children() == []
    assert not [path for path in tmp_path.glob("**/claims/*") if path.name != ".lock"]
    assert list(tmp_path.glob("**/.tmp-*")) == []


def test_stores_equal_bytes_whoever_trains(scene, tmp_path):
    executors = {"one": replace(LOCAL, workers=1), "two": LOCAL, "inline": INLINE}
    kept = []
    for name, executor in executors.items():
        own = Scene(tmp_path / name)
        executor.execute(SPECS, own.session)
        kept.append(own.bytes_of("spec.json", "arrays.npz"))
    assert len(kept[0]) == 2 * len(SPECS)
    assert kept[0] == kept[1] == kept[2]


@pytest.mark.parametrize("executor", [LOCAL, INLINE])
def test_returns_the_records_in_order_and_tells_of_every_epoch(scene, executor):
    records = executor.execute(SPECS, scene.session)
    assert [record.run_id for record in records] == [spec.run_id for spec in SPECS]
    assert all(scene.store.record(record.run_id) == record for record in records)
    assert len(scene.of(RunStarted)) == len(scene.of(RunEnded)) == len(SPECS)
    assert Counter(event.run_id for event in scene.of(EpochEnded)) == {spec.run_id: EPOCHS for spec in SPECS}


@pytest.mark.parametrize("executor", [LOCAL, INLINE])
def test_records_a_failure_and_a_divergence_once_and_goes_on(scene, executor):
    bad, exits, diverged, unstorable = (
        scripted_spec(script=script) for script in ("raise", "exit", "diverge", "unstorable")
    )
    executor.execute((SPECS[0], bad, exits, diverged, unstorable, SPECS[1]), scene.session)
    record = scene.store.record(bad.run_id)
    assert (record.status, record.failure.kind, record.failure.type) == (Status.FAILED, "error", "Unpicklable")
    assert record.failure.message == "as the script says"
    assert 'raise Unpicklable("as the script says")' in record.failure.traceback
    assert scene.store.record(exits.run_id).failure.type == "SystemExit"
    assert "no canonical form" in scene.store.record(unstorable.run_id).failure.message
    assert scene.store.record(diverged.run_id).status is Status.DIVERGED
    assert set(Counter(tried(scene.data_dir)).values()) == {1}


def test_tries_a_run_again_when_its_worker_was_killed(scene):
    lost = scripted_spec(script="die", once=True)
    LOCAL.execute((lost, *SPECS), scene.session)
    (death,) = scene.of(WorkerDied)
    assert (death.run_id, death.reason, death.is_retried) == (lost.run_id, "the worker was killed by SIGKILL", True)
    assert all(scene.store.record(spec.run_id).status is Status.COMPLETED for spec in (lost, *SPECS))
    assert Counter(tried(scene.data_dir)) == {**{spec.run_id: 1 for spec in SPECS}, lost.run_id: 2}


def test_gives_a_run_up_when_its_worker_was_killed_twice(scene):
    lost = scripted_spec(script="die")
    LOCAL.execute((lost, *SPECS), scene.session)
    failure = scene.store.record(lost.run_id).failure
    assert (failure.kind, failure.traceback) == ("killed", "last words\n")
    assert [death.is_retried for death in scene.of(WorkerDied)] == [True, False]
    assert all(scene.store.record(spec.run_id).status is Status.COMPLETED for spec in SPECS)


@pytest.mark.parametrize(
    ("script", "executor", "reason"),
    [
        ("hang", replace(LOCAL, stall_seconds=1.0), "the worker ended no epoch for 1 s"),
        ("freeze", replace(LOCAL, heartbeat_seconds=1.0), "the worker gave no sign of life for 1 s"),
    ],
)
def test_ends_a_worker_that_hangs(scene, script, executor, reason):
    hanging = scripted_spec(script=script, once=True)
    executor.execute((hanging, *SPECS), scene.session)
    assert [death.reason for death in scene.of(WorkerDied)] == [reason]
    assert scene.store.record(hanging.run_id).status is Status.COMPLETED


def test_a_worker_that_never_starts_is_given_up(scene, monkeypatch):
    monkeypatch.setattr(crew, "STARTING_SECONDS", 0.5)
    monkeypatch.setattr(process, "COMMAND", "import time; time.sleep(3600)")
    replace(LOCAL, workers=1, heartbeat_seconds=0.1).execute(SPECS[:1], scene.session)
    assert [death.reason for death in scene.of(WorkerDied)] == ["the worker gave no sign of life for 0.5 s"] * 2
    assert scene.store.record(SPECS[0].run_id).failure.kind == "stalled"


def test_tries_again_in_a_fresh_worker_when_memory_ran_out(scene):
    once, always = (scripted_spec(script="memory", once=once) for once in (True, False))
    LOCAL.execute((once, always), scene.session)
    assert scene.store.record(once.run_id).status is Status.COMPLETED
    assert scene.store.record(always.run_id).failure.kind == "oom"


def test_replaces_a_worker_that_has_grown(scene):
    executor = replace(LOCAL, workers=1, memory_growth_gib=0.03)
    executor.execute([scripted_spec(seed, script="grow") for seed in range(4)], scene.session)
    # The first run sets the measure, the second exceeds it; so again with the third and the fourth.
    assert len((scene.data_dir / "trainers").read_text().splitlines()) == 2


def test_keeps_a_worker_that_has_not(scene):
    replace(LOCAL, workers=1).execute(SPECS, scene.session)
    assert len((scene.data_dir / "trainers").read_text().splitlines()) == 1


def test_keeps_the_end_of_what_a_worker_printed_and_no_more(scene):
    chatter = scripted_spec(script="chatter")
    LOCAL.execute((chatter,), scene.session)
    output = scene.store.record(chatter.run_id).failure.traceback
    assert len(output) == OUTPUT_BYTES
    assert output.endswith("chatter chatter last words\n")


def test_a_full_disk_ends_the_work_and_leaves_nothing_running(scene, monkeypatch):
    def refuse(run):
        raise WriteFailed(scene.store.root, 1, "No space left on device")

    monkeypatch.setattr(scene.store, "put", refuse)
    with pytest.raises(WriteFailed):
        LOCAL.execute(SPECS, scene.session)


@pytest.mark.parametrize("executor", [LOCAL, INLINE])
def test_stops_when_the_first_runs_fail_in_the_same_place(scene, executor):
    specs = [scripted_spec(seed, script="raise") for seed in range(6)]
    with pytest.raises(StoppedEarly, match=r"the first 3 runs failed alike .*; 3 not tried"):
        executor.execute(specs, scene.session)
    assert len(list(scene.store.ids())) == 3
    executor_that_goes_on = replace(executor, keep_going=True)
    assert len(executor_that_goes_on.execute(specs, scene.session)) == 6


def test_goes_on_after_failures_that_differ_or_come_later(scene):
    late = [scripted_spec(seed, script="raise") for seed in range(3)]
    INLINE.execute([SPECS[0], *late], scene.session)
    differing = [scripted_spec(script=script) for script in ("exit", "unstorable")]
    INLINE.execute([scripted_spec(9, script="raise"), *differing, SPECS[1]], scene.session)
    assert scene.store.record(SPECS[1].run_id).status is Status.COMPLETED


def test_gives_each_worker_the_threads_of_its_runs(scene):
    specs = [scripted_spec(seed, threads=threads) for threads in (1, 2) for seed in (0, 1)]
    records = LOCAL.execute(specs, scene.session)
    assert {record.status for record in records} == {Status.COMPLETED}


def test_counts_workers_by_cores_and_threads(monkeypatch):
    monkeypatch.setattr("ablate.runner.local.available_cores", lambda: 8)
    monkeypatch.setattr("ablate.runner.local.available_gpus", lambda: ("0", "1"))
    assert default_workers([Numerics("cpu", "xla", 1)]) == 8
    assert default_workers([Numerics("cpu", "xla", 1), Numerics("cpu", "xla", 3)]) == 2
    assert default_workers([Numerics("cpu", "xla", 16)]) == 1
    assert default_workers([Numerics("gpu", "xla", 1)]) == 2
    assert LocalExecutor().places(SPECS[:3]) == 3


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"heartbeat_seconds": 0.0}, {"stall_seconds": -1.0}])
def test_refuses_settings_that_cannot_work(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is .*must be greater than 0"):
        LocalExecutor(**wrong)


@pytest.mark.parametrize("executor", [LOCAL, INLINE])
def test_records_a_trainer_that_cannot_be_loaded(scene, executor):
    (record,) = replace(executor, trainer="tests.runner.absent").execute(SPECS[:1], scene.session)
    assert (record.failure.kind, record.failure.type) == ("error", "ModuleNotFoundError")


@pytest.mark.parametrize("executor", [LOCAL, INLINE])
def test_an_observer_that_raises_is_a_warning_and_ends_nothing(scene, executor, caplog):
    def observe(event):
        scene.events.append(event)
        raise Unpicklable("as the script says")

    records = executor.execute(SPECS, replace(scene.session, observe=observe))
    assert {record.status for record in records} == {Status.COMPLETED}
    assert len(scene.events) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "the observer of runs raised Unpicklable('as the script says'), and is told nothing more"
    ]


def test_nothing_to_do_starts_nothing(scene):
    started_at = time.monotonic()
    assert LOCAL.execute((), scene.session) == ()
    assert time.monotonic() - started_at < 0.5
