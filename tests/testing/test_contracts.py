"""Contracts notice what breaks them: for each kind one that keeps most of its promises, and not all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ablate.config.problems import ConfigError
from ablate.core.records import RunRecord, StoredRun
from ablate.core.specs import RunSpec
from ablate.design import DesignSettings, Levels, Space, grid
from ablate.metrics import balanced_accuracy
from ablate.runner.inline import InlineExecutor
from ablate.runner.session import Session
from ablate.storage.runs import RunStore
from ablate.testing.designs import DesignContract
from ablate.testing.executors import ExecutorContract
from ablate.testing.metrics import MetricContract
from ablate.testing.specs import tiny_spec
from ablate.testing.stores import StoreContract
from ablate.testing.trainers import TrainerContract
from tests.runner.scripted import NAME, scripted_spec


@pytest.fixture
def scripted_trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[TrainerContract]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    class Contract(TrainerContract):
        def spec(self) -> RunSpec:
            return scripted_spec()

        def diverging_spec(self) -> RunSpec:
            return scripted_spec(script="diverge")

        def data_dir(self) -> Path:
            return tmp_path

    Contract.setup_class()
    return Contract


def test_a_sound_trainer_keeps_its_contract(scripted_trainer: type[TrainerContract]) -> None:
    contract = scripted_trainer()
    contract.test_a_run_can_be_stored_and_says_how_it_ended()
    contract.test_only_raw_artefacts_come_with_it()
    contract.test_tells_of_its_epochs_in_their_order()
    contract.test_a_run_comes_out_again_whatever_was_trained_before()
    contract.test_probes_are_measured_of_what_was_kept()


def test_a_trainer_that_gives_other_numbers_at_each_try_does_not(
    scripted_trainer: type[TrainerContract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted_trainer, "spec", lambda self: scripted_spec(restless=True))
    with pytest.raises(AssertionError):
        scripted_trainer().test_a_run_comes_out_again_whatever_was_trained_before()


def test_nor_one_that_keeps_artefacts_of_what_diverged(scripted_trainer: type[TrainerContract]) -> None:
    with pytest.raises(AssertionError):
        scripted_trainer().test_to_diverge_is_an_outcome()


class Overwriting(RunStore):
    """Keeps the last outcome."""

    def put(self, run: StoredRun) -> bool:
        if self.folder(run.spec.run_id).exists():
            self.remove(self.folder(run.spec.run_id))
        return super().put(run)


class OverwritingContract(StoreContract):
    def store(self, folder: Path) -> RunStore:
        return Overwriting(folder)


class BlockedContract(StoreContract):
    """What is damaged stays in the way of what would take its place."""

    def store(self, folder: Path) -> RunStore:
        return RunStore(folder, sets_aside=False)


def test_a_store_that_replaces_outcomes_or_is_blocked_by_damage_does_not(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        OverwritingContract().test_a_failure_gives_way_and_an_outcome_stays(tmp_path / "a")
    with pytest.raises(AssertionError):
        BlockedContract().test_what_is_damaged_is_missing_and_can_be_put_again(tmp_path / "b")


class GridContract(DesignContract):
    design = "grid"


def shuffled(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:
    """In the order of Python's hashes, which is another one in every process."""
    arms = [(" ".join(map(str, levels.values())), levels) for levels in space.combinations()]
    return sorted(arms, key=lambda arm: hash((arm[0], os.getpid())))


def without_the_baseline(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:
    return [(str(levels), levels) for levels in space.combinations() if not space.is_baseline(levels)]


@pytest.mark.parametrize(
    ("arms", "broken"),
    [
        (shuffled, DesignContract.test_lays_out_the_same_in_any_process),
        (without_the_baseline, DesignContract.test_arms_are_of_levels_and_one_is_the_baseline),
    ],
)
def test_a_design_without_an_order_or_a_baseline_does_not(arms, broken, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(GridContract())
    monkeypatch.setattr(grid, "arms", arms)
    with pytest.raises(AssertionError):
        broken(GridContract())


class BalancedContract(MetricContract):
    leaf = "balanced_accuracy"


@pytest.mark.parametrize(
    ("facts", "broken"),
    [
        ({"range": (0.5, 1.0), "worst": None}, MetricContract.test_values_are_in_their_range),
        ({"counts_examples": True}, MetricContract.test_values_move_in_the_steps_that_are_stated),
        ({"direction": "min"}, MetricContract.test_who_is_right_is_no_worse_than_anybody),
    ],
)
def test_a_metric_whose_facts_are_not_so_does_not(facts, broken, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(BalancedContract())
    monkeypatch.setattr(balanced_accuracy, "FACTS", replace(balanced_accuracy.FACTS, **facts))
    with pytest.raises(AssertionError):
        broken(BalancedContract())


@dataclass(frozen=True)
class Backwards(InlineExecutor):
    def execute(self, todo: Sequence[RunSpec], session: Session) -> tuple[RunRecord, ...]:
        return super().execute(todo, session)[::-1]


class BackwardsContract(ExecutorContract):
    scripted_trainer = NAME

    def executor(self) -> Backwards:
        return Backwards()


def test_an_executor_that_returns_records_in_another_order_does_not() -> None:
    BackwardsContract.setup_class()
    try:
        with pytest.raises(AssertionError):
            BackwardsContract().test_tells_of_every_run_and_epoch()
    finally:
        BackwardsContract.teardown_class()


def test_a_tiny_spec_is_what_its_words_say(tmp_path: Path) -> None:
    spec = tiny_spec("seed=3", "model.hidden=[4]", folder=tmp_path)
    assert (spec.seed, spec.numerics.device, spec.training.arguments["epochs"]) == (3, "cpu", 1)
    with pytest.raises(ValueError, match="more than one run"):
        tiny_spec("+sweep=dropout", folder=tmp_path)
    with pytest.raises(ConfigError):
        tiny_spec("model=absent", folder=tmp_path)
