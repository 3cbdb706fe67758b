"""The runs, in a table: what of them is shown, and in which order, stands in the address."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.analysis.settings import setting_text
from ablate.core.identity import Json, short_id
from ablate.core.records import METRICS, Status
from ablate.reporting.numbers import number
from ablate.serving import links
from ablate.serving.answers import Answer, Page
from ablate.serving.asked import Asked
from ablate.serving.listing import OWN_COLUMNS, RunRow, columns_of, cut, matching, run_rows, sorted_by
from ablate.serving.routes import Entry, Route
from ablate.storage.index import MISSING, UNREADABLE
from ablate.storage.studies import study_names

__all__ = ["NAV", "ROUTES", "Heading", "headings", "words_of"]

PER_PAGE, MOST_PER_PAGE, MOST_PAGES = 50, 500, 10**9
# What is shown where nobody chose; of the metrics the first that there is.
USUAL, SAYING_MOST = ("status", "study", "arm", "seed"), ("test_accuracy", "test_r2", "test_loss")
LAST = "seconds"
TONES = {
    Status.COMPLETED.value: "good",
    Status.DIVERGED.value: "bad",
    Status.FAILED.value: "bad",
    UNREADABLE: "bad",
    MISSING: "open",
}
STATUSES = (*(status.value for status in Status), MISSING, UNREADABLE)
QUERY = {
    "q": "words that all stand in its id, its outcome, its study or its arm",
    "study": "the study it stands in",
    "status": f"how it ended: {', '.join(STATUSES)}",
    "where": "a filter as `ablate list` takes it, such as model.dropout=0.3; several may be given",
    "columns": "a column to show, several may be given: a setting, a metric, or one of " + ", ".join(OWN_COLUMNS),
    "sort": "the column to sort by; a minus before it turns the order",
    "page": "which page, from 1",
    "per_page": f"rows on a page, {PER_PAGE} unless said, {MOST_PER_PAGE} at most",
}


@dataclass(frozen=True)
class Heading:
    """The title of a column, and the address of the same page sorted by it; `direction` where it is."""

    title: str
    address: str
    direction: str
    is_numeric: bool


@dataclass(frozen=True)
class Cell:
    text: str
    is_numeric: bool
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    run_id: str
    short_id: str
    address: str
    cells: tuple[Cell, ...]


def runs_page(asked: Asked) -> Answer:
    """A page of the table."""
    rows = matching(run_rows(asked.site, words_of(asked)), asked.value("q"), lambda row: row.searched)
    settings, metrics = columns_of(rows)
    known = [*(name for name in OWN_COLUMNS if name != LAST), *metrics, *settings, LAST]
    chosen = set(asked.values("columns")) & set(known) or _usual(metrics)
    columns = [name for name in known if name in chosen]
    key = asked.value("sort")
    if key.removeprefix("-") in known:
        rows = sorted_by(rows, lambda row: row.values.get(key.removeprefix("-")), key.startswith("-"))
    page = cut(rows, asked.number("page", 1, 1, MOST_PAGES), asked.number("per_page", PER_PAGE, 1, MOST_PER_PAGE))
    return Page(
        "Runs",
        "runs.html",
        {
            "asked": asked,
            "page": page,
            "lines": [_line(row, columns) for row in page.rows],
            "headings": headings(asked, columns, {"seed", "seconds", *metrics}),
            "columns": columns,
            "groups": [("Of every run", list(OWN_COLUMNS)), ("Metrics", metrics), ("Settings", settings)],
            "studies": study_names(asked.site.results_dir),
            "statuses": STATUSES,
            "where": asked.values("where"),
        },
        section="/runs",
    )


def words_of(asked: Asked) -> list[str]:
    """The filters as words of `ablate list`. The choices of the form are such filters too."""
    chosen = [f"{key}={value}" for key in ("study", "status", "arm") if (value := asked.value(key))]
    return [*chosen, *(word for given in asked.values("where") for word in given.split())]


def headings(asked: Asked, columns: list[str], numeric: set[str]) -> list[Heading]:
    """One a column; the one that is sorted by leads to the other direction."""
    key = asked.value("sort")
    found = []
    for column in columns:
        direction = {column: "ascending", f"-{column}": "descending"}.get(key, "")
        next_key = f"-{column}" if direction == "ascending" else column
        found.append(Heading(column, asked.changed(sort=next_key, page=None), direction, column in numeric))
    return found


def _usual(metrics: list[str]) -> set[str]:
    return {*USUAL, *next(([name] for name in SAYING_MOST if name in metrics), []), LAST}


def _line(row: RunRow, columns: list[str]) -> Line:
    cells = tuple(_cell(column, row.values.get(column)) for column in columns)
    return Line(row.run_id, short_id(row.run_id), links.of_run(row.run_id), cells)


def _cell(column: str, value: Json) -> Cell:
    if value is None:
        return Cell("", column in METRICS)
    if column == "status":
        return Cell(str(value), False, TONES.get(str(value), ""))
    if column in METRICS and isinstance(value, (int, float)):
        return Cell(number(value), True)
    if column == "seconds" and isinstance(value, (int, float)):
        return Cell(f"{value:.1f}", True)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Cell(setting_text(value), is_number)


ROUTES = (
    Route("/runs", runs_page, "The runs in a table: searched, filtered, sorted, with columns of one's choice.", QUERY),
)
NAV = Entry("Runs", "/runs", rank=2)
