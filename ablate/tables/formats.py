"""Files as grids: separated text in any encoding, Parquet, Excel, JSON lines.

grid_of_file(Path("table.csv"))           # the separator is found
grid_of_file(Path("table.csv"), sep=";")  # or said
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ablate.sanitize.files import NoRegularFile, read_file
from ablate.tables.grid import Cell, Grid, grid_of_rows, is_missing, name_of
from ablate.tables.problems import TableProblem

__all__ = ["SUFFIXES", "grid_of_file"]

# A table of results is far smaller; what is longer is no such table.
MOST_BYTES = 2**31
SEPARATORS = (",", ";", "\t", "|")
_NAMED = {"tab": "\t", "\\t": "\t"}
# Of Unicode in a file that says so by its first bytes; the longer ones first, for one begins as another does.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xef\xbb\xbf", "utf-8-sig", ""),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
# The line by which Excel is told the separator.
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


def grid_of_file(path: Path, sep: str | None = None) -> Grid:
    """The grid of a file, by the ending of its name.

    Args:
        sep: what separates the cells of a line, where it is not what the first line has most of.

    Raises:
        TableProblem: when there is no such file, or it is no table; its `source` is the path.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in _USUAL_SEPARATORS:
            return _separated(read_file(path, MOST_BYTES), sep, _USUAL_SEPARATORS[suffix])
        if suffix not in _READERS:
            raise TableProblem(f"no table that is read here; {', '.join(SUFFIXES[:-1])} and {SUFFIXES[-1]} are")
        if sep is not None:
            raise TableProblem(f"--sep is of text; {suffix} has no separators")
        return _READERS[suffix](read_file(path, MOST_BYTES))
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=str(path)) from problem
    except OSError as error:
        raise TableProblem(f"it cannot be read: {(error.strerror or str(error)).lower()}", source=str(path)) from error
    except NoRegularFile as error:
        raise TableProblem(f"it cannot be read: {error}", source=str(path)) from error
    except (ValueError, RecursionError, csv.Error) as error:
        raise TableProblem(f"it cannot be read as a table: {error}", source=str(path)) from error


# separated text --------------------------------------------------------------------------------------


def _separated(content: bytes, sep: str | None, usual: str) -> Grid:
    text, encoding = _decoded(content)
    said = _SEPARATOR_LINE.match(text)
    skipped = 0
    if said:
        text, sep, skipped = text[said.end() :], sep or said[1], 1
    separator = _separator(text, sep, usual)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    begins = skipped + 1
    for row in reader:
        if row:
            rows.append(row)
            lines.append(begins)
        # A cell in quotes may go over several lines.
        begins = skipped + reader.line_num + 1
    if not rows:
        raise TableProblem("the file is empty")
    kind = {",": "CSV", "\t": "TSV"}.get(separator, f"CSV with {separator}")
    form = ", ".join(filter(None, [kind, encoding]))
    return grid_of_rows(form, rows[0], rows[1:], lines[1:], "line", has_commas=separator == ";")


def _decoded(content: bytes) -> tuple[str, str]:
    """The text of a file, and the name of its encoding where that is not the usual one.

    Raises:
        TableProblem: for what is no text.
    """
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return content.decode(codec), name
    # What is written in two bytes a character, without a mark, has a zero in every other of them.
    for codec, zeros in (("utf-16-le", content[1:200:2]), ("utf-16-be", content[0:200:2])):
        if zeros and not zeros.strip(b"\x00"):
            return content.decode(codec), "UTF-16"
    if b"\x00" in content:
        raise TableProblem("it is no text, whatever its name says")
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        # Every byte is a letter of Latin-1, which Windows extends where Latin-1 has none.
        try:
            return content.decode("cp1252"), "Latin-1"
        except UnicodeDecodeError:
            return content.decode("latin-1"), "Latin-1"


def _separator(text: str, sep: str | None, usual: str) -> str:
    """What separates the cells: what was said, else what the first line has most of outside quotes."""
    if sep is not None:
        said = _NAMED.get(sep, sep)
        if len(said) != 1 or said in '"\r\n':
            raise TableProblem(f"--sep is one character, or tab, not {sep!r}")
        return said
    first = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").partition("\n")[0])
    candidates = (usual, *(each for each in SEPARATORS if each != usual))
    return max(candidates, key=first.count)


# others ----------------------------------------------------------------------------------------------


def _parquet(content: bytes) -> Grid:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ablate.tables.frames import grid_of_arrow

    try:
        return grid_of_arrow(pq.read_table(io.BytesIO(content)), "Parquet")
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def _json_lines(content: bytes) -> Grid:
    text, encoding = _decoded(content)
    objects: list[tuple[int, Any]] = []
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                objects.append((number, json.loads(line)))
            except ValueError as error:
                problems.append(f"line {number}: no JSON ({error})")
    if problems:
        raise TableProblem(*problems)
    return _grid_of_objects(", ".join(filter(None, ["JSON lines", encoding])), objects, "line")


def _json(content: bytes) -> Grid:
    text, _ = _decoded(content)
    try:
        whole = json.loads(text)
    except ValueError:
        # Many a file of JSON lines is named so.
        return _json_lines(content)
    if not isinstance(whole, list):
        raise TableProblem("a table in JSON is a list of objects, one a row")
    return _grid_of_objects("JSON", [*enumerate(whole, 1)], "row")


def _grid_of_objects(form: str, objects: Sequence[tuple[int, Any]], place_word: str) -> Grid:
    strangers = [f"{place_word} {place}: no object" for place, each in objects if not isinstance(each, dict)]
    if strangers:
        raise TableProblem(*strangers)
    named = [(place, {name_of(key): value for key, value in each.items()}) for place, each in objects]
    columns = list(dict.fromkeys(name for _, each in named for name in each))
    rows = [[each.get(name) for name in columns] for _, each in named]
    return grid_of_rows(form, columns, rows, [place for place, _ in named], place_word)


def _excel(content: bytes) -> Grid:
    try:
        import openpyxl
    except ImportError as error:
        raise TableProblem("Excel needs openpyxl: pip install 'ablate[excel]', or save it as CSV") from error
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = {sheet.title: list(map(list, sheet.iter_rows(values_only=True))) for sheet in workbook.worksheets}
    except Exception as error:  # whatever a parser of XML or of ZIP says of a damaged file
        raise ValueError(f"{type(error).__name__}: {error}") from error
    for name, rows in sheets.items():
        full = [(number, row) for number, row in enumerate(rows, 1) if not all(map(is_missing, row))]
        if full:
            form = "Excel" if len(sheets) == 1 else f"Excel, sheet {name!r} of {len(sheets)}"
            width = max(len(row) for _, row in full)
            padded: list[list[Cell]] = [[*row, *[None] * (width - len(row))] for _, row in full]
            return grid_of_rows(form, padded[0], padded[1:], [number for number, _ in full[1:]])
    raise TableProblem("the workbook is empty")


_USUAL_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
_READERS: dict[str, Callable[[bytes], Grid]] = {
    ".parquet": _parquet,
    ".xlsx": _excel,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
}
SUFFIXES = (*_USUAL_SEPARATORS, *_READERS)
