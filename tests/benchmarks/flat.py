"""Memory and file handles of a parent and its two workers over many runs of one epoch on digits.

python -m tests.benchmarks.flat RUNS     # growth: MiB of the parent and of a worker, then handles of each
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from ablate.runner.events import Event, RunEnded
from ablate.runner.local import LocalExecutor
from ablate.runner.session import Session
from ablate.storage.runs import RunStore
from tests.requests import spec

SETTLED_AFTER = 100

# Resident bytes and open file handles, of the parent first.
Usage = list[tuple[int, int]]


def usage(others: Collection[psutil.Process] = ()) -> Usage:
    """Of this process and its children, but for `others`."""
    parent = psutil.Process()
    workers = [child for child in parent.children() if child not in others]
    return [(process.memory_info().rss, process.num_fds()) for process in (parent, *workers)]


def grown(runs: int, results: Path) -> tuple[Usage, Usage]:
    """The usage once everything has been used for a while, and at the end."""
    others = psutil.Process().children()  # of whoever was at work in this process before, as other tests were
    seen: list[Usage] = []
    ended = 0

    def observe(event: Event) -> None:
        nonlocal ended
        if isinstance(event, RunEnded):
            ended += 1
            if ended in (min(SETTLED_AFTER, runs // 2), runs):
                seen.append(usage(others))

    first = spec("training.epochs=1")
    todo = [first.with_seed(seed) for seed in range(runs)]
    LocalExecutor(workers=2).execute(todo, Session(RunStore(results), None, observe))
    settled, last = seen
    return settled, last


def main() -> None:
    with TemporaryDirectory() as results:
        settled, last = grown(int(sys.argv[1]), Path(results))
    differences = [(after[0] - before[0], after[1] - before[1]) for before, after in zip(settled, last, strict=True)]
    parent, *workers = differences
    worker = tuple(map(max, zip(*workers, strict=True)))
    print(f"{parent[0] / 2**20:.1f},{worker[0] / 2**20:.1f}", f"{parent[1]},{worker[1]}")


if __name__ == "__main__":
    main()
