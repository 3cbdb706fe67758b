"""What a results folder holds, remembered beside it, so that ten thousand runs are listed without being opened.

    with_index(RunStore(results_dir), lambda index: index.execute("SELECT run_id, status FROM listed").fetchall())

An SQLite file in the user's cache folder, one for each results folder, told apart by its real path and by device and
inode. It can be deleted at any time, and is never needed: where it is locked, broken, of another version or cannot be
written, the same tables are filled in memory. Each call first brings the tables to what the folder holds now. What of
it may have changed shows in the state (times, inode, size) of few files:

    runs/<two digits>/          a run that comes, goes, gives way or is set aside is a renaming here; and `RunStore`
                                dates it anew where it changes what lies deeper
    …/<run_id>/record.json      which of the runs of a changed folder are others
    …/<run_id>/artefacts/       which of them were measured, or measured again
    studies/<name>/plans.jsonl  a plan

A state younger than `UNSETTLED_SECONDS` says nothing, for clocks of file systems are coarse: what has one is read
again. So is what could not be read. Not noticed is what changes without any renaming, as a damaged disk does, and what
another program than this one puts into the folder of a run; that is found out when the run is opened, and so what is
read from here counts as unverified.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from platformdirs import user_cache_path

from ablate.core.identity import RUN_ID, Json, digest
from ablate.core.plans import PLAN_FORMAT, StudyPlan
from ablate.core.records import SCHEMA_VERSION, numbers_of
from ablate.sanitize.files import oddity_of
from ablate.storage.atomic import ReadRefused, file_system_time
from ablate.storage.runs import ARTEFACT_FOLDER, RECORD, MissingRun, RunStore, UnreadableRecord
from ablate.storage.studies import PLANS, PlanLine, StudyFolder, UnreadablePlan, study_names

__all__ = ["MISSING", "UNREADABLE", "BrokenIndex", "index_file", "loaded", "with_index"]

# What a run is of which there is no record, or none that can be read here.
MISSING, UNREADABLE = "missing", "unreadable"
# The state of what is not there.
ABSENT = "absent"
# Of the tables below.
INDEX_FORMAT = 2
# The coarsest clock of a file system in use counts in twos; of a younger state another change may have the same.
UNSETTLED_SECONDS = 3.0
# So far behind this machine's the clock of a file system may be that must not be asked, for nothing may be written.
BEHIND_SECONDS = 120.0
# How long another process that writes is waited for.
BUSY_SECONDS = 1.0
# An index that was not written for so long is of a folder that is gone, or costs one reading.
FORGOTTEN_DAYS = 90
# So many of other folders stay at most, the last that were written: most folders of results are tried out and removed.
MOST_INDICES = 100
# What SQLite says of a file that may well be sound.
_REFUSALS = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
)

# Texts that others chose are kept as JSON: SQLite takes neither half a pair of UTF-16 nor a number beyond 64 bits.
# `shape` and `opened_shape` say the names of the numbers in `metrics` and `opened`, which few runs differ in; `opened`
# are the open metrics, which are to be looked at again where not `is_looked_at`. `settings` and `seed` of `runs` are
# those of its spec, kept of what stands in no plan, and so `is_alone`.
_SCHEMA = """
CREATE TABLE shards (name TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID;
CREATE TABLE shapes (id INTEGER PRIMARY KEY, names TEXT UNIQUE NOT NULL);
CREATE TABLE settings (id INTEGER PRIMARY KEY, said TEXT UNIQUE NOT NULL);
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, shard TEXT NOT NULL, state TEXT, status TEXT NOT NULL, wall_seconds REAL,
    shape INTEGER, metrics TEXT, artefacts TEXT, opened_shape INTEGER, opened TEXT, settings INTEGER, seed TEXT,
    is_alone INTEGER NOT NULL, is_looked_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX runs_of_shards ON runs (shard);
CREATE INDEX runs_by_shape ON runs (shape);
CREATE INDEX runs_by_opened_shape ON runs (opened_shape);
CREATE INDEX runs_alone ON runs (settings, run_id) WHERE is_alone;
CREATE INDEX runs_to_look_at ON runs (run_id) WHERE NOT is_looked_at;
CREATE INDEX runs_by_status ON runs (run_id, status);
CREATE TABLE studies (name TEXT PRIMARY KEY, state TEXT, said TEXT) WITHOUT ROWID;
CREATE TABLE arms (id INTEGER PRIMARY KEY, study TEXT NOT NULL, said TEXT NOT NULL);
CREATE INDEX arms_of_studies ON arms (study);
CREATE TABLE places (
    study TEXT NOT NULL, position INTEGER NOT NULL, run_id TEXT NOT NULL, arm INTEGER NOT NULL, seed TEXT NOT NULL,
    is_first INTEGER NOT NULL, PRIMARY KEY (study, position)
) WITHOUT ROWID;
CREATE INDEX places_of_runs ON places (run_id);
CREATE INDEX places_of_arms ON places (arm, is_first, run_id);
CREATE VIEW listed AS
    SELECT 0 AS is_alone, p.study AS study, p.position AS position, p.run_id AS run_id, p.arm AS arm, p.seed AS seed,
        NULL AS settings, coalesce(r.status, 'missing') AS status, r.wall_seconds AS wall_seconds,
        r.shape AS shape, r.metrics AS metrics, r.opened_shape AS opened_shape, r.opened AS opened
    FROM places p LEFT JOIN runs r ON r.run_id = p.run_id WHERE p.is_first
    UNION ALL
    SELECT 1, NULL, NULL, r.run_id, NULL, r.seed, r.settings, r.status, r.wall_seconds,
        r.shape, r.metrics, r.opened_shape, r.opened
    FROM runs r WHERE r.is_alone;
"""

_IS_STORED = f"status NOT IN ('{MISSING}', '{UNREADABLE}')"

# A run that no plan names.
_IS_ALONE = "NOT EXISTS (SELECT 1 FROM places WHERE places.run_id = {})"

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class BrokenIndex(Exception):
    """The file is sound to SQLite, and holds what nobody has put there."""


def with_index(
    store: RunStore, use: Callable[[sqlite3.Connection], Result], cache: Path | None = None, measured: bool = True
) -> Result:
    """What `use` makes of an index that says what the store holds now; it may be called twice, and only reads.

    Args:
        cache: the folder of the index; the user's by default.
        measured: whether open metrics are wanted, which takes a look at each run.
    """
    file = index_file(store.root, cache)
    if file is not None:
        try:
            with closing(_of_file(file)) as kept, closing(_refreshed(kept, store, measured)) as index:
                return use(index)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _REFUSALS:
                _remove(file)
        except BrokenIndex:
            _remove(file)
    with closing(_in_memory()) as index:
        return use(_refreshed(index, store, measured))


def index_file(root: Path, cache: Path | None = None) -> Path | None:
    """Where the index of a results folder is kept; None where there is no folder to keep one of, or no place for it."""
    try:
        real = Path(os.path.realpath(root))
        found = real.stat()
        folder = cache or user_cache_path("ablate") / "index"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    about: list[Json] = [SCHEMA_VERSION, PLAN_FORMAT, os.fsencode(real).hex(), found.st_dev, found.st_ino]
    file = folder / f"{digest('index', INDEX_FORMAT, about)[:32]}.sqlite"
    return None if oddity_of(file) or oddity_of(_journal(file)) else file


def loaded(text: str) -> Any:
    """What stands in the index as JSON.

    Raises:
        BrokenIndex: where it is none.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        pass  # perhaps half a pair of UTF-16, which it refuses
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise BrokenIndex(str(error)) from error


# the file ---------------------------------------------------------------------------------------------


def _of_file(file: Path) -> sqlite3.Connection:
    is_new = not file.exists()
    if is_new:
        _forget_old(file.parent)
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, INDEX_FORMAT):
            raise BrokenIndex(f"an index of format {version}")
        if version == 0:
            _make_tables(connection)
            # Of its owner alone: it says what somebody trains.
            file.chmod(0o600)
        return connection
    except BaseException:
        connection.close()
        raise


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _make_tables(connection)
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    """Nothing where another process has made them meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != INDEX_FORMAT:
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {INDEX_FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _journal(file: Path) -> Path:
    return file.with_name(f"{file.name}-journal")


def _remove(file: Path) -> None:
    # Its journal first, which would be played into the next file of this name.
    for path in (_journal(file), file):
        with suppress(OSError):
            path.unlink()


def _forget_old(folder: Path) -> None:
    oldest = time.time() - FORGOTTEN_DAYS * 86_400
    with suppress(OSError):
        written = sorted(((file.lstat().st_mtime, file) for file in folder.glob("*.sqlite")), reverse=True)
        for number, (mtime, file) in enumerate(written):
            if number >= MOST_INDICES or mtime < oldest:
                _remove(file)


def _refreshed(kept: sqlite3.Connection, store: RunStore, measured: bool) -> sqlite3.Connection:
    """The index, brought to what the store holds now; a copy in memory where the file does not take the changes."""
    clock = _Clock(store)
    index = _written(kept, _Changes(**_looked_at_studies(kept, store, clock), **_looked_at_runs(kept, store, clock)))
    if measured:
        index = _written(index, _Changes(opened=_looked_at_artefacts(index, store, clock)))
    # Whether a run is in a plan, and so needs no spec, is known only now.
    return _written(index, _Changes(specs=_looked_at_specs(index, store)))


def _written(index: sqlite3.Connection, changes: _Changes) -> sqlite3.Connection:
    if not any(vars(changes).values()):
        return index
    try:
        _write(index, changes)
        return index
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _REFUSALS:
            raise
    copy = sqlite3.connect(":memory:", isolation_level=None)
    index.backup(copy)
    _write(copy, changes)
    return copy


# what has changed -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """What the index keeps of a run's record. Of one in the folder of another shard there is none."""

    run_id: str
    shard: str
    state: str | None
    status: str
    wall_seconds: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Study:
    """The latest plan of a study; None where it has none that can be read."""

    name: str
    state: str | None
    line: PlanLine | None


@dataclass(frozen=True)
class _Changes:
    """What is to be written, with the states that were looked up before it was read."""

    studies: Sequence[_Study] = ()
    gone_studies: Collection[str] = ()
    shards: Mapping[str, str | None] = field(default_factory=dict)
    gone_shards: Collection[str] = ()
    runs: Sequence[_Run] = ()
    gone_runs: Sequence[tuple[str, str]] = ()
    opened: Sequence[tuple[str, str | None, Mapping[str, float] | None]] = ()
    specs: Sequence[tuple[str, Mapping[str, Json]]] = ()


class _Clock:
    """When it was, by the clock that dates the files of a store, before the first of them that has changed was read."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    @cached_property
    def now(self) -> float:
        return file_system_time(self._store.root) if self._store.sets_aside else time.time() - BEHIND_SECONDS

    def state(self, path: Path | str, known: str | None) -> str | None:
        """What is another once something was renamed within a folder, or a file has another content: ABSENT where
        nothing stands, None where it says nothing yet. What is `known` was old when it was looked at."""
        found = _dated(path)
        if found is None or found[0] == known or found[0] == ABSENT:
            return found and found[0]
        # Looked at again, once it is known what time it is.
        now, found = self.now, _dated(path)
        return found[0] if found is not None and found[1] <= now - UNSETTLED_SECONDS else None


def _looked_at_studies(index: sqlite3.Connection, store: RunStore, clock: _Clock) -> dict[str, Any]:
    known = dict(index.execute("SELECT name, state FROM studies"))
    names = study_names(store.root)
    studies = []
    for name in names:
        state = clock.state(store.root / "studies" / name / PLANS, known.get(name))
        if state is None or state != known.get(name):
            line, is_whole = _latest_plan(store.root, name)
            studies.append(_Study(name, state if is_whole else None, line))
    return {"studies": studies, "gone_studies": known.keys() - set(names)}


def _latest_plan(root: Path, name: str) -> tuple[PlanLine | None, bool]:
    """The plan that holds, and whether nothing is wrong with the others: what is wrong is told at every call."""
    folder = StudyFolder(root, name)
    try:
        lines = folder.plan_lines()
        return (lines[-1] if lines else None), not folder.journals[0].damaged()
    except (UnreadablePlan, ReadRefused) as error:
        log.warning("%s; it is left out", error)
        return None, False


def _looked_at_runs(index: sqlite3.Connection, store: RunStore, clock: _Clock) -> dict[str, Any]:
    known = dict(index.execute("SELECT name, state FROM shards"))
    there = [name for name in _entries(store.root / "runs") if len(name) == 2]
    shards: dict[str, str | None] = {}
    runs: list[_Run] = []
    gone: list[tuple[str, str]] = []
    for shard in there:
        folder = store.root / "runs" / shard
        state = clock.state(folder, known.get(shard))
        if state is not None and state == known.get(shard):
            continue
        before = dict(index.execute("SELECT run_id, state FROM runs WHERE shard = ?", (shard,)))
        run_ids = [name for name in _entries(folder) if RUN_ID.fullmatch(name)]
        gone += [(run_id, shard) for run_id in before.keys() - set(run_ids)]
        states = {run_id: clock.state(f"{folder}/{run_id}/{RECORD}", before.get(run_id)) for run_id in run_ids}
        new = [run_id for run_id in run_ids if not states[run_id] or states[run_id] != before.get(run_id)]
        read = [_read(store, run_id, shard, states[run_id]) for run_id in new]
        runs += read
        # What could not be read may be readable the next time, though nothing was renamed.
        shards[shard] = None if any(run.state is None for run in read) else state
    gone_shards = known.keys() - set(there)
    for shard in gone_shards:
        gone += [(run_id, shard) for (run_id,) in index.execute("SELECT run_id FROM runs WHERE shard = ?", (shard,))]
    return {"shards": shards, "gone_shards": gone_shards, "runs": runs, "gone_runs": gone}


def _read(store: RunStore, run_id: str, shard: str, state: str | None) -> _Run:
    if not run_id.startswith(shard):
        return _Run(run_id, shard, None, MISSING)
    try:
        record = store.record(run_id)
    except MissingRun:
        return _Run(run_id, shard, None, MISSING)
    except (UnreadableRecord, ReadRefused):
        return _Run(run_id, shard, None, UNREADABLE)
    return _Run(run_id, shard, state, record.status.value, record.timings.wall_seconds, record.metrics)


def _looked_at_artefacts(
    index: sqlite3.Connection, store: RunStore, clock: _Clock
) -> list[tuple[str, str | None, Mapping[str, float] | None]]:
    """Of the runs that may have been measured; None where one was not."""
    found: list[tuple[str, str | None, Mapping[str, float] | None]] = []
    wanted = f"SELECT run_id, artefacts FROM runs WHERE NOT is_looked_at AND {_IS_STORED}"
    for run_id, known in index.execute(wanted).fetchall():
        state = clock.state(f"{store.root}/runs/{run_id[:2]}/{run_id}/{ARTEFACT_FOLDER}", known)
        is_same = state is not None and state == known
        numbers = {} if state == ABSENT or is_same else numbers_of(store.open_metrics(run_id))
        found.append((run_id, state, None if is_same else numbers))
    return found


def _looked_at_specs(index: sqlite3.Connection, store: RunStore) -> list[tuple[str, Mapping[str, Json]]]:
    """The specs of runs that stand in no plan; one that cannot be read is tried again."""
    wanted = f"SELECT run_id FROM runs WHERE is_alone AND settings IS NULL AND {_IS_STORED}"
    found: list[tuple[str, Mapping[str, Json]]] = []
    for (run_id,) in index.execute(wanted).fetchall():
        with suppress(MissingRun, UnreadableRecord, ReadRefused):
            found.append((run_id, store.get(run_id).spec.to_json()))
    return found


def _dated(path: Path | str) -> tuple[str, float] | None:
    """The state of a file or a folder, and how late it is, in seconds since 1970; None where it cannot be told."""
    try:
        # Without a Path, for each of ten thousand runs.
        found = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:
        return ABSENT, 0.0
    except OSError:
        return None
    # Nobody can set the second of the two back.
    latest = max(found.st_mtime, found.st_ctime)
    return f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino} {found.st_size}", latest


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return []


# what is written --------------------------------------------------------------------------------------


def _write(index: sqlite3.Connection, changes: _Changes) -> None:
    index.execute("BEGIN IMMEDIATE")
    try:
        _write_runs(index, changes)
        _write_studies(index, changes)
        index.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            index.execute("ROLLBACK")
        raise


def _write_runs(index: sqlite3.Connection, changes: _Changes) -> None:
    index.executemany("DELETE FROM shards WHERE name = ?", [(name,) for name in changes.gone_shards])
    index.executemany("DELETE FROM runs WHERE run_id = ? AND shard = ?", changes.gone_runs)
    index.executemany("INSERT OR REPLACE INTO shards VALUES (?, ?)", changes.shards.items())
    index.executemany("UPDATE runs SET is_looked_at = 0 WHERE shard = ?", [(name,) for name in changes.shards])
    shape_of = _Numbered(index, "shapes", "names")
    for run in changes.runs:
        # A run in a wrong folder does not hide the one in its own.
        verb = "REPLACE" if run.run_id.startswith(run.shard) else "IGNORE"
        index.execute(
            f"INSERT OR {verb} INTO runs (run_id, shard, state, status, wall_seconds, shape, metrics, is_alone)"
            f" VALUES (?, ?, ?, ?, ?, ?, ?, {_IS_ALONE.format('?1')})",
            (run.run_id, run.shard, run.state, run.status, run.wall_seconds, *shape_of.numbers(run.metrics)),
        )
    index.executemany(
        "UPDATE runs SET artefacts = ?, opened_shape = ?, opened = ? WHERE run_id = ?",
        [(state, *shape_of.numbers(opened), run_id) for run_id, state, opened in changes.opened if opened is not None],
    )
    looked_at = [(run_id,) for run_id, state, _ in changes.opened if state is not None]
    index.executemany("UPDATE runs SET is_looked_at = 1 WHERE run_id = ?", looked_at)
    settings_of = _Numbered(index, "settings", "said")
    for run_id, spec in changes.specs:
        settings = {name: value for name, value in spec.items() if name != "seed"}
        index.execute(
            "UPDATE runs SET settings = ?, seed = ? WHERE run_id = ?",
            (settings_of.number(settings), json.dumps(spec.get("seed")), run_id),
        )


def _write_studies(index: sqlite3.Connection, changes: _Changes) -> None:
    names = [*changes.gone_studies, *(study.name for study in changes.studies)]
    for table, column in (("studies", "name"), ("arms", "study"), ("places", "study")):
        index.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(name,) for name in names])
    for study in changes.studies:
        said = None
        if study.line is not None:
            plan = study.line.plan
            sweeps = [sweep.spec.name for sweep in plan.sweeps]
            about = {"study": plan.name, "question": plan.question, "planned_at": study.line.planned_at}
            said = json.dumps({**about, "sweeps": sweeps})
            _write_places(index, study.name, plan)
        index.execute("INSERT INTO studies VALUES (?, ?, ?)", (study.name, study.state, said))
    if names:
        first = """NOT EXISTS (
            SELECT 1 FROM places q WHERE q.run_id = places.run_id
            AND (q.study, q.position) < (places.study, places.position)
        )"""
        index.execute(f"UPDATE places SET is_first = {first} WHERE is_first IS NOT {first}")
        is_alone = _IS_ALONE.format("runs.run_id")
        index.execute(f"UPDATE runs SET is_alone = {is_alone} WHERE is_alone IS NOT {is_alone}")


def _write_places(index: sqlite3.Connection, name: str, plan: StudyPlan) -> None:
    """`name` is that of the folder, which somebody may have copied."""
    places: list[tuple[str, int, str, int, str, int]] = []
    for sweep in plan.sweeps:
        arms = {}
        for arm in sweep.arms:
            said = json.dumps({"study": plan.name, "sweep": sweep.spec.name, "arm": arm.to_json()})
            arms[arm.name] = index.execute("INSERT INTO arms (study, said) VALUES (?, ?)", (name, said)).lastrowid
        for run in sweep.runs:
            places.append((name, len(places), run.run_id, arms[run.arm] or 0, json.dumps(run.seed), 0))
    index.executemany("INSERT INTO places VALUES (?, ?, ?, ?, ?, ?)", places)


class _Numbered:
    """Texts that many rows have in common, each kept once, by number."""

    def __init__(self, index: sqlite3.Connection, table: str, column: str) -> None:
        self._index, self._table, self._column = index, table, column
        self._known: dict[str, int] = {}

    def number(self, said: Json) -> int:
        text = json.dumps(said)
        if text not in self._known:
            self._index.execute(f"INSERT OR IGNORE INTO {self._table} ({self._column}) VALUES (?)", (text,))
            found = self._index.execute(f"SELECT id FROM {self._table} WHERE {self._column} = ?", (text,)).fetchone()
            self._known[text] = found[0]
        return self._known[text]

    def numbers(self, named: Mapping[str, float]) -> tuple[int, str]:
        """What names them, and the JSON of their list."""
        return self.number(list(named)), json.dumps(list(named.values()))
