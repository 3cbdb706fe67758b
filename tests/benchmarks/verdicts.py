"""Seconds from stored runs to a written report, imports left out, and the peak of memory; in a process of its own.

python -m tests.benchmarks.verdicts ARMS SEEDS
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import ablate.plots.figures  # noqa: F401, imported before the clock starts
from ablate.core.plans import StudyPlan
from ablate.core.records import StoredRun
from ablate.publishing.writing import write_report
from tests.synthetic import completed_run, optimizer_sweep, plan_of


def main() -> None:
    arms, seeds = map(int, sys.argv[1:])
    plan, runs = synthetic_study(arms, seeds)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write_report(plan, runs, Path(folder) / "report")
        seconds = time.perf_counter() - started
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def synthetic_study(arms: int, seeds: int) -> tuple[StudyPlan, dict[str, StoredRun]]:
    """A sweep of `arms` arms of which some are better and most differ little, with a margin and a claim."""
    others = {f"choice_{number}": 0.001 * number for number in range(1, arms)}
    sweep = optimizer_sweep(seeds, {"adam": 0.001, **others}, margin="10%", claims=("choice_1 < adam on val_loss",))
    runs = {
        (spec := arm.spec.with_seed(seed)).run_id: completed_run(spec, 0.0005 * (position % 40))
        for position, arm in enumerate(sweep.arms)
        for seed in sweep.spec.seeds
    }
    return plan_of(sweep), runs


if __name__ == "__main__":
    main()
