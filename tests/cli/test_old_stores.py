"""Stores that former versions wrote are read, shown, judged and verified by today's code, and nothing is trained again;
what a later version wrote is left alone, and stops nothing but what is about it. The stores: tests/data/stores."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from ablate.core.identity import RUN_FORMAT
from ablate.core.plans import PLAN_FORMAT
from ablate.core.records import MIGRATIONS, SCHEMA_VERSION, RunRecord
from ablate.plots import figures
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.cli.pretended import stand_in
from tests.data.stores.make import STORES, VERSIONS
from tests.json_schema import validated
from tests.synthetic import completed_run, completed_runs, dropout_sweep, optimizer_sweep, run_spec

SHOWN_DIGITS = 12
CONF = f"--config-dir={STORES / 'conf'}"


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, folder: Path) -> Path:
    """The store of a version, as the results of the current folder."""
    return put_store(request.param, folder)


def put_store(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(STORES / name, folder / "results"))


def words_of(results: Path) -> tuple[str, ...]:
    """The words of the command that made the store's study."""
    return (*StudyFolder(results, "rates").plan_lines()[-1].argv, CONF)


def test_every_version_so_far_has_a_store() -> None:
    assert sorted(VERSIONS) == sorted(path.parent.name for path in STORES.glob("*/runs"))
    newest = STORES / list(VERSIONS)[-1]
    records = [json.loads(path.read_bytes()) for path in STORES.glob("*/runs/*/*/record.json")]
    assert {record["schema"] for record in records} == {*MIGRATIONS, SCHEMA_VERSION}
    assert {record.get("run_format", 1) for record in records} == set(range(1, RUN_FORMAT + 1))
    assert json.loads((newest / "studies/rates/plans.jsonl").read_bytes())["format"] == PLAN_FORMAT


def test_a_migrated_record_is_written_as_todays_are(old: Path) -> None:
    for path in old.glob("runs/*/*/record.json"):
        written = json.loads(path.read_bytes())
        again = json.loads(json.dumps(RunRecord.from_json(
            {key: value for key, value in written.items() if key not in ("files", "checksum")}
        ).to_json()))  # fmt: skip
        assert again["schema"] == SCHEMA_VERSION
        assert {key: again[key] for key in written if key in again and key != "schema"} == {
            key: value for key, value in written.items() if key not in ("schema", "files", "checksum")
        }


def test_it_is_listed_and_shown(ablate: Ablate, old: Path) -> None:
    (study,) = validated(ablate("list", "--json").out)["studies"]
    assert (study["name"], study["done"], study["planned"]) == ("rates", 3, 3)
    runs = validated(ablate("list", "runs", "study=rates", "--json").out)["runs"]
    assert [run["status"] for run in runs] == ["completed", "completed", "diverged"]
    assert [run["settings"]["optimizer.learning_rate"] for run in runs] == [0.01, 0.1, 1e30]
    for run in runs:
        (shown,) = validated(ablate("show", run["run_id"][:SHOWN_DIGITS], "--json").out)
        assert shown["record"]["metrics"] == run["metrics"]
        assert len(shown["history"].get("val_loss", ())) == shown["record"]["epochs_run"]


def test_nothing_is_planned_for_it(ablate: Ablate, old: Path) -> None:
    said = ablate("plan", *words_of(old))
    assert said.code == 0, said.err
    assert "3 runs, all done" in said.out
    (line,) = StudyFolder(old, "rates").plan_lines()
    assert json.loads((old / "studies/rates/plans.jsonl").read_bytes())["plan_hash"] == line.plan.plan_hash


def test_its_report_says_what_its_tables_said(ablate: Ablate, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of the version that made it are the oracle; later ones have columns more."""
    # The figures are drawn from the tables, and take most of the time.
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))
    before = pd.read_csv(old / "studies/rates/runs.csv")
    assert ablate("report", "rates").code == 0
    assert "learning_rate=0.1" in Path("reports/rates/report.md").read_text()
    after = pd.read_csv(old / "studies/rates/runs.csv")
    pd.testing.assert_frame_equal(after[list(before.columns)], before)


def test_it_is_sound(ablate: Ablate, old: Path) -> None:
    """Tables are the one thing that a later version writes otherwise."""
    found = validated(ablate("fsck", "--json").out)["findings"]
    assert {finding["what"] for finding in found} <= {"tables"}
    assert validated(ablate("gc", "--json").out)["listed"] == []


def test_what_another_run_format_trained_is_read_and_not_used(
    ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = put_store("artefacts", folder)
    words = words_of(results)
    monkeypatch.setattr("ablate.core.specs.RUN_FORMAT", RUN_FORMAT + 1)
    runs = validated(ablate("list", "runs", "study=rates", "--json").out)["runs"]
    for run in runs:
        (shown,) = validated(ablate("show", run["run_id"][:SHOWN_DIGITS], "--json").out)
        assert (shown["run_id"], Path(shown["folder"]).name) == (run["run_id"], run["run_id"])
    found = validated(ablate("fsck", "--json").out)["findings"]
    assert {finding["what"] for finding in found} <= {"tables"}
    assert "3 to train" in ablate("plan", *words).out


# from a later version ------------------------------------------------------------------------------------

SWEEP = optimizer_sweep(seeds=2)
LATER = SWEEP.baseline.spec


@pytest.fixture
def with_a_later_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a study, of which a later version has written one run."""
    runs = completed_runs(SWEEP)
    later = runs.pop(LATER.run_id)
    keep(folder / "results", SWEEP, runs)
    with monkeypatch.context() as version:
        version.setattr("ablate.core.records.SCHEMA_VERSION", SCHEMA_VERSION + 1)
        RunStore(folder / "results").put(later)
    return folder / "results"


def test_a_later_record_is_listed_and_stops_nothing(ablate: Ablate, with_a_later_record: Path) -> None:
    statuses = [run["status"] for run in validated(ablate("list", "runs", "--json").out)["runs"]]
    assert (statuses.count("unreadable"), statuses.count("completed")) == (1, 11)
    assert ablate("list").code == 0
    said = ablate("fsck")
    assert said.code == 0, said.out
    assert f"another version: run {LATER.run_id[:12]}: ValueError: a record of schema {SCHEMA_VERSION + 1}" in said.out


def test_whoever_wants_a_later_record_is_told_and_it_stays(ablate: Ablate, with_a_later_record: Path) -> None:
    folder = RunStore(with_a_later_record).folder(LATER.run_id)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for words in (("show", LATER.run_id), ("report", "optimizers")):
        said = ablate(*words)
        assert said.code == 4
        assert f"a record of schema {SCHEMA_VERSION + 1}; this version reads up to {SCHEMA_VERSION}" in said.err
        assert "stays as it is" in said.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_that_a_later_version_has_is_not_trained_over(
    ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch)
    train = ("executor=inline", f"data_dir={folder}")
    with monkeypatch.context() as version:
        version.setattr("ablate.core.records.SCHEMA_VERSION", SCHEMA_VERSION + 1)
        assert ablate("seed=1", *train).code == 0
    for words in (("seed=1",), ("plan", "seed=1")):
        said = ablate(*words, *(train if words[0] != "plan" else ()))
        assert (said.code, "another version of ablate" in said.err) == (4, True)
    assert ablate("seed=2", *train).code == 0
    assert len((folder / "tried").read_text().splitlines()) == 2


def test_a_later_plan_is_left_out_and_never_added_to(
    ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = folder / "results"
    other = keep(results, dropout_sweep(), {})
    with monkeypatch.context() as version:
        version.setattr("ablate.storage.studies.PLAN_FORMAT", PLAN_FORMAT + 1)
        plan = keep(results, SWEEP, completed_runs(SWEEP))
    before = (results / "studies/optimizers/plans.jsonl").read_bytes()
    said = ablate("list")
    assert [line.split()[0] for line in said.out.splitlines()] == ["study", "dropout"]
    listed = {run["run_id"] for run in validated(ablate("list", "runs", "--json").out)["runs"]}
    assert listed == {*plan.run_ids, *other.run_ids}
    tables, version = ablate("fsck").out.splitlines()[:2]
    assert tables == "tables: study dropout: none is written (its runs are not all done)"
    assert version.startswith("another version: study optimizers: ValueError: a plan of format")
    said = ablate("+sweep=optimizers", "sweep.seeds=1", "executor=inline")
    assert (said.code, "planned by another version of ablate" in said.err) == (4, True)
    assert (results / "studies/optimizers/plans.jsonl").read_bytes() == before


def test_a_spec_with_a_setting_that_is_not_known_is_no_spec_of_this_version(folder: Path) -> None:
    spec = run_spec()
    with pytest.raises(TypeError, match="temperature"):
        type(spec).from_json({**spec.to_json(), "temperature": 0.5})
    assert RunStore(folder).put(completed_run(spec))
