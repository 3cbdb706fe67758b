"""What takes more than training asks the trainer for it, and says what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.config.problems import ConfigError
from ablate.config.runs import Settings
from ablate.core.specs import Component, Sweep
from ablate.operations.export import export
from ablate.operations.interpolate import interpolate
from ablate.operations.predict import predict
from ablate.runner.session import TrainerLacks
from tests.cli.kept import keep
from tests.operations.conftest import made_up
from tests.synthetic import completed_runs

BARE = "tests.cli.pretended.Trainer"


@pytest.fixture
def trained_by_another(weighted_sweep: Sweep, settings: Settings, tmp_path: Path) -> Settings:
    """Where the study was kept, its weights among it, as trained by one who does nothing but train."""
    specs = (replace(arm.spec, trainer=Component(BARE), code={"tests": "c" * 64}) for arm in weighted_sweep.arms)
    arms = tuple(replace(arm, spec=spec) for arm, spec in zip(weighted_sweep.arms, specs, strict=True))
    sweep = replace(weighted_sweep, arms=arms)
    runs = {
        run_id: replace(run, artefacts={"weights": made_up(run.spec.seed, scale=0.3)})
        for run_id, run in completed_runs(sweep).items()
    }
    keep(tmp_path / "results", sweep, runs)
    return replace(settings, results_dir=tmp_path / "results", data_dir=tmp_path)


VERBS: dict[str, tuple[Callable[[Settings, Path], object], str]] = {
    "predict": (lambda settings, folder: predict("dropout:dropout=0.0", [], settings=settings), "restores models"),
    "export": (
        lambda settings, folder: export(["dropout"], settings=settings, form="keras", out=folder),
        "restores models",
    ),
    "interpolate": (
        lambda settings, folder: interpolate("dropout:dropout=0.0", "dropout:dropout=0.3", settings=settings),
        "restores what probes see",
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_names_the_trainer_and_what_it_lacks(verb: str, trained_by_another: Settings, tmp_path: Path) -> None:
    call, ability = VERBS[verb]
    with pytest.raises(TrainerLacks) as raised:
        call(replace(trained_by_another, allow_targets=("tests",)), tmp_path)
    assert str(raised.value) == f"ablate {verb} takes a trainer that {ability}, and {BARE} does not"
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("verb", VERBS)
def test_a_trainer_that_was_not_allowed_is_refused(verb: str, trained_by_another: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"trainer\._target_=tests\.cli\.pretended\.Trainer: allowed is"):
        VERBS[verb][0](trained_by_another, tmp_path)
