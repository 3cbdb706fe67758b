"""`report` from Python: a study of the store, the data/ of a report alone, and what is neither."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from ablate.core.errors import UsageError
from ablate.operations.compare import compare
from ablate.operations.load import load
from ablate.operations.report import report
from ablate.plots import figures
from ablate.storage.studies import DamagedPlan
from tests.cli.kept import keep
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=3, optimizers={"adam": 0.001, "sgd": 0.01})


@pytest.fixture(autouse=True)
def quick_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is looked at elsewhere."""
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the results of a study."""
    keep(tmp_path / "results", SWEEP, completed_runs(SWEEP))
    return tmp_path


def of_study(root: Path) -> Path:
    (written,) = report("optimizers", results_dir=root / "results", reports_dir=root / "reports")
    return written.markdown


def test_a_study_gets_its_tables_and_its_report(root: Path) -> None:
    markdown = of_study(root)
    assert markdown == root / "reports" / "optimizers" / "report.md"
    assert "optimizer=sgd" in markdown.read_text()
    assert (root / "results" / "studies" / "optimizers" / "runs.csv").is_file()
    assert not markdown.with_suffix(".tex").exists()


def test_the_data_of_a_report_is_enough(root: Path) -> None:
    markdown = of_study(root)
    shutil.copytree(markdown.parent / "data", root / "elsewhere" / "data")
    (written,) = report(data=root / "elsewhere" / "data", results_dir=root / "nothing")
    assert (written.markdown, written.changed, written.latex) == (root / "elsewhere" / "report.md", True, None)
    assert written.html == root / "elsewhere" / "report.html"
    assert written.markdown.read_bytes() == markdown.read_bytes()
    assert written.html.read_bytes() == (markdown.parent / "report.html").read_bytes()


def test_the_data_of_a_report_can_be_written_elsewhere(root: Path) -> None:
    markdown = of_study(root)
    before = {path: path.stat().st_mtime_ns for path in markdown.parent.rglob("*")}
    shutil.copytree(markdown.parent / "data", root / "elsewhere" / "data")
    (written,) = report(data=root / "elsewhere" / "data", reports_dir=root / "mine", with_latex=True)
    assert written.markdown == root / "mine" / "optimizers" / "report.md"
    assert written.markdown.read_bytes() == markdown.read_bytes()
    assert written.latex == written.markdown.with_suffix(".tex")
    assert [path.name for path in (root / "elsewhere").iterdir()] == ["data"]
    assert {path: path.stat().st_mtime_ns for path in markdown.parent.rglob("*")} == before


@pytest.mark.parametrize("key", ["results_dir", "reports_dir"])
def test_a_place_that_cannot_be_one_is_refused(root: Path, key: str) -> None:
    (root / "notes.txt").write_text("mine")
    places = {"results_dir": root / "results", "reports_dir": root / "reports"}
    for place, said in (("", "is empty"), (root / "notes.txt", "is no folder"), (root / "notes.txt/x", "is no folder")):
        with pytest.raises(UsageError, match=f"{key} .*{said}"):
            report("optimizers", **{**places, key: place})


def test_latex_stands_beside_it(root: Path) -> None:
    (written,) = report("optimizers", results_dir=root / "results", reports_dir=root / "reports", with_latex=True)
    assert written.latex == written.markdown.with_suffix(".tex")
    assert written.latex.read_text().startswith(r"\documentclass")


@pytest.mark.parametrize(
    ("names", "data", "said"),
    [
        ((), None, "Which study. There are optimizers."),
        (("nothing",), None, "no study nothing under .*There are optimizers."),
        (("../x",), None, "There are optimizers."),
        ((), Path("nowhere"), "nowhere is not a folder"),
        ((), Path("results"), "results is not the data/ folder of a report"),
    ],
)
def test_what_is_neither_is_refused(names: tuple[str, ...], data: Path | None, said: str, root: Path) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        report(*names, data=None if data is None else root / data, results_dir=root / "results", reports_dir=root / "r")
    assert raised.value.exit_code == 2
    assert not (root / "r").exists()


def test_a_folder_that_is_no_report_is_told_without_the_name_of_an_exception(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as nothing:
        report(data=tmp_path)
    assert str(nothing.value) == f"{tmp_path} is not the data/ folder of a report: it has no plan.json"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plan.json").write_text("{}")
    with pytest.raises(UsageError) as above:
        report(data=tmp_path)
    assert str(above.value).endswith(f"; did you mean {tmp_path / 'data'}?")
    with pytest.raises(UsageError) as damaged:
        report(data=tmp_path / "data")
    assert "a file of it is missing, damaged or of another version" in str(damaged.value)
    assert "Error" not in str(damaged.value)


@pytest.mark.parametrize("verb", [report, load, compare])
def test_a_plan_that_is_damaged_is_no_study_that_is_not_there(verb: Callable[..., object], root: Path) -> None:
    plans = root / "results" / "studies" / "optimizers" / "plans.jsonl"
    plans.unlink()
    os.mkfifo(plans)
    with pytest.raises(DamagedPlan) as raised:
        verb("optimizers", results_dir=root / "results")
    assert str(raised.value) == (
        f"the plan of study optimizers cannot be read: {plans}, line 1 is damaged (it is a FIFO, no file)"
    )
    assert (raised.value.exit_code, "ablate fsck --repair" in raised.value.hint) == (4, True)
