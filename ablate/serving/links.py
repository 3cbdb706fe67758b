"""Where things stand in the application: the one place that knows how their addresses are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

__all__ = [
    "PageLink",
    "of_answer",
    "of_arms",
    "of_comparison",
    "of_explorer",
    "of_figure",
    "of_live",
    "of_report",
    "of_run",
    "of_runs",
    "of_study",
]


@dataclass(frozen=True)
class PageLink:
    """What can be done with a page. `saves` where it is a file to be kept."""

    title: str
    address: str
    saves: bool = False


def of_study(name: str) -> str:
    return f"/studies/{_quoted(name)}"


def of_answer(name: str) -> str:
    return f"{of_study(name)}/answer"


def of_report(name: str) -> str:
    return f"{of_study(name)}/report.html"


def of_live(name: str) -> str:
    return f"{of_study(name)}/live"


def of_explorer(name: str, sweep: str) -> str:
    """Where the margin of a sweep can be moved."""
    return f"{of_study(name)}/explore?{urlencode({'sweep': sweep}, errors='replace')}"


def of_figure(name: str, file: str) -> str:
    """A figure of a study's report by its name, which is that of its file without folder and ending."""
    return f"{of_study(name)}/figures/{_quoted(file)}"


def of_run(run_id: str) -> str:
    return f"/runs/{_quoted(run_id)}"


def of_runs(**filters: str) -> str:
    return f"/runs?{urlencode(filters, errors='replace')}" if filters else "/runs"


def of_arms(**filters: str) -> str:
    return f"/arms?{urlencode(filters, errors='replace')}" if filters else "/arms"


def of_comparison(sides: Sequence[str], allow: bool = False, path: str = "/compare") -> str:
    """The sides as `ablate compare` takes them: studies, arms as study:level, runs by their ids."""
    query = [*(("with", side) for side in sides), *([("allow", "yes")] if allow else [])]
    return f"{path}?{urlencode(query, errors='replace')}" if query else path


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")
