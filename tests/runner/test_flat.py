"""Two hundred runs in a row: neither the parent nor a worker grows, in memory or in open files."""

from __future__ import annotations

import psutil

from ablate.runner.events import RunEnded
from ablate.runner.local import LocalExecutor
from ablate.runner.session import Session
from ablate.storage.runs import RunStore
from tests.runner.scripted import scripted_spec

RUNS, SETTLED_AFTER = 200, 60
# What the allocator may keep: a run's record and arrays take a hundredth of it.
MOST_BYTES = 16 * 2**20


def test_two_hundred_runs_leave_memory_and_open_files_as_they_were(tmp_path):
    parent = psutil.Process()
    others = parent.children()  # what tests before this one left, such as the agents of Ray
    seen: list[dict[int, tuple[int, int]]] = []

    def observe(event):
        if isinstance(event, RunEnded):
            family = [parent, *(child for child in parent.children() if child not in others)]
            seen.append({each.pid: (each.memory_info().rss, each.num_fds()) for each in family})

    session = Session(RunStore(tmp_path / "results"), tmp_path, observe)
    LocalExecutor(workers=2).execute([scripted_spec(seed) for seed in range(RUNS)], session)
    settled, last = seen[SETTLED_AFTER], seen[-1]
    assert len(settled) == 3
    for pid, (resident_bytes, files) in settled.items():
        assert last[pid][0] - resident_bytes < MOST_BYTES
        assert last[pid][1] <= files + 1  # a lock or a run's file may be open at the moment of a look
