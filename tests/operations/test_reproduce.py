"""Runs are trained again and compared, watched by whoever asks, and the store stays as it is. Training is pretended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.analysis.reproduction import Outcome
from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.operations.as_json import to_json
from ablate.operations.reproduce import Choice, reproduce
from ablate.operations.request import read_settings
from ablate.runner.events import Event, Observer, RunEnded
from ablate.storage.runs import MissingRun, RunStore
from tests.cli import pretended
from tests.cli.kept import keep
from tests.damage import state
from tests.json_schema import validated
from tests.synthetic import completed_runs, eventful_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=3, optimizers={"adam": 0.001, "sgd": 0.01})
ADAM, SGD = SWEEP.baseline.spec, SWEEP.arms[1].spec


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A store with a study, and an executor that pretends to train."""
    monkeypatch.chdir(tmp_path)
    keep(tmp_path / "results", SWEEP, completed_runs(SWEEP))
    pretended.stand_in(monkeypatch)
    return read_settings((f"results_dir={tmp_path}/results", f"data_dir={tmp_path}", "executor=inline"))


def with_losses(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Has the trainer come to other validation losses."""
    completed_run = pretended.completed_run

    def other_run(spec, quality):
        run = completed_run(spec, quality)
        return replace(run, arrays={**run.arrays, "history/val_loss": run.arrays["history/val_loss"] * factor})

    monkeypatch.setattr(pretended, "completed_run", other_run)


def test_what_is_watched_and_what_comes_back(settings: Settings) -> None:
    before = state(settings.results_dir)
    choices: list[Choice] = []
    events: list[Event] = []
    ends: list[int] = []

    @contextmanager
    def watch(choice: Choice) -> Iterator[Observer]:
        choices.append(choice)
        assert events == []
        yield events.append
        ends.append(len(events))

    found = reproduce(["optimizers"], settings=settings, limit=3, watch=watch)
    expected = [ADAM.run_id, SGD.run_id, ADAM.with_seed(1).run_id]
    (choice,) = choices
    assert [each.run.spec.run_id for each in choice.runs] == expected
    assert [each.label for each in choice.runs][:2] == [
        "optimizers:optimizer=adam seed 0",
        "optimizers:optimizer=sgd seed 0",
    ]
    # An executor trains runs of one program one after the other.
    assert sorted(event.record.run_id for event in events if isinstance(event, RunEnded)) == sorted(expected)
    assert ends == [len(events)]
    assert [each.reproduction.run_id for each in found.runs] == expected
    assert {each.reproduction.outcome for each in found.runs} == {Outcome.EQUAL}
    assert (found.is_reproduced, found.failed) == (True, 0)
    assert state(settings.results_dir) == before


@pytest.mark.parametrize(
    ("factor", "outcome", "is_reproduced"), [(1 + 1e-6, Outcome.WITHIN, True), (1.5, Outcome.DIFFERENT, False)]
)
def test_other_losses(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, factor: float, outcome: Outcome, is_reproduced: bool
) -> None:
    with_losses(monkeypatch, factor)
    found = reproduce([SGD.run_id[:12]], settings=settings)
    (run,) = found.runs
    assert (run.reproduction.outcome, found.is_reproduced) == (outcome, is_reproduced)
    assert run.reproduction.furthest is not None
    assert run.reproduction.furthest.name == "val_loss of each epoch"
    assert validated(json.dumps(to_json(found)))["runs"][0]["outcome"] == outcome.value


def test_runs_that_failed_are_counted_and_left_out(settings: Settings) -> None:
    sweep = optimizer_sweep(seeds=3, optimizers={"nadam": 0.001, "adam": 0.001})
    for run in eventful_runs(sweep).values():
        RunStore(settings.results_dir).put(run)
    failed = sweep.arms[0].spec.with_seed(2).run_id
    found = reproduce([failed, ADAM.run_id], settings=settings)
    assert ([each.reproduction.run_id for each in found.runs], found.failed) == ([ADAM.run_id], 1)
    with pytest.raises(UsageError, match="has no run with an outcome"):
        reproduce([failed], settings=settings)


@pytest.mark.parametrize(
    ("names", "options", "error", "message"),
    [
        ([], {}, UsageError, "Which run, or which study"),
        (["optimizers"], {"limit": 0}, UsageError, "is 0; it is a number of runs"),
        (["ffff"], {}, MissingRun, "no run ffff"),
        ([], {"report_data": Path("results")}, UsageError, "is not the data/ folder of a report"),
    ],
)
def test_what_names_no_run(settings: Settings, names, options, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        reproduce(names, settings=settings, **options)
    assert raised.value.exit_code == 2
    assert not (settings.results_dir.parent / "tried").exists()
