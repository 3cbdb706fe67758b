"""Worker processes: how many, how long each lives, what is kept of one that dies. What they share with other
executors is in `test_executors.py`."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ablate.core.records import Status
from ablate.core.specs import Numerics, RunSpec
from ablate.runner import process, worker_handle, worker_pool
from ablate.runner.devices import DeviceAbsent
from ablate.runner.events import EpochEnded, WorkerDied
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor
from ablate.runner.process import OUTPUT_BYTES
from ablate.runner.session import Session
from ablate.storage.atomic import WriteFailed
from ablate.storage.runs import RunStore
from tests.runner.scripted import Unpicklable, scripted_spec

LOCAL = LocalExecutor(workers=2)
INLINE = InlineExecutor()
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


@pytest.fixture
def scene(tmp_path, children):
    yield Scene(tmp_path)
    assert children() == []
    assert not [path for path in tmp_path.glob("**/claims/*") if path.name != ".lock"]
    assert list(tmp_path.glob("**/.tmp-*")) == []


def test_a_worker_that_never_starts_is_given_up(scene, monkeypatch):
    monkeypatch.setattr(worker_pool, "STARTING_SECONDS", 0.5)
    monkeypatch.setattr(process, "COMMAND", "import time; time.sleep(3600)")
    replace(LOCAL, workers=1, heartbeat_seconds=0.1).execute(SPECS[:1], scene.session)
    assert [death.reason for death in scene.of(WorkerDied)] == ["the worker gave no sign of life for 0.5 s"] * 2
    assert scene.store.record(SPECS[0].run_id).failure.kind == "stalled"


def test_a_machine_that_stood_still_costs_no_run(scene, monkeypatch):
    """As in a paused container, whose clock goes on: an hour passes at once, for parent and worker alike."""
    clock, passed_seconds = time.monotonic, 0.0
    for module in (worker_pool, worker_handle):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock() + passed_seconds))
    told = scene.session.observe

    def observe(event):
        nonlocal passed_seconds
        told(event)
        if isinstance(event, EpochEnded):
            passed_seconds = 3600.0

    session = replace(scene.session, observe=observe)
    spec = scripted_spec(seconds=0.6)
    LocalExecutor(workers=1, heartbeat_seconds=30.0).execute([spec], session)
    assert not scene.of(WorkerDied)
    assert scene.store.record(spec.run_id).status is Status.COMPLETED


def test_leaves_nothing_among_the_temporary_files(scene, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    LOCAL.execute([scripted_spec(seed, litters=True) for seed in range(3)], scene.session)
    assert list(folder.iterdir()) == []


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
    assert [death.reason for death in scene.of(WorkerDied)] == ["the worker was killed by SIGKILL"] * 2
    output = scene.store.record(chatter.run_id).failure.traceback
    assert len(output) == OUTPUT_BYTES
    assert output.endswith("chatter chatter last words\n")


def test_a_full_disk_ends_the_work_and_leaves_nothing_running(scene, monkeypatch):
    def refuse(run):
        raise WriteFailed(scene.store.root, 1, "No space left on device")

    monkeypatch.setattr(scene.store, "put", refuse)
    with pytest.raises(WriteFailed):
        LOCAL.execute(SPECS, scene.session)


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


def on(device: str, threads: int = 1) -> RunSpec:
    return replace(scripted_spec(), numerics=Numerics(device, "xla", threads))


@pytest.fixture
def big_machine(monkeypatch):
    """Eight cores and two GPUs."""
    monkeypatch.setattr("ablate.runner.local.available_cores", lambda: 8)
    monkeypatch.setattr("ablate.runner.local.available_gpus", lambda: ("3", "5"))


@pytest.mark.parametrize(
    ("numerics", "settings", "places"),
    [
        (["cpu"], {}, 8),
        (["cpu"], {"workers": 9}, 9),
        (["cpu"], {"gpus": 7}, 8),
        (["gpu"], {}, 2),
        (["gpu", "cpu"], {}, 2),
        (["gpu"], {"gpus": 1}, 1),
        (["gpu"], {"gpus": (1,)}, 1),
        (["gpu"], {"gpus": [1, 0]}, 2),
        (["gpu"], {"workers": 4}, 4),
    ],
)
def test_counts_workers_by_cores_or_by_gpus(big_machine, numerics, settings, places):
    assert LocalExecutor(**settings).worker_count([on(device) for device in numerics for _ in range(20)]) == places


def test_counts_workers_by_the_threads_of_the_runs(big_machine):
    assert LocalExecutor().worker_count([on("cpu"), on("cpu", 3), on("cpu")]) == 2
    assert LocalExecutor().worker_count([on("cpu", 16)]) == 1
    assert LocalExecutor().worker_count(SPECS[:3]) == 3


@pytest.mark.parametrize("gpus", [3, [0, 2]])
def test_a_gpu_that_is_not_there_is_a_device_that_is_absent(big_machine, gpus, scene):
    with pytest.raises(DeviceAbsent, match=r"executor.gpus asks for index 2 of 2 visible GPUs"):
        LocalExecutor(gpus=gpus).execute([on("gpu")], scene.session)


@pytest.mark.parametrize("gpus", [0, -1, True, [], [0, 0], [-1], ["0"], "all", 1.5])
def test_refuses_what_names_no_gpus(gpus):
    with pytest.raises(ValueError, match="it is null, a number from 1, or a list of indexes from 0"):
        LocalExecutor(gpus=gpus)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"heartbeat_seconds": 0.0}, {"stall_seconds": -1.0}])
def test_refuses_settings_that_cannot_work(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is .*must be greater than 0"):
        LocalExecutor(**wrong)


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
