"""`ablate show`: one run, whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ablate.core.specs import RunSpec
from ablate.storage.runs import RunStore
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.json_schema import validated
from tests.synthetic import EPOCHS, completed_run, eventful_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=4)
SGD = SWEEP.arms[0].spec
ADAM = SWEEP.baseline.spec


@pytest.fixture(autouse=True)
def kept(folder: Path) -> None:
    keep(folder / "results", SWEEP, eventful_runs(SWEEP))


def test_a_run_is_shown_with_its_place_settings_metrics_and_folder(ablate: Ablate) -> None:
    said = ablate("show", ADAM.run_id[:10])
    assert (said.code, said.err) == (0, "")
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0] == ["run", ADAM.run_id]
    assert "optimizers:optimizer=adam, seed 0" in said.out
    assert f"in results/runs/{ADAM.run_id[:2]}/{ADAM.run_id}" in said.out
    assert ["optimizer.learning_rate", "0.001"] in lines
    assert [line[0] for line in lines if line and line[0].startswith("test_")] == ["test_loss", "test_accuracy"]
    assert lines[-1][0] == str(EPOCHS)


def test_the_history_is_shown_at_the_first_the_best_and_the_last_epoch(ablate: Ablate) -> None:
    (run,) = validated(ablate("show", ADAM.run_id, "--json").out)
    history, best = run["history"]["val_loss"], run["record"]["best_epoch"]
    table = ablate("show", ADAM.run_id).out.split("epoch ")[-1].splitlines()
    at = table[0].split().index("val_loss") + 1
    shown = {int(row.split()[0]): row.split()[at] for row in table[1:]}
    assert shown == {epoch: f"{history[epoch - 1]:.4g}" for epoch in sorted({1, best, EPOCHS})}


def test_json_is_all_that_stands_on_stdout(ablate: Ablate) -> None:
    said = ablate("show", ADAM.run_id[:10], SGD.with_seed(1).run_id[:10], "--json")
    adam, sgd = validated(said.out)
    assert said.err == ""
    assert RunSpec.from_json(adam["spec"]).run_id == adam["run_id"] == ADAM.run_id
    assert sgd["record"]["status"] == "diverged"


@pytest.mark.parametrize(
    ("seed", "expected"),
    [(1, "diverged after 3 epochs"), (1, "epoch 4, step 17 was not finite"), (2, "failed after 0 epochs")],
)
def test_what_went_wrong_is_said(seed: int, expected: str, ablate: Ablate) -> None:
    assert expected in ablate("show", SGD.with_seed(seed).run_id).out


def test_the_traceback_of_a_failed_run_is_there(ablate: Ablate) -> None:
    assert "Traceback (most recent call last)" in ablate("show", SGD.with_seed(2).run_id).out


def test_names_that_are_no_run_are_answered(ablate: Ablate) -> None:
    assert ablate("show", "optimizers").err == (
        "optimizers is a study. Its runs: ablate list study=optimizers; those of an arm: ablate show optimizers:ARM\n"
    )
    ambiguous = ablate("show", "")
    assert ambiguous.code == 2
    assert "runs begin with" in ambiguous.err


def test_where_and_by_which_command_a_run_was_computed_is_a_row_each(folder: Path, ablate: Ablate) -> None:
    run = completed_run(ADAM.with_seed(77))
    environment = {"argv": ["model.hidden=[8, 8]", "seed=77"], "git": {"ablate": {"commit": "c0ffee", "patch": None}}}
    RunStore(folder / "results").put(replace(run, record=replace(run.record, environment=environment)))
    said = ablate("show", run.spec.run_id).out
    lines = [line.strip().split(maxsplit=1) for line in said.splitlines()]
    assert ["command", "ablate 'model.hidden=[8, 8]' seed=77"] in lines
    assert ["git.ablate.commit", "c0ffee"] in lines


def test_an_arm_is_all_of_its_runs_by_seed(ablate: Ablate) -> None:
    said = ablate("show", "optimizers:adam", "--json")
    assert (said.code, said.err) == (0, "")
    assert [run["run_id"] for run in validated(said.out)] == [ADAM.with_seed(seed).run_id for seed in range(4)]
    assert ablate("show", "optimizers:admm").code == 2
