"""The main job through the real command line, with real training: the same bytes whatever happened on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.words import changed

SWEEP = ["+sweep=dropout", "sweep.factors.model.dropout=[0.0,0.2]", "sweep.seeds=3", "training.epochs=2"]
RUNS = 6
DERIVED = ["runs.csv", "runs.parquet", "history.csv", "history.parquet"]


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ablate", *changed(SWEEP, *words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(folder: Path, *words: str) -> tuple[str, str]:
    process = start(folder, *words)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out, err


def records(folder: Path) -> dict[str, bytes]:
    """The record of every run by its id: its bytes hold the times of its training."""
    return {path.parent.name: path.read_bytes() for path in (folder / "results" / "runs").glob("??/*/record.json")}


def results(folder: Path) -> dict[str, bytes]:
    """What has to be equal, byte for byte: specs, arrays and derived tables."""
    runs = folder / "results" / "runs"
    kept = [path for name in ("spec.json", "arrays.npz") for path in sorted(runs.glob(f"??/*/{name}"))]
    tables = [folder / "results" / "studies" / "dropout" / name for name in DERIVED]
    return {str(path.relative_to(folder)): path.read_bytes() for path in [*kept, *tables]}


def wait_for_records(folder: Path, process: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + 120
    while len(records(folder)) < count:
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(folder, "executor.workers=2")
    return folder


def test_it_ends_with_tables_figures_and_a_report(undisturbed):
    assert len(records(undisturbed)) == RUNS
    report = undisturbed / "reports" / "dropout"
    assert (report / "report.md").is_file()
    assert (report / "report.html").is_file()
    assert len(list((report / "figures").glob("*.png"))) >= 5
    for name in DERIVED:
        assert (undisturbed / "results" / "studies" / "dropout" / name).is_file()


def test_killed_at_once_and_started_again_it_trains_what_is_missing_and_ends_with_the_same_bytes(undisturbed, tmp_path):
    process = start(tmp_path, "executor.workers=1")
    wait_for_records(tmp_path, process, 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = records(tmp_path)
    assert 2 <= len(before) < RUNS
    _, err = finish(tmp_path, "executor.workers=1")
    assert f"{RUNS - len(before)} to train" in err
    after = records(tmp_path)
    assert {run_id: after[run_id] for run_id in before} == before  # nothing was trained twice
    assert results(tmp_path) == results(undisturbed)


def test_in_one_process_it_gives_the_same_bytes(undisturbed, tmp_path):
    finish(tmp_path, "executor=inline")
    assert results(tmp_path) == results(undisturbed)


def test_a_second_time_it_trains_nothing_and_touches_nothing(undisturbed):
    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*") if path.is_file()}

    before = state()
    out, err = finish(undisturbed)
    assert "all done" in err
    assert "(unchanged)" in out
    assert state() == before


def test_interrupted_it_says_how_to_go_on(tmp_path):
    process = start(tmp_path, "executor.workers=1")
    wait_for_records(tmp_path, process, 1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "the same command goes on from here" in err
    assert "Traceback" not in err
    assert not list((tmp_path / "results").rglob("claims/[!.]*"))


def test_piped_it_prints_one_line_a_run_and_no_escapes(tmp_path, undisturbed):
    words = ["results_dir=elsewhere", "sweep.seeds=1", "training.epochs=1", "model.hidden=[4]"]
    out, err = finish(tmp_path, *words)
    lines = [line for line in err.splitlines() if line.startswith("[")]
    assert [line.split()[0] for line in lines] == ["[1/2]", "[2/2]"]
    assert "\x1b" not in out + err
    answer, tables, report, browser = out.splitlines()
    assert "No arm has a verdict beside dropout=0.0 in validation loss: there is 1 seed on both sides" in answer
    assert tables.startswith("tables  ")
    assert report.startswith("report  reports/dropout/report.md")
    assert browser == "browser reports/dropout/report.html"


def test_other_settings_under_the_same_name_are_refused(undisturbed):
    process = start(undisturbed, "training.batch_size=64")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "batch_size" in err
    assert "study=dropout_2" in err
