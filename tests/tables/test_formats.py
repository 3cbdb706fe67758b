"""Files as grids: the same rows, written in every way."""

from __future__ import annotations

import builtins
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from ablate.tables.formats import MOST_BYTES, SUFFIXES, grid_of_file
from ablate.tables.problems import TableProblem

COLUMNS, ROWS = ("Größe", "seed"), (("klein", "1"), ("groß, weit", "2"))


def text(sep: str, newline: str = "\n") -> str:
    return newline.join(sep.join(f'"{cell}"' for cell in row) for row in (COLUMNS, *ROWS)) + newline


@pytest.mark.parametrize(("sep", "form"), [(",", "CSV"), (";", "CSV with ;"), ("\t", "TSV"), ("|", "CSV with |")])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ", UTF-16"),
        ("utf-16-le", ", UTF-16"),
        ("utf-16-be", ", UTF-16"),
        ("utf-32", ", UTF-32"),
        ("latin-1", ", Latin-1"),
    ],
)
def test_separators_line_ends_and_encodings_are_found(
    sep: str, form: str, newline: str, encoding: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_bytes(text(sep, newline).encode(encoding))
    grid = grid_of_file(tmp_path / "t.csv")
    assert (grid.columns, grid.rows, grid.places) == (COLUMNS, ROWS, (2, 3))
    assert grid.format == form + said


def test_what_windows_adds_to_latin_1(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("a,b\n„x“,1\n".encode("cp1252"))
    assert grid_of_file(tmp_path / "t.csv").rows == (("„x“", "1"),)


@pytest.mark.parametrize("said", ["tab", "\\t", "\t"])
def test_a_separator_can_be_said(said: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\tc,d\n1,2\t3,4\n")
    assert grid_of_file(tmp_path / "t.csv").columns == ("a", "b\tc", "d")
    assert grid_of_file(tmp_path / "t.csv", sep=said).columns == ("a,b", "c,d")


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('sep=,\na,b\n\n"x\ny",1\n,\nz,2\n')
    assert grid_of_file(tmp_path / "t.csv").places == (4, 7)


def test_nameless_columns_without_content_are_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",a,b,\n0,x,1,\n1,y,2,\n")
    assert grid_of_file(tmp_path / "t.csv").columns == ("column 1", "a", "b")


def test_json_is_a_list_or_lines(tmp_path: Path) -> None:
    objects = [{"a": "x", " b ": 1}, {"b": None, "c": 2}]
    lines = "\n\n".join(map(json.dumps, objects))
    for name, written in (("t.jsonl", lines), ("t.json", lines), ("list.json", json.dumps(objects))):
        (tmp_path / name).write_text(written)
        grid = grid_of_file(tmp_path / name)
        assert (grid.columns, grid.rows) == (("a", "b", "c"), (("x", 1, None), (None, None, 2)))
        assert grid.places == ((1, 2) if name == "list.json" else (1, 3))


def test_excel_is_read_from_its_first_sheet_with_content(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    with pd.ExcelWriter(tmp_path / "t.xlsx") as writer:
        pd.DataFrame().to_excel(writer, sheet_name="empty", index=False)
        pd.DataFrame({"a": ["x", "y"], "b": [0.1, None]}).to_excel(writer, sheet_name="full", index=False, startrow=2)
    grid = grid_of_file(tmp_path / "t.xlsx")
    assert (grid.columns, grid.rows, grid.places) == (("a", "b"), (("x", 0.1), ("y", None)), (4, 5))
    assert grid.format == "Excel, sheet 'full' of 2"


def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *more: object, **named: object) -> object:
        if name == "openpyxl":
            raise ImportError(name)
        return imported(name, *more, **named)

    (tmp_path / "t.xlsx").touch()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TableProblem, match=r"pip install 'ablate\[excel\]'"):
        grid_of_file(tmp_path / "t.xlsx")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"a,b\n", "the table has no rows"),
        ("t.csv", b"a,b\n,\n", "the table has no rows"),
        ("t.csv", b"a,b\n1,2,3\n1,2\n4\n", "2 problems:\n  line 2: 3 cells under 2 names\n  line 4: 1 cells under 2"),
        ("t.csv", b'a,b\n"1,2\n', "cannot be read as a table"),
        ("t.csv", b"PK\x03\x04\x00\x01\x00\xff\x00", "it is no text"),
        ("t.parquet", b"a,b\n1,2\n", "cannot be read as a table"),
        ("t.xlsx", b"a,b\n1,2\n", "cannot be read as a table"),
        ("t.json", b'{"a": [1]}', "a list of objects"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n[1]\n', "line 2: no JSON"),
        ("t.jsonl", b"[1]\n2\n", "2 problems:\n  line 1: no object\n  line 2: no object"),
        ("t.json", b"[" * 100_000, "cannot be read as a table"),
        ("t.pdf", b"", ".csv, .tsv, "),
    ],
)
def test_what_is_no_table_is_said(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableProblem) as raised:
        grid_of_file(tmp_path / name)
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_not_there_is_said_of_every_kind(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(TableProblem, match=rf"gone\{suffix}: it cannot be read: no such file or directory$"):
        grid_of_file(tmp_path / f"gone{suffix}")


def test_a_separator_is_of_text(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("[]")
    with pytest.raises(TableProblem, match="has no separators"):
        grid_of_file(tmp_path / "t.json", sep=";")
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(TableProblem, match="one character, or tab, not 'comma'"):
        grid_of_file(tmp_path / "t.csv", sep="comma")


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.parquet", "t.jsonl"])
def test_what_is_no_file_is_neither_waited_for_nor_read_without_end(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / f"endless_{name}").symlink_to("/dev/zero")
    for place, what in ((name, "a FIFO"), (f"endless_{name}", "a device")):
        with pytest.raises(TableProblem, match=f"it cannot be read: it is {what}, no file"):
            grid_of_file(tmp_path / place)


def test_a_file_that_is_longer_than_a_table_can_be_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "t.csv").open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # sparse: it takes no space
    with pytest.raises(TableProblem, match="longer than"):
        grid_of_file(tmp_path / "t.csv")
