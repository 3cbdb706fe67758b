"""What is Ray's alone: being there or not, joining, room for workers, and leaving nothing behind.

What it shares with other executors is in `test_executors.py`.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from ablate.core.specs import Numerics
from ablate.runner.cluster import RayExecutor
from ablate.runner.devices import DeviceAbsent
from ablate.runner.inline import InlineExecutor
from ablate.runner.session import ExecutorUnavailable, Session
from ablate.storage.runs import RunStore
from tests.runner.parent import specs
from tests.runner.scripted import scripted_spec, tried
from tests.runner.test_parents import ended_here, stored, wait_until

SPEC = scripted_spec()
CPU, GPU = Numerics("cpu", "xla", 2), Numerics("gpu", "xla", 1)


def session(folder) -> Session:
    return Session(RunStore(folder / "results"), folder, lambda event: None)


@pytest.fixture
def no_ray(monkeypatch):
    monkeypatch.delitem(sys.modules, "ablate.runner.actors", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)


def test_without_ray_a_message_names_the_extra(no_ray, tmp_path):
    with pytest.raises(ExecutorUnavailable, match=r"pip install 'ablate\[ray\]'"):
        RayExecutor().execute([SPEC], session(tmp_path))
    assert RayExecutor().execute([], session(tmp_path)) == ()


def test_a_plan_needs_no_ray(no_ray, monkeypatch):
    monkeypatch.setattr("ablate.runner.local.available_cores", lambda: 3)
    assert RayExecutor().worker_count([SPEC] * 9) == 3
    assert RayExecutor(workers=5).worker_count([SPEC] * 9) == 5
    assert RayExecutor(address="auto", workers=5).worker_count([SPEC] * 9) == 5
    assert RayExecutor(address="auto").worker_count([SPEC] * 9) is None


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"gpus_per_worker": 0.0}, {"stall_seconds": -1.0}])
def test_refuses_settings_that_cannot_work(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is .*must be greater than 0"):
        RayExecutor(**wrong)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_an_address_where_nobody_listens_is_named(tmp_path):
    pytest.importorskip("ray")
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(ExecutorUnavailable, match=f"no Ray at executor.address={address}"):
        RayExecutor(address=address).execute([SPEC], session(tmp_path))


@pytest.fixture
def machines(monkeypatch):
    """A Ray of these machines, one of them lost."""
    actors = pytest.importorskip("ablate.runner.actors", reason="needs ray")
    nodes = [
        {"Alive": True, "Resources": {"CPU": 5.0, "memory": 1e9}},
        {"Alive": True, "Resources": {"CPU": 4.0, "GPU": 3.0}},
        {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}},
    ]
    monkeypatch.setattr(actors.ray, "nodes", lambda: nodes)
    return actors.Actors


def test_there_is_room_for_what_each_machine_has_room_for(machines):
    assert machines(1.0).room([CPU]) == 2 + 2
    assert machines(1.0).room([GPU]) == 3
    assert machines(0.5).room([GPU]) == 4
    assert machines(1.0).room([CPU, GPU]) == 2
    with pytest.raises(ExecutorUnavailable, match="a run needs 6 CPU, and no machine of this Ray has as much"):
        machines(1.0).room([replace(CPU, threads=6)])
    with pytest.raises(DeviceAbsent, match="no machine of this Ray has 4 of a GPU"):
        machines(4.0).room([GPU])


def test_workers_have_a_gpu_of_their_own_unless_they_share_it(machines):
    assert len({machines(1.0).device(number, GPU) for number in range(3)}) == 3
    assert len({machines(0.5).device(number, GPU) for number in range(3)}) == 1
    assert {machines(1.0).device(number, CPU) for number in range(3)} == {"cpu"}


def drive(folder, seconds, *address) -> subprocess.Popen:
    """A parent with two actors, in a session of its own."""
    command = [sys.executable, "-m", "tests.runner.driver", str(folder), str(seconds), *address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def is_left(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_ray_of_its_own_ends_with_the_work_and_says_nothing(tmp_path):
    pytest.importorskip("ray")
    with drive(tmp_path, 10.0) as parent:
        wait_until(lambda: len(tried(tmp_path)) == 2, seconds=120.0)
        started = psutil.Process(parent.pid).children(recursive=True)
        parent.send_signal(signal.SIGTERM)
        out, err = parent.communicate(timeout=60)
    assert parent.returncode == 128 + signal.SIGTERM
    assert (out, err) == ("interrupted 0 8\n", "")
    assert len(started) > 2
    wait_until(lambda: not any(map(is_left, started)), seconds=30.0)
    assert [path.name for path in (tmp_path / "results" / "claims").iterdir()] == [".lock"]


@pytest.mark.slow
def test_a_ray_of_its_own_does_not_outlive_a_killed_parent(tmp_path):
    """Its agents take a minute to notice."""
    pytest.importorskip("ray")
    with drive(tmp_path, 10.0) as parent:
        wait_until(lambda: len(tried(tmp_path)) == 2, seconds=120.0)
        started = psutil.Process(parent.pid).children(recursive=True)
        actors = [process for process in started if process.cmdline()[0].startswith("ray::Actor")]
        assert len(actors) == 2
        parent.kill()
    wait_until(lambda: not any(map(is_left, actors)), seconds=30.0)
    wait_until(lambda: not any(map(is_left, started)), seconds=180.0)


@pytest.mark.slow
def test_a_node_that_is_lost_costs_its_runs_one_try(tmp_path):
    """Two machines with a core each, which a joined cluster of this test's own pretends; one of them goes."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        lost = cluster.add_node(num_cpus=1)
        with drive(tmp_path, 0.5, cluster.address) as parent:
            wait_until(lambda: len(tried(tmp_path)) >= 3, seconds=120.0)
            cluster.remove_node(lost, allow_graceful=False)
            out, err = parent.communicate(timeout=180)
    finally:
        cluster.shutdown()
    assert parent.returncode == 0, err
    assert set(ended_here(out)) == {spec.run_id for spec in specs(0.5)}
    assert 8 <= len(tried(tmp_path)) <= 9
    alone = tmp_path / "alone"
    alone.mkdir()
    InlineExecutor().execute(specs(0.5), session(alone))
    assert stored(tmp_path) == stored(alone)
