"""Models and histories as files: what is in them, and that each is told as soon as it is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.core.specs import Sweep
from ablate.operations.export import export
from ablate.operations.request import read_settings
from tests.cli.kept import keep
from tests.operations.conftest import logits, made_up
from tests.synthetic import completed_runs, diverged_run, failed_run, optimizer_sweep

ARM = "dropout:dropout=0.0"


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_model_answers_as_its_weights_do(settings: Settings, tmp_path: Path, form: str) -> None:
    from ablate.exporting._models import load_model

    told: list[tuple[Path, bool]] = []

    def observe(path: Path) -> None:
        told.append((path, path.is_file()))

    found = export([ARM], settings=settings, form=form, out=tmp_path, observe=observe)
    assert found.paths == tuple(tmp_path / f"dropout=0.0_seed{seed}.{form}" for seed in (0, 1))
    assert told == [(path, True) for path in found.paths]
    example = np.random.default_rng(5).random((8, 8, 1), np.float32)
    answers = np.asarray(load_model(found.paths[1])(example[np.newaxis]))[0]
    assert answers == pytest.approx(logits(made_up(1, 0.3), example), abs=1e-4)


def test_histories_are_written_once(settings: Settings, weighted_sweep: Sweep, tmp_path: Path) -> None:
    run_id = weighted_sweep.baseline.spec.run_id
    found = export([run_id], settings=settings, form="tensorboard", out=tmp_path)
    assert found.paths == (tmp_path / run_id[:12],)
    assert list(found.paths[0].glob("*/events.*"))
    with pytest.raises(UsageError, match="is there already"):
        export([run_id], settings=settings, form="tensorboard", out=tmp_path)


@pytest.mark.parametrize(
    ("names", "form", "message"),
    [
        ([], "keras", "Which run"),
        ([ARM], "onnx", "onnx is no format of an export: h5, keras, tensorboard are"),
        (["nope:adam"], "keras", "No study nope"),
    ],
)
def test_what_cannot_be_written(settings: Settings, tmp_path: Path, names: list[str], form: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        export(names, settings=settings, form=form, out=tmp_path)
    assert raised.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def eventful(tmp_path: Path) -> tuple[Settings, Sweep]:
    """A study of which one run diverged in its fourth epoch and one before the end of its first, one failed, and the
    others kept no weights."""
    sweep = optimizer_sweep(seeds=4, optimizers={"adam": 0.001, "sgd": 0.01})
    sgd, runs = sweep.arms[0].spec, completed_runs(sweep)
    for run in (diverged_run(sgd.with_seed(1)), diverged_run(sgd.with_seed(2), epoch=1), failed_run(sgd.with_seed(3))):
        runs[run.spec.run_id] = run
    keep(tmp_path / "results", sweep, runs)
    return read_settings((f"results_dir={tmp_path}/results",)), sweep


def test_a_diverged_history_ends_where_it_did_and_the_rest_is_said(
    eventful: tuple[Settings, Sweep], tmp_path: Path
) -> None:
    settings, sweep = eventful
    found = export(["optimizers"], settings=settings, form="tensorboard", out=tmp_path / "logs")
    arm = sweep.arms[0].name
    assert {path.name for path in found.paths} == {
        *(f"{each.name}_seed{seed}" for each in sweep.arms[1:] for seed in range(4)),
        f"{arm}_seed0",
        f"{arm}_seed1",
    }
    assert [(each.label, each.reason) for each in found.left_out] == [
        (f"optimizers:{arm}, seed 1", "diverged in epoch 4, step 17, so its history ends with epoch 3"),
        (f"optimizers:{arm}, seed 2", "diverged in epoch 1, step 17, so it has no history"),
        (f"optimizers:{arm}, seed 3", "failed, so it has no history"),
    ]


@pytest.mark.parametrize("form", ["h5", "keras", "tensorboard"])
def test_a_diverged_run_is_no_error_in_any_format(form: str, eventful: tuple[Settings, Sweep], tmp_path: Path) -> None:
    settings, sweep = eventful
    diverged = sweep.arms[0].spec.with_seed(1).run_id
    found = export([diverged], settings=settings, form=form, out=tmp_path / "out")
    (left_out,) = found.left_out
    assert left_out.reason.startswith("diverged in epoch 4, step 17, so it")
    assert len(found.paths) == (form == "tensorboard")


@pytest.mark.parametrize(("form", "why"), [("keras", "has no completed run"), ("tensorboard", "failed, so it has no")])
def test_of_a_failed_run_there_is_nothing_to_export(
    form: str, why: str, eventful: tuple[Settings, Sweep], tmp_path: Path
) -> None:
    settings, sweep = eventful
    with pytest.raises(UsageError, match=why):
        export([sweep.arms[0].spec.with_seed(3).run_id], settings=settings, form=form, out=tmp_path / "out")


def test_models_without_weights_are_named_beside_those_that_are_written(settings: Settings, tmp_path: Path) -> None:
    found = export(["dropout"], settings=settings, form="keras", out=tmp_path)
    assert len(found.paths) == 3
    assert [(each.label, each.reason) for each in found.left_out] == [
        ("dropout:dropout=0.3, seed 1", "has no weights saved")
    ]
