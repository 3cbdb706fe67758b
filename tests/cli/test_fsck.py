"""`ablate fsck`: one line for each finding, a table of space, and the code; nothing is changed unless it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from ablate.plots import figures
from ablate.storage.runs import RunStore
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.damage import age, flip, refuse, state
from tests.json_schema import validated
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, run_spec

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
BASELINE = SWEEP.baseline.spec
ALONE = run_spec(seed=9)
TEN_DAYS_SECONDS = 864000.0


@pytest.fixture
def results(ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound store with a study whose tables are written."""
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))
    keep(folder / "results", SWEEP, completed_runs(SWEEP))
    assert ablate("report", "optimizers").code == 0
    return folder / "results"


def put_alone(results: Path) -> None:
    RunStore(results).put(completed_run(ALONE))
    age(results, TEN_DAYS_SECONDS)


def test_a_sound_store(ablate: Ablate, results: Path) -> None:
    before = state(results)
    said = ablate("fsck")
    assert (said.code, said.err) == (0, "")
    heading, runs, studies, verdict = said.out.splitlines()
    assert heading.split() == ["number", "size"]
    assert runs.split()[:2] == ["runs", "4"]
    assert studies.split()[:2] == ["studies", "1"]
    assert verdict == "All is sound."
    assert state(results) == before


def test_damage_is_said_then_mended_then_made_again(
    ablate: Ablate, results: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = RunStore(results).folder(BASELINE.run_id)
    flip(folder / "arrays.npz")
    before = state(results)
    said = ablate("fsck")
    assert (said.code, said.err) == (4, "")
    lines = said.out.splitlines()
    assert lines[0] == f"damaged: run {BASELINE.run_id[:12]}: arrays.npz is damaged (its checksum does not match)"
    assert lines[1].startswith("tables: study optimizers: runs.parquet is not what the plan and the runs give, ")
    assert lines[-2:] == ["1 problem.", "To mend what can be mended: ablate fsck --repair"]
    assert state(results) == before
    said = ablate("fsck", "--repair")
    assert said.code == 0
    assert said.out.splitlines()[0] == f"{lines[0]} – mended"
    assert "All is sound.\n2 findings mended.\n" in said.out
    assert f"set aside as {BASELINE.run_id}.corrupt" in caplog.text
    assert "missing" in (results / "studies/optimizers/runs.csv").read_text()
    assert "missing" in (Path("reports/optimizers/report.md")).read_text()
    said = ablate("fsck")
    assert said.code == 0
    assert said.out.splitlines()[0].startswith("set aside: runs/")
    RunStore(results).put(completed_runs(SWEEP)[BASELINE.run_id])
    assert ablate("report", "optimizers").code == 0
    assert ablate("fsck").code == 0


def test_what_cannot_be_mended_keeps_the_code(ablate: Ablate, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = RunStore(results).folder(BASELINE.run_id) / "arrays.npz"
    refuse(monkeypatch, path, OSError(5, "Input/output error"))
    said = ablate("fsck", "--repair")
    assert said.code == 4
    assert f"cannot be read: run {BASELINE.run_id[:12]}: Input/output error\n" in said.out
    assert "1 problem." in said.out


def test_json_is_all_of_it_for_another_program(ablate: Ablate, results: Path) -> None:
    put_alone(results)
    (results / "studies/optimizers/runs.csv").unlink()
    (results / "runs/.tmp-1").mkdir()
    age(results / "runs/.tmp-1", TEN_DAYS_SECONDS)
    said = ablate("fsck", "--json")
    data = validated(said.out)
    assert (said.code, said.err, data["problems_left"]) == (4, "", 1)
    assert [(each["what"], each["path"], each["is_problem"], each["is_mended"]) for each in data["findings"]] == [
        ("tables", "studies/optimizers", True, False),
        ("temporary", "runs/.tmp-1", False, False),
        ("lone run", f"runs/{ALONE.run_id[:2]}/{ALONE.run_id}", False, False),
    ]
    sizes = [path.stat().st_size for path in results.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert sum(each["bytes"] for each in data["space"].values()) == sum(sizes)
    mended = validated(ablate("fsck", "--repair", "--json").out)
    assert [each["is_mended"] for each in mended["findings"]] == [True, True, False]
    assert "temporary" not in mended["space"]


def test_many_of_a_kind_are_counted(ablate: Ablate, results: Path) -> None:
    for number in range(25):
        (results / f"note-{number:02}").write_text("mine")
    lines = [line for line in ablate("fsck").out.splitlines() if line.startswith("stray")]
    assert len(lines) == 21
    assert lines[-1] == "stray: and 5 more (--json names them all)"
    assert len(validated(ablate("fsck", "--json").out)["findings"]) == 25


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("fsck optimizers", "optimizers: this verb is about the whole store"),
        ("fsck results_dir=nowhere", "There is no results folder nowhere. Another place: results_dir=…"),
        ("gc optimizers", "optimizers: this verb is about the whole store"),
        ("gc results_dir=nowhere", "There is no results folder nowhere. Another place: results_dir=…"),
        ("gc --older-than -1", "--older-than takes a number of days from 0"),
        ("gc --older-than nan", "--older-than takes a number of days from 0"),
        ("gc --older-than soon", "argument --older-than: invalid float value: 'soon'"),
        ("fsck --remove", "unrecognized arguments: --remove"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: str, message: str, ablate: Ablate, folder: Path) -> None:
    said = ablate(*words.split())
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert list(folder.iterdir()) == []


def test_names_from_elsewhere_cannot_reach_the_terminal(ablate: Ablate, results: Path) -> None:
    (results / "a\x1b[2Jb").write_text("")
    for verb in ("fsck", "gc"):
        assert "\x1b" not in ablate(verb).out
    assert "stray: a\\x1b[2Jb" in ablate("fsck").out


@pytest.mark.parametrize("words", ["fsck", "gc", "list", "report optimizers", "plan +sweep=optimizers", "show abc"])
@pytest.mark.parametrize("key", ["results_dir", "reports_dir"])
def test_a_place_that_cannot_be_one_is_refused(ablate: Ablate, folder: Path, words: str, key: str) -> None:
    (folder / "notes.txt").write_text("mine")
    for place, said in (("", "is empty"), ("notes.txt", "is no folder"), ("notes.txt/x", "notes.txt is no folder")):
        refused = ablate(*words.split(), f"{key}={place}")
        assert refused.code == 2
        assert key in refused.err
        assert said in refused.err


def test_the_home_folder_holds_results(ablate: Ablate, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(results.parent))
    assert ablate("fsck", "results_dir='~/results'").out == ablate("fsck").out
