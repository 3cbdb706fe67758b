"""The index: it says what the store says, after whatever has happened to either, and is never needed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from ablate.core.plans import StudyPlan
from ablate.core.records import Status, StoredRun, numbers_of
from ablate.storage import index as module
from ablate.storage.index import MISSING, UNREADABLE, index_file, with_index
from ablate.storage.runs import MissingRun, RunStore, UnreadableRecord
from ablate.storage.studies import StudyFolder, study_names
from tests.cli.kept import keep
from tests.synthetic import completed_run, failed_run, optimizer_sweep, run_spec, study

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
PLANNED = SWEEP.run_specs()
ALONE = tuple(run_spec("Lion", seed=seed) for seed in (3, 4))
SPECS = (*PLANNED, *ALONE)
METRIC = f"test_ece@{'0' * 16}"
# Longer than the tick of the clock of any file system that these tests run on.
TICK = 0.02


def variant(number: int, value: int) -> StoredRun:
    run = completed_run(SPECS[number])
    return replace(run, record=replace(run.record, metrics={**run.record.metrics, "test_loss": float(value)}))


def told_by_index(root: Path, cache: Path | None) -> dict[str, Any]:
    def read(index: sqlite3.Connection) -> dict[str, Any]:
        names = dict(index.execute("SELECT id, names FROM shapes"))
        said = dict(index.execute("SELECT id, said FROM settings"))

        def numbers(shape: int | None, values: str | None) -> dict[str, float]:
            return {} if shape is None else dict(zip(json.loads(names[shape]), json.loads(values or ""), strict=True))

        return {
            row[0]: (row[1], row[2], numbers(row[3], row[4]), numbers(row[5], row[6]), said.get(row[7]), row[8])
            for row in index.execute(
                "SELECT run_id, status, wall_seconds, shape, metrics, opened_shape, opened, settings, seed"
                " FROM listed ORDER BY is_alone, study, position, run_id"
            )
        }

    return with_index(RunStore(root, sets_aside=False), read, cache)


def told_by_store(root: Path) -> dict[str, Any]:
    """The same without an index."""
    store = RunStore(root, sets_aside=False)
    plans = [StudyFolder(root, name).plan_lines()[-1].plan for name in study_names(root)]
    seeds: dict[str, int] = {}
    for run in (run for plan in plans for run in plan.runs):
        seeds.setdefault(run.run_id, run.seed)
    found = {}
    for run_id in dict.fromkeys([*seeds, *store.ids()]):
        settings, seed = None, json.dumps(seeds[run_id]) if run_id in seeds else None
        try:
            record = store.record(run_id)
            if run_id not in seeds:
                spec = store.get(run_id).spec.to_json()
                seed = json.dumps(spec.pop("seed"))
                settings = json.dumps(spec)
        except MissingRun:
            found[run_id] = (MISSING, None, {}, {}, settings, seed)
        except UnreadableRecord:
            found[run_id] = (UNREADABLE, None, {}, {}, settings, seed)
        else:
            opened = numbers_of(store.open_metrics(run_id))
            numbers = dict(record.metrics)
            found[run_id] = (record.status.value, record.timings.wall_seconds, numbers, opened, settings, seed)
    return found


def same(root: Path, cache: Path | None) -> dict[str, Any]:
    told = told_by_index(root, cache)
    assert list(told.items()) == list(told_by_store(root).items())
    return told


@pytest.fixture(autouse=True)
def soon_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNSETTLED_SECONDS", TICK / 2)
    monkeypatch.setattr(module, "BEHIND_SECONDS", 0.0)


def settle() -> None:
    time.sleep(TICK)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three of the four runs of a study, and one of none."""
    keep(tmp_path / "results", SWEEP, {spec.run_id: completed_run(spec) for spec in (*SPECS[:3], ALONE[0])})
    settle()
    return tmp_path / "results"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


# what happens to a store ------------------------------------------------------------------------------


def put(root: Path, number: int, value: int) -> None:
    RunStore(root).put(variant(number, value))


def fail(root: Path, number: int, value: int) -> None:
    RunStore(root).put(failed_run(SPECS[number], str(value)))


def supersede(root: Path, number: int, value: int) -> None:
    if RunStore(root).has(SPECS[number].run_id):
        RunStore(root).supersede(variant(number, value))


def remove(root: Path, number: int, value: int) -> None:
    RunStore(root).remove(RunStore(root).folder(SPECS[number].run_id))


def set_aside(root: Path, number: int, value: int) -> None:
    folder = RunStore(root).folder(SPECS[number].run_id)
    if folder.exists():
        (folder / "record.json").write_text("{}")
        RunStore(root).has(SPECS[number].run_id)


def bring_back(root: Path, number: int, value: int) -> None:
    """As somebody may who repairs by hand."""
    folder = RunStore(root).folder(SPECS[number].run_id)
    aside = folder.with_name(f"{folder.name}.mine")
    if folder.exists() and not aside.exists():
        folder.rename(aside)
    elif aside.exists() and not folder.exists():
        aside.rename(folder)


def touch(root: Path, number: int, value: int) -> None:
    folder = RunStore(root).folder(SPECS[number].run_id)
    for path in (folder.parent, folder, folder / "record.json"):
        if path.exists():
            os.utime(path, (1e9 + value, 1e9 + value))


def measure(root: Path, number: int, value: int) -> None:
    folder = RunStore(root).folder(SPECS[number].run_id)
    if folder.exists():
        (folder / "artefacts" / f"{METRIC}.npz").unlink(missing_ok=True)
        RunStore(root).put_artefact(SPECS[number].run_id, METRIC, {"value/test_ece": np.float64(value)})


def plan(root: Path, number: int, value: int) -> None:
    """A study of as many of the arms, which takes the place of the one before."""
    shutil.rmtree(root / "studies" / "other", ignore_errors=True)
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, seeds=tuple(range(1 + value % 2))))
    StudyFolder(root, "other").record_plan(replace(StudyPlan.of(study(sweep)), name="other"), [])


def forget(root: Path, number: int, value: int) -> None:
    shutil.rmtree(root / "studies" / "other", ignore_errors=True)


def wait(root: Path, number: int, value: int) -> None:
    settle()


EVENTS = (put, fail, supersede, remove, set_aside, bring_back, touch, measure, plan, forget, wait, wait)
HAPPENING = st.tuples(st.sampled_from(EVENTS), st.integers(0, len(SPECS) - 1), st.integers(0, 3), st.booleans())


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(HAPPENING, min_size=2, max_size=12))
def test_it_says_what_the_store_says_after_whatever_happened(
    events: list[tuple[Callable[[Path, int, int], None], int, int, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root, cache = Path(name, "results"), Path(name, "cache")
        keep(root, SWEEP, {})
        for happen, number, value, is_asked in events:
            happen(root, number, value)
            if is_asked:
                same(root, cache)
        same(root, cache)
        settle()
        same(root, cache)
        assert index_file(root, cache).exists()  # type: ignore[union-attr]


# what is read -----------------------------------------------------------------------------------------


class Counted(RunStore):
    """A store that counts the records, and the specs, that are read of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read: list[str] = []

    def record(self, run_id: str):
        self.read.append(run_id)
        return super().record(run_id)

    def get(self, run_id: str):
        self.read.append(f"whole {run_id}")
        return super().get(run_id)


def statuses(index: sqlite3.Connection) -> dict[str, str]:
    return dict(index.execute("SELECT run_id, status FROM listed ORDER BY is_alone, study, position, run_id"))


def test_what_has_not_changed_is_not_read_again(root: Path, cache: Path) -> None:
    store = Counted(root)
    with_index(store, statuses, cache)
    assert sorted(store.read) == sorted([*(spec.run_id for spec in (*SPECS[:3], ALONE[0])), f"whole {ALONE[0].run_id}"])
    store.read.clear()
    with_index(store, statuses, cache)
    assert store.read == []
    put(root, 3, 0)
    with_index(store, statuses, cache)
    assert store.read == [SPECS[3].run_id]


def test_what_is_young_is_read_again(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another change within the tick of a coarse clock leaves the same times."""
    monkeypatch.setattr(module, "UNSETTLED_SECONDS", 3600.0)
    store = Counted(root)
    for _ in range(2):
        with_index(store, statuses, cache)
    assert store.read.count(SPECS[0].run_id) == 2


@pytest.mark.parametrize("ahead", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("sets_aside", [True, False])
def test_another_clock_of_the_file_system_makes_no_answer_old(
    ahead: float, sets_aside: bool, root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is ahead of the machine's, or behind it, and ticks so seldom that two changes have the same times."""
    monkeypatch.setattr(module, "UNSETTLED_SECONDS", 3.0)
    monkeypatch.setattr(module, "BEHIND_SECONDS", 120.0)
    monkeypatch.setattr(module, "file_system_time", lambda folder: time.time() + ahead)

    def dated(path: Path | str) -> tuple[str, float] | None:
        return ("there", time.time() + ahead) if Path(path).exists() else (module.ABSENT, 0.0)

    monkeypatch.setattr(module, "_dated", dated)
    store = RunStore(root, sets_aside)
    run_id = SPECS[0].run_id
    for change in (lambda: RunStore(root).supersede(failed_run(SPECS[0])), lambda: put(root, 0, 1)):
        with_index(store, statuses, cache)
        change()
        assert with_index(store, statuses, cache)[run_id] == RunStore(root).record(run_id).status


def test_what_is_old_by_the_clock_of_the_file_system_is_not_read_again(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNSETTLED_SECONDS", 3.0)
    monkeypatch.setattr(module, "file_system_time", lambda folder: time.time() + 60)
    store = Counted(root)
    with_index(store, statuses, cache)
    store.read.clear()
    monkeypatch.setattr(module, "file_system_time", lambda folder: pytest.fail("nothing has changed"))
    with_index(store, statuses, cache)
    assert store.read == []


def opened(index: sqlite3.Connection) -> dict[str, str | None]:
    return dict(index.execute("SELECT run_id, opened FROM listed"))


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_metric_is_noticed_though_only_upper_folders_are_looked_at(
    is_listed: bool, root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by who asks for metrics after somebody has asked for none."""
    run_id = SPECS[0].run_id
    store = RunStore(root)
    for value in (1.0, 2.0):
        measure(root, 0, int(value))
        settle()
        if is_listed:
            with_index(store, statuses, cache, measured=False)
        assert with_index(store, opened, cache)[run_id] == json.dumps([value])
    looked_at: list[str] = []
    dated = module._dated
    monkeypatch.setattr(module, "_dated", lambda path: looked_at.append(str(path)) or dated(path))
    with_index(store, opened, cache)
    shards = {str(path) for path in (root / "runs").glob("??")}
    assert set(looked_at) == {*shards, str(root / "studies" / "optimizers" / "plans.jsonl")}


def test_a_metric_whose_writer_was_killed_is_noticed(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is there, it is told of, though what tells of it afterwards was never reached."""
    run_id = SPECS[0].run_id
    with_index(RunStore(root), opened, cache)
    dates: list[Any] = []
    utime = os.utime
    monkeypatch.setattr(os, "utime", lambda path, *times: dates.append(path) or (len(dates) == 1 and utime(path)))
    measure(root, 0, 4)
    assert dates == [root / "runs" / run_id[:2]] * 2
    assert with_index(RunStore(root), opened, cache)[run_id] == json.dumps([4.0])


def test_a_run_in_a_wrong_folder_hides_none(root: Path, cache: Path) -> None:
    store = RunStore(root)
    wrong = root / "runs" / "zz"
    wrong.mkdir()
    for spec in (SPECS[0], SPECS[3]):
        shutil.copytree(store.folder(SPECS[0].run_id), wrong / spec.run_id)
    shutil.copytree(store.folder(SPECS[0].run_id), wrong / ("f" * 64))
    assert same(root, cache)["f" * 64][0] == MISSING
    assert same(root, cache)[SPECS[0].run_id][0] == Status.COMPLETED


def test_damage_that_renames_nothing_is_found_when_the_run_is_opened(root: Path, cache: Path) -> None:
    run_id = SPECS[0].run_id
    store = RunStore(root)
    with_index(store, statuses, cache)
    (store.folder(run_id) / "record.json").write_text("{}")
    assert with_index(store, statuses, cache)[run_id] == Status.COMPLETED, "which is why it counts as unverified"
    assert not store.has(run_id)
    assert with_index(store, statuses, cache)[run_id] == MISSING


def test_upper_folders_that_are_gone_take_their_runs_along(root: Path, cache: Path) -> None:
    same(root, cache)
    shutil.rmtree(root / "runs" / ALONE[0].run_id[:2])
    assert ALONE[0].run_id not in same(root, cache)


def test_a_record_of_another_version_is_unreadable_until_it_can_be_read(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = SPECS[0].run_id
    with monkeypatch.context() as later:
        later.setattr("ablate.core.records.SCHEMA_VERSION", 1000)
        RunStore(root).remove(RunStore(root).folder(run_id))
        RunStore(root).put(completed_run(SPECS[0]))
    settle()
    for _ in range(2):
        assert same(root, cache)[run_id][0] == UNREADABLE
    store = Counted(root)
    with_index(store, statuses, cache)
    assert store.read == [run_id], "as by a version that can"


def test_a_plan_that_cannot_be_read_is_told_of_every_time(
    root: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (root / "studies" / "optimizers" / "plans.jsonl").open("a") as file:
        file.write("no plan\n")
    settle()
    for _ in range(2):
        caplog.clear()
        assert list(with_index(RunStore(root), statuses, cache))[:4] == [spec.run_id for spec in PLANNED]
        assert "line 2 is damaged" in caplog.text


# the file ---------------------------------------------------------------------------------------------


def break_bytes(file: Path) -> None:
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)


def break_half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def break_pages(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + os.urandom(len(content) - 4096))


def break_empty(file: Path) -> None:
    file.write_bytes(b"")


def break_version(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")


def break_tables(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE runs (other TEXT)")
        connection.execute(f"PRAGMA user_version = {module.INDEX_FORMAT}")


def break_other(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE runs (other TEXT)")


def break_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def break_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def break_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/nowhere/at/all")


BREAKS = (
    break_bytes,
    break_half,
    break_pages,
    break_empty,
    break_version,
    break_tables,
    break_other,
    break_folder,
    break_fifo,
    break_link,
)


@pytest.mark.parametrize("harm", BREAKS)
def test_a_broken_index_is_none(harm: Callable[[Path], None], root: Path, cache: Path) -> None:
    before = same(root, cache)
    file = index_file(root, cache)
    assert file is not None
    harm(file)
    assert same(root, cache) == before
    assert same(root, cache) == before, "and after it has been mended, or left alone"


def test_a_broken_one_is_made_again(root: Path, cache: Path) -> None:
    same(root, cache)
    break_pages(index_file(root, cache))  # type: ignore[arg-type]
    for _ in range(2):
        same(root, cache)
    store = Counted(root)
    with_index(store, statuses, cache)
    assert store.read == []


def test_one_that_another_process_holds_is_done_without(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    same(root, cache)
    file = index_file(root, cache)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:  # type: ignore[arg-type]
        for hold in ("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"):
            other.execute(hold)
            put(root, 3, len(hold))
            settle()
            assert same(root, cache)[SPECS[3].run_id][0] == Status.COMPLETED
            other.execute("ROLLBACK")
    assert file is not None
    assert file.exists()
    same(root, cache)


LISTS = """
import sys
from pathlib import Path
from ablate.storage.index import with_index
from ablate.storage.runs import RunStore
root, cache = map(Path, sys.argv[1:])
for _ in range(10):
    store = RunStore(root, sets_aside=False)
    rows = with_index(store, lambda index: index.execute("SELECT status FROM listed").fetchall(), cache)
    assert len(rows) >= 5, rows
"""


def test_processes_that_write_it_at_once_make_one_index(root: Path, cache: Path) -> None:
    """With a store that changes meanwhile, and no index there to begin with."""
    command = [sys.executable, "-c", LISTS, str(root), str(cache)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    value = 0
    while any(process.poll() is None for process in processes):
        (put, supersede, measure, remove)[value % 4](root, value % 3, value)
        value += 1
        time.sleep(TICK)
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * 3
    settle()
    same(root, cache)
    file = index_file(root, cache)
    assert file is not None
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store = Counted(root)
    with_index(store, statuses, cache)
    assert store.read == []


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user without the right to write, which root has always."""
    connect = sqlite3.connect

    def read_only(database: Any, **options: Any) -> sqlite3.Connection:
        is_file = database != ":memory:"
        return connect(f"file:{database}?mode=ro" if is_file else database, uri=is_file, **options)

    monkeypatch.setattr(module.sqlite3, "connect", read_only)


def test_a_cache_that_cannot_be_written_is_read(root: Path, cache: Path, unwritable: None) -> None:
    same(root, cache)


def test_an_old_index_that_cannot_be_written_saves_what_it_can(
    root: Path, cache: Path, request: pytest.FixtureRequest
) -> None:
    same(root, cache)
    put(root, 3, 1)
    settle()
    request.getfixturevalue("unwritable")
    store = Counted(root)
    assert with_index(store, statuses, cache)[SPECS[3].run_id] == Status.COMPLETED
    assert store.read == [SPECS[3].run_id]


def test_a_cache_that_is_a_file_is_done_without(root: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("mine")
    same(root, tmp_path / "cache")
    assert (tmp_path / "cache").read_text() == "mine"


def test_a_store_is_not_changed_by_it(root: Path, cache: Path) -> None:
    def state() -> dict[str, tuple[int, bytes]]:
        files = [path for path in sorted(root.rglob("*")) if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    (RunStore(root).folder(SPECS[0].run_id) / "record.json").write_text("{}")
    before = state()
    same(root, cache)
    assert state() == before


def test_another_store_at_the_same_place_has_an_index_of_its_own(root: Path, cache: Path, tmp_path: Path) -> None:
    same(root, cache)
    root.rename(tmp_path / "former")
    keep(root, SWEEP, {})
    assert {told[0] for told in same(root, cache).values()} == {MISSING}
    same(tmp_path / "former", cache)
    assert len(list(cache.glob("*.sqlite"))) == 3


def test_two_ways_to_a_store_are_one(root: Path, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert index_file(tmp_path / "link", cache) == index_file(root, cache)


def test_no_folder_has_no_index(tmp_path: Path, cache: Path) -> None:
    assert index_file(tmp_path / "none", cache) is None
    assert same(tmp_path / "none", cache) == {}


def test_what_was_not_used_for_long_is_forgotten(root: Path, cache: Path) -> None:
    cache.mkdir()
    old, young, other = (cache / name for name in ("old.sqlite", "young.sqlite", "old.txt"))
    for path in (old, young, other):
        path.write_bytes(b"")
    for path in (old, other):
        os.utime(path, (1e9, 1e9))
    same(root, cache)
    assert not old.exists()
    assert young.exists()
    assert other.exists()


def test_there_are_never_many(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_INDICES", 2)
    cache.mkdir()
    now = time.time()
    for age in range(4):
        (cache / f"{age}.sqlite").write_bytes(b"")
        os.utime(cache / f"{age}.sqlite", (now - age, now - age))
    same(root, cache)
    assert sorted(path.name for path in cache.glob("?.sqlite")) == ["0.sqlite", "1.sqlite"]


def test_texts_that_sqlite_cannot_hold_are_kept(tmp_path: Path, cache: Path) -> None:
    spec = replace(SWEEP.spec, question="half a pair: \ud800?")
    keep(tmp_path / "results", replace(SWEEP, spec=spec), {})
    same(tmp_path / "results", cache)


def test_it_is_of_its_owner_alone(root: Path, cache: Path) -> None:
    same(root, cache)
    assert index_file(root, cache).stat().st_mode & 0o077 == 0  # type: ignore[union-attr]
