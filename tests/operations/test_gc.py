"""What no study needs is listed with its size and age, and removed only if it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.core.errors import UsageError
from ablate.operations.gc import gc
from ablate.storage.garbage import GarbageKind, NoResultsFolder, UnknownNeeds
from ablate.storage.runs import RunStore
from tests.cli.kept import keep
from tests.damage import age, flip, state
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
