"""Who gets which run, with workers that are only pretended: no process, no clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ablate.core.records import Status
from ablate.core.specs import Numerics
from ablate.runner.dispatch import Dispatcher
from ablate.runner.do_job import failed_run, failure_of
from ablate.runner.events import RunStarted, WorkerDied
from ablate.runner.jobs import JobResult
from ablate.runner.session import Session
from ablate.runner.worker import Beat
from ablate.runner.worker_handle import WorkerHandle
from ablate.runner.worker_pool import WorkerLimits, WorkerPool
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from tests.runner.scripted import finished, scripted_spec

GPU = Numerics("gpu", "xla", 1)


class Pretended(WorkerHandle):
    """A worker that says what it is told to say."""

    def __init__(self, number, numerics, is_waiting=False):
        super().__init__(number, numerics, is_waiting)
        self.says = []
        self.is_ended = False

    def has_spoken(self):
        return bool(self.says)

    def grown_bytes(self):
        return 0

    def terminate(self):
        pass

    def end(self, grace_seconds=0.0):
        self.is_ended = True

    def exit_report(self):
        return "ended", ""

    def complete(self):
        self.says.append(JobResult(self.spec, finished(self.spec, np.ones(3))))

    def run_out_of_memory(self):
        self.says.append(JobResult(self.spec, failed_run(self.spec, failure_of(MemoryError("too much")))))

    def _send(self, job):
        pass

    def _next(self):
        return self.says.pop(0)


class PretendedHost:
    """Two GPUs, shared in turn, and no room for the worker in a slot of `waiting`."""

    def __init__(self, waiting=()):
        self.waiting = waiting

    def start_worker(self, number, settings):
        return Pretended(number, settings.numerics, is_waiting=number in self.waiting)

    def device(self, number, numerics):
        return f"gpu {number % 2}" if numerics.device == "gpu" else "cpu"

    def speaking(self, workers, seconds):
        return [worker for worker in workers if worker.says]


class Team:
    """A pool, and what its slots are doing by the seed of their run."""

    def __init__(self, folder, slots, specs, host) -> None:
        self.events = []
        self.session = Session(RunStore(folder), folder, self.events.append)
        self.dispatcher = Dispatcher(specs, self.session, Leases(folder), keep_going=True)
        self.pool = WorkerPool(slots, host, WorkerLimits(1e9, 1e9, 2**40), self.session, self.dispatcher)

    def turn(self):
        self.pool.turn()
        return self.doing()

    def doing(self):
        return [worker.spec.seed if worker is not None and worker.job else None for worker in self.pool._workers]

    def worker(self, number):
        worker = self.pool._workers[number]
        assert worker is not None
        return worker


def on(numerics, seeds):
    """Runs of as many programs, so that each worker gets the next."""
    return [replace(scripted_spec(seed, width=seed), numerics=numerics) for seed in range(seeds)]


def test_a_run_that_filled_a_gpu_is_alone_on_it_and_the_other_goes_on(tmp_path):
    team = Team(tmp_path, 4, on(GPU, 8), PretendedHost())
    assert team.turn() == [0, 1, 2, 3]
    team.worker(0).run_out_of_memory()
    team.turn()
    # Slot 2 is on the same GPU and still at work; slots 1 and 3 are on the other.
    team.worker(1).complete()
    assert team.turn() == [None, None, 2, 3]
    assert team.turn() == [None, 4, 2, 3]
    idle = team.worker(2)
    idle.complete()
    team.turn()
    assert team.turn() == [0, 4, None, 3]
    assert idle.is_ended
    assert team.turn() == [0, 4, None, 3]
    team.worker(0).complete()
    team.turn()
    assert team.turn() == [5, 4, 6, 3]
    assert [event.is_retried for event in team.events if isinstance(event, WorkerDied)] == [True]


def test_two_that_filled_one_device_are_tried_one_after_the_other(tmp_path):
    specs = on(Numerics("cpu", "xla", 1), 3)
    team = Team(tmp_path, 2, specs, PretendedHost())
    assert team.turn() == [0, 1]
    for number in (0, 1):
        team.worker(number).run_out_of_memory()
    team.turn()
    assert team.turn() == [0, None]
    team.worker(0).run_out_of_memory()
    team.turn()
    assert team.turn() == [None, 1]
    team.worker(1).complete()
    team.turn()
    assert team.turn() == [2, None]
    statuses = [team.session.store.record(spec.run_id).status for spec in specs[:2]]
    assert statuses == [Status.FAILED, Status.COMPLETED]


def test_an_idle_worker_takes_over_the_run_of_one_that_nobody_has_room_for(tmp_path):
    team = Team(tmp_path, 2, on(Numerics("cpu", "xla", 1), 2), PretendedHost(waiting=(1,)))
    assert team.turn() == [0, 1]
    waiting = team.worker(1)
    team.worker(0).complete()
    team.turn()
    assert team.turn() == [1, None]
    assert waiting.is_ended
    assert [event.worker for event in team.events if isinstance(event, RunStarted)] == [0, 1, 0]


def test_of_two_that_are_idle_the_one_that_has_compiled_goes_on(tmp_path):
    specs = [replace(scripted_spec(seed, width=min(seed, 1)), numerics=Numerics("cpu", "xla", 1)) for seed in range(3)]
    team = Team(tmp_path, 2, specs, PretendedHost())
    assert team.turn() == [0, 1]
    for number in (0, 1):
        team.worker(number).complete()
    team.turn()
    assert team.turn() == [None, 2]


def test_nothing_is_expected_of_a_worker_before_there_is_room_for_it(tmp_path):
    team = Team(tmp_path, 1, on(Numerics("cpu", "xla", 1), 1), PretendedHost(waiting=(0,)))
    team.pool._limits = WorkerLimits(-1.0, 1e9, 2**40)
    assert team.turn() == [0]
    assert team.turn() == [0]
    team.worker(0).says.append(Beat())
    team.turn()
    assert not team.pool._workers[0] or team.pool._workers[0].job is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "oom"),
        (type("_ArrayMemoryError", (MemoryError,), {})(), "oom"),
        (type("ResourceExhaustedError", (Exception,), {})("OOM when allocating tensor"), "oom"),
        (type("InternalError", (Exception,), {})("RESOURCE_EXHAUSTED: Out of memory while trying to allocate"), "oom"),
        (ValueError("a message about RESOURCE_EXHAUSTED"), "error"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_out_of_memory_is_known_in_every_form_it_takes(error, kind):
    assert failure_of(error).kind == kind
