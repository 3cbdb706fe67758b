"""What no study needs, and what somebody may need: only the first is found."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ablate.core.artefacts import ARTEFACTS
from ablate.core.metrics import OpenMetric
from ablate.storage.epochs import EpochsSoFar, read_epochs, write_epochs
from ablate.storage.garbage import (
    DEAD_SECONDS,
    RECENT_SECONDS,
    Garbage,
    GarbageKind,
    ItemKind,
    UnknownNeeds,
    find_garbage,
    lone_runs,
    planned_ids,
    remove,
    stored_items,
)
from ablate.storage.leases import Leases, Owner
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, unplanned_names
from tests.cli.kept import keep
from tests.core.test_metrics import BALANCED
from tests.damage import age, flip, state
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, plan_of, run_spec

SWEEP = optimizer_sweep(seeds=1, confirm=1)
ALONE = replace(completed_run(run_spec(seed=9)), artefacts={"weights": {"kernel": np.ones(3, np.float32)}})
DAY_SECONDS = 86400.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sound store with a study, its confirmation, and a run of its own, all of yesterday."""
    keep(tmp_path, SWEEP, completed_runs(SWEEP))
    confirming = completed_run(SWEEP.baseline.spec.with_seed(SWEEP.spec.confirmation_seeds[0]))
    for run in (confirming, ALONE):
        RunStore(tmp_path).put(run)
    age(tmp_path, DAY_SECONDS)
    return tmp_path


def found(root: Path) -> list[Garbage]:
    return list(find_garbage(stored_items(root), root, time.time()))


def lone(root: Path) -> list[str]:
    return [each.item.path.name for each in lone_runs(stored_items(root), root, time.time())]


def make(path: Path, age_seconds: float) -> Path:
    path.mkdir(parents=True)
    (path / "spec.json").write_text("{}")
    age(path, age_seconds)
    return path


def test_everything_is_of_one_sort_and_counted_once(root: Path) -> None:
    make(root / "runs" / ".tmp-1", 0)
    make(root / "runs" / "aa" / f"{'a' * 64}.corrupt-2", 0)
    make(root / "studies" / "named.corrupt", 0)
    (root / "notes.txt").write_text("mine")
    (root / "patches").mkdir()
    (root / "patches" / f"{'0' * 64}.patch").write_text("diff")
    there = stored_items(root)
    sorts = [each.kind for each in there]
    assert {sort: sorts.count(sort) for sort in ItemKind} == {
        **dict.fromkeys(ItemKind, 1),
        ItemKind.RUN: 8,
        ItemKind.STUDY: 2,
        ItemKind.LEASE: 0,
    }
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert sum(each.bytes for each in there) == sum(path.stat().st_size for path in files)


def test_a_sound_store_has_no_leftovers_but_a_run_of_its_own(root: Path) -> None:
    before = state(root)
    assert found(root) == []
    (only,) = lone_runs(stored_items(root), root, time.time())
    assert (only.kind, only.subject) == (GarbageKind.LONE_RUN, f"run {ALONE.spec.run_id[:12]}")
    folder = RunStore(root).folder(ALONE.spec.run_id)
    assert only.item.bytes == sum(path.stat().st_size for path in folder.rglob("*.*"))
    assert len(planned_ids(root)) == 12
    assert state(root) == before


@pytest.mark.parametrize("place", ["runs", "runs/ab", f"runs/{ALONE.spec.run_id[:2]}/{ALONE.spec.run_id}/artefacts"])
@pytest.mark.parametrize(("age_seconds", "is_found"), [(DEAD_SECONDS / 2, False), (2 * DEAD_SECONDS, True)])
def test_what_is_being_written_is_left_to_its_writer(
    root: Path, place: str, age_seconds: float, is_found: bool
) -> None:
    path = make(root / place / ".tmp-1", age_seconds)
    assert [each.item.path for each in found(root)] == ([path] if is_found else [])
    if is_found:
        assert remove(found(root)[0], root, time.time())
        assert not path.exists()


def test_a_folder_in_which_something_was_written_a_moment_ago_is_alive(root: Path) -> None:
    path = make(root / "runs" / ".tmp-1", 2 * DEAD_SECONDS)
    (path / "arrays.npz").write_text("")
    assert found(root) == []


def test_set_asides_are_found_wherever_they_are_made(root: Path) -> None:
    store, (run_id, other, *_) = RunStore(root), sorted(planned_ids(root) & set(RunStore(root).ids()))
    flip(store.folder(run_id) / "record.json")
    flip(store.folder(ALONE.spec.run_id) / "artefacts" / "weights.npz")
    (root / "studies" / "optimizers" / "plans.jsonl.corrupt").write_text("torn")
    assert not store.has(run_id)
    assert store.has(other)
    with pytest.raises(LookupError):
        store.artefact(ALONE.spec.run_id, "weights")
    kinds = [(each.kind, each.item.path.name) for each in found(root)]
    names = [f"{run_id}.corrupt", "weights.npz.corrupt", "plans.jsonl.corrupt"]
    assert sorted(kinds) == sorted((GarbageKind.SET_ASIDE, name) for name in names)
    for each in found(root):
        remove(each, root, time.time())
    assert found(root) == []
    assert sorted(path.name for path in (root / "studies" / "optimizers").iterdir()) == [
        ".plans.jsonl.lock",
        "plans.jsonl",
    ]


def test_artefacts_of_a_version_that_was_given_up_are_superseded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run_id = RunStore(root), ALONE.spec.run_id
    assert found(root) == []
    monkeypatch.setattr(
        "ablate.storage.garbage.ARTEFACTS", {**ARTEFACTS, "weights": replace(ARTEFACTS["weights"], version=2)}
    )
    (only,) = found(root)
    assert (only.kind, only.subject) == (GarbageKind.SUPERSEDED, f"run {run_id[:12]}, weights")
    monkeypatch.undo()
    assert not remove(only, root, time.time()), "made anew meanwhile"
    assert store.artefacts(run_id) == ("weights",)
    monkeypatch.setattr(
        "ablate.storage.garbage.ARTEFACTS", {**ARTEFACTS, "weights": replace(ARTEFACTS["weights"], version=2)}
    )
    assert remove(only, root, time.time())
    assert store.has(run_id)
    assert store.artefacts(run_id) == ()


def test_what_former_code_of_a_metric_has_measured_is_superseded(root: Path) -> None:
    store, run_id = RunStore(root), SWEEP.baseline.spec.run_id
    former, latest = BALANCED, replace(BALANCED, code="1" * 64)
    for metric in (former, latest):
        store.put_artefact(run_id, metric.artefact, {"value/test_balanced_accuracy": np.float64(0.5)})
    age(root, DAY_SECONDS)
    assert found(root) == [], "no study has asked for the metric"

    def ask(study: str, metric: OpenMetric) -> None:
        asking = replace(SWEEP, spec=replace(SWEEP.spec, metrics=(metric.to_json(),)))
        StudyFolder(root, study).record_plan(replace(plan_of(asking), name=study), [])
        age(root, DAY_SECONDS)

    ask("first", former)
    assert [each.item.path.stem for each in found(root)] == [latest.artefact]
    ask("first", latest)
    ask("first", former)
    ask("first", latest)
    (only,) = found(root)
    assert (only.kind, only.subject) == (GarbageKind.SUPERSEDED, f"run {run_id[:12]}, {former.artefact}")
    ask("second", former)
    assert found(root) == [], "both are asked for"
    ask("second", latest)
    assert remove(only, root, time.time())
    assert list(store.open_metrics(run_id)) == [latest.artefact]


def test_runs_of_the_last_minutes_and_claimed_ones_are_not_lone(root: Path) -> None:
    folder = RunStore(root).folder(ALONE.spec.run_id)
    assert lone(root) == [ALONE.spec.run_id]
    os.utime(folder / "record.json")
    assert lone(root) == []
    age(folder, RECENT_SECONDS + 1)
    assert lone(root) == [ALONE.spec.run_id]
    with Leases(root) as leases:
        leases.take(ALONE.spec.run_id)
        assert lone(root) == []
    assert lone(root) == [ALONE.spec.run_id]


def test_a_lone_run_that_was_claimed_meanwhile_stays(root: Path) -> None:
    (only,) = lone_runs(stored_items(root), root, time.time())
    with Leases(root) as leases:
        leases.take(ALONE.spec.run_id)
        assert not remove(only, root, time.time())
    assert RunStore(root).has(ALONE.spec.run_id)
    assert remove(only, root, time.time())
    assert not RunStore(root).has(ALONE.spec.run_id)
    assert Leases(root).names() == ()
    assert len(list(RunStore(root).ids())) == 7


def test_a_run_that_an_earlier_plan_of_the_study_named_is_needed(root: Path) -> None:
    """Seeds that were planned once come back with the next command that asks for them."""
    fewer = optimizer_sweep(seeds=1, optimizers={"adam": 0.001}, confirm=1)
    assert fewer.spec.definition() != SWEEP.spec.definition()
    more = optimizer_sweep(seeds=3, confirm=1)
    keep(root, more, completed_runs(more))
    keep(root, SWEEP, {})
    age(root, DAY_SECONDS)
    assert lone(root) == [ALONE.spec.run_id]


def test_claims_of_the_dead_are_void(root: Path) -> None:
    dead = Owner.current()
    Leases(root, replace(dead, pid=2**22 + 1)).take("a" * 64)
    with Leases(root) as leases:
        leases.take("b" * 64)
        (only,) = found(root)
        assert (only.kind, only.item.path.name) == (GarbageKind.VOID_LEASE, "a" * 64)
        assert remove(only, root, time.time())
        assert leases.names() == ("b" * 64,)


@pytest.mark.parametrize("seconds", [0.0, 2 * DEAD_SECONDS])
def test_what_the_dead_told_of_epochs_goes_with_their_claims(root: Path, seconds: float) -> None:
    """Whether they died a moment ago or long ago; of the living it stays."""
    dead = Owner.current()
    Leases(root, replace(dead, pid=2**22 + 1)).take("a" * 64)
    with Leases(root) as leases:
        leases.take("b" * 64)
        for name in ("a", "b"):
            write_epochs(root, EpochsSoFar(name * 64, 5))
        now = time.time()
        for path in (root / "claims").glob("*a*"):
            os.utime(path, (now - seconds, now - seconds))
        for each in found(root):
            assert remove(each, root, now)
        assert read_epochs(root, "a" * 64) is None
        assert read_epochs(root, "b" * 64) == EpochsSoFar("b" * 64, 5)
        assert found(root) == []


@pytest.mark.parametrize("is_damaged", [True, False])
def test_where_a_plan_cannot_be_read_no_run_is_known_to_be_lone(
    root: Path, is_damaged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_damaged:
        flip(root / "studies" / "optimizers" / "plans.jsonl")
    else:
        monkeypatch.setattr("ablate.storage.studies.PLAN_FORMAT", 0)
    with pytest.raises(UnknownNeeds, match="Which runs study optimizers needs is not known"):
        lone(root)
    assert found(root) == []


def test_what_a_run_was_before_it_was_trained_anew_may_go_and_the_patches_of_records_stay(root: Path) -> None:
    aside = make(root / "runs" / "aa" / f"{'a' * 64}.superseded", 0)
    (root / "patches").mkdir()
    (root / "patches" / f"{'0' * 64}.patch").write_text("diff")
    assert [(each.kind, each.item.path) for each in found(root)] == [(GarbageKind.SET_ASIDE, aside)]


def test_a_study_that_another_of_its_name_has_replaced_is_known(root: Path) -> None:
    """Its folder beside the others is no study without a plan."""
    other = plan_of(optimizer_sweep(seeds=3, metric="val_accuracy"))
    folder = next(iter(sorted((root / "studies").iterdir())))
    assert StudyFolder(root, folder.name).make_way(replace(other, name=folder.name)) is not None
    assert unplanned_names(root) == ()
    (root / "studies" / "lost").mkdir()
    assert unplanned_names(root) == ("lost",)
