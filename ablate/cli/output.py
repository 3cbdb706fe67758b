"""What goes to the terminal: results to stdout, progress and problems to stderr."""

from __future__ import annotations

import codecs
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from io import TextIOBase
from typing import TextIO, cast

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ablate.core.errors import AblateError, ExitCode
from ablate.core.identity import Json
from ablate.sanitize.text import harmless, one_line

__all__ = [
    "Output",
    "OutputLost",
    "PlainTable",
    "bytes_text",
    "plain_table",
    "seconds_text",
    "settle",
    "with_open_streams",
    "with_plain_signs",
    "write_result",
]

# A pipe has no width; rich would take 80 columns and fold what another program reads.
PIPED_WIDTH = 200
# Between two columns.
GAP = "  "


# What stands for a sign in an encoding that lacks it; any other becomes a question mark.
PLAIN_SIGNS = {
    "×": "x", "·": "-", "…": "...", "±": "+-", "−": "-", "–": "-", "—": "-", "→": "->", "≥": ">=", "≤": "<=", "≈": "~",
    "▲": "^", "▼": "v", "÷": "/", "²": "^2", "μ": "u", "✓": "ok", "✗": "x", "“": '"', "”": '"', "’": "'",
}  # fmt: skip
PLAIN = "ablate.plain"


class OutputLost(AblateError, OSError):
    """What was asked for could not be written where it was to go."""

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM


def with_open_streams() -> None:
    """Puts nothing in the place of standard streams that are closed: else the next file that is opened would be one,
    and hold what native code says."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # opened under the lowest number that is free
            os.open(os.devnull, os.O_RDWR)


def with_plain_signs() -> None:
    """Has both streams write plain signs in place of those that their encoding lacks, whatever the locale."""
    codecs.register_error(PLAIN, _plain_signs)
    for stream in (sys.stdout, sys.stderr):
        # Whoever calls from Python may have put anything in the place of a stream.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=PLAIN)


def _plain_signs(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN_SIGNS.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


class Output:
    """Two streams, and whether to be quiet. rich itself respects NO_COLOR and dumb terminals."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.results = _console(stderr=False)
        self.messages = _console(stderr=True)

    def say(self, text: str = "") -> None:
        """Something by the way, dropped when quiet."""
        if not self.quiet:
            self._tell(text)

    def result(self, content: str | PlainTable) -> None:
        """What the command was called for.

        Raises:
            OutputLost: when it cannot be written.
        """
        with _losing_nothing():
            _print(self.results, content)

    def summary(self, content: str | PlainTable) -> None:
        """A result that nobody asked for in so many words: dropped when quiet, or when its reader has left."""
        if not self.quiet:
            try:
                self.result(content)
            except OutputLost as lost:  # what it tells of is done and kept
                self.problem(str(lost))
            except BrokenPipeError:
                _drop(sys.stdout)

    def data(self, content: Json) -> None:
        """A result for another program: one value of JSON."""
        self._data(json.dumps(content, indent=2, allow_nan=False))

    def data_line(self, content: Json) -> None:
        """One of several results for another program: one value of JSON, in a line."""
        self._data(json.dumps(content, allow_nan=False))

    def _data(self, text: str) -> None:
        # As a Text: in a str rich would put pictures in place of :words:.
        with _losing_nothing():
            self.results.print(Text(text.replace("\x7f", "\\u007f")), highlight=False, soft_wrap=True)

    def problem(self, message: str) -> None:
        self._tell(message, style="red")

    def _tell(self, message: str, style: str | None = None) -> None:
        """Something that stops nothing where it cannot be told."""
        _print(self.messages, message, style)

    @contextmanager
    def hearing(self, libraries: bool = False) -> Iterator[None]:
        """Tells the warnings that ablate logs, of damaged files as a rule, like other problems.

        Args:
            libraries: whether other libraries may log and warn on stderr as well.
        """
        log, listener = logging.getLogger("ablate"), _Listener(self)
        log.addHandler(listener)
        try:
            with nullcontext() if libraries else _libraries_unheard():
                yield
        finally:
            log.removeHandler(listener)


class _Listener(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__(logging.WARNING)
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.problem(record.getMessage())


@contextmanager
def _libraries_unheard() -> Iterator[None]:
    """Shows nothing of what libraries log and warn of; what they raise goes its way."""
    # A root logger with a handler is set up already: neither Python nor absl gives it one that writes to stderr.
    root, nowhere = logging.getLogger(), logging.NullHandler()
    root.addHandler(nowhere)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda *_: None
            yield
    finally:
        root.removeHandler(nowhere)


class _Messages(TextIOBase):
    """stderr, whichever it is, as a stream that never fails: what cannot be told is dropped, and so is all after it."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(_stderr(), "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        stream = _stderr()
        return stream is not None and stream.isatty()

    def write(self, text: str) -> int:
        stream = _stderr()
        if stream is not None:
            try:
                return stream.write(text)
            except (OSError, ValueError):
                _drop(stream)
        return len(text)

    def flush(self) -> None:
        stream = _stderr()
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                _drop(stream)


def _stderr() -> TextIO | None:
    # A live display puts itself in the place of stderr.
    return getattr(sys.stderr, "rich_proxied_file", sys.stderr)


def write_result(text: str) -> None:
    """What the command was called for, written by another library: as it is.

    Raises:
        OutputLost: when it cannot be written.
    """
    with _losing_nothing():
        sys.stdout.write(text)
        sys.stdout.flush()


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """rich would end the process."""
        raise BrokenPipeError


def settle() -> None:
    """Writes out what is still to be written of both streams, which Python would try when nobody can say so any more.

    Raises:
        OutputLost: when that of stdout cannot be written.
    """
    _Messages().flush()
    if sys.stdout is None:
        return
    try:
        with _losing_nothing():
            sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
        raise


@dataclass(frozen=True)
class PlainTable:
    """A table without lines; `columns` are (heading, justification: left or right).

    Where it fits into the width there is, its lines are put together here, and come out as rich would write them:
    rich measures, wraps and crops every cell, which takes half a minute for ten thousand rows.
    """

    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = self.lines(options.max_width)
        if lines is None:
            yield self._folded()
            return
        heading, *rows = lines
        yield from (Segment(heading, Style(bold=True)), Segment.line())
        for row in rows:
            yield from (Segment(row), Segment.line())

    def lines(self, width: int) -> list[str] | None:
        """That of the headings first; None where the table is wider, or a cell has lines of its own."""
        headings = [heading for heading, _ in self.columns]
        columns = list(zip(headings, *self.rows, strict=True))
        widths = [_widest(cells) for cells in columns]
        if sum(widths) + len(GAP) * (len(widths) - 1) > width or self._has_breaks():
            return None
        placed = zip(columns, widths, self.columns, strict=True)
        padded = [_padded_column(cells, wide, justify) for cells, wide, (_, justify) in placed]
        return [GAP.join(cells).rstrip() for cells in zip(*padded, strict=True)]

    def _has_breaks(self) -> bool:
        text = "".join(cell for row in self.rows for cell in row)
        return "\n" in text or "\t" in text

    def _folded(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        for heading, justify in self.columns:
            table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table


def plain_table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> PlainTable:
    """A table of these cells, their control characters spelt out."""
    headings = [(one_line(heading), justify) for heading, justify in columns]
    # Of a hundred thousand rows all at once: nearly always there is nothing to spell out.
    text = "".join(cell for row in rows for cell in row)
    if text.isascii() and text.isprintable():
        return PlainTable(headings, rows)
    return PlainTable(headings, [[one_line(cell) for cell in row] for row in rows])


def _widest(cells: Sequence[str]) -> int:
    return max(map(len, cells)) if "".join(cells).isascii() else max(map(_width, cells))


def _padded_column(cells: Sequence[str], width: int, justify: str) -> list[str]:
    if justify == "left" and "".join(cells).isascii():
        return [cell.ljust(width) for cell in cells]
    return [_padded(cell, width, justify) for cell in cells]


def _width(cell: str) -> int:
    return len(cell) if cell.isascii() else cell_len(cell)


def _padded(cell: str, width: int, justify: str) -> str:
    shown = cell.rstrip() if justify == "right" else cell
    if shown.isascii():
        return shown.rjust(width) if justify == "right" else shown.ljust(width)
    blanks = " " * (width - _width(shown))
    return blanks + shown if justify == "right" else shown + blanks


def seconds_text(seconds: float) -> str:
    """A duration as a person says it: 0.4 s, 48 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def bytes_text(number: int) -> str:
    """A size as a person says it, in powers of 1000: 0 B, 12.3 kB, 4.0 GB."""
    if number < 1000:
        return f"{number} B"
    size, unit = number / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if size < 999.95:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}"


@contextmanager
def _losing_nothing() -> Iterator[None]:
    """Turns the refusal of what stands behind stdout into an error in words. That a reader has left is none."""
    if sys.stdout is None:
        raise OutputLost("the output cannot be written: stdout is closed")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop(sys.stdout)
        raise OutputLost(f"the output cannot be written: {error.strerror or error}") from error


def _drop(stream: TextIO) -> None:
    """Lets go of what a stream could not write, which Python would try once more at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _console(stderr: bool) -> Console:
    def made(width: int | None) -> Console:
        return _Console(file=cast(TextIO, _Messages()), width=width) if stderr else _Console(width=width)

    console = made(None)
    return console if console.is_terminal else made(PIPED_WIDTH)


def _print(console: Console, content: str | PlainTable, style: str | None = None) -> None:
    if isinstance(content, str):
        # On a terminal lines end between words; in a pipe they end where the text says.
        console.print(Text(harmless(content)), style=style, highlight=False, soft_wrap=not console.is_terminal)
        return
    lines = None if console.is_terminal else content.lines(console.width)
    if lines is None:
        console.print(content, highlight=False)
    else:
        # Without rich, which takes longer for ten thousand lines than all else, and has no style to add.
        console.file.write("".join(f"{line}\n" for line in lines))
        console.file.flush()
