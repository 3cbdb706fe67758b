"""The runs, in a table: what of them is shown, and in which order, stands in the address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ablate.analysis.settings import setting_text
from ablate.core.identity import Json, short_id
from ablate.core.records import Status
from ablate.operations.catalogue import Entry as RunEntry
from ablate.operations.pages import Column, runs_page as runs_of
from ablate.reporting.numbers import number
from ablate.serving import links
from ablate.serving.answers import Answer, Page, Redirect
from ablate.serving.asked import MOST_FILTERED, Asked
from ablate.serving.routes import Entry, Route
from ablate.serving.site import DAMAGED, ELSEWHERE, Site
from ablate.storage.index import MISSING, UNREADABLE
from ablate.storage.studies import study_names

__all__ = ["MOST_PAGES", "NAV", "ROUTES", "TONES", "Cut", "Heading", "headings", "words_of"]

PER_PAGE, MOST_PER_PAGE, MOST_PAGES = 50, 500, 10**6
# What is shown where nobody chose; of the metrics the first that there is.
USUAL, SAYING_MOST = ("status", "study", "arm", "seed"), ("test_accuracy", "test_r2", "test_loss")
ID, LAST = "run_id", "wall_seconds"
TONES = {
    Status.COMPLETED.value: "good",
    Status.DIVERGED.value: "bad",
    Status.FAILED.value: "bad",
    UNREADABLE: "bad",
    MISSING: "open",
    DAMAGED: "bad",
    ELSEWHERE: "bad",
}
STATUSES = (*(status.value for status in Status), MISSING, UNREADABLE)
QUERY = {
    "q": "words that all stand in its id, its outcome, its study or its arm",
    "study": "the study it stands in",
    "status": f"how it ended: {', '.join(STATUSES)}",
    "where": "a filter as `ablate list` takes it, such as model.dropout=0.3; several may be given",
    "columns": "a column to show, several may be given: a setting, a metric, or one of status, study, sweep, arm, seed "
    "and wall_seconds",
    "sort": "the column to sort by; a minus before it turns the order",
    "page": "which page, from 1",
    "per_page": f"rows on a page, {PER_PAGE} unless said, {MOST_PER_PAGE} at most",
}


@dataclass(frozen=True)
class Cut:
    """A page of a table: `number` from 1, of `pages`; `total` is how many rows all of them have."""

    number: int
    pages: int
    total: int

    @classmethod
    def of(cls, number: int, total: int, per_page: int) -> Cut:
        return cls(number, max(1, -(-total // per_page)), total)


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
    at, per_page = asked.number("page", 1, 1, MOST_PAGES), asked.number("per_page", PER_PAGE, 1, MOST_PER_PAGE)
    found = runs_of(
        asked.site.results_dir,
        words_of(asked),
        asked.value("sort"),
        (at - 1) * per_page,
        per_page,
        asked.site.store,
        asked.short("q"),
    )
    page = Cut.of(at, found.total, per_page)
    if at > page.pages:
        return Redirect(asked.changed(page=page.pages))
    columns = _chosen(found.columns, asked.values("columns"))
    metrics = {column.name for column in found.columns if column.kind == "metric"}
    return Page(
        "Runs",
        "runs.html",
        {
            "asked": asked,
            "page": page,
            "lines": [_line(asked.site, row, columns, metrics) for row in found.rows],
            "headings": headings(asked, columns, {"seed", LAST, *metrics}),
            "columns": columns,
            "groups": _groups(found.columns),
            "studies": study_names(asked.site.results_dir),
            "statuses": STATUSES,
            "where": asked.values("where"),
        },
        section="/runs",
    )


def _chosen(columns: Collection[Column], names: Collection[str]) -> list[str]:
    """The columns that are shown, in the order of the table, and how long a run took at its end."""
    known = [column.name for column in columns if column.name not in (ID, LAST)]
    usual = {*USUAL, *next(([name] for name in SAYING_MOST if name in known), []), LAST}
    chosen = {name for name in names if name in known or name == LAST} or usual
    return [name for name in (*known, LAST) if name in chosen]


def _groups(columns: Collection[Column]) -> list[tuple[str, list[str]]]:
    """The columns that there are to choose from; those first that tell runs apart."""
    by_kind = {kind: [each.name for each in columns if each.kind == kind] for kind in ("field", "metric")}
    settings = [each for each in columns if each.kind == "setting"]
    return [
        ("Of every run", [name for name in by_kind["field"] if name != ID]),
        ("Metrics", by_kind["metric"]),
        ("Settings that differ", [each.name for each in settings if each.varies]),
        ("Settings that all share", [each.name for each in settings if not each.varies]),
    ]


def words_of(asked: Asked) -> list[str]:
    """The filters as words of `ablate list`. The choices of the form are such filters too."""
    chosen = [f"{key}={value}" for key in ("study", "status", "arm") if (value := asked.short(key, MOST_FILTERED))]
    return [*chosen, *(word for given in asked.filters() for word in given.split())]


def headings(asked: Asked, columns: list[str], numeric: Collection[str]) -> list[Heading]:
    """One a column; the one that is sorted by leads to the other direction."""
    key = asked.value("sort")
    found = []
    for column in columns:
        direction = {column: "ascending", f"-{column}": "descending"}.get(key, "")
        next_key = f"-{column}" if direction == "ascending" else column
        found.append(Heading(column, asked.changed(sort=next_key, page=None), direction, column in numeric))
    return found


def _line(site: Site, row: RunEntry, columns: list[str], metrics: Collection[str]) -> Line:
    places, status = row.memberships, site.seen_status(row.run_id, row.status)
    own: dict[str, Json] = {
        "status": status,
        "study": ", ".join(dict.fromkeys(each.study for each in places)),
        "sweep": ", ".join(dict.fromkeys(each.sweep for each in places)),
        "arm": ", ".join(dict.fromkeys(each.arm.name for each in places)),
        "seed": row.seed,
        LAST: row.wall_seconds,
    }
    # Only where a column wants them: open metrics are files of their own.
    measured = row.metrics if any(name in metrics for name in columns) else {}
    # Of one that lies elsewhere only what the plan says.
    values = {**row.settings, **measured, **own} if status != ELSEWHERE else {**own, LAST: None}
    cells = tuple(_cell(column, values.get(column), column in metrics) for column in columns)
    return Line(row.run_id, short_id(row.run_id), links.of_run(row.run_id), cells)


def _cell(column: str, value: Json, is_metric: bool) -> Cell:
    if value is None:
        return Cell("", is_metric)
    if column == "status":
        return Cell(str(value), False, TONES.get(str(value), ""))
    if is_metric and isinstance(value, (int, float)):
        return Cell(number(value), True)
    if column == LAST and isinstance(value, (int, float)):
        return Cell(f"{value:.1f}", True)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Cell(setting_text(value), is_number)


ROUTES = (
    Route("/runs", runs_page, "The runs in a table: searched, filtered, sorted, with columns of one's choice.", QUERY),
)
NAV = Entry("Runs", "/runs", rank=2)
