"""`ablate reproduce`: trained again, compared, and nothing of the store touched. Training is pretended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from ablate.core.records import StoredRun
from ablate.plots import figures
from ablate.storage.runs import RunStore
from tests.cli import pretended
from tests.cli.conftest import Ablate, Said
from tests.cli.kept import keep
from tests.json_schema import validated
from tests.synthetic import completed_runs, eventful_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=3, optimizers={"adam": 0.001, "sgd": 0.01})
ADAM, SGD = SWEEP.baseline.spec, SWEEP.arms[1].spec


@pytest.fixture
def reproduce(ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch):
    pretended.stand_in(monkeypatch)

    def run(*words: str) -> Said:
        return ablate("reproduce", *words, "executor=inline", f"data_dir={folder}")

    return run


@pytest.fixture(autouse=True)
def kept(folder: Path) -> dict[str, StoredRun]:
    runs = completed_runs(SWEEP)
    keep(folder / "results", SWEEP, runs)
    return runs


def state(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (folder / "results").rglob("*") if path.is_file()}


def changed(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Has the trainer come to other validation losses, and know its TensorFlow."""

    def other_run(spec, quality):
        run = completed_run(spec, quality)
        environment = {**run.record.environment, "versions": {"tensorflow": "9.0.0", "keras": "3.15.0"}, "cpu": "X"}
        losses = run.arrays["history/val_loss"] * factor
        record = replace(run.record, environment=environment)
        return replace(run, record=record, arrays={**run.arrays, "history/val_loss": losses})

    completed_run = pretended.completed_run
    monkeypatch.setattr(pretended, "completed_run", other_run)


def trained(folder: Path) -> list[str]:
    return (folder / "tried").read_text().split()


def test_a_study_comes_out_again_and_the_store_is_as_it_was(reproduce, folder: Path) -> None:
    before = state(folder)
    said = reproduce("optimizers")
    assert said.code == 0, said.err
    assert state(folder) == before
    assert sorted(trained(folder)) == sorted(spec.run_id for spec in SWEEP.run_specs())
    assert said.out.count("bit-equal") == 6


def test_one_of_each_arm_comes_first(reproduce, folder: Path) -> None:
    assert reproduce("optimizers", "--limit", "2").code == 0
    assert trained(folder) == [ADAM.run_id, SGD.run_id]


def test_rounding_is_within_tolerance_and_what_changed_is_said(reproduce, monkeypatch) -> None:
    changed(monkeypatch, 1 + 1e-6)
    said = reproduce(ADAM.run_id[:12])
    assert said.code == 0
    assert "within tolerance" in said.out
    assert "val_loss of each epoch" in said.out
    assert "from epoch 1" in said.out
    assert "changed since: versions.tensorflow 2.21.0 → 9.0.0" in said.out
    assert "not recorded then: cpu" in said.out
    assert "Within tolerance is up to 0.0002 of losses" in said.out


def test_other_numbers_are_code_3_and_json_says_how_far_off(reproduce, monkeypatch) -> None:
    changed(monkeypatch, 1.5)
    said = reproduce("optimizers:adam", "--limit", "1", "--json")
    assert said.code == 3
    told = validated(said.out)
    (run,) = told["runs"]
    assert told["tolerance"]["metrics"] == {"relative": 2e-4, "floor": 0.05}
    assert (run["run_id"], run["outcome"]) == (ADAM.run_id, "different")
    (losses,) = [each for each in run["quantities"] if not each["bit_equal"]]
    assert losses["name"] == "val_loss of each epoch"
    assert 0.3 < losses["largest_relative_difference"] < 0.5
    assert run["changed"] == {"versions.tensorflow": {"recorded": "2.21.0", "now": "9.0.0"}}


def test_weights_that_were_kept_are_compared_too(reproduce, folder: Path, monkeypatch) -> None:
    weights = {"kernel": np.ones(3, np.float32)}
    RunStore(folder / "results").put_artefact(ADAM.run_id, "weights", weights)
    train = pretended.Trainer.train

    def with_weights(self, spec, progress):
        return replace(train(self, spec, progress), artefacts={"weights": {"kernel": np.full(3, 2, np.float32)}})

    monkeypatch.setattr(pretended.Trainer, "train", with_weights)
    said = reproduce(ADAM.run_id)
    assert said.code == 3
    assert "weights kept" in said.out


def test_a_run_that_fails_now_is_code_3_and_says_why(reproduce, monkeypatch) -> None:
    def broken(spec, quality):
        raise OSError("the data is gone")

    monkeypatch.setattr(pretended, "completed_run", broken)
    said = reproduce(ADAM.run_id)
    assert said.code == 3
    assert "failed" in said.out
    assert "OSError: the data is gone" in said.out


def test_a_report_s_data_is_enough(reproduce, ablate: Ablate, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))
    assert ablate("report", "optimizers").code == 0
    (folder / "results").rename(folder / "elsewhere")
    said = reproduce("--from", "reports/optimizers/data", "sgd", "--limit", "2")
    assert said.code == 0, said.err
    assert trained(folder) == [SGD.run_id, SGD.with_seed(1).run_id]
    assert said.out.count("bit-equal") == 2


def test_what_failed_is_left_out_and_said(reproduce, folder: Path) -> None:
    sweep = optimizer_sweep(seeds=3, optimizers={"nadam": 0.001, "adam": 0.001})
    for run in eventful_runs(sweep).values():
        RunStore(folder / "results").put(run)
    failed = sweep.arms[0].spec.with_seed(2)
    said = reproduce(failed.run_id, ADAM.run_id)
    assert said.code == 0
    assert "1 run failed when stored" in said.err
    alone = reproduce(failed.run_id)
    assert (alone.code, alone.err.splitlines()[-1]) == (2, f"{failed.run_id} has no run with an outcome")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Which run, or which study?"),
        (("optimizers:nope",), "names no arm"),
        (("--limit", "0", "optimizers"), "--limit is 0"),
        (("ffff",), "no run ffff"),
        (("--from", "nowhere"), "nowhere is not the data/ folder of a report"),
        (("--from", "results"), "results is not the data/ folder of a report"),
    ],
)
def test_bad_input_is_code_2(reproduce, words: tuple[str, ...], message: str) -> None:
    said = reproduce(*words)
    assert said.code == 2
    assert message in said.err


def test_a_record_does_not_choose_the_code_that_is_run(reproduce, folder: Path) -> None:
    strange = replace(ADAM, code={"evil": "0" * 64})
    run = replace(completed_runs(SWEEP)[ADAM.run_id], spec=strange)
    RunStore(folder / "results").put(replace(run, record=replace(run.record, run_id=strange.run_id)))
    said = reproduce(strange.run_id)
    assert said.code == 2
    assert "--allow-target evil" in said.err
    assert not (folder / "tried").exists()
