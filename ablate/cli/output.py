"""What goes to the terminal: results to stdout, progress and problems to stderr."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["Output", "UsageError", "plain_table", "seconds_text"]

# A pipe has no width; rich would take 80 columns and fold what another program reads.
PIPED_WIDTH = 200


class UsageError(Exception):
    """What was asked for cannot be; the message says what can."""


class Output:
    """Two streams, and whether to be quiet. rich itself respects NO_COLOR and dumb terminals."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.results = _console(stderr=False)
        self.messages = _console(stderr=True)

    def say(self, text: str = "") -> None:
        """Something by the way, dropped when quiet."""
        if not self.quiet:
            self.messages.print(text, markup=False, highlight=False)

    def result(self, content: str | Table) -> None:
        """What the command was called for."""
        _print(self.results, content)

    def summary(self, content: str | Table) -> None:
        """A result that nobody asked for in so many words: dropped when quiet."""
        if not self.quiet:
            _print(self.results, content)

    def problem(self, message: str) -> None:
        self.messages.print(message, style="red", markup=False, highlight=False, soft_wrap=True)


def plain_table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> Table:
    """A table without lines; `columns` are (heading, justification: left or right)."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading, justify in columns:
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*map(_literal, row))
    return table


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


def _console(stderr: bool) -> Console:
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=PIPED_WIDTH)


def _print(console: Console, content: str | Table) -> None:
    if isinstance(content, str):
        console.print(content, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(content, highlight=False)


def _literal(text: str) -> Any:
    from rich.text import Text

    return Text(text)
