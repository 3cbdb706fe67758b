"""Every report in the repository is still the one that its data/ gives."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from ablate.publishing.writing import Written, rebuild
from ablate.web.edition import edition

REPORTS = Path(__file__).resolve().parents[2] / "reports"


def committed() -> list[Path]:
    """Folders of reports that git knows; others are somebody's own runs."""
    listed = subprocess.run(
        ["git", "ls-files", "*/report.md"], cwd=REPORTS, capture_output=True, text=True, check=False
    )
    return [REPORTS / line.rpartition("/")[0] for line in listed.stdout.splitlines()]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Width and height in pixels of every figure; their bytes depend on the version of matplotlib."""
    found = {}
    for figure in sorted((folder / "figures").glob("*.png")):
        with Image.open(figure) as image:
            found[figure.name] = image.size
    return found


def with_pages() -> list[Path]:
    return [report for report in committed() if (report / "report.html").is_file()]


def stamp_of(report: Path) -> dict[str, object]:
    return json.loads((report / "data" / "stamp.json").read_text())


def page_of(report: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh page with the figures that are committed."""
    figures = {f"figures/{path.name}": path.read_bytes() for path in (report / "figures").glob("*.png")}
    monkeypatch.setattr("ablate.publishing.writing._figures", lambda results: figures)
    return rebuild(report / "data", folder).html.read_text()


class _Words(HTMLParser):
    """What is read on a page: no styles, no scripts, and of a picture in SVG nothing."""

    SILENT = frozenset({"style", "script", "svg"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in self.SILENT:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            del self._within[self._within.index(tag) :]

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if not self._within and data.strip():
            self.found.append(" ".join(data.split()))


def says(page: str) -> list[str]:
    reader = _Words()
    reader.feed(page)
    reader.close()
    return reader.found


@pytest.mark.parametrize("report", committed(), ids=lambda report: report.name)
def test_it_is_rebuilt_from_its_data_alone(report, tmp_path, monkeypatch):
    monkeypatch.setattr("ablate.publishing.writing._figures", lambda results: {})
    rebuild(report / "data", tmp_path)
    written = (tmp_path / "report.md").read_text()
    assert written == (report / "report.md").read_text()
    assert set(re.findall(r"\(figures/([^)]+)\)", written)) == sizes(report).keys()


@pytest.mark.parametrize("report", committed(), ids=lambda report: report.name)
def test_a_rebuild_in_place_leaves_it_alone(report, tmp_path, monkeypatch):
    """Whatever the last digits and the versions here: nothing is written, and so nothing has to be drawn."""
    monkeypatch.setattr("ablate.publishing.writing._figures", lambda results: pytest.fail("a figure was drawn"))
    copy = shutil.copytree(report, tmp_path / report.name)
    has_page = (report / "report.html").is_file() and stamp_of(report).get("edition") == edition()
    assert rebuild(copy / "data") == Written(copy / "report.md", changed=not has_page)
    # Where no page of this edition is committed, it is the only thing to come: a new style makes no report stale.
    later = set() if has_page else {"report.html", "data/stamp.json"}
    assert {name: data for name, data in content(copy).items() if name not in later} == {
        name: data for name, data in content(report).items() if name not in later
    }


@pytest.mark.parametrize("report", with_pages(), ids=lambda report: report.name)
def test_its_page_says_what_its_data_gives(report, tmp_path, monkeypatch):
    """Its style, its script and how its pictures are drawn may be those of an earlier edition; its words may not."""
    assert says((report / "report.html").read_text()) == says(page_of(report, tmp_path, monkeypatch))


def test_a_page_that_says_something_else_is_found(tmp_path, monkeypatch):
    page = page_of(committed()[-1], tmp_path, monkeypatch)
    styled = (
        page.replace("<style>", "<style>p { color: red; }").replace('cx="', 'cx="1').replace("<svg ", "<svg id='s' ")
    )
    assert styled != page
    assert says(styled) == says(page)
    assert len(says(page)) > 300
    number = re.search(r"<td data-numeric>[^<]*\d", page)
    assert says(f"{page[: number.end() - 1]}x{page[number.end() :]}") != says(page)


@pytest.mark.slow
@pytest.mark.parametrize("report", committed(), ids=lambda report: report.name)
def test_its_figures_are_drawn_from_its_data_alone(report, tmp_path):
    rebuild(report / "data", tmp_path)
    assert sizes(tmp_path) == sizes(report)


def test_there_are_committed_reports_to_look_at():
    assert committed()


@pytest.mark.parametrize("report", committed(), ids=lambda report: report.name)
def test_its_data_is_small_and_names_no_place(report):
    files = [path for path in (report / "data").iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 3_000_000
    texts = [path.read_text() for path in [report / "report.md", *files] if path.suffix in (".md", ".json", ".jsonl")]
    assert not any("data_dir" in text or "/root/" in text or "/home/" in text for text in texts)


def test_what_the_documents_count_stands_in_a_report():
    """Counts of conclusions were copied by hand once, and the report was made anew after."""
    counts = re.compile(r"Of \d+ conclusions tested, [^.]*\.(?: \d+ conclusions? (?:was|were) not tested\.)?")
    answers = {count for report in committed() for count in counts.findall((report / "report.md").read_text())}
    quoted = [
        " ".join(count.split())
        for document in (REPORTS / "README.md", REPORTS.parent / "README.md")
        for count in counts.findall(document.read_text())
    ]
    assert quoted
    assert [count for count in quoted if count not in answers] == []
