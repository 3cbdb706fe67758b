"""`compare` from Python: numbers against those of the runs themselves, and what cannot be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from ablate.core.errors import UsageError
from ablate.core.specs import Numerics
from ablate.operations.compare import NotComparable, compare
from ablate.storage.runs import RunStore
from tests.cli.kept import keep
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, run_spec

SWEEP = optimizer_sweep(seeds=3, optimizers={"adam": 0.001, "sgd": 0.01})
RUNS = completed_runs(SWEEP)
ONE = run_spec("adam", learning_rate=0.5)
OTHER = replace(ONE, numerics=Numerics("cpu", "xla", 2))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    keep(tmp_path, SWEEP, RUNS)
    for spec in (ONE, OTHER):
        RunStore(tmp_path).put(completed_run(spec))
    return tmp_path


def losses(optimizer: str) -> list[float]:
    kept = [run for run in RUNS.values() if run.spec.optimizer.target.endswith(f".{optimizer}")]
    return [run.record.metrics["test_loss"] for run in sorted(kept, key=lambda run: run.spec.seed)]


def test_two_arms_are_paired_by_seed(results: Path) -> None:
    comparison = compare("optimizers:adam", "optimizers:sgd", results_dir=results)
    assert comparison.labels == ("optimizers:optimizer=adam", "optimizers:optimizer=sgd")
    (loss,) = [metric for metric in comparison.metrics if metric.metric.name == "test_loss"]
    assert loss.estimates[0].mean == pytest.approx(fmean(losses("adam")))
    difference = fmean(sgd - adam for sgd, adam in zip(losses("sgd"), losses("adam"), strict=True))
    assert loss.differences[1] is not None
    assert loss.differences[1].mean == pytest.approx(difference)


def test_a_study_is_all_of_its_arms(results: Path) -> None:
    assert compare("optimizers", results_dir=results).labels == tuple(f"optimizers:{arm.name}" for arm in SWEEP.arms)


def test_what_is_not_comparable_needs_leave(results: Path) -> None:
    with pytest.raises(NotComparable, match="differ in numerics") as raised:
        compare(ONE.run_id, OTHER.run_id, results_dir=results)
    assert (raised.value.exit_code, raised.value.hint) == (2, "To compare them all the same: --allow")
    (mismatch,) = compare(ONE.run_id, OTHER.run_id, results_dir=results, allow=True).mismatches
    assert mismatch.aspect == "numerics"


@pytest.mark.parametrize("names", [(), ("optimizers:adam",), (ONE.run_id,), ("nothing:adam", "optimizers:adam")])
def test_less_than_two_sides_are_none(names: tuple[str, ...], results: Path) -> None:
    with pytest.raises(UsageError, match="There are optimizers") as raised:
        compare(*names, results_dir=results)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("names", "twice"),
    [
        (("optimizers:adam", "optimizers:adam"), "optimizers:optimizer=adam"),
        (("optimizers:adam", "optimizers:optimizer=adam"), "optimizers:optimizer=adam"),
        (("optimizers", "optimizers"), "optimizers:optimizer=adam"),
        (("optimizers", "optimizers:sgd"), "optimizers:optimizer=sgd"),
        ((ONE.run_id, ONE.run_id[:12]), ONE.run_id[:12]),
    ],
)
def test_a_side_that_is_named_twice_is_none_to_compare(names: tuple[str, str], twice: str, results: Path) -> None:
    with pytest.raises(UsageError, match=f"^{names[0]} and {names[1]} both name {twice}.*: name each side once$"):
        compare(*names, results_dir=results)
