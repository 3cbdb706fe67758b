"""What the results folder holds: its studies, and its runs with the arms that they belong to.

    catalogue(results_dir=results_dir).studies                   # each study, and how far it is
    catalogue("status=failed", results_dir=results_dir).runs     # the runs that agree with all filters

Runs of a study get their settings from its plan; only the spec of a run that stands in none is opened. What is known
of stored runs comes from the index, which is brought to what the folder holds first, see `ablate.storage.index`.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from ablate.analysis.settings import flatten
from ablate.core.identity import Json, canonical
from ablate.core.plans import PlannedArm
from ablate.core.records import Status, numbers_of
from ablate.operations.as_json import document, shows
from ablate.operations.filters import filtered, split_filters
from ablate.operations.folders import results_folder
from ablate.storage.atomic import ReadRefused
from ablate.storage.index import MISSING, UNREADABLE, loaded, with_index
from ablate.storage.runs import MissingRun, RunStore, UnreadableRecord
from ablate.storage.studies import PlanLine, StudyFolder, UnreadablePlan, study_names

__all__ = [
    "COLUMNS",
    "Catalogue",
    "Entry",
    "FlatSettings",
    "KnownSettings",
    "ListedRun",
    "Membership",
    "StudySummary",
    "catalogue",
    "entry_remembered",
    "indexed_studies",
    "listed",
    "listed_runs",
    "memberships_of",
    "missing_row",
    "remembered_memberships",
    "remembered_settings",
    "runs",
    "studies",
]

log = logging.getLogger(__name__)
COLUMNS = ("run_id", "status", "wall_seconds", "shape", "metrics", "settings", "seed")
# What says most of a run in one number, where nobody has said which metric.
USUAL_METRICS = ("test_accuracy", "test_r2", "test_loss")
OUTCOMES = tuple(status.value for status in Status if status.is_outcome)


@shows("study", "sweep", "arm=arm.name", "seed")
@dataclass(frozen=True)
class Membership:
    """Where a run stands in a study, with its seed there."""

    study: str
    sweep: str
    arm: PlannedArm
    seed: int

    @property
    def title(self) -> str:
        """As `compare` takes it."""
        return f"{self.study}:{self.arm.name}"


class FlatSettings:
    """Settings, flattened once for all runs that have them."""

    def __init__(self) -> None:
        # With what was flattened, which keeps its number from being given to another.
        self._found: dict[int, tuple[Mapping[str, Json], dict[str, Json]]] = {}

    def __call__(self, settings: Mapping[str, Json]) -> dict[str, Json]:
        if id(settings) not in self._found:
            flat = {name: value for name, value in flatten(settings).items() if name != "seed"}
            self._found[id(settings)] = (settings, flat)
        return self._found[id(settings)][1]


class KnownSettings:
    """What the arms of the plans, and the specs that stand in no plan, are made of, by their numbers in the index.

    Attributes:
        arms: study, sweep and arm.
        flat: their settings, flattened once.
    """

    def __init__(self, arms: Sequence[tuple[int, str]], settings: Sequence[tuple[int, str]]) -> None:
        said = ((number, loaded(text)) for number, text in arms)
        self.arms = {number: (each["study"], each["sweep"], PlannedArm(**each["arm"])) for number, each in said}
        self.settings: dict[int, Mapping[str, Json]] = {number: loaded(text) for number, text in settings}
        self.flat = FlatSettings()

    @cached_property
    def groups(self) -> dict[tuple[str, int], str]:
        """A text for each arm and each settings, the same where the settings are."""
        return {
            **{("arm", number): canonical(arm.settings) for number, (_, _, arm) in self.arms.items()},
            **{("settings", number): canonical(settings) for number, settings in self.settings.items()},
        }


@shows("run_id", "status", "seed", "places=memberships", "settings", "metrics", "wall_seconds", "verified")
@dataclass(frozen=True)
class Entry:
    """A run that is stored, or that a study has planned.

    Attributes:
        final_metrics, wall_seconds: those of its record; empty, and None, where it has none that can be read.
        verified: whether its record was read for this; else it is what the index remembers of it, and any damage since
            shows only when the run is opened.
        spec: what it was made of, where it stands in no study; empty where that cannot be read.
    """

    run_id: str
    status: str
    memberships: tuple[Membership, ...]
    final_metrics: Mapping[str, float]
    wall_seconds: float | None
    verified: bool
    store: RunStore = field(compare=False)
    spec: Callable[[], Mapping[str, Json]] = field(compare=False)
    flat: FlatSettings = field(compare=False)

    @property
    def settings(self) -> dict[str, Json]:
        """Dotted name to value, without the seed; empty for a run of which nothing can be read."""
        return self.flat(self.memberships[0].arm.settings if self.memberships else self._spec)

    @property
    def seed(self) -> Json:
        return self.memberships[0].seed if self.memberships else self._spec.get("seed")

    @property
    def metrics(self) -> Mapping[str, float]:
        """Those of its record, and the open ones that were measured."""
        if self.status in (MISSING, UNREADABLE):
            return {}
        return {**self.final_metrics, **numbers_of(self.store.open_metrics(self.run_id))}

    @cached_property
    def _spec(self) -> Mapping[str, Json]:
        return self.spec()


class ListedRun(NamedTuple):
    """What a line says of a run.

    Attributes:
        title: its first place, as `compare` takes it; empty where it stands in no study.
        others: how many more places it has.
        metric, value: what says most of it in one number; None where there is none.
    """

    run_id: str
    status: str
    title: str
    others: int
    seed: str
    metric: str | None
    value: float | None
    wall_seconds: float | None


@dataclass(frozen=True)
class StudySummary:
    """A study and how far it is. `planned` and `done` count distinct runs, `planned_at` is the last plan's time."""

    name: str
    question: str
    sweeps: tuple[str, ...]
    arms: int
    planned: int
    done: int
    planned_at: str


@document("list", version=2)
@dataclass(frozen=True)
class Catalogue:
    """What was asked for, studies or runs; None for the other."""

    studies: tuple[StudySummary, ...] | None = None
    runs: tuple[Entry, ...] | None = None


def catalogue(
    *words: str, results_dir: Path | str | None = None, index: bool = True, sets_aside: bool = True
) -> Catalogue:
    """The studies, or the runs that agree with all filters.

    Args:
        words: `studies` (which no word means, too), `runs`, or filters of runs, each as key=value: status, study,
            sweep, arm, seed, or a setting.
        index: whether what is remembered of runs that have not changed will do; else each record is read and verified.
        sets_aside: whether what is damaged is set aside; without, nothing in the store is touched.

    Raises:
        UsageError, ConfigError: for words that are neither, and for every filter whose key no run has.
    """
    results = results_folder(results_dir)
    kind, filters = split_filters(words)
    if kind == "studies":
        return Catalogue(studies=(indexed_studies if index else studies)(results, sets_aside))
    return Catalogue(runs=tuple(filtered((indexed_runs if index else runs)(results, sets_aside), filters)))


def studies(results_dir: Path, sets_aside: bool = True) -> tuple[StudySummary, ...]:
    """Every study with its latest plan, the latest planned last."""
    store = RunStore(results_dir, sets_aside)
    found = [_summary(line, store) for line in _latest_plans(results_dir)]
    return tuple(sorted(found, key=lambda study: study.planned_at))


def runs(results_dir: Path, sets_aside: bool = True) -> tuple[Entry, ...]:
    """Every run that is stored or planned: those of studies in the order of their plans, then the others."""
    store, memberships, flat = RunStore(results_dir, sets_aside), memberships_of(results_dir), FlatSettings()
    run_ids = dict.fromkeys([*memberships, *store.ids()])
    return tuple(_entry(run_id, memberships.get(run_id, ()), store, flat) for run_id in run_ids)


def indexed_studies(results_dir: Path, sets_aside: bool = True) -> tuple[StudySummary, ...]:
    """As `studies`, by what the index remembers of the runs."""
    found = with_index(RunStore(results_dir, sets_aside), _summaries, measured=False)
    return tuple(sorted(found, key=lambda study: study.planned_at))


def indexed_runs(results_dir: Path, sets_aside: bool = True) -> tuple[Entry, ...]:
    """As `runs`, by what the index remembers of them."""
    store = RunStore(results_dir, sets_aside)
    return with_index(store, lambda index: tuple(_remembered(index, store)), measured=False)


def listed(entry: Entry) -> ListedRun:
    """What a line says of an entry."""
    titles = [membership.title for membership in entry.memberships]
    metric = usual_metric(entry.final_metrics)
    value = None if metric is None else entry.final_metrics[metric]
    title, others = titles[0] if titles else "", max(len(titles) - 1, 0)
    return ListedRun(entry.run_id, entry.status, title, others, str(entry.seed), metric, value, entry.wall_seconds)


def listed_runs(results_dir: Path) -> tuple[ListedRun, ...]:
    """As `listed` of each of `indexed_runs`, in a third of the time."""
    return with_index(RunStore(results_dir), lambda index: tuple(_listed(index)), measured=False)


def usual_metric(names: Collection[str]) -> str | None:
    """Of these metrics the one that says most of a run in one number."""
    return next((name for name in USUAL_METRICS if name in names), None)


def memberships_of(results_dir: Path) -> dict[str, tuple[Membership, ...]]:
    """Run id to where the run stands, for all runs of all studies."""
    found: dict[str, tuple[Membership, ...]] = {}
    for line in _latest_plans(results_dir):
        for sweep in line.plan.sweeps:
            arms = {arm.name: arm for arm in sweep.arms}
            for run in sweep.runs:
                membership = Membership(line.plan.name, sweep.spec.name, arms[run.arm], run.seed)
                found[run.run_id] = (*found.get(run.run_id, ()), membership)
    return found


def _latest_plans(results_dir: Path) -> Iterator[PlanLine]:
    """Of the studies whose plans can be read here; a warning in the log names each of the others."""
    for name in study_names(results_dir):
        try:
            yield from StudyFolder(results_dir, name).plan_lines()[-1:]
        except (UnreadablePlan, ReadRefused) as error:
            log.warning("%s; it is left out", error)


def _summary(line: PlanLine, store: RunStore) -> StudySummary:
    plan = line.plan
    statuses = [_status(run_id, store) for run_id in plan.run_ids]
    return StudySummary(
        name=plan.name,
        question=plan.question,
        sweeps=tuple(sweep.spec.name for sweep in plan.sweeps),
        arms=sum(len(sweep.arms) for sweep in plan.sweeps),
        planned=len(statuses),
        done=sum(status in OUTCOMES for status in statuses),
        planned_at=line.planned_at,
    )


def _status(run_id: str, store: RunStore) -> str:
    try:
        return store.record(run_id).status.value
    except MissingRun:
        return MISSING
    except (UnreadableRecord, ReadRefused):
        return UNREADABLE


def _entry(run_id: str, memberships: tuple[Membership, ...], store: RunStore, flat: FlatSettings) -> Entry:
    def spec() -> Mapping[str, Json]:
        try:
            return store.get(run_id).spec.to_json()
        except (MissingRun, UnreadableRecord, ReadRefused):  # damaged beside a sound record
            return {}

    try:
        record = store.record(run_id)
    except MissingRun:
        return Entry(run_id, MISSING, memberships, {}, None, True, store, dict, flat)
    except (UnreadableRecord, ReadRefused):
        return Entry(run_id, UNREADABLE, memberships, {}, None, True, store, dict, flat)
    status, seconds = record.status.value, record.timings.wall_seconds
    return Entry(run_id, status, memberships, record.metrics, seconds, True, store, spec, flat)


# of the index -----------------------------------------------------------------------------------------


def _summaries(index: sqlite3.Connection) -> list[StudySummary]:
    outcomes = ", ".join(f"'{status}'" for status in OUTCOMES)
    counted = f"""
        SELECT study, count(*), sum(status IN ({outcomes})) FROM (
            SELECT DISTINCT p.study AS study, p.run_id AS run_id, r.status AS status
            FROM places p LEFT JOIN runs r ON r.run_id = p.run_id
        ) GROUP BY study
    """
    runs_of = {study: (planned, done or 0) for study, planned, done in index.execute(counted)}
    arms_of = dict(index.execute("SELECT study, count(*) FROM arms GROUP BY study"))
    found = []
    for folder, text in index.execute("SELECT name, said FROM studies WHERE said IS NOT NULL ORDER BY name"):
        said, (planned, done) = loaded(text), runs_of[folder]
        named = {"name": said["study"], "question": said["question"], "planned_at": said["planned_at"]}
        arms, sweeps = arms_of[folder], tuple(said["sweeps"])
        found.append(StudySummary(**named, sweeps=sweeps, arms=arms, planned=planned, done=done))
    return found


def _remembered(index: sqlite3.Connection, store: RunStore) -> Iterator[Entry]:
    known = remembered_settings(index)
    memberships = remembered_memberships(index, known)
    names_of = {shape: loaded(names) for shape, names in index.execute("SELECT id, names FROM shapes")}
    stored = {row[0]: row for row in index.execute(f"SELECT {', '.join(COLUMNS)} FROM runs ORDER BY run_id")}
    for run_id in dict.fromkeys((*memberships, *stored)):
        row = stored.get(run_id) or missing_row(run_id)
        yield entry_remembered(row, memberships.get(run_id, ()), names_of, known, store)


def _listed(index: sqlite3.Connection) -> Iterator[ListedRun]:
    names_of = {shape: loaded(names) for shape, names in index.execute("SELECT id, names FROM shapes")}
    metrics = {shape: usual_metric(names) for shape, names in names_of.items()}
    positions = {shape: names_of[shape].index(metric) for shape, metric in metrics.items() if metric is not None}
    stored = {}
    for run_id, status, seconds, shape, numbers, _, seed in index.execute(f"SELECT {', '.join(COLUMNS)} FROM runs"):
        value = loaded(numbers)[positions[shape]] if shape in positions else None
        stored[run_id] = (status, seed, metrics[shape] if value is not None else None, value, seconds)
    known = remembered_settings(index)
    titles = {number: Membership(*said, 0).title for number, said in known.arms.items()}
    seeds = {seed: str(loaded(seed)) for (seed,) in index.execute("SELECT DISTINCT seed FROM places")}
    shared = "SELECT run_id, count(*) - 1 FROM places GROUP BY run_id HAVING count(*) > 1"
    others = dict(index.execute(shared))
    nothing = (MISSING, None, None, None, None)
    of_places = "SELECT run_id, arm, seed FROM places WHERE is_first ORDER BY study, position"
    for run_id, arm, said in index.execute(of_places):
        status, _, metric, value, seconds = stored.get(run_id, nothing)
        yield ListedRun(run_id, status, titles[arm], others.get(run_id, 0), seeds[said], metric, value, seconds)
    for (run_id,) in index.execute("SELECT run_id FROM runs WHERE is_alone ORDER BY run_id"):
        status, said, metric, value, seconds = stored[run_id]
        seed = str(None if said is None else loaded(said))
        yield ListedRun(run_id, status, "", 0, seed, metric, value, seconds)


def missing_row(run_id: str) -> tuple[Any, ...]:
    """That of a run of which nothing is stored."""
    return run_id, MISSING, *([None] * (len(COLUMNS) - 2))


def entry_remembered(
    row: Sequence[Any],
    memberships: tuple[Membership, ...],
    names_of: Mapping[int, Sequence[str]],
    known: KnownSettings,
    store: RunStore,
) -> Entry:
    """The run of a row of the index that has COLUMNS."""
    run_id, status, seconds, shape, numbers, settings, seed = row
    metrics = {} if shape is None else dict(zip(names_of[shape], loaded(numbers), strict=True))
    spec = dict if settings is None else partial(_with_seed, known.settings[settings], seed)
    return Entry(run_id, status, memberships, metrics, seconds, False, store, spec, known.flat)


def _with_seed(settings: Mapping[str, Json], seed: str) -> Mapping[str, Json]:
    return {**settings, "seed": loaded(seed)}


def remembered_memberships(index: sqlite3.Connection, known: KnownSettings) -> dict[str, tuple[Membership, ...]]:
    """As `memberships_of`, by what the index remembers of the plans."""
    seed_of = {seed: loaded(seed) for (seed,) in index.execute("SELECT DISTINCT seed FROM places")}
    found: dict[str, tuple[Membership, ...]] = {}
    for run_id, number, seed in index.execute("SELECT run_id, arm, seed FROM places ORDER BY study, position"):
        membership = Membership(*known.arms[number], seed_of[seed])
        found[run_id] = (*found[run_id], membership) if run_id in found else (membership,)
    return found


def remembered_settings(index: sqlite3.Connection) -> KnownSettings:
    """What runs are made of, of all plans and all other runs."""
    arms = index.execute("SELECT id, said FROM arms ORDER BY study, id").fetchall()
    return _known(tuple(arms), tuple(index.execute("SELECT id, said FROM settings ORDER BY id")))


# A process that goes on asks for the same thousands of texts again and again.
_known = lru_cache(maxsize=4)(KnownSettings)
