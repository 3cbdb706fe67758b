"""The arms: runs grouped by everything but the seed, with one metric over the seeds of each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from ablate.analysis.values import metric_rank
from ablate.core.errors import UsageError
from ablate.core.identity import short_id
from ablate.core.records import Status
from ablate.operations.pages import Aggregate, ArmRow, arms_page as arms_of, runs_page
from ablate.reporting.numbers import UNDEFINED, number, shared_error
from ablate.serving import links
from ablate.serving.answers import Answer, Page, Redirect
from ablate.serving.asked import Asked
from ablate.serving.pages.runs import MOST_PAGES, TONES, Cut, headings, words_of
from ablate.serving.routes import Entry, Route
from ablate.serving.site import ELSEWHERE, Site
from ablate.storage.atomic import ReadRefused
from ablate.storage.runs import MissingRun, UnreadableRecord
from ablate.storage.studies import study_names

__all__ = ["NAV", "ROUTES"]

PER_PAGE = 25
LAST_EPOCHS, MOST_EPOCHS = 5, 10_000
# What a column is called → what it is sorted by; values that only histories hold are read page by page, unsorted.
SORTED_BY = {"arm": "arm", "n": "n", "mean": "mean", "spread": "sd"}
INTERVAL = "95% interval"
AGGREGATES = {
    Aggregate.EVALUATED: "of the evaluated weights",
    Aggregate.BEST: "at the best epoch",
    Aggregate.LAST: "at the last epoch",
    Aggregate.LAST_MEAN: "mean of the last k epochs",
}
QUERY = {
    "metric": "the metric of each run",
    "aggregate": "which of its numbers: " + ", ".join(f"{each.value} ({said})" for each, said in AGGREGATES.items()),
    "k": f"how many epochs the mean of the last ones goes over, {LAST_EPOCHS} unless said",
    "q": "words that all stand in its names and the values of its settings",
    "study": "the study it stands in",
    "where": "a filter as `ablate list` takes it",
    "sort": "arm or, of the metrics that records hold, n, mean or sd; a minus before it turns the order",
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
    site, at = asked.site, asked.number("page", 1, 1, MOST_PAGES)
    aggregate, last_epochs = _aggregate(asked), asked.number("k", LAST_EPOCHS, 1, MOST_EPOCHS)
    found = arms_of(
        site.results_dir,
        words_of(asked),
        asked.value("metric"),
        aggregate,
        last_epochs,
        asked.value("sort"),
        (at - 1) * PER_PAGE,
        PER_PAGE,
        site.store,
        asked.short("q"),
    )
    page = Cut.of(at, found.total, PER_PAGE)
    if at > page.pages:
        return Redirect(asked.changed(page=page.pages))
    known = sorted({*found.metrics, *_metrics_of_epochs(site, found.metrics)}, key=metric_rank)
    if known and found.metric not in known:
        raise UsageError(f"No run has {found.metric}; there are {', '.join(known)}.")
    is_sorted = aggregate is Aggregate.EVALUATED and found.metric in found.metrics
    return Page(
        "Arms",
        "arms.html",
        {
            "asked": asked,
            "page": page,
            "lines": _lines(site, found.rows),
            "headings": headings(asked, list(SORTED_BY.values()), ("n", "mean", "sd")),
            "titles": {key: title for title, key in SORTED_BY.items()},
            "is_sorted": is_sorted,
            "interval": INTERVAL,
            "metric": found.metric,
            "metrics": known,
            "aggregate": aggregate.value,
            "aggregates": [(each.value, said) for each, said in AGGREGATES.items()],
            "said": _said(found.metric, aggregate, last_epochs) if found.metric else "nothing yet",
            "has_one_value": found.metric in found.metrics and aggregate is not Aggregate.EVALUATED,
            "last_epochs": last_epochs,
            "studies": study_names(site.results_dir),
            "where": asked.values("where"),
        },
        section="/arms",
    )


def _metrics_of_epochs(site: Site, measured: Sequence[str]) -> list[str]:
    """What there is of every epoch; looked for again when runs have other metrics than before."""
    return site.values.get(("metrics of epochs", tuple(measured)), partial(_metrics_of_a_history, site))


def _metrics_of_a_history(site: Site) -> list[str]:
    """Those of the first run that is completed and sound; all runs of a task have the same."""
    store = site.store
    for entry in runs_page(site.results_dir, [f"status={Status.COMPLETED.value}"], limit=5, store=store).rows:
        with suppress(MissingRun, UnreadableRecord, ReadRefused):
            return list(store.get(entry.run_id).history)
    return []


def _aggregate(asked: Asked) -> Aggregate:
    given = asked.value("aggregate", Aggregate.EVALUATED.value)
    try:
        return Aggregate(given)
    except ValueError as error:
        raise UsageError(f"aggregate is {given}; it is one of {', '.join(Aggregate)}.") from error


def _said(metric: str, aggregate: Aggregate, last_epochs: int) -> str:
    how = f"mean of the last {last_epochs} epochs" if aggregate is Aggregate.LAST_MEAN else AGGREGATES[aggregate]
    return f"{metric} {how}"


def _lines(site: Site, rows: Sequence[ArmRow]) -> list[Line]:
    """With the digits of one another."""
    error = shared_error(_error(row) for row in rows)
    return [_line(site, row, error) for row in rows]


def _error(row: ArmRow) -> float | None:
    return None if row.sd is None or row.n < 2 else row.sd / math.sqrt(row.n)


def _line(site: Site, row: ArmRow, error: float | None) -> Line:
    seen = {run.run_id: site.seen_status(run.run_id, run.status) for run in row.runs}
    title = row.titles[0] if row.titles else f"run {short_id(row.runs[0].run_id)}"
    ended = Counter(status for status in seen.values() if status != Status.COMPLETED.value)
    low, high = number(row.ci_low, error), number(row.ci_high, error)
    return Line(
        title=title,
        also=row.titles[1:],
        side=row.titles[0] if row.titles else row.runs[0].run_id,
        n=str(row.n),
        lost=", ".join(f"{count} {status}" for status, count in ended.items()),
        mean=number(row.mean, error),
        spread=number(row.sd, error),
        interval=UNDEFINED if row.ci_low is None or row.ci_high is None else f"[{low}, {high}]",
        seeds=tuple(
            Seed(
                str(run.seed),
                short_id(run.run_id),
                links.of_run(run.run_id),
                seen[run.run_id],
                TONES.get(seen[run.run_id], ""),
                UNDEFINED if seen[run.run_id] == ELSEWHERE else number(run.value),
            )
            for run in row.runs
        ),
    )


ROUTES = (
    Route(
        "/arms", arms_page, "Runs grouped by everything but the seed: n, mean, spread and interval of a metric.", QUERY
    ),
)
NAV = Entry("Arms", "/arms", rank=3)
