"""The crash test: a study is struck at random times, again and again, until it is done; then it must look as if
nothing had happened.

    python -m pytest tests/runner/test_crashes.py -k "scripted and 17"     # the episode of seed 17 again

An episode draws from its seed how many workers there are and what befalls them. Where in the code a blow falls nobody
draws: that is the point, and why the same seed does not always meet the same end.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import psutil
import pytest

from ablate.storage.runs import RunStore
from tests.runner.lives import (
    STUDY,
    Undisturbed,
    family,
    kill_tree,
    left_behind,
    live_undisturbed,
    output,
    real_life,
    results,
    start,
    stored,
)
from tests.runner.scripted import trainers, tried

MOST_BLOWS, MOST_LIVES = 4, 20
LABELS = {f"{run.arm} seed {run.seed}": run.run_id for run in STUDY.planned_runs()}


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Undisturbed:
    return live_undisturbed(real_life, tmp_path_factory.mktemp("undisturbed"), 1)


# what befalls a life -----------------------------------------------------------------------------------


def kill_everything(parent: int, folder: Path, random: Random) -> None:
    kill_tree(parent)


def kill_parent(parent: int, folder: Path, random: Random) -> None:
    """Its workers have to notice by themselves."""
    send(family(parent)[:1], signal.SIGKILL)


def kill_worker(parent: int, folder: Path, random: Random) -> None:
    workers = family(parent)[1:]
    send(random.sample(workers, min(1, len(workers))), signal.SIGKILL)


def stop_worker(parent: int, folder: Path, random: Random) -> None:
    """It stands still, most likely with a run in its hands, until it is missed."""
    training = [worker for worker in family(parent)[1:] if worker.pid in trainers(folder)]
    send(random.sample(training, min(1, len(training))), signal.SIGSTOP)


def send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


@dataclass(frozen=True)
class Blow:
    """What is done, and when: after this part of the time that is left to the study or, with None, while it is
    writing its tables."""

    strike: Callable[[int, Path, Random], None]
    part: float | None


def draw_blows(random: Random) -> list[Blow]:
    strikes = random.choices([kill_everything, kill_parent, kill_worker, stop_worker], [5, 1, 2, 1], k=MOST_BLOWS)
    number = random.randint(1, MOST_BLOWS)
    return [Blow(strike, None if random.random() < 0.2 else 0.9 * random.random()) for strike in strikes[:number]]


# an episode --------------------------------------------------------------------------------------------


def play(undisturbed: Undisturbed, folder: Path, seed: int) -> None:
    """Lives a study until a life of it ends well, and looks after each life at what it has left behind."""
    random = Random(seed)
    workers = random.choice((1, 2))
    blows = draw_blows(random)
    # More on a busy machine, where a second may pass between two beats.
    is_missed_soon = any(blow.strike is stop_worker for blow in blows)
    heartbeat_seconds = max(1.0, undisturbed.seconds / 3) if is_missed_soon else 30.0
    fallen: list[Blow] = []
    for _ in range(MOST_LIVES):
        before, said, tries = outcomes(folder), len(output(folder)), len(tried(folder))
        with start(undisturbed.life, folder, workers, heartbeat_seconds) as process:
            while blows and comes_to(blows[0], process, undisturbed, folder, random):
                fallen.append(blows.pop(0))
                fallen[-1].strike(process.pid, folder, random)
        assert left_behind(folder) == []
        check_life(folder, before, output(folder)[said:], tried(folder)[tries:], workers)
        if process.exitcode == 0:
            break
    assert process.exitcode == 0, output(folder)
    # One that waits for the tables may come when they are written.
    assert fallen or blows[0].part is None
    assert results(folder) == undisturbed.results
    assert list(folder.glob("results/**/*.corrupt*")) == []


def comes_to(blow: Blow, process: BaseProcess, undisturbed: Undisturbed, folder: Path, random: Random) -> bool:
    """Waits until the blow is due; whether the process is still there."""
    if blow.part is None:
        while len(stored(folder)) < undisturbed.runs and process.is_alive():
            process.join(0.01)
        process.join(random.random() * 0.05 * undisturbed.seconds)
    else:
        done = len(stored(folder))
        # A life that finds every run done has still to start, and to write its tables.
        due_at = time.monotonic() + blow.part * undisturbed.seconds * (1.0 - 0.7 * done / undisturbed.runs)
        # Or earlier, by the runs it has stored: a life may be much quicker than the one that was timed.
        enough = done + max(1, round(blow.part * (undisturbed.runs - done)))
        while time.monotonic() < due_at and len(stored(folder)) < enough and process.is_alive():
            process.join(0.01)
    return process.is_alive()


def check_life(folder: Path, before: dict[str, bytes], said: str, tries: list[str], workers: int) -> None:
    """That what had an outcome stayed as it was, and that no run was trained again but for the loss of a worker."""
    after = outcomes(folder)
    assert {run_id: after.get(run_id) for run_id in before} == before
    assert set(tries) & set(before) == set()
    losses = Counter(run_id for label, run_id in LABELS.items() for _ in range(said.count(f"{label}: the worker ")))
    assert all(times <= 1 + losses[run_id] for run_id, times in Counter(tries).items())
    assert len(set(tries) - set(stored(folder))) <= workers


def outcomes(folder: Path) -> dict[str, bytes]:
    """The record, byte for byte, of every run that completed; it holds when and where that was."""
    store = RunStore(folder / "results")
    done = [run_id for run_id in store.ids() if store.record(run_id).status.is_outcome]
    return {run_id: (store.folder(run_id) / "record.json").read_bytes() for run_id in done}


def test_lives_that_begin_at_once_share_the_work(undisturbed, tmp_path):
    with ExitStack() as stack:
        lives = [stack.enter_context(start(undisturbed.life, tmp_path, workers)) for workers in (1, 1, 2)]
    assert [life.exitcode for life in lives] == [0, 0, 0], output(tmp_path)
    assert left_behind(tmp_path) == []
    assert Counter(tried(tmp_path)) == dict.fromkeys(LABELS.values(), 1)
    assert results(tmp_path) == undisturbed.results
    assert len((tmp_path / "results" / "studies" / STUDY.name / "plans.jsonl").read_text().splitlines()) == 1
    assert list(tmp_path.glob("results/**/.tmp-*")) == []


@pytest.mark.parametrize("seed", [*range(25), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(25, 200))])
def test_a_scripted_study_survives(undisturbed, tmp_path, seed):
    play(undisturbed, tmp_path, seed)


@pytest.mark.parametrize("seed", [14, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (0, 13))])
def test_a_real_study_survives(real, tmp_path, seed):
    play(real, tmp_path, seed)
    assert (tmp_path / "reports" / "dropout" / "report.md").is_file()
    assert len(list(tmp_path.glob("reports/dropout/figures/*.png"))) >= 5
