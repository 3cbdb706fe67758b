"""One worker and the end of it."""

from __future__ import annotations

import time

import pytest

from ablate.runner.devices import worker_environment
from ablate.runner.events import EpochEnded
from ablate.runner.jobs import Job, JobResult
from ablate.runner.process import WorkerProcess
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
