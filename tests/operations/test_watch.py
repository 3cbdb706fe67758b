"""`watch` from Python: one standing after the other, from the plan and the store."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from ablate.cli.watch import headline, lines_of
from ablate.core.errors import UsageError
from ablate.core.specs import confirmation_runs
from ablate.operations.watch import watch
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from tests.cli.kept import keep
from tests.synthetic import completed_run, completed_runs, failed_run, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
RUNS = completed_runs(SWEEP)
*DONE, THIRD, FOURTH = RUNS


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two of the study's four runs are done."""
    keep(tmp_path, SWEEP, {run_id: RUNS[run_id] for run_id in DONE})
    return tmp_path


def test_it_looks_until_every_run_has_been_tried(results: Path) -> None:
    looks = watch(results_dir=results, every_seconds=0.001)
    first = next(looks)
    assert [record.run_id for record in first.done] == DONE
    assert (first.failed, first.running, first.planned, first.is_over) == ((), (), 4, False)
    RunStore(results).put(RUNS[THIRD])
    RunStore(results).put(failed_run(RUNS[FOURTH].spec))
    (last,) = looks
    assert ([record.run_id for record in last.failed], last.is_over) == ([FOURTH], True)


def test_what_a_living_process_has_claimed_is_running(results: Path) -> None:
    with Leases(results) as leases:
        assert leases.take(THIRD)
        standing = next(watch("optimizers", results_dir=results))
    assert standing.running == (THIRD,)
    assert standing.seconds_left == pytest.approx(
        2 * fmean(RUNS[run_id].record.timings.wall_seconds for run_id in DONE)
    )
    standing = next(watch("optimizers", results_dir=results))
    assert (standing.running, standing.seconds_left) == ((), None)


def test_a_confirmation_that_has_begun_is_counted(tmp_path: Path) -> None:
    sweep = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01}, confirm=1)
    keep(tmp_path, sweep, completed_runs(sweep))
    *_, standing = watch("optimizers", results_dir=tmp_path, every_seconds=0.001)
    assert (standing.planned, standing.confirming, standing.is_over) == (4, (), True)
    (fresh, *_), (spec, *_) = confirmation_runs(sweep), confirmation_runs(sweep).values()
    with Leases(tmp_path) as leases:
        assert leases.take(fresh.run_id)
        standing = next(watch("optimizers", results_dir=tmp_path))
        assert (standing.planned, standing.number_done, standing.running) == (5, 4, (fresh.run_id,))
        assert not standing.is_over
        assert "4 of 5 runs done, 1 of them to confirm, 1 being trained" in headline(standing)
        assert any(f"training {fresh.arm} seed {fresh.seed}" in line for line in lines_of(standing))
    RunStore(tmp_path).put(completed_run(spec))
    standing = next(watch("optimizers", results_dir=tmp_path))
    assert (standing.planned, standing.number_done, standing.is_over) == (5, 5, True)


def test_what_cannot_be_watched_is_refused_before_the_first_look(results: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No study nothing") as raised:
        watch("nothing", results_dir=results)
    assert raised.value.exit_code == 2
    with pytest.raises(UsageError, match="No study to watch"):
        watch(results_dir=tmp_path / "empty")
    with pytest.raises(UsageError, match="above 0"):
        watch("optimizers", results_dir=results, every_seconds=0.0)
