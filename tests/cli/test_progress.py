"""The lines that runs end with, and what is said before the first of them."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from ablate.cli.output import Output
from ablate.cli.progress import progress_display
from ablate.runner.events import EpochEnded, RunEnded, RunStarted, TrainingBegan
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2)
RUN, OTHER, *_ = completed_runs(SWEEP).values()
LABELS = {RUN.record.run_id: "seed 0", OTHER.record.run_id: "seed 1"}


def test_a_line_says_what_counts_of_a_run_and_not_what_its_last_epoch_gave(capsys: pytest.CaptureFixture[str]) -> None:
    record = replace(RUN.record, metrics={"val_accuracy": 0.9952, "val_loss": 0.02})
    with progress_display(LABELS, 3, Output()) as observe:
        observe(RunStarted(record.run_id, 0))
        observe(EpochEnded(record.run_id, 1, 2, {"val_accuracy": 0.9952}))
        observe(EpochEnded(record.run_id, 2, 2, {"val_accuracy": 0.9948}))
        observe(RunEnded(record, is_ours=True))
    starting, line = capsys.readouterr().err.splitlines()
    assert starting == "starting"
    assert line.startswith(f"[1/3] {record.run_id[:12]}  seed 0  completed  val_accuracy 0.9952  ")


def test_a_line_shows_the_metric_that_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    record = replace(RUN.record, metrics={"val_accuracy": 0.9952, "test_loss": 0.02})
    for judged, shown in (("test_loss", "test_loss 0.0200"), ("test_f1", "val_accuracy 0.9952")):
        with progress_display(LABELS, 1, Output(), {record.run_id: judged}) as observe:
            observe(RunEnded(record, is_ours=True))
        assert f"  completed  {shown}  " in capsys.readouterr().err


def test_each_thing_that_comes_before_the_first_epoch_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = LABELS
    with progress_display(LABELS, 2, Output()) as observe:
        observe(RunStarted(first, 0, compiles=True))
        observe(RunStarted(second, 1, compiles=True))
        observe(TrainingBegan(first, 5))
        observe(TrainingBegan(second, 5))
        observe(RunEnded(RUN.record, is_ours=True))
        observe(RunEnded(OTHER.record, is_ours=True))
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["starting", "compiling"]
    assert [line.split()[0] for line in said[2:]] == ["[1/2]", "[2/2]"]


def test_a_run_whose_program_is_there_compiles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = LABELS
    with progress_display(LABELS, 2, Output()) as observe:
        observe(RunStarted(first, 0, compiles=False))
        observe(TrainingBegan(first, 5))
    assert capsys.readouterr().err.splitlines() == ["starting", "epoch 1 of 5"]


def test_a_live_display_says_what_a_run_is_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    output, seen = Output(), io.StringIO()
    output.messages = Console(file=seen, force_terminal=True, width=100)
    first, _ = LABELS
    with progress_display(LABELS, 2, output, {first: "val_loss"}) as observe:
        for event, note in (
            (RunStarted(first, 0, compiles=True), "starting"),
            (TrainingBegan(first, 5), "compiling"),
            (EpochEnded(first, 1, 5, {"val_accuracy": 0.5, "val_loss": 1.25}), "val_loss 1.2500"),
        ):
            observe(event)
            observe.__self__._progress.refresh()  # type: ignore[attr-defined]
            assert note in seen.getvalue()
