"""`catalogue` from Python: studies, runs and filters, counted by what was put into the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.config.problems import ConfigError
from ablate.core.errors import UsageError
from ablate.operations.catalogue import catalogue
from ablate.storage.runs import RunStore
from tests.cli.kept import keep
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, run_spec

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
RUNS = completed_runs(SWEEP)
LACKING = next(reversed(RUNS))
ALONE = run_spec("Lion", seed=9)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Three of the study's four runs, and one of no study."""
    keep(tmp_path, SWEEP, {run_id: run for run_id, run in RUNS.items() if run_id != LACKING})
    RunStore(tmp_path).put(completed_run(ALONE))
    return tmp_path


def test_without_words_it_is_about_studies(results: Path) -> None:
    found = catalogue(results_dir=results)
    assert found.runs is None
    assert found.studies is not None
    assert [(study.name, study.done, study.planned) for study in found.studies] == [("optimizers", 3, 4)]
    assert found == catalogue("studies", results_dir=results)


def test_runs_are_those_of_studies_and_the_others(results: Path) -> None:
    found = catalogue("runs", results_dir=results)
    assert found.studies is None
    assert found.runs is not None
    assert {entry.run_id: entry.status for entry in found.runs} == {
        **dict.fromkeys([*RUNS, ALONE.run_id], "completed"),
        LACKING: "missing",
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["status=missing"], [LACKING]),
        (["seed=9"], [ALONE.run_id]),
        (["study=optimizers", "optimizer=adam"], list(RUNS)[:2]),
        (["status=failed"], []),
    ],
)
def test_runs_agree_with_all_filters(filters: list[str], expected: list[str], results: Path) -> None:
    found = catalogue(*filters, results_dir=results)
    assert [entry.run_id for entry in found.runs or ()] == expected


def test_nothing_is_no_error(tmp_path: Path) -> None:
    assert catalogue(results_dir=tmp_path / "none").studies == ()
    assert catalogue("runs", results_dir=tmp_path / "none").runs == ()


def test_other_words_are_refused(results: Path) -> None:
    with pytest.raises(UsageError, match="did you mean studies") as raised:
        catalogue("study", results_dir=results)
    assert raised.value.exit_code == 2
    with pytest.raises(ConfigError, match="did you mean status"):
        catalogue("statu=missing", results_dir=results)


def test_a_status_that_no_run_can_have_is_refused(results: Path) -> None:
    with pytest.raises(ConfigError, match=r"allowed is one of completed, .*; did you mean completed"):
        catalogue("status=completd", results_dir=results)


def test_a_filter_that_keeps_nothing_says_what_there_is(results: Path, caplog: pytest.LogCaptureFixture) -> None:
    for filters, said in {
        "arm=optimizer=adm": "did you mean optimizer=adam? there are optimizer=adam, optimizer=sgd",
        "study=nothing": "there is optimizers",
        "seed=7": "there are 0, 1, 9",
        "model.dropout=0.9": "there is 0.0",
    }.items():
        caplog.clear()
        assert catalogue(filters, results_dir=results).runs == ()
        assert said in caplog.text
    caplog.clear()
    catalogue("status=failed", "seed=0", results_dir=results)
    assert caplog.text == ""


def test_a_key_is_given_once_but_for_what_a_run_can_have_several_of(results: Path) -> None:
    with pytest.raises(ConfigError, match="seed=1: allowed is each key once, and seed=0 is given, too"):
        catalogue("seed=0", "seed=1", results_dir=results)
    assert catalogue("study=optimizers", "study=optimizers", "seed=0", results_dir=results).runs
