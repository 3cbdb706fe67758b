"""Parents that are killed, interrupted, or two: nothing is lost, nothing is trained twice, nobody is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import psutil
import pytest

from ablate.core.errors import Interrupted
from ablate.runner.events import EpochEnded, RunClaimedElsewhere, RunEnded
from ablate.runner.inline import InlineExecutor
from ablate.runner.session import Session
from ablate.storage.runs import RunStore
from tests.runner.parent import specs
from tests.runner.scripted import scripted_spec, tried

RUNS = 8


def start(folder, workers=2, seconds=0.0, *moment) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.runner.parent", str(folder), str(workers), str(seconds), *moment]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ended_here(output: str) -> list[str]:
    return [line.split()[1] for line in output.splitlines() if line.startswith("ended") and line.endswith("True")]


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def stored(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("results/runs/??/*/[as]*.*")}


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unkilled")
    with start(folder) as parent:
        parent.communicate()
    return stored(folder)


@pytest.mark.parametrize("moment", ["asked", "taken", "torn", "staged", "published"])
def test_a_killed_parent_loses_nothing_but_runs_in_flight(tmp_path, unkilled, moment):
    with start(tmp_path, 2, 0.0, moment) as parent:
        parent.communicate()
    assert parent.returncode == -signal.SIGKILL
    done = set(RunStore(tmp_path / "results").ids())
    assert 0 < len(done) < RUNS
    with start(tmp_path) as parent:
        output, _ = parent.communicate()
    assert parent.returncode == 0
    assert set(ended_here(output)) == {spec.run_id for spec in specs(0.0)} - done
    assert stored(tmp_path) == unkilled
    times = Counter(tried(tmp_path))
    assert all(times[run_id] == 1 for run_id in done)
    assert times.total() <= RUNS + 2


def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    with start(tmp_path, 2, 30.0) as parent:
        wait_until(lambda: len(tried(tmp_path)) == 2)
        workers = psutil.Process(parent.pid).children(recursive=True)
        assert len(workers) == 2
        # Too busy to notice by itself.
        workers[0].suspend()
        parent.kill()
        wait_until(lambda: all(map(is_gone, workers)), seconds=3.0)


def test_a_worker_whose_parent_is_gone_ends_before_it_does_anything():
    code = f"from ablate.runner.die_with_parent import die_with; die_with({os.getpid()}); print('goes on')"
    started_by_us = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (started_by_us.returncode, started_by_us.stdout) == (0, "goes on\n")
    by_a_shell = subprocess.run(
        ["sh", "-c", '"$0" -c "$1"; true', sys.executable, code], capture_output=True, text=True
    )
    assert (by_a_shell.returncode, by_a_shell.stdout, by_a_shell.stderr) == (0, "", "")


def test_two_parents_share_the_work(tmp_path):
    with start(tmp_path, 1, 0.05) as first, start(tmp_path, 1, 0.05) as second:
        outputs = [parent.communicate()[0] for parent in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    shares = [set(ended_here(output)) for output in outputs]
    assert all(shares)
    assert not shares[0] & shares[1]
    assert shares[0] | shares[1] == {spec.run_id for spec in specs(0.05)}
    assert set(Counter(tried(tmp_path)).values()) == {1}


def test_takes_over_what_a_killed_parent_had_claimed(tmp_path, monkeypatch):
    with start(tmp_path, 1, 30.0) as stuck:
        wait_until(lambda: tried(tmp_path))
        events = []

        def observe(event):
            events.append(event)
            if isinstance(event, RunClaimedElsewhere):
                stuck.kill()
                stuck.wait()

        (claimed,) = [spec for spec in specs(30.0) if spec.run_id in tried(tmp_path)]
        # Without its trainer the run fails here at once.
        monkeypatch.delattr("tests.runner.scripted.Trainer")
        session = Session(RunStore(tmp_path / "results"), tmp_path, observe)
        (record,) = InlineExecutor().execute([claimed], session)
    assert record.failure.type == "ConfigError"
    assert [event.is_ours for event in events if isinstance(event, RunEnded)] == [True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_work_cleanly(tmp_path, number):
    with start(tmp_path, 2, 0.2) as parent:
        wait_until(lambda: any((tmp_path / "results" / "runs").glob("??/*")))
        workers = psutil.Process(parent.pid).children(recursive=True)
        parent.send_signal(number)
        output, _ = parent.communicate(timeout=5)
    assert parent.returncode == 128 + number
    done = len(list(RunStore(tmp_path / "results").ids()))
    assert output.splitlines()[-1] == f"interrupted {done} {RUNS - done}"
    assert all(map(is_gone, workers))
    assert [path.name for path in (tmp_path / "results" / "claims").iterdir()] == [".lock"]


def test_ctrl_c_ends_a_worker_that_stands_still(tmp_path):
    with start(tmp_path, 1, 30.0) as parent:
        wait_until(lambda: tried(tmp_path))
        (worker,) = psutil.Process(parent.pid).children(recursive=True)
        worker.suspend()
        parent.send_signal(signal.SIGINT)
        parent.communicate(timeout=30)
    assert parent.returncode == 130
    assert is_gone(worker)


def test_a_signal_is_noticed_at_the_end_of_an_epoch(tmp_path):
    def observe(event):
        if isinstance(event, EpochEnded):
            signal.raise_signal(signal.SIGINT)

    session = Session(RunStore(tmp_path / "results"), tmp_path, observe)
    with pytest.raises(Interrupted) as caught:
        InlineExecutor().execute([scripted_spec(seed) for seed in range(3)], session)
    assert (caught.value.signal_number, caught.value.done, caught.value.remaining) == (signal.SIGINT, 0, 3)
    assert list(session.store.ids()) == []
