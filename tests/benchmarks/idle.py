"""A trainer that trains nothing: what is left of the time of a run is what keeping its books costs.

python -m tests.benchmarks.idle RUNS FOLDER      # ms a run, with the store in FOLDER: wall, the parent's processor
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ablate.core.records import StoredRun
from ablate.core.specs import Component, Numerics, RunSpec
from ablate.runner.events import Event, RunEnded
from ablate.runner.local import LocalExecutor
from ablate.runner.session import Progress, Session
from ablate.storage.runs import RunStore
from tests.benchmarks.many_runs import stored_run
from tests.synthetic import run_spec

TRAINER = Component("tests.benchmarks.idle.Trainer")
# The first runs wait until both workers have been started.
STARTING = 20


class Trainer:
    """Gives the same numbers for every spec, made before the clock starts."""

    def __init__(self, data_dir: Path | None, numerics: Numerics) -> None:
        self._run = stored_run(run_spec())

    def train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        progress(1, 1, {"loss": 0.5, "val_loss": 0.5})
        return StoredRun(spec, replace(self._run.record, run_id=spec.run_id), self._run.arrays)


def seconds_a_run(runs: int, folder: Path) -> tuple[float, float]:
    """On the wall, and of this process alone, from the moment when both workers are at work to the end."""
    ended: list[tuple[float, float]] = []

    def observe(event: Event) -> None:
        if isinstance(event, RunEnded):
            ended.append((time.perf_counter(), time.process_time()))

    with TemporaryDirectory(dir=folder) as results:
        first = replace(run_spec(), trainer=TRAINER, code={"tests": "c" * 64})
        specs = [first.with_seed(seed) for seed in range(runs + STARTING)]
        session = Session(RunStore(Path(results)), None, observe)
        LocalExecutor(workers=2).execute(specs, session)
    wall, processor = (last - first for first, last in zip(ended[STARTING - 1], ended[-1], strict=True))
    return wall / runs, processor / runs


if __name__ == "__main__":
    print(*(1000 * seconds for seconds in seconds_a_run(int(sys.argv[1]), Path(sys.argv[2]))))
