"""The file of a table, taken apart into named columns of cells.

Cells are taken apart by `csv`, which knows at which line each row begins and pads none that is too short.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path

from ablate.datasets.arrays import DataError
from ablate.datasets.csv_columns import Table
from ablate.datasets.csv_words import clipped, setting
from ablate.sanitize.files import regular_file

__all__ = ["read_table"]

_DELIMITERS = (",", ";", "\t", "|")
# As it can be typed where a tab cannot.
_SPELT = {"\\t": "\t"}
# Letters of what a library says of a file.
_LONGEST_REASON = 300


def read_table(file: Path, delimiter: str, decimal: str) -> Table:
    """The table of a file.

    Args:
        decimal: the sign before decimals, of which a message about the delimiter may speak.

    Raises:
        DataError: where there are no lines and names to speak of.
    """
    delimiter = _SPELT.get(delimiter, delimiter)
    try:
        with regular_file(file) as content, io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, delimiter=delimiter)
            header = [name.strip() for name in next(filter(None, reader), [])]
            numbered = list(_numbered(reader))
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is no table in UTF-8: {_encoding_problem(file)}") from error
    except (OSError, ValueError, csv.Error, TypeError) as error:  # a delimiter that can be none is a TypeError
        raise DataError(
            f"{file} is no table in UTF-8 separated by {delimiter!r}: {clipped(str(error), _LONGEST_REASON)}"
        ) from error
    if len(header) == 1 and (other := _better_delimiter(header[0], delimiter)):
        raise DataError(_wrong_delimiter(file, delimiter, other, numbered, decimal))
    if not numbered:
        raise DataError(f"{file} has no rows: it needs a line of column names, then one line an example")
    if any("\n" in cell.strip() for cell in numbered[-1][1]) and _ends_within_quotes(file, delimiter):
        raise DataError(f"{file}: a quote that is opened in the row of line {numbered[-1][0]} is never closed")
    width = len(header)
    sound = [(line, row) for line, row in numbered if len(row) == width]
    ragged = tuple((line, len(row)) for line, row in numbered if len(row) != width)
    columns = zip(*(row for _, row in sound), strict=True) if sound else repeat((), width)
    cells = [tuple(cell.strip() for cell in column) for column in columns]
    # A delimiter at the end of the lines makes a column without a name and without a value, which is none.
    places = [place for place in range(width) if header[place] or any(cells[place])] if sound else range(width)
    return Table(
        file,
        delimiter,
        tuple(header[place] or f"column_{place + 1}" for place in places),
        tuple(index for index, place in enumerate(places) if not header[place]),
        tuple(cells[place] for place in places),
        tuple(line for line, _ in sound),
        ragged,
    )


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the number of the line at which it begins."""
    while True:
        line = reader.line_num + 1  # type: ignore[attr-defined]
        row = next(reader, None)
        if row is None:
            return
        if row:
            yield line, row


def _ends_within_quotes(file: Path, delimiter: str) -> bool:
    with regular_file(file) as content, io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
        try:
            for _ in csv.reader(text, delimiter=delimiter, strict=True):
                pass
        except csv.Error as error:
            return "end of data" in str(error)
    return False


def _encoding_problem(file: Path) -> str:
    """Where it stops being UTF-8, and how to make it so."""
    remedy = "save it as UTF-8 (in a spreadsheet, CSV UTF-8), or `iconv -f CP1252 -t UTF-8 OLD.csv > NEW.csv`"
    with regular_file(file) as content:
        for line, data in enumerate(content, start=1):
            if line == 1 and data.startswith((b"\xff\xfe", b"\xfe\xff")):
                return f"it is UTF-16: {remedy.replace('CP1252', 'UTF-16')}"
            try:
                data.decode()
            except UnicodeDecodeError as error:
                return f"line {line} holds the byte 0x{data[error.start]:02x}: {remedy}"
    return remedy


def _better_delimiter(header: str, delimiter: str) -> str:
    """The sign that occurs most often in a line of names which `delimiter` does not separate; empty for none."""
    best = max((each for each in _DELIMITERS if each != delimiter), key=header.count)
    return best if best in header else ""


def _wrong_delimiter(
    file: Path, delimiter: str, other: str, rows: Sequence[tuple[int, list[str]]], decimal: str
) -> str:
    more = ""
    if other != "," and decimal == "." and any(re.search(r"\d,\d", delimiter.join(row)) for _, row in rows[:100]):
        more = f", and {setting('decimal', ',')} if its numbers have a decimal comma"
    return (
        f"{file} has one column when its lines are separated by {delimiter!r}, but the first line holds {other!r}: "
        f"set {setting('delimiter', other)}{more}"
    )
