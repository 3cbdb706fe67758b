"""Pages of a table of all runs, and of one of arms: sorted, filtered and counted where they are remembered.

    page = runs_page(results_dir, ["status=completed", "optimizer=adam"], sort="-test_accuracy", offset=50, limit=50)
    page.rows, page.total                  # entries as `catalogue` gives them, and how many agree in all
    arms_page(results_dir, metric="val_loss", aggregate=Aggregate.LAST).rows

Filters mean what they mean to `ablate list`. What they ask for is looked up here among the few different settings and
arms that there are, and the index is asked for the runs of these: no text of a request ever is a part of its language.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.analysis.settings import setting_text
from ablate.analysis.values import metric_rank
from ablate.config.problems import nearest, raise_any
from ablate.core.errors import UsageError
from ablate.core.identity import Json
from ablate.core.records import HISTORY, RunRecord, Status
from ablate.operations.as_json import document
from ablate.operations.catalogue import (
    COLUMNS,
    USUAL_METRICS,
    Catalogue,
    Entry,
    KnownSettings,
    Membership,
    catalogue,
    entry_remembered,
    missing_row,
    remembered_settings,
)
from ablate.operations.filters import STATUSES, is_named, is_same, split_filters, status_problems, unknown_key_problems
from ablate.operations.folders import results_folder
from ablate.storage.atomic import ReadRefused
from ablate.storage.index import loaded, with_index
from ablate.storage.runs import MissingRun, RunStore, UnreadableRecord

if TYPE_CHECKING:
    from ablate.config.overrides import Override, Overrides
    from ablate.stats.estimates import Estimate

__all__ = [
    "Aggregate",
    "ArmRow",
    "ArmsPage",
    "Column",
    "RunValue",
    "RunsPage",
    "arms_page",
    "catalogue_where",
    "runs_page",
]

MOST_ROWS = 1000
PAGE_ROWS = 50
LAST_EPOCHS = 5
NATURAL = "is_alone, study, position, run_id"
EVERY = "1"
# All runs in this order, and how many they are, without looking up what is stored of each.
_NATURAL_IDS = """
    SELECT run_id FROM (SELECT run_id FROM places WHERE is_first ORDER BY study, position)
    UNION ALL
    SELECT run_id FROM (SELECT run_id FROM runs WHERE is_alone ORDER BY run_id)
"""
_NUMBER_OF_ALL = """
    SELECT (SELECT count(*) FROM places WHERE is_first) + (SELECT count(*) FROM runs WHERE is_alone)
"""
# Columns that runs have whatever they are made of; of those of arms the first two are of the plan.
FIELDS = ("run_id", "status", "study", "sweep", "arm", "seed", "wall_seconds")
ARM_FIELDS = ("arm", "n", "mean", "sd")


class Aggregate(StrEnum):
    """What of a run's values of a metric counts."""

    EVALUATED = "evaluated"
    BEST = "best"
    LAST = "last"
    LAST_MEAN = "last_mean"


@dataclass(frozen=True)
class Column:
    """What a table can show and be sorted by. `kind` is field, metric or setting; a setting that `varies` has several
    values among the runs there are."""

    name: str
    kind: str
    varies: bool


@document("runs_page", version=1)
@dataclass(frozen=True)
class RunsPage:
    """Some of the runs that agree with all filters.

    Attributes:
        total: how many agree.
        sort: the column that they are sorted by, with - before it from the largest; empty in the order of `list`.
        verified: False, for they are shown as the index remembers them; a run is verified where it is opened.
    """

    rows: tuple[Entry, ...]
    total: int
    offset: int
    limit: int
    sort: str
    columns: tuple[Column, ...]
    verified: bool = False


@dataclass(frozen=True)
class RunValue:
    """A run of an arm. `value` is None where it has none: it has not completed, or was not measured."""

    run_id: str
    seed: Json
    status: str
    value: float | None


@dataclass(frozen=True)
class ArmRow:
    """Runs that differ in the seed alone.

    Attributes:
        titles: where it stands in studies, as `compare` takes it; empty for runs of no study.
        n: how many runs have a value.
        mean, sd: of these over the seeds; None where there are too few.
        ci_low, ci_high: the interval of the mean at 95 %, by Student's t.
        runs: all of them, in the order of the plan.
    """

    titles: tuple[str, ...]
    settings: Mapping[str, Json]
    n: int
    mean: float | None
    sd: float | None
    ci_low: float | None
    ci_high: float | None
    runs: tuple[RunValue, ...]


@document("arms_page", version=1)
@dataclass(frozen=True)
class ArmsPage:
    """Some of the arms that runs agreeing with all filters form, and what of their values is summed up.

    Attributes:
        aggregate: `evaluated` is the value of the weights that were kept, `best` that of the run's best epoch, `last`
            that of its last epoch, `last_mean` the mean over its last `last_epochs` epochs.
        metrics: those that there are to choose from.
        verified: whether the values were read from the runs; else they are those that the index remembers.
    """

    rows: tuple[ArmRow, ...]
    total: int
    offset: int
    limit: int
    sort: str
    metric: str
    aggregate: Aggregate
    last_epochs: int
    metrics: tuple[str, ...]
    columns: tuple[Column, ...]
    verified: bool


def runs_page(
    results_dir: Path | str | None = None,
    where: Sequence[str] = (),
    sort: str = "",
    offset: int = 0,
    limit: int = PAGE_ROWS,
    store: RunStore | None = None,
    search: str = "",
) -> RunsPage:
    """The runs that agree with all filters, from `offset` on.

    Args:
        where: filters as `catalogue` takes them.
        sort: the name of a column, with - before it from the largest; runs without a value come last.
        limit: how many at most, up to 1000.
        store: that of the folder, for whoever changes nothing on the disk; see `RunStore`.
        search: words, each of which has to stand in the id of a run, in its outcome, or in a study:arm of its.

    Raises:
        UsageError, ConfigError: for a filter or a column that no run has, and for numbers that cannot be.
    """
    store = store or RunStore(results_folder(results_dir))
    filters = _asked(where, offset, limit)

    def read(index: sqlite3.Connection) -> RunsPage:
        table = _Table(index)
        condition, values = table.condition(filters, search)
        total = _number_of(index, condition, values)
        order, joined, keys = table.order(sort)
        sorted_ids = f"SELECT l.run_id FROM listed l {joined} WHERE {condition} ORDER BY {order}"
        if condition == EVERY and order == NATURAL:
            sorted_ids = _NATURAL_IDS
        found = index.execute(f"{sorted_ids} LIMIT ? OFFSET ?", [*keys, *values, limit, offset])
        run_ids = [run_id for (run_id,) in found]
        return RunsPage(tuple(table.entries(run_ids, store)), total, offset, limit, sort, table.columns)

    return with_index(store, read)


def arms_page(
    results_dir: Path | str | None = None,
    where: Sequence[str] = (),
    metric: str = "",
    aggregate: Aggregate | str = Aggregate.EVALUATED,
    last_epochs: int = LAST_EPOCHS,
    sort: str = "",
    offset: int = 0,
    limit: int = PAGE_ROWS,
    store: RunStore | None = None,
    search: str = "",
) -> ArmsPage:
    """The runs that agree with all filters, grouped by everything but the seed.

    Values that only histories hold are read from the runs of the page alone, and verified; so no page can be sorted by
    them.

    Args:
        metric: empty for the one that says most.
        last_epochs: how many epochs `last_mean` is about; a shorter history is taken whole.
        sort: arm, n, mean, sd or a setting, with - before it from the largest.
        search: as `runs_page`.

    Raises:
        UsageError, ConfigError: as `runs_page`, and for a metric or an aggregate that there is not.
    """
    store = store or RunStore(results_folder(results_dir))
    filters, chosen = _asked(where, offset, limit), _aggregate(aggregate, last_epochs)

    def read(index: sqlite3.Connection) -> ArmsPage:
        table = _Table(index)
        name = metric or next((usual for usual in USUAL_METRICS if usual in table.metrics), "")
        is_remembered = chosen is Aggregate.EVALUATED and (name in table.metrics or not name)
        groups = list(_groups(table, filters, name if is_remembered else "", search))
        _sort_groups(groups, sort, table, is_remembered)
        shown = groups[offset : offset + limit]
        if not is_remembered:
            shown = [_with_values(group, store, name, chosen, last_epochs) for group in shown]
        return ArmsPage(
            tuple(map(_arm_row, shown)),
            len(groups),
            offset,
            limit,
            sort,
            name,
            chosen,
            last_epochs,
            table.metrics,
            tuple(column for column in table.columns if column.kind == "setting"),
            not is_remembered,
        )

    return with_index(store, read)


def catalogue_where(words: Sequence[str], results_dir: Path) -> Catalogue:
    """As `catalogue` of these words, of which one at least is a filter; sooner, where the index can tell.

    Raises:
        UsageError, ConfigError: as `catalogue`.
    """
    _, filters = split_filters(words)
    found = _runs_where(filters, RunStore(results_dir))
    return catalogue(*words, results_dir=results_dir) if found is None else Catalogue(runs=found)


def _runs_where(filters: Overrides, store: RunStore) -> tuple[Entry, ...] | None:
    """The runs that agree with all filters, as `list` orders them; None where there is more to be said of one of these,
    for no run has its key or its value."""

    def read(index: sqlite3.Connection) -> tuple[Entry, ...] | None:
        table = _Table(index)
        if any(unknown_key_problems(filters, table.keys())) or any(status_problems(filters)):
            return None
        for override in filters:
            condition, values = table.condition((override,))
            if not index.execute(f"SELECT EXISTS (SELECT 1 FROM listed WHERE {condition})", values).fetchone()[0]:
                return None
        condition, values = table.condition(filters)
        found = index.execute(f"SELECT run_id FROM listed WHERE {condition} ORDER BY {NATURAL}", values)
        return tuple(table.entries([run_id for (run_id,) in found], store))

    return with_index(store, read, measured=False)


def _asked(where: Sequence[str], offset: int, limit: int) -> Overrides:
    if offset < 0 or not 1 <= limit <= MOST_ROWS or offset > 2**31:
        raise UsageError(f"a page has 1 to {MOST_ROWS} rows, and begins at row 0 or later")
    if bare := [word for word in where if "=" not in word]:
        raise UsageError(f"{bare[0]} is no filter (key=value)")
    _, filters = split_filters(where)
    raise_any(status_problems(filters))
    return filters


def _aggregate(given: str, last_epochs: int) -> Aggregate:
    if given not in list(Aggregate):
        raise UsageError(f"{given} is none of {', '.join(Aggregate)}")
    if last_epochs < 1:
        raise UsageError("last_epochs is at least 1")
    return Aggregate(given)


# what runs are made of --------------------------------------------------------------------------------


class _Table:
    """The table of all runs: the columns that it has, and in the index's language what filters and columns mean."""

    def __init__(self, index: sqlite3.Connection) -> None:
        self._index = index
        self.known = remembered_settings(index)
        self.arms, self.settings = self.known.arms, self.known.settings
        self._first_arms = self._used("arms", "SELECT 1 FROM places WHERE arm = arms.id AND is_first")
        self._shapes = {number: loaded(names) for number, names in index.execute("SELECT id, names FROM shapes")}

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        used = {
            *self._used("shapes", "SELECT 1 FROM runs WHERE shape = shapes.id"),
            *self._used("shapes", "SELECT 1 FROM runs WHERE opened_shape = shapes.id"),
        }
        return tuple(sorted({name for shape in used for name in self._shapes[shape]}, key=metric_rank))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return (
            *(Column(name, "field", True) for name in FIELDS),
            *(Column(name, "metric", True) for name in self.metrics),
            *_setting_columns(self.known, self._first_arms, self._alone),
        )

    def condition(self, filters: Overrides, search: str = "") -> tuple[str, list[str]]:
        """What holds of the runs that agree with all filters and have every word, and the values in it.

        Raises:
            ConfigError: with every filter whose key no run has.
        """
        raise_any(unknown_key_problems(filters, self.keys()))
        parts = [*map(self._agrees, filters), *map(self._has, search.lower().split())]
        return " AND ".join(text for text, _ in parts) or EVERY, [value for _, values in parts for value in values]

    def order(self, sort: str) -> tuple[str, str, list[str]]:
        """The order of a column, with what has to be joined for it, and the values in that.

        Raises:
            UsageError: for a column that no run has.
        """
        name, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
        if not name:
            return NATURAL, "", []
        key, joined, values = self._key(name)
        return f"{key} IS NULL, {key} {direction}, {NATURAL}", joined, values

    def entries(self, run_ids: Sequence[str], store: RunStore) -> Iterator[Entry]:
        """These runs, in this order."""
        wanted = [json.dumps(run_ids)]
        of_these = "run_id IN (SELECT value FROM json_each(?))"
        places: dict[str, tuple[Membership, ...]] = {}
        for run_id, arm, seed in self._index.execute(
            f"SELECT run_id, arm, seed FROM places WHERE {of_these} ORDER BY study, position", wanted
        ):
            study, sweep, planned = self.arms[arm]
            places[run_id] = (*places.get(run_id, ()), Membership(study, sweep, planned, loaded(seed)))
        stored = {
            row[0]: row
            for row in self._index.execute(f"SELECT {', '.join(COLUMNS)} FROM runs WHERE {of_these}", wanted)
        }
        for run_id in run_ids:
            row = stored.get(run_id) or missing_row(run_id)
            yield entry_remembered(row, places.get(run_id, ()), self._shapes, self.known, store)

    def rows(
        self, filters: Overrides, metric: str, search: str
    ) -> Iterator[tuple[str, str, int | None, int | None, str, Any]]:
        """Run, status, number of its arm or of its settings, seed and value of the metric, of all that agree."""
        condition, values = self.condition(filters, search)
        key, joined, keys = self._metric_key(metric) if metric else ("NULL", "", [])
        yield from self._index.execute(
            f"SELECT run_id, status, arm, settings, seed, {key} FROM listed l {joined}"
            f" WHERE {condition} ORDER BY {NATURAL}",
            [*keys, *values],
        )

    def _has(self, word: str) -> tuple[str, list[str]]:
        """Of runs that a word of a search is found in."""
        titles = {number: Membership(*said, 0).title.lower() for number, said in self.arms.items()}
        in_arms, values = _in_arms(number for number, title in titles.items() if word in title)
        # Half a pair of UTF-16 has no bytes, and stands nowhere.
        plain = word.encode(errors="replace").decode()
        return f"(instr(run_id, ?) OR instr(status, ?) OR {in_arms})", [plain, plain, *values]

    def _agrees(self, override: Override) -> tuple[str, list[str]]:
        key, asked = override.key, override.value
        match key:
            case "status":
                return _among("status", [status for status in STATUSES if is_same(status, asked)])
            case "study" | "sweep" | "arm":
                memberships = {number: Membership(*said, 0) for number, said in self.arms.items()}
                return _in_arms(number for number, each in memberships.items() if _is_in(each, key, asked))
            case "seed":
                seeds = [
                    seed
                    for (seed,) in self._index.execute(
                        "SELECT seed FROM places UNION SELECT seed FROM runs WHERE is_alone"
                    )
                ]
                there = [seed for seed in seeds if seed is not None and is_same(loaded(seed), asked)]
                text, values = _among("seed", there)
                return (f"({text} OR seed IS NULL)" if is_same(None, asked) else text), values
        levels = {number: arm.levels for number, (_, _, arm) in self.arms.items()}
        of_level, first = _in_arms(
            number for number, each in levels.items() if key in each and is_same(each[key], asked)
        )
        same = [place for place, flat in self._flats() if key in flat and is_same(flat[key], asked)]
        of_arm, second = _among("arm", [number for kind, number in same if kind == "arm"])
        of_spec, third = _among("settings", [number for kind, number in same if kind == "settings"])
        return f"({of_level} OR {of_arm} OR {of_spec})", [*first, *second, *third]

    def _key(self, name: str) -> tuple[str, str, list[str]]:
        if name in ("run_id", "status", "wall_seconds"):
            return name, "", []
        if name == "seed":
            return "CAST(seed AS REAL)", "", []
        if name in ("study", "sweep", "arm"):
            memberships = {number: Membership(*said, 0) for number, said in self.arms.items()}
            return self._ranked({("arm", number): _of(each, name) for number, each in memberships.items()})
        if name in self.metrics:
            return self._metric_key(name)
        values = {place: flat[name] for place, flat in self._flats() if name in flat}
        if not values:
            names = [column.name for column in self.columns]
            closest = nearest(name, names)
            raise UsageError(f"there is no column {name}" + (f"; did you mean {closest}?" if closest else ""))
        return self._ranked(values)

    def _ranked(self, values: Mapping[tuple[str, int], Json]) -> tuple[str, str, list[str]]:
        """The key of a column whose values are those of the arm, or of the settings, of a run."""
        ranks = {key: rank for rank, key in enumerate(sorted({_sorting(value) for value in values.values()}))}
        tables = {"arm": [], "settings": []}  # type: dict[str, list[list[int]]]
        for (kind, number), value in values.items():
            tables[kind].append([number, ranks[_sorting(value)]])
        joined = f"{_joined('ra', 'l.arm')} {_joined('rs', 'l.settings')}"
        return "coalesce(ra.said, rs.said)", joined, [json.dumps(tables["arm"]), json.dumps(tables["settings"])]

    def _metric_key(self, name: str) -> tuple[str, str, list[str]]:
        """An open metric that was measured counts, as everywhere, before one that the record has."""
        paths = json.dumps(
            [[shape, f"$[{names.index(name)}]"] for shape, names in self._shapes.items() if name in names]
        )
        key = "coalesce(json_extract(l.opened, mo.said), json_extract(l.metrics, mr.said))"
        return key, f"{_joined('mo', 'l.opened_shape')} {_joined('mr', 'l.shape')}", [paths, paths]

    def _flats(self) -> Iterator[tuple[tuple[str, int], dict[str, Json]]]:
        """What runs are made of, each once: the settings of first arms, and of specs that stand in no plan."""
        return _flats(self.known, self._first_arms, self._alone)

    @cached_property
    def _alone(self) -> tuple[int, ...]:
        return self._used("settings", "SELECT 1 FROM runs WHERE runs.settings = settings.id AND is_alone")

    def keys(self) -> Iterator[str]:
        """What filters can be about, beside fields."""
        for _, flat in self._flats():
            yield from flat
        for number in self._used("arms", "SELECT 1 FROM places WHERE arm = arms.id"):
            yield from self.arms[number][2].levels

    def _used(self, table: str, rows: str) -> tuple[int, ...]:
        """The numbers of what there are any of these rows of."""
        found = self._index.execute(f"SELECT id FROM {table} WHERE EXISTS ({rows}) ORDER BY id")
        return tuple(number for (number,) in found)


def _flats(
    known: KnownSettings, arms: Iterable[int], settings: Iterable[int]
) -> Iterator[tuple[tuple[str, int], dict[str, Json]]]:
    for number in arms:
        yield ("arm", number), known.flat(known.arms[number][2].settings)
    for number in settings:
        yield ("settings", number), known.flat(known.settings[number])


@lru_cache(maxsize=4)
def _setting_columns(known: KnownSettings, arms: tuple[int, ...], settings: tuple[int, ...]) -> tuple[Column, ...]:
    first: dict[str, Json] = {}
    counts: Counter[str] = Counter()
    varying: set[str] = set()
    flats = [flat for _, flat in _flats(known, arms, settings)]
    for flat in flats:
        counts.update(flat.keys())
        varying.update(name for name, value in flat.items() if first.setdefault(name, value) != value)
    varying.update(name for name, count in counts.items() if count < len(flats))
    return tuple(Column(name, "setting", name in varying) for name in sorted(counts))


def _number_of(index: sqlite3.Connection, condition: str, values: Sequence[str]) -> int:
    counted = _NUMBER_OF_ALL if condition == EVERY else f"SELECT count(*) FROM listed WHERE {condition}"
    found: int = index.execute(counted, values).fetchone()[0]
    return found


def _among(column: str, values: Collection[Any]) -> tuple[str, list[str]]:
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(values))]


def _in_arms(numbers: Iterable[int]) -> tuple[str, list[str]]:
    """Of runs that have any of their places in one of the arms."""
    text, values = _among("arm", list(numbers))
    return f"run_id IN (SELECT run_id FROM places WHERE {text})", values


def _joined(name: str, column: str) -> str:
    """A table of numbers and what is said of each, which is given as JSON."""
    pairs = "SELECT json_extract(value, '$[0]') AS number, json_extract(value, '$[1]') AS said FROM json_each(?)"
    return f"LEFT JOIN ({pairs}) {name} ON {name}.number = {column}"


def _of(membership: Membership, key: str) -> str:
    return {"study": membership.study, "sweep": membership.sweep, "arm": membership.arm.name}[key]


def _is_in(membership: Membership, key: str, asked: Any) -> bool:
    return is_named(membership, str(asked)) if key == "arm" else is_same(_of(membership, key), asked)


def _sorting(value: Json) -> tuple[int, float, str]:
    """Numbers by size, then all else by its text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, setting_text(value)


# arms -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Group:
    titles: tuple[str, ...]
    settings: Mapping[str, Json]
    runs: tuple[RunValue, ...]

    @property
    def values(self) -> list[float]:
        return [run.value for run in self.runs if run.value is not None]


def _groups(table: _Table, filters: Overrides, metric: str, search: str) -> Iterator[_Group]:
    """In the order of `list`. Arms of two studies, and runs of none, are one group where their settings are."""
    numbers = table.known.groups
    titles: dict[str, dict[str, None]] = {}
    for planned, said in table.arms.items():
        titles.setdefault(numbers["arm", planned], {})[Membership(*said, 0).title] = None
    settings: dict[str, Mapping[str, Json]] = {}
    runs: dict[str, list[RunValue]] = {}
    seeds: dict[str | None, Json] = {None: None}
    for run_id, status, arm, number, seed, value in table.rows(filters, metric, search):
        # Of a run whose spec cannot be read nothing is known: it is alone.
        own = run_id if number is None else numbers["settings", number]
        group = own if arm is None else numbers["arm", arm]
        if group not in runs:
            runs[group] = []
            known = table.arms[arm][2].settings if arm is not None else {} if number is None else table.settings[number]
            settings[group] = table.known.flat(known)
        if seed not in seeds:
            seeds[seed] = loaded(seed)
        counts = float(value) if value is not None and status == Status.COMPLETED else None
        runs[group].append(RunValue(run_id, seeds[seed], status, counts))
    for group, found in runs.items():
        yield _Group(tuple(titles.get(group, ())), settings[group], tuple(found))


def _sort_groups(groups: list[_Group], sort: str, table: _Table, is_remembered: bool) -> None:
    name, is_reversed = sort.removeprefix("-"), sort.startswith("-")
    if not name:
        return
    keys: dict[str, Any] = {
        "arm": lambda group: " ".join(group.titles) or None,
        "n": lambda group: len(group.values),
        "mean": lambda group: _estimate(group).mean,
        "sd": lambda group: _estimate(group).sd,
    }
    if name in ("n", "mean", "sd") and not is_remembered:
        raise UsageError(f"arms cannot be sorted by {name} of what only histories hold: they are read page by page")
    if name not in keys and not any(column.name == name and column.kind == "setting" for column in table.columns):
        raise UsageError(f"there is no column {name} of arms")
    key = keys.get(name, lambda group: None if name not in group.settings else _sorting(group.settings[name]))
    known = [(key(group), group) for group in groups]
    # Sorted in either direction, equal ones stay in their order.
    there = sorted((each for each in known if each[0] is not None), key=lambda each: each[0], reverse=is_reversed)
    groups[:] = [*(group for _, group in there), *(group for value, group in known if value is None)]


def _with_values(group: _Group, store: RunStore, metric: str, aggregate: Aggregate, last_epochs: int) -> _Group:
    runs = (
        RunValue(run.run_id, run.seed, run.status, _read_value(run, store, metric, aggregate, last_epochs))
        for run in group.runs
    )
    return _Group(group.titles, group.settings, tuple(runs))


def _read_value(run: RunValue, store: RunStore, metric: str, aggregate: Aggregate, last_epochs: int) -> float | None:
    """The value of a run that has completed, of its history; None where it has none that can be read."""
    if run.status != Status.COMPLETED:
        return None
    name = f"{HISTORY}{metric}"
    try:
        record = store.record(run.run_id)
        history = store.arrays(record, [name]).get(name)
    except (MissingRun, UnreadableRecord, ReadRefused):
        return None
    if history is None or not len(history):
        return None
    if aggregate is Aggregate.LAST_MEAN:
        return float(history[-last_epochs:].mean())
    epoch = _epoch(record, aggregate)
    return float(history[epoch - 1]) if epoch is not None and 1 <= epoch <= len(history) else None


def _epoch(record: RunRecord, aggregate: Aggregate) -> int | None:
    match aggregate:
        case Aggregate.BEST:
            return record.best_epoch
        case Aggregate.LAST:
            return record.epochs_run
    return record.evaluated_epoch


def _arm_row(group: _Group) -> ArmRow:
    found = _estimate(group)
    return ArmRow(
        group.titles, group.settings, len(group.values), found.mean, found.sd, found.ci_low, found.ci_high, group.runs
    )


def _estimate(group: _Group) -> Estimate:
    # SciPy takes longer to load than a page of runs to show.
    from ablate.stats.estimates import estimate_mean

    return estimate_mean(dict(enumerate(group.values)))
