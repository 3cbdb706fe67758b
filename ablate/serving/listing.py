"""The runs and the arms as rows: searched, filtered, sorted and cut into pages here, so that a page stays small.

A row's values are those that its record says; whether the arrays beside it are sound shows when the run is opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import numpy as np

from ablate.analysis.settings import setting_text
from ablate.analysis.values import metric_rank
from ablate.core.identity import Json, canonical
from ablate.core.records import HISTORY, METRICS, Status
from ablate.operations.catalogue import Entry, catalogue
from ablate.serving.site import Site
from ablate.stats.estimates import Estimate, estimate_mean
from ablate.storage.atomic import ReadRefused
from ablate.storage.runs import MissingRun, UnreadableRecord

__all__ = [
    "OWN_COLUMNS",
    "Aggregate",
    "ArmRow",
    "Cut",
    "RunRow",
    "SeedRow",
    "arm_rows",
    "columns_of",
    "cut",
    "history_metrics",
    "matching",
    "run_rows",
    "sorted_by",
]

# What every run has, beside its settings and its metrics.
OWN_COLUMNS = ("status", "study", "arm", "seed", "seconds")
Row = TypeVar("Row")


@dataclass(frozen=True)
class RunRow:
    """A run that is stored or planned.

    Attributes:
        places: where it stands, as study:arm.
        values: column → value, of OWN_COLUMNS, its settings and its metrics.
    """

    run_id: str
    status: str
    places: tuple[str, ...]
    values: Mapping[str, Json]

    @property
    def searched(self) -> str:
        """What a search looks at."""
        return " ".join([self.run_id, self.status, *self.places]).lower()


@dataclass(frozen=True)
class SeedRow:
    """A run of an arm. `value` is None where it has none, as before it is trained."""

    run_id: str
    seed: Json
    status: str
    value: float | None


@dataclass(frozen=True)
class ArmRow:
    """Runs that differ in the seed alone.

    Attributes:
        places: where they stand, as study:arm; none of runs by themselves.
        estimate: over the completed ones.
        lost: how many ended otherwise, or have not been trained: status → number.
    """

    places: tuple[str, ...]
    settings: Mapping[str, Json]
    seeds: tuple[SeedRow, ...]
    estimate: Estimate

    @property
    def title(self) -> str:
        return self.places[0] if self.places else f"run {self.seeds[0].run_id[:12]}"

    @property
    def lost(self) -> dict[str, int]:
        others = [each.status for each in self.seeds if each.status != Status.COMPLETED.value]
        return {status: others.count(status) for status in dict.fromkeys(others)}

    @property
    def searched(self) -> str:
        return " ".join([*self.places, *(setting_text(value) for value in self.settings.values())]).lower()


class Aggregate(StrEnum):
    """Which number of a run's epochs is meant."""

    EVALUATED = "evaluated"
    BEST = "best"
    LAST = "last"
    MEAN_OF_LAST = "mean of last"


@dataclass(frozen=True)
class Cut(Generic[Row]):
    """A page of rows: `number` from 1, of `pages`; `total` is how many rows there are on all of them."""

    rows: Sequence[Row]
    number: int
    pages: int
    total: int


# runs ------------------------------------------------------------------------------------------------------


def run_rows(site: Site, words: Sequence[str] = ()) -> list[RunRow]:
    """The runs that agree with all filters, see `ablate list`.

    Raises:
        UsageError, ConfigError: for a filter whose key no run has.
    """
    return [_run_row(entry) for entry in _entries(site, words)]


def columns_of(rows: Iterable[RunRow]) -> tuple[list[str], list[str]]:
    """The settings and the metrics that any of them has, by name and by rank."""
    names = dict.fromkeys(name for row in rows for name in row.values if name not in OWN_COLUMNS)
    metrics = sorted((name for name in names if name in METRICS), key=metric_rank)
    return sorted(name for name in names if name not in METRICS), metrics


def _entries(site: Site, words: Sequence[str]) -> tuple[Entry, ...]:
    found = catalogue("runs", *words, results_dir=site.results_dir, sets_aside=False).runs
    assert found is not None
    return found


def _run_row(entry: Entry) -> RunRow:
    places = tuple(each.title for each in entry.memberships)
    own = {
        "status": entry.status,
        "study": ", ".join(dict.fromkeys(each.study for each in entry.memberships)),
        "arm": ", ".join(dict.fromkeys(each.arm.name for each in entry.memberships)),
        "seed": entry.seed,
        "seconds": entry.wall_seconds,
    }
    return RunRow(entry.run_id, entry.status, places, {**entry.settings, **entry.metrics, **own})


# arms ------------------------------------------------------------------------------------------------------


def arm_rows(
    site: Site, metric: str, aggregate: Aggregate, last_epochs: int = 5, words: Sequence[str] = ()
) -> list[ArmRow]:
    """The runs in groups of equal settings, with a metric over the seeds of each.

    Args:
        last_epochs: over how many of a run's last epochs `MEAN_OF_LAST` goes; a run of fewer has none.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in _entries(site, words):
        groups.setdefault(canonical(entry.settings) if entry.settings else entry.run_id, []).append(entry)

    def value(entry: Entry) -> float | None:
        return _value(entry, metric, aggregate, last_epochs)

    return [_arm_row(entries, value) for entries in groups.values()]


def history_metrics(site: Site) -> list[str]:
    """What there is of every epoch, of the first run that is completed; all runs of a task have the same."""
    store = site.store
    for entry in _entries(site, ()):
        if entry.status == Status.COMPLETED.value:
            try:
                return sorted(store.get(entry.run_id).history, key=metric_rank)
            except (MissingRun, UnreadableRecord):
                continue
    return []


def _arm_row(entries: Sequence[Entry], value: Callable[[Entry], float | None]) -> ArmRow:
    seeds = tuple(SeedRow(entry.run_id, entry.seed, entry.status, value(entry)) for entry in entries)
    counted = {
        position: each.value
        for position, each in enumerate(seeds)
        if each.status == Status.COMPLETED.value and each.value is not None and math.isfinite(each.value)
    }
    places = dict.fromkeys(each.title for entry in entries for each in entry.memberships)
    return ArmRow(tuple(places), entries[0].settings, seeds, estimate_mean(counted))


def _value(entry: Entry, metric: str, aggregate: Aggregate, last_epochs: int) -> float | None:
    """One number of a run; None where it has none. A final metric has one value, that of the evaluated weights."""
    if metric in entry.final_metrics:
        return entry.final_metrics[metric] if aggregate is Aggregate.EVALUATED else None
    try:
        record = entry.store.record(entry.run_id)
        history = entry.store.arrays(record, [f"{HISTORY}{metric}"]).get(f"{HISTORY}{metric}")
    except (MissingRun, UnreadableRecord, ReadRefused):
        return None
    if history is None or not len(history):
        return None
    if aggregate is Aggregate.MEAN_OF_LAST:
        return float(np.mean(history[-last_epochs:])) if len(history) >= last_epochs else None
    epoch = {
        Aggregate.EVALUATED: record.evaluated_epoch,
        Aggregate.BEST: record.best_epoch,
        Aggregate.LAST: record.epochs_run,
    }[aggregate]
    return float(history[epoch - 1]) if epoch is not None and 1 <= epoch <= len(history) else None


# any rows --------------------------------------------------------------------------------------------------


def matching(rows: Iterable[Row], search: str, searched: Callable[[Row], str]) -> list[Row]:
    """Those in which every word of a search stands."""
    words = search.lower().split()
    return [row for row in rows if all(word in searched(row) for word in words)] if words else list(rows)


def sorted_by(rows: Iterable[Row], value: Callable[[Row], Json], is_descending: bool) -> list[Row]:
    """By a value: numbers before texts, and what has none at the end, whichever the direction."""
    with_value: list[Row] = []
    without: list[Row] = []
    for row in rows:
        (without if _is_absent(value(row)) else with_value).append(row)
    return [*sorted(with_value, key=lambda row: _rank(value(row)), reverse=is_descending), *without]


def cut(rows: Sequence[Row], number: int, per_page: int) -> Cut[Row]:
    """The page of that number, or the last where there are fewer."""
    pages = max(1, -(-len(rows) // per_page))
    number = min(number, pages)
    return Cut(rows[(number - 1) * per_page : number * per_page], number, pages, len(rows))


def _is_absent(value: Json) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _rank(value: Json) -> tuple[int, float, str]:
    if isinstance(value, (bool, int, float)):
        return 0, float(value), ""
    return 1, 0.0, setting_text(value).lower()
