"""What no study needs is listed with its size and age, and removed only if it is told to."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.core.errors import UsageError
from ablate.operations.fsck import fsck
from ablate.operations.gc import gc
from ablate.storage.garbage import GarbageKind, NoResultsFolder, UnknownNeeds
from ablate.storage.journal import Journal
from ablate.storage.runs import RunStore
from tests.cli.kept import keep
from tests.damage import age, empty, flip, state
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, run_spec

SWEEP = optimizer_sweep(seeds=1)
LONE = run_spec(seed=9)
DAY_SECONDS = 86400.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A study, a temporary folder two days old, and a run of no study that is ten days old."""
    keep(tmp_path, SWEEP, completed_runs(SWEEP))
    RunStore(tmp_path).put(completed_run(LONE))
    (tmp_path / "runs" / ".tmp-1").mkdir()
    age(tmp_path, 2 * DAY_SECONDS)
    age(RunStore(tmp_path).folder(LONE.run_id), 8 * DAY_SECONDS)
    return tmp_path


def test_what_is_listed_with_size_and_age(root: Path) -> None:
    before = state(root)
    found = gc(root)
    assert [each.kind for each in found.listed] == [GarbageKind.TEMPORARY, GarbageKind.LONE_RUN]
    assert [round(each.age_seconds / DAY_SECONDS) for each in found.listed] == [2, 10]
    assert [each.is_chosen for each in found.listed] == [True, False]
    assert (found.removed, found.unknown) == ((), "")
    assert [root / each.path for each in found.listed] == [root / "runs" / ".tmp-1", RunStore(root).folder(LONE.run_id)]
    run = RunStore(root).folder(LONE.run_id)
    size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert (found.space["lone run"].number, found.space["lone run"].bytes) == (1, size)
    assert state(root) == before


@pytest.mark.parametrize(
    ("with_lone_runs", "older_than_days", "gone"),
    [
        (False, 0.0, [GarbageKind.TEMPORARY]),
        (True, 0.0, [GarbageKind.TEMPORARY, GarbageKind.LONE_RUN]),
        (True, 5.0, [GarbageKind.LONE_RUN]),
        (True, 11.0, []),
    ],
)
def test_what_is_chosen_is_removed(
    root: Path, with_lone_runs: bool, older_than_days: float, gone: list[GarbageKind]
) -> None:
    found = gc(root, remove=True, with_lone_runs=with_lone_runs, older_than_days=older_than_days)
    assert [each.kind for each in found.removed] == gone
    assert (root / "runs" / ".tmp-1").exists() == (GarbageKind.TEMPORARY not in gone)
    assert RunStore(root).has(LONE.run_id) == (GarbageKind.LONE_RUN not in gone)
    assert all(RunStore(root).has(spec.run_id) for spec in SWEEP.run_specs())


def test_with_a_plan_that_cannot_be_read_no_run_is_known_to_be_of_no_study(root: Path) -> None:
    flip(root / "studies/optimizers/plans.jsonl")
    found = gc(root)
    assert [each.kind for each in found.listed] == [GarbageKind.TEMPORARY]
    assert "Which runs study optimizers needs is not known" in found.unknown
    with pytest.raises(UnknownNeeds) as raised:
        gc(root, remove=True, with_lone_runs=True)
    assert raised.value.exit_code == 4
    assert (root / "runs" / ".tmp-1").exists()


@pytest.mark.parametrize("days", [-1.0, float("nan")])
def test_an_age_is_a_number_from_0(root: Path, days: float) -> None:
    with pytest.raises(UsageError) as raised:
        gc(root, remove=True, older_than_days=days)
    assert raised.value.exit_code == 2
    assert (root / "runs" / ".tmp-1").exists()


def test_where_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(NoResultsFolder) as raised:
        gc(tmp_path / "nowhere")
    assert raised.value.exit_code == 2


PLAN = "studies/optimizers/plans.jsonl"


def dangle(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def repaired(path: Path) -> None:
    flip(path)
    Journal(path).repair()


def of_fewer_plans(path: Path) -> None:
    """A line that somebody tore off goes; what the other says is known, and is not all."""
    path.write_bytes(path.read_bytes() + b"torn\n")
    Journal(path).repair()


def of_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def behind_a_link(path: Path) -> None:
    path.parent.rename(path.parents[2] / "moved")
    path.parent.symlink_to("not mounted")


@pytest.mark.parametrize("lose", [Path.unlink, empty, dangle, repaired, of_fewer_plans, of_a_folder, behind_a_link])
@pytest.mark.parametrize("with_lone_runs", [False, True])
def test_without_a_plan_nothing_is_known_to_be_garbage(
    root: Path, lose: Callable[[Path], None], with_lone_runs: bool
) -> None:
    lose(root / PLAN)
    age(root / "runs", 8 * DAY_SECONDS)
    before = sorted(root.rglob("*"))
    with pytest.raises(UnknownNeeds, match="Which runs study optimizers needs is not known") as raised:
        gc(root, remove=True, with_lone_runs=with_lone_runs)
    assert "remove" in str(raised.value)
    assert "study optimizers" in gc(root).unknown
    assert sorted(root.rglob("*")) == before


def test_once_the_folder_of_such_a_study_is_gone_so_may_its_runs_be(root: Path) -> None:
    (root / PLAN).unlink()
    shutil.rmtree(root / "studies/optimizers")
    age(root / "runs", 8 * DAY_SECONDS)
    gc(root, remove=True, with_lone_runs=True)
    assert list(RunStore(root).ids()) == []


def test_a_clock_that_is_ahead_makes_nothing_old(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    young = completed_run(run_spec(seed=10))
    RunStore(root).put(young)
    (root / "runs" / ".tmp-2").mkdir()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 2 * 3600)
    assert [each.path.name for each in gc(root, remove=True, with_lone_runs=True).removed] == [".tmp-1", LONE.run_id]
    fsck(root, root / "reports", repair=True)
    assert RunStore(root).has(young.spec.run_id)
    assert (root / "runs" / ".tmp-2").exists()
