"""A study trained from Python, without the command line, comes to the same bytes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest

import ablate
from ablate.core.errors import ExitCode
from ablate.operations.events import WorkEnded, WorkPlanned
from ablate.operations.plan import plan
from ablate.operations.run import RunDone, StudyDone, _importing
from ablate.reporting.blocks import text
from ablate.reporting.markdown import inline
from ablate.runner.events import RunEnded, RunStarted, TrainingBegan
from tests.words import changed

WORDS = ["+sweep=dropout", "sweep.seeds=2", "training.epochs=1", "model.hidden=[4]", "executor.workers=1"]
# What says when and how quickly something was done.
TIMED = ("timings", "plans.jsonl", "log.jsonl", "stamp.json", "record.json", "records.jsonl", "seconds", "report.md")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the store and of the report that tells no time."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in ("results/runs", "results/studies", "reports")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file() and not any(word in path.name for word in TIMED)
    }


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What `ablate.run` returned, in which folder, and what the observer was told."""
    folder, heard = tmp_path_factory.mktemp("python"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = ablate.run(WORDS, observe=heard.append)
    return result, folder, heard


def test_gives_the_bytes_of_the_command_line(done, tmp_path):
    _, folder, _ = done
    command = subprocess.run([sys.executable, "-m", "ablate", *WORDS], cwd=tmp_path, capture_output=True, check=True)
    assert command.stdout
    assert contents(folder) == contents(tmp_path)
    compared = {name.rpartition("/")[2] for name in contents(folder)}
    assert {"spec.json", "arrays.npz", "verdicts.csv", "dropout-paired_differences.png"} <= compared


def test_says_what_came_of_it(done):
    result, folder, heard = done
    assert isinstance(result, StudyDone)
    assert result.is_complete
    assert result.is_report_changed
    assert (folder / result.report).is_file()
    assert list(result.answers) == [sweep.spec.name for sweep in result.study.sweeps]
    assert result.answer == result.answers["dropout"]
    assert inline(text(result.answer)) in (folder / result.report).read_text().replace("`", "")
    runs = {run.run_id for run in result.study.planned_runs()}
    assert {record.run_id for each in result.trained for record in each.records} == runs
    planned, *_, ended = heard
    assert isinstance(planned, WorkPlanned)
    assert isinstance(ended, WorkEnded)
    assert {event.record.run_id for event in heard if isinstance(event, RunEnded)} == runs


def test_prints_nothing(done, monkeypatch, capfd):
    _, folder, _ = done
    monkeypatch.chdir(folder)
    again = ablate.run(WORDS)
    assert not again.is_report_changed
    assert capfd.readouterr() == ("", "")


def test_plan_knows_what_is_done(done, monkeypatch):
    _, folder, _ = done
    monkeypatch.chdir(folder)
    planned = plan(changed(WORDS, "sweep.seeds=3"))
    [sweep] = planned.sweeps
    assert {(arm.done, arm.missing) for arm in sweep.arms} == {(2, 1)}
    assert len(planned.work.todo) == len(sweep.arms)
    assert planned.workers == 1


def test_what_is_stored_can_be_loaded(done, monkeypatch):
    result, folder, _ = done
    monkeypatch.chdir(folder)
    study = ablate.load("dropout")
    assert set(study.runs["run_id"]) == {run.run_id for run in result.study.planned_runs()}
    shown = [row.word for sweep in study.results.sweeps for row in sweep.verdicts]
    stored = [None if pd.isna(word) else word for word in study.verdicts["verdict"]]
    # Of one seed nothing is said.
    assert stored[: len(shown)] == shown == [None] * len(shown)
    assert study.history["epoch"].max() == 1
    assert ablate.load("dropout", results_dir=folder / "results").plan == study.plan


def test_one_run_belongs_to_no_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    alone = ablate.run(["training.epochs=1", "model.hidden=[4]", "executor.workers=1"])
    assert isinstance(alone, RunDone)
    assert alone.is_complete
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: ablate.run(["+sweep=dropuot"]), "did you mean dropout?"),
        (lambda: plan(["model.dropout=2"]), "model.dropout"),
        (lambda: ablate.load("optimizers"), "There are none under results yet."),
        (lambda: ablate.load("../etc"), "There are none"),
        (lambda: ablate.load("optimizers", results_dir="elsewhere"), "There are none under elsewhere yet."),
        (lambda: ablate.compare("a:b", "a:c", results_dir="elsewhere"), "No study a under elsewhere."),
        (lambda: ablate.run("model.dropout=2 seed=3"), "model.dropout"),
    ],
)
def test_what_cannot_be_is_raised_with_its_exit_code(attempt, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ablate.AblateError) as raised:
        attempt()
    assert message in str(raised.value)
    assert raised.value.exit_code == ExitCode.BAD_INPUT


def test_what_a_report_takes_is_imported_once_a_worker_has_spoken(tmp_path, monkeypatch):
    (tmp_path / "taken_by_reports.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    heard = []
    observe = _importing(("not_there_at_all", "taken_by_reports"), heard.append)
    behind = _importing(("taken_by_reports",), heard.append)
    started, spoken = RunStarted("a", 0, True), TrainingBegan("a", 3)
    for event in (started, spoken, spoken):
        observe(event)
    join_imports()
    assert heard == [started, spoken, spoken]
    assert "taken_by_reports" not in sys.modules  # what comes first cannot be imported, and nobody hears of it
    behind(started)
    join_imports()
    assert "taken_by_reports" not in sys.modules
    behind(spoken)
    join_imports()
    assert sys.modules.pop("taken_by_reports")


def join_imports() -> None:
    for thread in threading.enumerate():
        if thread.name == "imports":
            thread.join()
