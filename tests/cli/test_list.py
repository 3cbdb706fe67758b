"""`ablate list`: studies, runs and filters, read from a results folder that nobody trained."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ablate.core.plans import StudyPlan
from ablate.storage.runs import RunStore
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.json_schema import validated
from tests.synthetic import completed_run, eventful_runs, optimizer_sweep, run_spec

# Of 6 arms × 4 seeds: sgd has no seed 0, has diverged at seed 1 and failed at seed 2.
SWEEP = optimizer_sweep(seeds=4)
ALONE = run_spec("SGD", learning_rate=0.5, seed=9)


@pytest.fixture
def plan(folder: Path) -> StudyPlan:
    RunStore(folder / "results").put(completed_run(ALONE))
    return keep(folder / "results", SWEEP, eventful_runs(SWEEP))


def test_an_empty_folder_holds_nothing_and_says_how_to_begin(ablate: Ablate, folder: Path) -> None:
    said = ablate("list")
    assert (said.code, said.out) == (0, "")
    assert "ablate +sweep=optimizers" in said.err
    told = validated(ablate("list", "--json").out)
    assert told == {"kind": "list", "version": 2, "studies": [], "runs": None}
    assert validated(ablate("list", "runs", "--json").out) == {**told, "studies": None, "runs": []}
    assert list(folder.iterdir()) == []


def test_studies_say_how_much_of_them_is_done(ablate: Ablate, plan: StudyPlan) -> None:
    heading, row = ablate("list").out.splitlines()
    assert heading.split() == ["study", "arms", "done", "planned", "when"]
    assert row.split()[:4] == ["optimizers", "6", "22", "24"]
    (study,) = validated(ablate("list", "--json").out)["studies"]
    assert (study["done"], study["planned"], study["sweeps"]) == (22, 24, ["optimizers"])


def test_runs_are_those_of_studies_and_the_others(ablate: Ablate, plan: StudyPlan) -> None:
    runs = validated(ablate("list", "runs", "--json").out)["runs"]
    assert [run["run_id"] for run in runs] == [*plan.run_ids, ALONE.run_id]
    assert runs[-1]["places"] == []
    assert (runs[-1]["seed"], runs[-1]["settings"]["optimizer.learning_rate"]) == (9, 0.5)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("status=missing", 1),
        ("status=failed", 1),
        ("status=diverged", 1),
        ("study=optimizers", 24),
        ("sweep=dropout", 0),
        ("arm=optimizer=adam", 4),
        ("arm=adam", 4),  # as compare takes it
        ("arm=optimizers:adam", 4),
        ("arm=optimizers:optimizer=adam", 4),
        ("arm=elsewhere:adam", 0),
        ("arm=ada", 0),
        ("optimizer=adam", 4),  # as the level is called
        ("optimizer=SGD", 5),  # as Keras calls it, the run without a study included
        ("optimizer.learning_rate=0.01", 8),
        ("optimizer.learning_rate=1e-2 seed=3", 2),
        ("seed=9", 1),
        ("model.hidden=[128]", 25),
        ("training.epochs=12.0", 25),
        ("model.dropout=0", 25),
        ("model.dropout=false", 0),
    ],
)
def test_filters_keep_what_agrees_with_all_of_them(filters: str, count: int, ablate: Ablate, plan: StudyPlan) -> None:
    assert len(validated(ablate("list", *filters.split(), "--json").out)["runs"]) == count


def test_a_filter_that_nothing_has_is_refused_with_the_nearest(ablate: Ablate, plan: StudyPlan) -> None:
    said = ablate("list", "optimizer.learning_rat=0.1")
    assert said.code == 2
    assert said.err.startswith("optimizer.learning_rat=0.1: did you mean optimizer.learning_rate? Allowed is one of ")


def test_the_table_tells_runs_apart(ablate: Ablate, plan: StudyPlan) -> None:
    said = ablate("list", "runs", "optimizer=sgd", "study=optimizers")
    rows = [line.split() for line in said.out.splitlines()[1:]]
    assert [row[1] for row in rows] == ["missing", "diverged", "failed", "completed"]
    assert {row[2] for row in rows} == {"optimizers:optimizer=sgd"}
    assert said.err == "4 runs\n"


def test_a_damaged_run_counts_as_missing_and_stops_nothing(ablate: Ablate, plan: StudyPlan, folder: Path) -> None:
    (RunStore(folder / "results").folder(plan.run_ids[-1]) / "record.json").write_text("{")
    assert len(validated(ablate("list", "status=missing", "--json").out)["runs"]) == 2


def test_studies_that_cannot_be_read_are_there(ablate: Ablate, plan: StudyPlan, folder: Path) -> None:
    plans = folder / "results" / "studies" / plan.name / "plans.jsonl"
    plans.unlink()
    os.mkfifo(plans)
    said = ablate("list")
    assert "No study can be read. What is wrong, and what can be mended: ablate fsck" in said.err
    assert "There are no studies yet" not in said.err


def test_without_the_index_it_says_the_same(ablate: Ablate, plan: StudyPlan) -> None:
    for words in ((), ("runs",), ("status=completed", "optimizer=adam")):
        first, again, plain = ablate("list", *words), ablate("list", *words), ablate("list", *words, "--no-index")
        assert (first.out, first.err) == (again.out, again.err) == (plain.out, plain.err)


def test_json_says_what_was_verified(ablate: Ablate, plan: StudyPlan) -> None:
    remembered, read = (
        validated(ablate("list", "runs", "--json", *words).out)["runs"] for words in ((), ("--no-index",))
    )
    assert {run.pop("verified") for run in remembered} == {False}
    assert {run.pop("verified") for run in read} == {True}
    assert remembered == read


def test_a_cache_that_cannot_be_used_changes_nothing(
    ablate: Ablate, plan: StudyPlan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = ablate("list", "runs")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    after = ablate("list", "runs")
    assert (after.code, after.out, after.err) == (before.code, before.out, before.err)
