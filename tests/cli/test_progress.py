"""The lines that runs end with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.cli.output import Output
from ablate.cli.progress import progress_display
from ablate.runner.events import EpochEnded, RunEnded, RunStarted
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2)
RUN = next(iter(completed_runs(SWEEP).values()))


def test_a_line_says_what_counts_of_a_run_and_not_what_its_last_epoch_gave(capsys: pytest.CaptureFixture[str]) -> None:
    record = replace(RUN.record, metrics={"val_accuracy": 0.9952, "val_loss": 0.02})
    with progress_display({record.run_id: "seed 0"}, 3, Output()) as observe:
        observe(RunStarted(record.run_id, 0))
        observe(EpochEnded(record.run_id, 1, 2, {"val_accuracy": 0.9952}))
        observe(EpochEnded(record.run_id, 2, 2, {"val_accuracy": 0.9948}))
        observe(RunEnded(record, is_ours=True))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"[1/3] {record.run_id[:12]}  seed 0  completed  val_accuracy 0.9952  ")
