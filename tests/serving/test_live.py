"""What is shown of a study under way, counted by hand, and that what cannot be read is told and not touched."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ablate.core.plans import StudyPlan
from ablate.core.specs import Sweep
from ablate.serving.confined import LeadsOut
from ablate.serving.live import MOST_CURVES, MOST_FAILURES, MOST_TAIL, LiveState, Look
from ablate.serving.live_curves import MOST_VALUES
from ablate.serving.site import Site
from ablate.storage.epochs import EpochsSoFar, write_epochs
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, UnknownStudy
from tests.cli.kept import keep
from tests.damage import state
from tests.synthetic import (
    EPOCHS,
    completed_run,
    completed_runs,
    diverged_run,
    dropout_sweep,
    failed_run,
    optimizer_sweep,
    study,
)

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01, "nadam": 0.001})
RUNS = completed_runs(SWEEP)
# adam is done, of sgd one failed and one is under way, of nadam one diverged and one waits.
FIRST, SECOND, FAILED, RUNNING, DIVERGED, WAITING = RUNS
TOLD = (
    EpochsSoFar(RUNNING, EPOCHS)
    .with_epoch(1, {"val_loss": 2.0, "loss": 2.5})
    .with_epoch(2, {"val_loss": 1.5, "loss": 1.75})
)


@pytest.fixture
def results(tmp_path: Path) -> Iterator[Path]:
    """A store in the middle of it: another process, here as good as one, holds a lease."""
    kept = {FIRST: RUNS[FIRST], SECOND: RUNS[SECOND], DIVERGED: diverged_run(RUNS[DIVERGED].spec)}
    long = failed_run(RUNS[FAILED].spec)
    failure = replace(long.record.failure, traceback="x" * 9000 + "\x1b[2J the end")  # type: ignore[type-var]
    kept[FAILED] = replace(long, record=replace(long.record, failure=failure))
    keep(tmp_path, SWEEP, kept)
    with Leases(tmp_path) as leases:
        assert leases.take(RUNNING)
        write_epochs(tmp_path, TOLD)
        yield tmp_path


def look(folder: Path, name: str = "optimizers") -> LiveState:
    return Look(Site(folder), name)()


def test_every_run_is_counted_where_it_is(results: Path) -> None:
    found = look(results)
    assert (found.planned, found.done, found.diverged, found.failed, found.running) == (6, 3, 1, 1, 1)
    assert (found.is_over, found.confirming) == (False, 0)
    assert [
        (each.arm, each.planned, each.completed, each.diverged, each.failed, each.running) for each in found.arms
    ] == [
        ("optimizer=adam", 2, 2, 0, 0, 0),
        ("optimizer=sgd", 2, 0, 0, 1, 1),
        ("optimizer=nadam", 2, 0, 1, 0, 0),
    ]
    done = [RUNS[FIRST], RUNS[SECOND], diverged_run(RUNS[DIVERGED].spec)]
    assert found.seconds_left == pytest.approx(3 * np.mean([run.record.timings.wall_seconds for run in done]))


def test_a_run_under_way_tells_its_epoch_and_its_last_numbers(results: Path) -> None:
    (run,) = look(results).under_way
    assert (run.run_id, run.label, run.so_far) == (RUNNING, "optimizer=sgd seed 1", TOLD)
    assert dict(run.numbers) == {"validation loss": 1.5, "training loss": 1.75}


def test_a_failure_keeps_its_end_without_controls(results: Path) -> None:
    (run,) = look(results).failures
    assert run.message.startswith("error: ValueError: the layer")
    assert run.tail.endswith("\\x1b[2J the end")
    assert len(run.tail) < MOST_TAIL + 10


def seeds_of(found: LiveState, metric: int = 0) -> list[list[dict[str, object]]]:
    metrics: list[dict[str, list[dict[str, list[dict[str, object]]]]]] = found.curves.data["metrics"]  # type: ignore[assignment]
    return [arm["seeds"] for arm in metrics[metric]["arms"]]


def test_curves_are_of_what_has_ended_and_what_is_under_way(results: Path) -> None:
    found = look(results)
    adam, sgd, nadam = seeds_of(found)
    assert [seed["seed"] for seed in adam] == [0, 1]
    for seed, run_id in zip(adam, (FIRST, SECOND), strict=True):
        np.testing.assert_allclose(seed["values"], RUNS[run_id].arrays["history/val_loss"], rtol=1e-4)
        assert "live" not in seed
    assert sgd == [{"seed": 1, "values": [2.0, 1.5], "live": True}]
    assert "end" in nadam[0]
    arms = found.curves.data["metrics"][0]["arms"]  # type: ignore[index,call-overload]
    mean = (RUNS[FIRST].arrays["history/val_loss"] + RUNS[SECOND].arrays["history/val_loss"]) / 2
    np.testing.assert_allclose(arms[0]["mean"], mean, rtol=1e-4)  # type: ignore[index,call-overload]
    # What is under way has no part in a mean, and is not counted in n.
    assert [(arm["counts"], arm["mean"]) for arm in arms[1:]] == [  # type: ignore[index,call-overload,union-attr]
        ("n = 0, 1 under way", []),
        ("n = 0, 1 diverged", []),
    ]
    assert len(found.curves.ended[0].arms[1].seeds) == 0


def test_a_run_that_ends_moves_from_one_to_the_other(results: Path) -> None:
    again = Look(Site(results), "optimizers")
    assert again().done == 3
    RunStore(results).put(RUNS[RUNNING])
    found = again()
    assert (found.done, found.running) == (4, 0)
    (curve,) = seeds_of(found)[1]
    assert "live" not in curve
    assert len(curve["values"]) == EPOCHS  # type: ignore[arg-type]
    RunStore(results).put(RUNS[WAITING])
    RunStore(results).put(RUNS[FAILED])
    assert again().is_over


def test_what_has_ended_is_read_once(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = Look(Site(results), "optimizers")
    first = again()
    read: list[str] = []
    for name in ("record", "arrays"):
        original = getattr(RunStore, name)
        monkeypatch.setattr(RunStore, name, lambda *a, _of=original: (read.append(a[1]), _of(*a))[1])
    assert again() == first
    assert read == []
    RunStore(results).put(RUNS[WAITING])
    again()
    assert len(read) == 2


def test_between_epochs_that_were_not_kept_lines_are_straight_and_that_is_said(results: Path) -> None:
    so_far = EpochsSoFar(RUNNING, 2000)
    for epoch in range(1, 1001):
        so_far = so_far.with_epoch(epoch, {"val_loss": 1000.0 - epoch})
    write_epochs(results, so_far)
    found = look(results)
    assert f"one epoch in {so_far.every} is known here" in str(found.curves.data["note"])
    (curve,) = seeds_of(found)[1]
    values: list[float] = curve["values"]  # type: ignore[assignment]
    assert values[0] == 999.0
    assert values[-1] == 0.0 or math.isclose(values[-1], 0.0, abs_tol=5)
    assert values == sorted(values, reverse=True)


def test_a_damaged_record_and_a_damaged_history_are_told_and_left(results: Path) -> None:
    store = RunStore(results)
    record, arrays = store.folder(FIRST) / "record.json", store.folder(SECOND) / "arrays.npz"
    record.write_bytes(record.read_bytes()[:100])
    content = bytearray(arrays.read_bytes())
    content[len(content) // 2] ^= 1
    arrays.write_bytes(content)
    before = state(results)
    found = look(results)
    assert state(results) == before
    assert found.done == 2
    assert len(found.unreadable) == 2
    assert seeds_of(found)[0] == []
    # Looked at again it is told again.
    again = Look(Site(results), "optimizers")
    assert again().unreadable == again().unreadable == found.unreadable


@pytest.mark.parametrize("length", [0, 10, 200])
def test_notes_that_are_half_written_tell_nothing_yet(results: Path, length: int) -> None:
    path = results / "claims" / f".{RUNNING}.epochs"
    path.write_bytes(path.read_bytes()[:length])
    (run,) = look(results).under_way
    assert (run.so_far, run.numbers) == (None, ())


def test_links_that_lead_out_are_not_followed(results: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write_epochs_at = results / "claims" / f".{RUNNING}.epochs"
    (outside / "epochs").write_bytes(write_epochs_at.read_bytes())
    write_epochs_at.unlink()
    write_epochs_at.symlink_to(outside / "epochs")
    with pytest.raises(LeadsOut):
        look(results)


def test_a_folder_that_is_not_there_and_one_with_nothing_but_a_plan(tmp_path: Path) -> None:
    with pytest.raises(UnknownStudy):
        look(tmp_path / "nowhere")
    keep(tmp_path, SWEEP, {})
    again = Look(Site(tmp_path), "optimizers")
    assert (again().done, again().curves.data["metrics"]) == (0, [])


def wide(arms: int, seeds: int) -> Sweep:
    return optimizer_sweep(
        seeds=seeds, optimizers={"adam": 0.001, **{f"sgd{index}": 0.01 + index for index in range(arms - 1)}}
    )


def test_a_large_study_is_shown_within_bounds_that_are_said(tmp_path: Path) -> None:
    sweep = wide(25, 10)
    specs = list(sweep.run_specs())
    keep(tmp_path, sweep, {})
    store = RunStore(tmp_path)
    for spec in specs[:-30]:
        store.put(completed_run(spec))
    for spec in specs[-30:]:
        store.put(failed_run(spec))
    found = look(tmp_path)
    assert (found.done, found.failed, len(found.failures)) == (220, 30, MOST_FAILURES)
    assert sum(map(len, seeds_of(found))) == MOST_CURVES
    assert f"Shown of 220 runs that have ended: the {MOST_CURVES} that ended last" in str(found.curves.data["note"])
    values = sum(len(seed["values"]) for arm in seeds_of(found) for seed in arm)  # type: ignore[arg-type]
    assert values <= MOST_VALUES


def test_of_several_sweeps_the_one_under_way_is_drawn(tmp_path: Path) -> None:
    sweeps = (dropout_sweep(), SWEEP)
    plan = StudyPlan.of(study(*sweeps))
    StudyFolder(tmp_path, plan.name).record_plan(plan, ["x"])
    assert look(tmp_path, plan.name).sweep == "dropout"
    RunStore(tmp_path).put(RUNS[FIRST])
    assert look(tmp_path, plan.name).sweep == "optimizers"
    *_, spec = sweeps[0].run_specs()
    with Leases(tmp_path) as leases:
        assert leases.take(spec.run_id)
        assert look(tmp_path, plan.name).sweep == "dropout"
