"""`show` from Python: a run by the beginning of its id, and what names none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ablate.core.errors import UsageError
from ablate.core.identity import Json
from ablate.operations.catalogue import catalogue
from ablate.operations.compare import compare
from ablate.operations.show import show
from ablate.storage.runs import AmbiguousPrefix, MissingRun, RunStore
from tests.cli.kept import keep
from tests.core.test_metrics import BALANCED
from tests.synthetic import EPOCHS, completed_run, completed_runs, failed_run, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
ADAM = SWEEP.baseline.spec


@pytest.fixture
def results(tmp_path: Path) -> Path:
    keep(tmp_path, SWEEP, completed_runs(SWEEP))
    return tmp_path


def test_a_run_comes_with_its_place_and_its_folder(results: Path) -> None:
    (shown,) = show(ADAM.run_id[:10], results_dir=results)
    assert shown.run.spec == ADAM
    assert shown.folder == results / "runs" / ADAM.run_id[:2] / ADAM.run_id
    assert [membership.title for membership in shown.memberships] == ["optimizers:optimizer=adam"]
    assert shown.settings["optimizer.learning_rate"] == 0.001
    assert shown.epochs == tuple(sorted({1, shown.run.record.best_epoch or 1, EPOCHS}))


def test_runs_come_in_the_order_of_their_names(results: Path) -> None:
    ids = [arm.spec.run_id for arm in reversed(SWEEP.arms)]
    assert [shown.run.record.run_id for shown in show(*ids, results_dir=results)] == ids


def test_the_command_stands_apart_from_the_environment(results: Path) -> None:
    run = completed_run(ADAM.with_seed(77))
    environment: dict[str, Json] = {"argv": ["seed=77"], "git": {"ablate": {"commit": "c0ffee"}}}
    RunStore(results).put(replace(run, record=replace(run.record, environment=environment)))
    (shown,) = show(run.spec.run_id, results_dir=results)
    assert (shown.command, shown.environment) == (("seed=77",), {"git.ablate.commit": "c0ffee"})


def test_what_open_metrics_have_measured_stands_with_the_metrics(results: Path) -> None:
    store, name = RunStore(results), "test_balanced_accuracy"
    for code, value in (("1" * 64, 0.25), ("2" * 64, 0.75)):
        artefact = replace(BALANCED, code=code).artefact
        store.put_artefact(ADAM.run_id, artefact, {f"value/{name}": np.float64(value)})
        os.utime(store.folder(ADAM.run_id) / "artefacts" / f"{artefact}.npz", (value, value))
    record = store.record(ADAM.run_id)
    (shown,) = show(ADAM.run_id, results_dir=results)
    assert shown.metrics == {**record.metrics, name: 0.75}, "by the code that has measured last"
    (entry,) = [each for each in catalogue("runs", results_dir=results).runs or () if each.run_id == ADAM.run_id]
    assert entry.metrics == shown.metrics
    other = next(spec.run_id for arm in SWEEP.arms if (spec := arm.spec).run_id != ADAM.run_id)
    found = {each.metric.name: each for each in compare(ADAM.run_id, other, results_dir=results).metrics}
    assert [estimate.values for estimate in found[name].estimates] == [(0.75,), ()]


def test_a_run_that_failed_has_no_epochs_to_show(results: Path) -> None:
    run = failed_run(ADAM.with_seed(78))
    RunStore(results).put(run)
    assert show(run.spec.run_id, results_dir=results)[0].epochs == ()


@pytest.mark.parametrize(
    ("names", "error"),
    [((), UsageError), (("optimizers",), UsageError), (("zzz",), MissingRun), (("",), AmbiguousPrefix)],
)
def test_what_names_no_run_is_refused(names: tuple[str, ...], error: type[Exception], results: Path) -> None:
    with pytest.raises(error) as raised:
        show(*names, results_dir=results)
    assert raised.value.exit_code == 2  # type: ignore[attr-defined]
