"""One worker and the end of it."""

from __future__ import annotations

import time

import pytest

from ablate.runner.devices import worker_environment
from ablate.runner.events import EpochEnded
from ablate.runner.jobs import Job, JobResult
from ablate.runner.process import LAST_CHARACTERS, WorkerProcess, last_line
from ablate.runner.worker import Beat, WorkerSettings
from tests.runner.scripted import EPOCHS, scripted_spec

SPEC = scripted_spec()


@pytest.fixture
def worker(tmp_path, children):
    settings = WorkerSettings(tmp_path, SPEC.numerics, beat_seconds=0.1)
    worker = WorkerProcess(0, settings, worker_environment(SPEC.numerics, slot=0))
    yield worker
    worker.end()
    assert children() == []


def test_beats_then_tells_of_its_run_and_takes_the_next(worker):
    assert worker.receive() == Beat()
    for _ in range(2):
        worker.begin(Job(SPEC))
        messages = [worker.receive()]
        while worker.spec is not None:
            messages.append(worker.receive())
        told = [message for message in messages if not isinstance(message, Beat)]
        assert [message.epoch for message in told[:-1] if isinstance(message, EpochEnded)] == [1, 2, EPOCHS]
        assert isinstance(told[-1], JobResult)


def test_beats_are_signs_of_life_and_not_of_progress(worker):
    worker.begin(Job(scripted_spec(script="hang")))
    while not isinstance(worker.receive(), EpochEnded):
        pass
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        worker.receive()
    assert worker.silent_seconds < 0.3
    assert worker.stalled_seconds > 0.4


@pytest.mark.parametrize("model", [None, {"script": "hang"}], ids=["idle", "training"])
def test_ends_when_its_parent_hangs_up(worker, model, children):
    (process,) = children()
    worker.receive()
    if model is not None:
        worker.begin(Job(scripted_spec(**model)))
    worker.connection.close()
    process.wait(timeout=3)


def test_one_that_ends_at_its_start_says_why(tmp_path, children):
    environment = {**worker_environment(SPEC.numerics, slot=0), "PYTHONPATH": str(tmp_path)}
    (tmp_path / "sitecustomize.py").write_text("import os\nos.write(2, b'first\\nno such flag\\n')\nos._exit(3)\n")
    worker = WorkerProcess(0, WorkerSettings(tmp_path, SPEC.numerics, beat_seconds=0.1), environment)
    with pytest.raises((EOFError, OSError)):
        worker.receive()
    worker.end(grace_seconds=5.0)
    assert worker.exit_report() == ("exited with code 3: no such flag", "first\nno such flag\n")
    assert children() == []


@pytest.mark.parametrize(
    ("output", "last"),
    [
        ("", ""),
        (" \n", ""),
        ("a\nb \n\n", "b"),
        ("F0000 00:00:1796012168.908719   28730 parse_flags.cc:234] Unknown flag: --bogus\n", "Unknown flag: --bogus"),
        ("x" * 1000, "x" * LAST_CHARACTERS),
    ],
)
def test_the_last_line_is_without_its_time(output, last):
    assert last_line(output) == last
