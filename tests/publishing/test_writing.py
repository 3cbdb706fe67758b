import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import ablate
from ablate.analysis.frame import to_csv_bytes, to_parquet_bytes, verdicts_table
from ablate.core.identity import sha256_of_bytes
from ablate.plots import figures
from ablate.publishing import writing
from ablate.publishing.evidence import Evidence, Packed, pack_evidence
from ablate.publishing.writing import Written, read_evidence, rebuild, write_report
from ablate.reporting.report import report_markdown
from tests.synthetic import completed_runs, dropout_sweep, eventful_runs, optimizer_sweep, plan_of

SWEEP = optimizer_sweep(seeds=2, optimizers={"sgd": 0.01, "adam": 0.001})
PLAN = plan_of(SWEEP)
RUNS = completed_runs(SWEEP)
COMMAND = ("+sweep=optimizers", "data_dir=/home/ann/data")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and modification time: a file that was replaced has others, whatever its content."""
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def quick_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty pages in place of the figures, for tests of what is written and when."""
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "optimizers"
    assert write_report(PLAN, RUNS, folder, COMMAND).changed
    return folder


@pytest.fixture
def report(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "optimizers"))


def test_the_folder_holds_text_figures_and_data(report: Path) -> None:
    files = content(report)
    assert {name for name in files if name.startswith("data/")} == {
        f"data/{name}"
        for name in (
            "plan.json", "records.jsonl", "history.parquet", "predictions.npz", "stamp.json",
            "runs.csv", "runs.parquet", "timings.csv", "timings.parquet", "verdicts.csv", "verdicts.parquet",
            "study_log.jsonl",
        )
    }  # fmt: skip
    text = files["report.md"].decode()
    figures = {name for name in files if name.startswith("figures/")}
    assert len(figures) == 7
    assert all(f"]({name})" in text for name in figures)


def test_the_second_call_writes_no_file(report: Path) -> None:
    before = identities(report)
    written = write_report(PLAN, RUNS, report, COMMAND)
    assert not written.changed
    assert identities(report) == before


def test_the_second_call_does_not_import_what_draws(report: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.synthetic import *\n"
        "from ablate.publishing.writing import write_report\n"
        "sweep = optimizer_sweep(seeds=2, optimizers={'sgd': 0.01, 'adam': 0.001})\n"
        f"written = write_report(plan_of(sweep), completed_runs(sweep), Path({str(report)!r}), {COMMAND!r})\n"
        "assert not written.changed\n"
        "assert not {'matplotlib', 'jinja2', 'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_rebuilding_from_data_alone_gives_the_same_bytes(report: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(report / "data", elsewhere / "data")
    written = rebuild(elsewhere / "data")
    assert written.path == elsewhere / "report.md"
    assert content(elsewhere) == content(report)


@pytest.mark.usefixtures("quick_drawings")
def test_rebuilding_an_eventful_study_gives_the_same_bytes(tmp_path: Path) -> None:
    sweep = optimizer_sweep(seeds=3)
    write_report(plan_of(sweep, dropout_sweep()), eventful_runs(sweep), tmp_path / "a")
    rebuild(tmp_path / "a" / "data", tmp_path / "b")
    assert content(tmp_path / "b") == content(tmp_path / "a")


@pytest.mark.usefixtures("quick_drawings")
@pytest.mark.parametrize(
    "name", ["report.md", "report.html", "figures/optimizers-gap.png", "data/runs.csv", "data/stamp.json"]
)
@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"torn")])
def test_what_is_lost_or_torn_is_made_again(report: Path, name: str, damage) -> None:
    write_report(PLAN, RUNS, report, COMMAND, redraw=True)
    expected = content(report)
    damage(report / name)
    assert write_report(PLAN, RUNS, report, COMMAND).changed
    assert content(report) == expected


@pytest.mark.usefixtures("quick_drawings")
def test_another_version_redraws(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablate, "__version__", "99.0")
    assert write_report(PLAN, RUNS, report, COMMAND).changed
    assert "ablate 99.0" in (report / "report.md").read_text()


@pytest.mark.usefixtures("quick_drawings")
def test_a_new_run_redraws(report: Path) -> None:
    fewer = dict(list(RUNS.items())[1:])
    assert write_report(PLAN, fewer, report, COMMAND).changed
    assert "1 missing" in (report / "report.md").read_text()


@pytest.mark.usefixtures("quick_drawings")
def test_redrawing_can_be_demanded(report: Path) -> None:
    assert write_report(PLAN, RUNS, report, COMMAND, redraw=True).changed


# in another environment ----------------------------------------------------------------------------------

Change = Callable[[pd.DataFrame], pd.DataFrame]


def by_last_digits(table: pd.DataFrame) -> pd.DataFrame:
    """As other versions of scipy and numpy would have it."""
    return table.assign(base_mean=table["base_mean"] + 2e-14, diff=table["diff"] - 2e-14)


def elsewhere(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """Packs as an environment would whose verdicts come out otherwise."""

    def packed(evidence: Evidence) -> Packed:
        here = pack_evidence(evidence)
        verdicts = change(verdicts_table(evidence.plan, here.judged))
        tables = {"verdicts.parquet": to_parquet_bytes(verdicts), "verdicts.csv": to_csv_bytes(verdicts)}
        return Packed({**here.files, **tables}, here.judged)

    monkeypatch.setattr(writing, "pack_evidence", packed)


@pytest.fixture
def no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_figures", lambda results: pytest.fail("a figure was drawn"))


@pytest.mark.usefixtures("no_drawings")
@pytest.mark.parametrize("change", [lambda table: table, by_last_digits])
def test_a_rebuild_that_says_the_same_touches_no_file(report: Path, monkeypatch, change: Change) -> None:
    before, texts = identities(report), content(report)
    elsewhere(monkeypatch, change)
    is_equal = writing.pack_evidence(read_evidence(report / "data")).files["verdicts.csv"] == texts["data/verdicts.csv"]
    assert is_equal == (change is not by_last_digits)
    assert rebuild(report / "data") == Written(report / "report.md", changed=False)
    assert write_report(PLAN, RUNS, report, COMMAND) == Written(report / "report.md", changed=False)
    assert (identities(report), content(report)) == (before, texts)


@pytest.mark.usefixtures("quick_drawings")
@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.assign(diff=table["diff"] + 1e-6),
        lambda table: table[table.columns[::-1]],
        lambda table: table.assign(wins=table["wins"].astype("float64")),
    ],
)
def test_a_rebuild_with_other_tables_writes_all(report: Path, monkeypatch, change: Change) -> None:
    before = content(report)
    elsewhere(monkeypatch, change)
    assert rebuild(report / "data").changed
    after = content(report)
    changed = {name for name in before if before[name] != after[name]}
    assert {"data/verdicts.parquet", "data/stamp.json", "figures/optimizers-gap.png"} <= changed
    assert not rebuild(report / "data").changed


@pytest.mark.usefixtures("quick_drawings")
def test_a_rebuild_with_another_text_writes_all(report: Path, monkeypatch) -> None:
    before = content(report)
    monkeypatch.setattr(writing, "report_markdown", lambda *arguments: report_markdown(*arguments) + "More.\n")
    elsewhere(monkeypatch, by_last_digits)
    assert rebuild(report / "data").changed
    after = content(report)
    assert after["report.md"] == before["report.md"] + b"More.\n"
    assert all(after[name] != before[name] for name in ("data/verdicts.csv", "figures/optimizers-gap.png"))


@pytest.mark.usefixtures("quick_drawings")
@pytest.mark.parametrize(
    "name", ["figures/optimizers-gap.png", "report.md", "report.html", "data/verdicts.csv", "data/stamp.json"]
)
@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"torn")])
def test_a_rebuild_makes_again_what_is_lost_or_torn(report: Path, name: str, damage) -> None:
    rebuild(report / "data", redraw=True)
    before = content(report)
    damage(report / name)
    assert rebuild(report / "data").changed
    assert content(report) == before


@pytest.mark.usefixtures("quick_drawings")
@pytest.mark.parametrize("is_less", [True, False])
def test_a_rebuild_with_other_figures_writes_all(report: Path, monkeypatch, is_less: bool) -> None:
    """Should a version have a figure more or less, and say so nowhere in the text."""
    names = writing._figure_names
    other = {"figures/optimizers-gap.png"} if is_less else {"figures/optimizers-new.png"}
    monkeypatch.setattr(writing, "_figure_names", lambda results: names(results) ^ other)
    elsewhere(monkeypatch, by_last_digits)
    assert rebuild(report / "data").changed


@pytest.mark.usefixtures("quick_drawings")
def test_a_rebuild_draws_anew_on_demand(report: Path) -> None:
    before = content(report)
    assert rebuild(report / "data", redraw=True).changed
    after = content(report)
    changed = {name for name in before if before[name] != after[name]}
    # The page draws every figure of this study itself.
    assert changed == {"data/stamp.json", *(name for name in before if name.startswith("figures/"))}


@pytest.mark.usefixtures("quick_drawings")
def test_a_stamp_that_names_what_is_no_report_has_none_of_it_read(report: Path, monkeypatch) -> None:
    (report.parent / "precious").write_bytes(b"mine")
    stamp, read = json.loads((report / "data" / "stamp.json").read_text()), writing.read_file
    names = ("../precious", "figures/../../precious", str(report.parent / "precious"))
    first = dict.fromkeys(names, sha256_of_bytes(b"mine"))
    (report / "data" / "stamp.json").write_text(json.dumps({**stamp, "files": {**first, **stamp["files"]}}))
    seen = []
    monkeypatch.setattr(writing, "read_file", lambda path, most: seen.append(path.name) or read(path, most))
    assert rebuild(report / "data").changed
    assert "stamp.json" in seen
    assert "precious" not in seen
    assert (report.parent / "precious").read_bytes() == b"mine"


def test_a_rebuild_that_says_the_same_does_not_import_what_draws(report: Path) -> None:
    stamp = json.loads((report / "data" / "stamp.json").read_text())
    (report / "data" / "stamp.json").write_text(json.dumps({**stamp, "inputs": "of another environment"}))
    code = (
        "import sys; from pathlib import Path\n"
        "from ablate.publishing.writing import rebuild\n"
        f"assert not rebuild(Path({str(report / 'data')!r})).changed\n"
        "assert not {'matplotlib', 'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


# the page ------------------------------------------------------------------------------------------------


def without_page(report: Path) -> None:
    (report / "report.html").unlink()


def from_an_earlier_version(report: Path) -> None:
    without_page(report)
    stamp = json.loads((report / "data" / "stamp.json").read_text())
    del stamp["files"]["report.html"]
    (report / "data" / "stamp.json").write_text(json.dumps(stamp))


def test_the_page_says_what_the_text_says_and_shows_the_figures(report: Path) -> None:
    page = (report / "report.html").read_text()
    assert "<h1>optimizers</h1>" in page
    figures = [f"figures/{path.name}" for path in (report / "figures").iterdir()]
    # The script says in a comment what it looks for.
    drawn = len(re.findall(r"<figure\b", re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)))
    assert drawn == len(figures)
    assert not any(name in page for name in figures), "an image is beside a page that could hold it"


@pytest.mark.usefixtures("no_drawings")
@pytest.mark.parametrize("damage", [without_page, from_an_earlier_version])
@pytest.mark.parametrize("change", [lambda table: table, by_last_digits])
def test_a_report_without_a_page_gets_it_and_keeps_the_rest(
    report: Path, monkeypatch, change: Change, damage: Callable[[Path], None]
) -> None:
    page = (report / "report.html").read_bytes()
    damage(report)
    before = identities(report)
    elsewhere(monkeypatch, change)
    assert rebuild(report / "data") == Written(report / "report.md", changed=True)
    assert (report / "report.html").read_bytes() == page
    stamp = {str(report / "data" / "stamp.json")}
    assert {name: file for name, file in identities(report).items() if name in before.keys() - stamp} == {
        name: file for name, file in before.items() if name not in stamp
    }
    assert not rebuild(report / "data").changed
    assert not write_report(PLAN, RUNS, report, COMMAND).changed


@pytest.mark.usefixtures("quick_drawings")
@pytest.mark.parametrize("former", ["of another style", "", None])
def test_a_page_of_another_edition_is_written_anew_and_nothing_else(
    report: Path, monkeypatch: pytest.MonkeyPatch, former: str | None
) -> None:
    page = (report / "report.html").read_bytes()
    stamp = json.loads((report / "data" / "stamp.json").read_text())
    (report / "data" / "stamp.json").write_text(json.dumps({**stamp, "edition": former}))
    monkeypatch.setattr(writing, "_figures", lambda results: pytest.fail("a figure was drawn"))
    before = identities(report)
    assert rebuild(report / "data").changed
    after = identities(report)
    names = {Path(name).name for name in after if after[name] != before[name]}
    assert names == {"report.html", "stamp.json"}
    assert (report / "report.html").read_bytes() == page
    assert json.loads((report / "data" / "stamp.json").read_text()) == stamp
    assert not rebuild(report / "data").changed


def test_a_report_without_a_page_and_with_another_text_is_written_whole(report: Path, monkeypatch) -> None:
    without_page(report)
    monkeypatch.setattr(ablate, "__version__", "99.0")
    assert rebuild(report / "data").changed
    for name in ("report.md", "report.html"):
        assert "ablate 99.0" in (report / name).read_text()


# what else lies there ------------------------------------------------------------------------------------


def test_figures_that_the_report_no_longer_has_go_and_those_of_others_stay(report: Path) -> None:
    (report / "figures" / "mine.png").write_bytes(b"mine")
    write_report(PLAN, {}, report, COMMAND)
    assert [path.name for path in (report / "figures").iterdir()] == ["mine.png"]


def test_no_file_says_where_things_lie_on_this_machine(report: Path) -> None:
    assert not [name for name, data in content(report).items() if b"/home/ann" in data]


def test_a_study_of_which_nothing_ran_has_a_report(tmp_path: Path) -> None:
    assert "48 missing" in write_report(plan_of(optimizer_sweep()), {}, tmp_path).path.read_text()


@pytest.mark.usefixtures("quick_drawings")
def test_a_name_that_no_file_could_have_gives_figures_all_the_same(tmp_path: Path) -> None:
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, name="a/../b c"))
    write_report(plan_of(sweep), RUNS, tmp_path)
    assert (tmp_path / "figures" / "a-..-b-c-gap.png").is_file()
