"""The edition of the pages is another one where anything that makes a page is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ablate.web import edition as module

ROOM = Path(module.__file__).parent


@pytest.fixture
def edition_of(monkeypatch: pytest.MonkeyPatch):
    def of(folder: Path) -> str:
        monkeypatch.setattr(module, "FOLDER", folder)
        return module.edition.__wrapped__()

    return of


def test_it_is_that_of_the_files_wherever_they_are(tmp_path: Path, edition_of) -> None:
    copy = shutil.copytree(ROOM, tmp_path / "web")
    assert edition_of(copy) == module.edition() == edition_of(ROOM)


def test_line_ends_and_what_python_leaves_there_are_nothing(tmp_path: Path, edition_of) -> None:
    copy = shutil.copytree(ROOM, tmp_path / "web")
    style = copy / "assets" / "style.css"
    style.write_bytes(style.read_bytes().replace(b"\n", b"\r\n"))
    (copy / "__pycache__" / "left.pyc").parent.mkdir(exist_ok=True)
    (copy / "__pycache__" / "left.pyc").write_bytes(b"0")
    assert edition_of(copy) == module.edition()


@pytest.mark.parametrize(
    "name",
    ["assets/style.css", "assets/curves.js", "assets/uPlot/uPlot.min.css", "templates/base.html", "pictures/forest.py"],
)
def test_a_change_anywhere_is_another(tmp_path: Path, edition_of, name: str) -> None:
    copy = shutil.copytree(ROOM, tmp_path / "web")
    with (copy / name).open("a") as file:
        file.write(" ")
    assert edition_of(copy) != module.edition()
