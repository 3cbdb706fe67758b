"""What is offered for a word, from Python: names of the store, and settings of the folders around."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.config.problems import ConfigError
from ablate.operations import complete
from tests.cli.kept import keep
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=1, optimizers={"adam": 0.001, "sgd": 0.01})


@pytest.fixture
def results(tmp_path: Path) -> Path:
    keep(tmp_path, SWEEP, completed_runs(SWEEP))
    return tmp_path


def test_names_are_those_of_the_store(results: Path) -> None:
    assert complete.studies(results) == ("optimizers",)
    assert set(complete.run_ids(results)) == {arm.spec.run_id[:12] for arm in SWEEP.arms}
    assert set(complete.arms("optimizers:", results)) == {f"optimizers:{arm.name}" for arm in SWEEP.arms}


@pytest.mark.parametrize("current", ["optimizers", "nothing:", "../x:", ""])
def test_arms_are_those_of_a_study_that_is_named(current: str, results: Path) -> None:
    assert list(complete.arms(current, results)) == []


def test_settings_depend_on_the_leaves_that_are_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = tmp_path / "conf" / "optimizer" / "own.yaml"
    leaf.parent.mkdir(parents=True)
    leaf.write_text("_target_: keras.optimizers.Adam\nbeta_9: true\n")
    monkeypatch.chdir(tmp_path)
    assert "optimizer=own" in complete.overrides("optimizer=", ())
    assert "optimizer.beta_9=" not in complete.overrides("optimizer.", ())
    assert "optimizer.beta_9=" in complete.overrides("optimizer.", ("optimizer=own",))
    assert list(complete.overrides("optimizer.beta_9=", ("optimizer=own",))) == [
        "optimizer.beta_9=true",
        "optimizer.beta_9=false",
    ]


def test_a_broken_folder_is_an_error_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("a: [")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as raised:
        list(complete.overrides("optimizer=", ()))
    assert raised.value.exit_code == 2
