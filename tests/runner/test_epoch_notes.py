"""Epochs of runs under way are seen from elsewhere, and cost whoever trains next to nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ablate.runner import epoch_notes
from ablate.runner.epoch_notes import LEAST_SECONDS, EpochNotes, noting
from ablate.runner.events import EpochEnded, Event, RunStarted, TrainingBegan, WorkerDied
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor
from ablate.runner.session import Executor, Session
from ablate.storage.epochs import EpochsSoFar, read_epochs, write_epochs
from ablate.storage.runs import RunStore
from tests.runner.scripted import scripted_spec

RUN, OTHER = "a" * 64, "b" * 64


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notes(tmp_path: Path, clock: Clock) -> EpochNotes:
    (tmp_path / "claims").mkdir()
    return EpochNotes(tmp_path, clock)


def epoch(number: int, run_id: str = RUN) -> EpochEnded:
    return EpochEnded(run_id, number, 50, {"loss": 1 / number})


def epoch_seen(root: Path, run_id: str = RUN) -> int | None:
    so_far = read_epochs(root, run_id)
    return None if so_far is None else so_far.epoch


def test_what_is_told_is_seen_at_once_and_then_a_few_times_a_second(
    tmp_path: Path, notes: EpochNotes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[EpochsSoFar] = []
    monkeypatch.setattr(
        epoch_notes, "write_epochs", lambda root, so_far: (written.append(so_far), write_epochs(root, so_far))
    )
    notes.tell(RunStarted(RUN, 0))
    notes.tell(TrainingBegan(RUN, 50))
    assert read_epochs(tmp_path, RUN) == EpochsSoFar(RUN, 50)
    for number in range(1, 41):
        clock.seconds += LEAST_SECONDS / 10
        notes.tell(epoch(number))
    assert len(written) in (4, 5)
    # The last ones come by themselves, without another epoch.
    clock.seconds += LEAST_SECONDS
    notes.write()
    assert read_epochs(tmp_path, RUN) == written[-1]
    assert written[-1].kept == tuple(range(1, 41))
    notes.write()
    assert len(written) <= 6


def test_a_slow_folder_is_written_to_more_seldom(
    tmp_path: Path, notes: EpochNotes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def slow(root: Path, so_far: EpochsSoFar) -> None:
        nonlocal written
        written += 1
        clock.seconds += 2.0

    monkeypatch.setattr(epoch_notes, "write_epochs", slow)
    began = clock.seconds
    for number in range(1, 1001):
        clock.seconds += 0.1
        notes.tell(epoch(number))
    assert 2.0 * written / (clock.seconds - began) < 0.1


def test_two_runs_are_kept_apart_and_written_together(tmp_path: Path, notes: EpochNotes, clock: Clock) -> None:
    for number in range(1, 4):
        for run_id in (RUN, OTHER):
            notes.tell(epoch(number, run_id))
    clock.seconds += LEAST_SECONDS
    notes.write()
    assert (epoch_seen(tmp_path), epoch_seen(tmp_path, OTHER)) == (3, 3)
    notes.tell(WorkerDied(OTHER, 0, "killed", is_retried=True))
    assert (epoch_seen(tmp_path), epoch_seen(tmp_path, OTHER)) == (3, None)


def test_a_second_try_begins_anew(tmp_path: Path, notes: EpochNotes, clock: Clock) -> None:
    notes.tell(epoch(1))
    notes.tell(epoch(7))
    clock.seconds += LEAST_SECONDS
    notes.tell(epoch(1))
    so_far = read_epochs(tmp_path, RUN)
    assert so_far is not None
    assert so_far.kept == (1,)


def test_a_folder_that_refuses_is_one_warning_and_ends_nothing(
    tmp_path: Path, notes: EpochNotes, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "claims").rmdir()
    with caplog.at_level(logging.WARNING):
        for number in range(1, 4):
            notes.tell(epoch(number))
            clock.seconds += LEAST_SECONDS
    assert len(caplog.records) == 1
    (tmp_path / "claims").mkdir()
    notes.tell(epoch(4))
    assert epoch_seen(tmp_path) == 4


@pytest.mark.parametrize("executor", [InlineExecutor(), LocalExecutor(workers=1)], ids=lambda each: type(each).__name__)
def test_every_executor_of_ours_lets_others_see(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from the folder alone, at the moment an epoch is told; and nothing is left at the end."""
    monkeypatch.setattr(epoch_notes, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(epoch_notes, "TIMES_AS_LONG", 0.0)
    specs, seen = [scripted_spec(seed) for seed in range(2)], []

    def look(event: Event) -> None:
        if isinstance(event, EpochEnded):
            so_far = read_epochs(tmp_path / "results", event.run_id)
            assert so_far is not None
            seen.append((event.run_id, event.epoch) == (so_far.run_id, so_far.epoch))
            assert so_far.metrics["loss"][-1] == pytest.approx(event.metrics["loss"], rel=1e-5)

    records = executor.execute(specs, Session(RunStore(tmp_path / "results"), tmp_path, look))
    assert all(record.status.is_outcome for record in records)
    assert seen == [True] * 6
    assert [path.name for path in (tmp_path / "results" / "claims").iterdir()] in ([], [".lock"])


def test_the_observer_hears_all_of_it(tmp_path: Path) -> None:
    heard: list[Event] = []
    session = noting(Session(RunStore(tmp_path), None, heard.append), EpochNotes(tmp_path))
    told: list[Event] = [RunStarted(RUN, 0), epoch(1), WorkerDied(RUN, 0, "x", is_retried=False)]
    for event in told:
        session.observe(event)
    assert heard == told
