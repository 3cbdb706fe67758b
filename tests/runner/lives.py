"""Lives of a study, for tests that end them: each is a process that does what `ablate` does with a study, from its
plan to its tables.

    with start(scripted_life, folder, workers=2) as life:
        kill_tree(life.pid)
        life.join()
    assert left_behind(folder) == []

A life is a real parent with real worker processes. It is forked from a server that has imported what tables are made
with, which would otherwise take each life longer than all of its runs.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from ablate.storage.runs import RunStore
from tests.runner.scripted import lines_of, scripted_study

# From a folder, a number of workers and the seconds after which a silent one is missed to an exit code.
Life = Callable[[Path, int, float], int]

# Every run takes some thirty milliseconds.
STUDY = scripted_study(
    rates=(0.1, 0.2, 0.3), seeds=(0, 1, 2), claims=("rate=0.1 < rate=0.2 on test_loss",), seconds=0.01
)
REAL = [
    "+sweep=dropout",
    "sweep.factors.model.dropout=[0.0,0.2]",
    "sweep.seeds=2",
    "training.epochs=1",
    "model.hidden=[8]",
]
TABLES = [f"{name}.{ending}" for name in ("runs", "history", "verdicts") for ending in ("parquet", "csv")]
# Stands in the environment of every worker of a life, and holds its folder.
MARK = "ABLATE_TEST_LIFE"
PATIENCE_SECONDS = 120.0
# What a life imports on its way to its tables and its report.
PRELOADED = [
    "pytest",
    "scipy.stats",
    "pyarrow.parquet",
    "ablate.cli.run",
    "ablate.cli.command",
    "ablate.operations.publish",
    "ablate.plots.figures",
    "ablate.plots.probe_pages",
    "ablate.runner.local",
    "tests.runner.lives",
]

forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload(PRELOADED)


def scripted_life(folder: Path, workers: int, heartbeat_seconds: float) -> int:
    """The study `STUDY` with a trainer of numpy, and all but the report, which takes longest."""
    import ablate.operations.publish
    from ablate.cli.command import explain
    from ablate.cli.output import Output
    from ablate.cli.progress import Progress
    from ablate.config.requests import Request
    from ablate.config.runs import Settings
    from ablate.core.errors import ExitCode
    from ablate.core.specs import Component
    from ablate.operations.run import TrainingRequest, run_study
    from ablate.publishing.writing import Written

    ablate.operations.publish.write_packed = lambda data, folder, redraw: Written(folder, changed=False)
    arguments = {"workers": workers, "heartbeat_seconds": heartbeat_seconds}
    executor = Component("ablate.runner.local.LocalExecutor", arguments)
    request = Request(STUDY, Settings(folder / "results", folder / "reports", folder, executor))
    output = Output()
    try:
        with Progress(output) as progress:
            done = run_study(STUDY, TrainingRequest(request, (), None, RunStore(folder / "results"), progress.observe))
        return ExitCode.DONE if done.is_complete else ExitCode.SOME_RUNS_FAILED
    except BaseException as error:
        return explain(error, output)


def real_life(folder: Path, workers: int, heartbeat_seconds: float) -> int:
    """A small sweep on the digits through the whole command line."""
    from ablate.cli import main

    os.chdir(folder)
    settings = [f"executor.workers={workers}", f"executor.heartbeat_seconds={heartbeat_seconds}"]
    return main([*REAL, *settings])


def live(life: Life, folder: Path, workers: int, heartbeat_seconds: float) -> None:
    os.environ[MARK] = str(folder)
    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.exit(life(folder, workers, heartbeat_seconds))


@contextmanager
def start(
    life: Life, folder: Path, workers: int, heartbeat_seconds: float = 30.0
) -> Iterator[multiprocessing.process.BaseProcess]:
    """A process that lives `life` in `folder`, and has ended at the end of the block. What it prints is appended to
    the file `output` there."""
    process = forking.Process(target=live, args=(life, folder, workers, heartbeat_seconds))
    process.start()
    try:
        yield process
        process.join(PATIENCE_SECONDS)
        assert process.exitcode is not None, f"it still lives after {PATIENCE_SECONDS:g} s"
    finally:
        # Only one that lives: the number of one that has ended may be another's by now.
        if process.is_alive():
            kill_tree(process.pid)
        process.join()


@dataclass(frozen=True)
class Undisturbed:
    """What every life has to come to, and how long one takes that nothing befalls."""

    life: Life
    results: dict[str, bytes]
    runs: int
    seconds: float


def live_undisturbed(life: Life, folder: Path, workers: int) -> Undisturbed:
    with start(life, folder, workers) as process:
        # Not before: the first process waits for the server that it is forked from.
        started = time.monotonic()
    assert process.exitcode == 0, output(folder)
    found = results(folder)
    return Undisturbed(life, found, sum("spec.json" in name for name in found), time.monotonic() - started)


def results(folder: Path) -> dict[str, bytes]:
    """What has to be equal, byte for byte, by its place; a report tells how long its runs took."""
    runs = [path for name in ("spec.json", "arrays.npz") for path in folder.glob(f"results/runs/??/*/{name}")]
    tables = [path for name in TABLES for path in folder.glob(f"results/studies/*/{name}")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in [*runs, *tables]}


def stored(folder: Path) -> list[str]:
    return list(RunStore(folder / "results").ids())


def output(folder: Path) -> str:
    return "\n".join(lines_of(folder / "output"))


def kill_tree(pid: int) -> None:
    """SIGKILL for a process and all it has started."""
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def family(pid: int) -> list[psutil.Process]:
    """A process and, after it, all it has started; empty when it is gone."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def left_behind(folder: Path, seconds: float = 60.0) -> list[str]:
    """The workers of lives in `folder` that are still there after `seconds`; at once if there are none."""
    deadline = time.monotonic() + seconds
    while (found := marked(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def marked(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == str(folder):
                found.append(" ".join(process.cmdline()))
    return found
