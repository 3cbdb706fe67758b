"""Many runs: what is remembered of each does not add up, and none costs more than the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from ablate.core.records import RunRecord
from ablate.runner import dispatch
from ablate.runner.dispatch import Dispatcher
from ablate.runner.jobs import JobResult
from ablate.runner.session import Session
from ablate.storage.runs import MissingRun
from tests.benchmarks.flat import grown
from tests.runner.scripted import finished, scripted_spec


@pytest.mark.slow
def test_200_runs_on_digits_leave_memory_and_open_files_of_parent_and_workers_as_they_were(tmp_path):
    settled, last = grown(200, tmp_path / "results")
    assert len(settled) == len(last) == 3
    for before, after in zip(settled, last, strict=True):
        assert after[0] - before[0] < 30 * 2**20
        assert after[1] <= before[1] + 1  # a lock or a run's file may be open at the moment of a look


class Counting(dict):
    """Counts how many of its items were looked at."""

    looked_at = 0

    def items(self) -> Iterator[tuple[str, int]]:
        for item in super().items():
            Counting.looked_at += 1
            yield item


class MemoryStore:
    """As much of a store as a dispatcher asks for; counts what was read."""

    def __init__(self) -> None:
        self.records: dict[str, RunRecord] = {}
        self.reads = 0

    def record(self, run_id: str) -> RunRecord:
        self.reads += 1
        if run_id not in self.records:
            raise MissingRun(run_id)
        return self.records[run_id]

    def put(self, run) -> bool:
        self.records[run.record.run_id] = run.record
        return True


class NoClaims:
    def take(self, run_id: str) -> bool:
        return True

    def release(self, run_id: str) -> None:
        pass


@pytest.mark.parametrize("programs", [1, 2_000])
def test_the_work_for_a_run_does_not_grow_with_the_runs(monkeypatch, programs):
    specs = [scripted_spec(seed, width=seed % programs) for seed in range(2_000)]
    store, losses = MemoryStore(), finished(specs[0], [0.0]).arrays["history/loss"]
    Counting.looked_at, choose = 0, dispatch.next_program

    def counted(waiting: Mapping[str, int], current, busy, paces):
        return choose(Counting(waiting), current, busy, paces)

    monkeypatch.setattr(dispatch, "next_program", counted)
    dispatcher = Dispatcher(specs, Session(store, None, lambda event: None), NoClaims(), keep_going=False)
    program = None
    while (job := dispatcher.take(program, busy=())) is not None:
        program = job.spec.program_id
        dispatcher.keep(JobResult(job.spec, finished(job.spec, losses)))
    assert [record.run_id for record in dispatcher.records()] == [spec.run_id for spec in specs]
    assert Counting.looked_at <= 3 * len(specs)
    # Before anything is begun, under the lease, and for what the job needs.
    assert store.reads <= 3 * len(specs)
