"""`ablate watch`: how far a study is, from its plan, the store and the leases of other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ablate.operations import watch
from ablate.storage.runs import RunStore
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.synthetic import completed_runs, failed_run, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2)
RUNS = completed_runs(SWEEP)
IDS = list(RUNS)
HOLD = (
    "import sys\nfrom pathlib import Path\nfrom ablate.storage.leases import Leases\n"
    "leases = Leases(Path(sys.argv[1]))\nassert leases.take(sys.argv[2])\nprint('held', flush=True)\nsys.stdin.read()"
)


@pytest.fixture
def results(folder: Path) -> Path:
    """10 of the study's 12 runs are done."""
    keep(folder / "results", SWEEP, {run_id: RUNS[run_id] for run_id in IDS[:10]})
    return folder / "results"


@pytest.fixture
def holder(results: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, which has a lease of the 11th run."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", HOLD, str(results), IDS[10]]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_what_another_process_trains_is_shown_until_it_dies(
    ablate: Ablate, results: Path, holder: subprocess.Popen[str]
) -> None:
    said = ablate("watch", "--once")
    assert "optimizers: 10 of 12 runs done, 1 being trained, about " in said.out
    assert "  training optimizer=nadam seed 0\n" in said.out
    holder.kill()
    holder.wait()
    assert "10 of 12 runs done, nothing is training it now\n" in ablate("watch", "optimizers", "--once").out


def test_a_failed_run_is_named_unless_it_is_tried_again(
    ablate: Ablate, results: Path, holder: subprocess.Popen[str]
) -> None:
    for run_id in IDS[10:]:
        RunStore(results).put(failed_run(RUNS[run_id].spec, "out of luck"))
    said = ablate("watch", "--once")
    assert "10 of 12 runs done, 1 failed, 1 being trained" in said.out
    assert "optimizer=nadam seed 1  failed (error): ValueError: out of luck" in said.out


def test_it_ends_when_every_run_has_been_tried(ablate: Ablate, results: Path) -> None:
    def finish() -> None:
        RunStore(results).put(RUNS[IDS[10]])
        RunStore(results).put(failed_run(RUNS[IDS[11]].spec))

    timer = threading.Timer(0.3, finish)
    timer.start()
    said = ablate("watch", "--every", "0.05")
    timer.join()
    assert said.code == 0
    assert said.out.splitlines()[0] == "optimizers: 10 of 12 runs done, nothing is training it now"
    assert said.out.splitlines()[-1] == "optimizers: 11 of 12 runs done, 1 failed"


def test_ctrl_c_leaves(ablate: Ablate, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", interrupted)
    said = ablate("watch")
    assert (said.code, said.err) == (130, "Stopped.\n")


def test_the_study_that_was_planned_last_is_watched(ablate: Ablate, results: Path) -> None:
    said = ablate("watch", "nothing")
    assert (said.code, said.err) == (2, "No study nothing. There are optimizers.\n")
    assert ablate("watch", "--every", "0").code == 2
