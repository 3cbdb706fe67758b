"""The arms: runs grouped by everything but the seed, with one metric over the seeds of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ablate.analysis.values import metric_rank
from ablate.core.errors import UsageError
from ablate.core.identity import Json, short_id
from ablate.reporting.numbers import interval, mean, number, shared_error, spread
from ablate.serving import links
from ablate.serving.answers import Answer, Page
from ablate.serving.asked import Asked
from ablate.serving.listing import (
    Aggregate,
    ArmRow,
    arm_rows,
    columns_of,
    cut,
    history_metrics,
    matching,
    run_rows,
    sorted_by,
)
from ablate.serving.pages.runs import MOST_PAGES, SAYING_MOST, TONES, headings, words_of
from ablate.serving.routes import Entry, Route
from ablate.storage.studies import study_names

__all__ = ["NAV", "ROUTES"]

PER_PAGE, MOST_PER_PAGE = 25, 200
LAST_EPOCHS, MOST_EPOCHS = 5, 10_000
# Column of the table → what it is sorted by.
KEYS: dict[str, Callable[[ArmRow], Json]] = {
    "arm": lambda row: row.title,
    "n": lambda row: row.estimate.n,
    "mean": lambda row: row.estimate.mean,
    "spread": lambda row: row.estimate.sd,
    "95% interval": lambda row: row.estimate.ci_low,
}
AGGREGATES = {
    Aggregate.EVALUATED: "of the evaluated weights",
    Aggregate.BEST: "at the best epoch",
    Aggregate.LAST: "at the last epoch",
    Aggregate.MEAN_OF_LAST: "mean of the last k epochs",
}
QUERY = {
    "metric": "the metric of each run",
    "aggregate": "which of its numbers: " + ", ".join(f"{each.value} ({said})" for each, said in AGGREGATES.items()),
    "k": f"how many epochs the mean of the last ones goes over, {LAST_EPOCHS} unless said",
    "q": "words that all stand in its names and the values of its settings",
    "study": "the study it stands in",
    "where": "a filter as `ablate list` takes it",
    "sort": "arm, n, mean, spread or 95% interval; a minus before it turns the order",
    "page": "which page, from 1",
}


@dataclass(frozen=True)
class Seed:
    """A run of an arm, as it is listed."""

    seed: str
    short_id: str
    address: str
    status: str
    tone: str
    value: str


@dataclass(frozen=True)
class Line:
    """An arm, as it is listed. `side` is how a comparison calls it; empty for runs by themselves."""

    title: str
    also: tuple[str, ...]
    side: str
    n: str
    lost: str
    mean: str
    spread: str
    interval: str
    seeds: tuple[Seed, ...]


def arms_page(asked: Asked) -> Answer:
    """A page of the table."""
    site, words = asked.site, words_of(asked)
    of_epochs, (_, final) = history_metrics(site), columns_of(run_rows(site))
    known = sorted({*of_epochs, *final}, key=metric_rank)
    metric = asked.value("metric") or next((name for name in SAYING_MOST if name in known), "val_loss")
    aggregate, last_epochs = _aggregate(asked), asked.number("k", LAST_EPOCHS, 1, MOST_EPOCHS)
    if known and metric not in known:
        raise UsageError(f"No run has {metric}; there are {', '.join(known)}.")
    rows = matching(arm_rows(site, metric, aggregate, last_epochs, words), asked.value("q"), lambda row: row.searched)
    key = asked.value("sort")
    if key.removeprefix("-") in KEYS:
        rows = sorted_by(rows, KEYS[key.removeprefix("-")], key.startswith("-"))
    page = cut(rows, asked.number("page", 1, 1, MOST_PAGES), PER_PAGE)
    error = shared_error(row.estimate.se for row in page.rows)
    return Page(
        "Arms",
        "arms.html",
        {
            "asked": asked,
            "page": page,
            "lines": [_line(row, error) for row in page.rows],
            "headings": headings(asked, list(KEYS), {"n", "mean", "spread", "95% interval"}),
            "metric": metric,
            "metrics": known,
            "aggregate": aggregate.value,
            "aggregates": [(each.value, said) for each, said in AGGREGATES.items()],
            "said": _said(metric, aggregate, last_epochs),
            "has_one_value": metric in final and aggregate is not Aggregate.EVALUATED,
            "last_epochs": last_epochs,
            "studies": study_names(site.results_dir),
            "where": asked.values("where"),
        },
        section="/arms",
    )


def _aggregate(asked: Asked) -> Aggregate:
    given = asked.value("aggregate", Aggregate.EVALUATED.value)
    try:
        return Aggregate(given)
    except ValueError as error:
        raise UsageError(f"aggregate is {given}; it is one of {', '.join(Aggregate)}.") from error


def _said(metric: str, aggregate: Aggregate, last_epochs: int) -> str:
    how = f"mean of the last {last_epochs} epochs" if aggregate is Aggregate.MEAN_OF_LAST else AGGREGATES[aggregate]
    return f"{metric} {how}"


def _line(row: ArmRow, error: float | None) -> Line:
    return Line(
        title=row.title,
        also=row.places[1:],
        side=row.places[0] if row.places else row.seeds[0].run_id,
        n=str(row.estimate.n),
        lost=", ".join(f"{count} {status}" for status, count in row.lost.items()),
        mean=mean(row.estimate, error=error),
        spread=spread(row.estimate, error),
        interval=interval(row.estimate, error=error),
        seeds=tuple(
            Seed(
                str(each.seed),
                short_id(each.run_id),
                links.of_run(each.run_id),
                each.status,
                TONES.get(each.status, ""),
                number(each.value),
            )
            for each in row.seeds
        ),
    )


ROUTES = (
    Route(
        "/arms", arms_page, "Runs grouped by everything but the seed: n, mean, spread and interval of a metric.", QUERY
    ),
)
NAV = Entry("Arms", "/arms", rank=3)
