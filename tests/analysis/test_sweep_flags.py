"""Each flag of a sweep raised by what it is about, and not without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.selections import Selection
from ablate.analysis.sweep_flags import RaisedFlag, sweep_flags, with_those_of
from ablate.core.records import METRICS, StoredRun
from ablate.core.specs import Arm, Sweep, SweepSpec
from ablate.verdicts.verdict import Family, Flag, Word
from tests.judged import draws, grid, judge
from tests.synthetic import completed_run, diverged_run, failed_run, plan_of, run_spec

LEVELS = {"model.dropout": (0.0, 0.1, 0.3)}


def sweep_of(factors: dict[str, tuple[Any, ...]] = LEVELS, seeds: int = 5, **fields: Any) -> Sweep:
    """One arm a level of the first factor; the settings follow the level where they have a place for it."""
    (factor, levels), *_ = factors.items()
    spec = SweepSpec(
        name="s", question="?", factors=factors, design="one_factor", baseline={factor: levels[0]},
        seeds=tuple(range(seeds)), metric="val_loss",
    )  # fmt: skip
    arms = tuple(
        Arm(f"{factor}={level}", {factor: level}, level == levels[0], _spec(factor, level)) for level in levels
    )
    return Sweep(replace(spec, **fields), arms)


def _spec(factor: str, level: Any):
    spec = run_spec()
    name = factor.rpartition(".")[2]
    if factor.startswith("model."):
        return replace(spec, model=replace(spec.model, arguments={**spec.model.arguments, name: level}))
    if factor == "optimizer":
        return run_spec(level)
    if name == "learning_rate":
        return run_spec(learning_rate=level)
    return replace(spec, training=replace(spec.training, arguments={**spec.training.arguments, name: level}))


def with_training(sweep: Sweep, **arguments: Any) -> Sweep:
    def changed(arm: Arm) -> Arm:
        training = replace(arm.spec.training, arguments={**arm.spec.training.arguments, **arguments})
        return replace(arm, spec=replace(arm.spec, training=training))

    return replace(sweep, arms=tuple(map(changed, sweep.arms)))


def runs_of(sweep: Sweep, quality: dict[str, float] | None = None) -> dict[str, StoredRun]:
    """Flat after the first epochs, so that nothing is still improving."""
    found = {}
    for arm in sweep.arms:
        for seed in sweep.spec.seeds:
            run = completed_run(arm.spec.with_seed(seed), (quality or {}).get(arm.name, 0.0))
            rng = np.random.default_rng([seed, 7])
            run.arrays["history/val_loss"][-4:] = run.arrays["history/val_loss"][-5] + 0.0003 * rng.standard_normal(4)
            found[run.spec.run_id] = run
    return found


def raised(sweep: Sweep, runs: dict[str, StoredRun] | None = None, **settings: Any) -> dict[Flag, RaisedFlag]:
    found = sweep_flags(plan_of(sweep).sweeps[0], runs_of(sweep) if runs is None else runs, **settings)
    return {each.flag: each for each in found}


def with_epochs(run: StoredRun, epochs: int) -> StoredRun:
    return replace(run, record=replace(run.record, epochs_run=epochs))


def test_a_plain_sweep_raises_nothing() -> None:
    sweep = sweep_of()
    assert raised(sweep, runs_of(sweep, {"model.dropout=0.1": -0.05})) == {}


def test_nothing_ran() -> None:
    assert raised(sweep_of(), {}) == {}


@pytest.mark.parametrize("factor", ["optimizer", "training.batch_size", "model.activation", "model.hidden"])
def test_untuned_nuisance(factor: str) -> None:
    levels = {"optimizer": ("adam", "sgd"), "training.batch_size": (32, 64), "model.activation": ("relu", "gelu")}
    sweep = sweep_of({factor: levels.get(factor, ([128], [256]))})
    assert raised(sweep)[Flag.UNTUNED_NUISANCE].subjects == (factor,)
    tuned = replace(sweep, spec=replace(sweep.spec, factors={**sweep.spec.factors, "optimizer.learning_rate": (1, 2)}))
    assert Flag.UNTUNED_NUISANCE not in raised(tuned)


def test_untuned_nuisance_names_the_learning_rate() -> None:
    assert raised(sweep_of({"optimizer": ("adam", "sgd")}))[Flag.UNTUNED_NUISANCE].detail == (
        "all arms at learning rate 0.001"
    )


def test_shared_lr_batch() -> None:
    sweep = sweep_of({"training.batch_size": (32, 64)})
    assert raised(sweep)[Flag.SHARED_LR_BATCH].detail == "learning rate 0.001 and 12 epochs"
    scaled = replace(sweep, arms=(sweep.arms[0], replace(sweep.arms[1], spec=run_spec(learning_rate=0.002))))
    assert Flag.SHARED_LR_BATCH not in raised(scaled)
    assert Flag.SHARED_LR_BATCH not in raised(sweep_of())


def test_edge_of_search() -> None:
    sweep = sweep_of()
    at_top = raised(sweep, runs_of(sweep, {"model.dropout=0.3": -0.05}))[Flag.EDGE_OF_SEARCH]
    assert (at_top.subjects, at_top.detail) == (
        ("model.dropout",), "the best mean is at 0.3, the largest of 3 levels"
    )  # fmt: skip
    assert Flag.EDGE_OF_SEARCH not in raised(sweep, runs_of(sweep, {"model.dropout=0.1": -0.05}))


def with_diverged(sweep: Sweep, runs: dict[str, StoredRun], level: float) -> dict[str, StoredRun]:
    spec = next(arm.spec for arm in sweep.arms if arm.levels["model.dropout"] == level).with_seed(0)
    return {**runs, spec.run_id: diverged_run(spec)}


def test_a_level_where_runs_diverged_was_tried_and_is_not_the_best() -> None:
    sweep = sweep_of({"model.dropout": (0.0, 0.1, 0.3, 0.5)})
    at_top = runs_of(sweep, {"model.dropout=0.5": -0.05, "model.dropout=0.3": -0.02})
    assert raised(sweep, at_top)[Flag.EDGE_OF_SEARCH].detail == "the best mean is at 0.5, the largest of 4 levels"
    # Without it 0.3 is the best, and 0.5 lies beyond.
    assert Flag.EDGE_OF_SEARCH not in raised(sweep, with_diverged(sweep, at_top, 0.5))
    found = raised(sweep, with_diverged(sweep, at_top, 0.1))[Flag.EDGE_OF_SEARCH]
    assert found.detail == "the best mean without a diverged run is at 0.5, the largest of 4 levels"


def test_nothing_lies_below_zero_and_two_levels_are_no_search() -> None:
    sweep = sweep_of()
    assert Flag.EDGE_OF_SEARCH not in raised(sweep, runs_of(sweep, {"model.dropout=0.0": -0.05}))
    rates = sweep_of({"optimizer.learning_rate": (0.001, 0.01, 0.1)})
    assert Flag.EDGE_OF_SEARCH in raised(rates, runs_of(rates, {"optimizer.learning_rate=0.001": -0.05}))
    two = sweep_of({"model.dropout": (0.1, 0.3)})
    assert Flag.EDGE_OF_SEARCH not in raised(two, runs_of(two, {"model.dropout=0.3": -0.05}))


def test_selected_on_test() -> None:
    watching = with_training(sweep_of(), early_stopping={"monitor": "test_loss"})
    assert raised(watching)[Flag.SELECTED_ON_TEST].detail == "test_loss is monitored while training"
    assert Flag.SELECTED_ON_TEST not in raised(with_training(sweep_of(), early_stopping={"monitor": "val_loss"}))
    chosen = Selection("a", "b", METRICS["test_accuracy"])
    assert Flag.SELECTED_ON_TEST in raised(sweep_of(), selection=chosen)
    assert Flag.SELECTED_ON_TEST not in raised(sweep_of(), selection=replace(chosen, metric=METRICS["val_loss"]))


def test_stopped_early_unequal() -> None:
    sweep = sweep_of()
    runs = runs_of(sweep)
    stopped = {
        run_id: with_epochs(run, 7 + run.spec.seed % 2) if run.spec.model.arguments["dropout"] == 0.3 else run
        for run_id, run in runs.items()
    }
    assert raised(sweep, stopped)[Flag.STOPPED_EARLY_UNEQUAL].detail == (
        "epochs: model.dropout=0.0 12, model.dropout=0.1 12, model.dropout=0.3 7–8"
    )
    alike = {run_id: with_epochs(run, 7) for run_id, run in runs.items()}
    assert Flag.STOPPED_EARLY_UNEQUAL not in raised(sweep, alike)


def test_epochs_that_are_varied_are_no_early_stopping() -> None:
    sweep = sweep_of({"training.epochs": (5, 10)})
    runs = {
        run_id: with_epochs(run, run.spec.training.arguments["epochs"]) for run_id, run in runs_of(sweep).items()
    }  # fmt: skip
    assert Flag.STOPPED_EARLY_UNEQUAL not in raised(sweep, runs)


def test_still_improving() -> None:
    """The slope of two epochs is their difference, so scipy's paired test is the second opinion."""
    sweep = sweep_of()
    runs = runs_of(sweep)
    for run in runs.values():
        if run.spec.model.arguments["dropout"] == 0.3:
            run.arrays["history/val_loss"][-2] += 0.002 + 0.0005 * run.spec.seed
    last = np.array(
        [run.arrays["history/val_loss"][-2:] for run in runs.values() if run.spec.model.arguments["dropout"] == 0.3]
    )
    assert stats.ttest_rel(last[:, 0], last[:, 1]).pvalue < 0.05
    assert raised(sweep, runs)[Flag.STILL_IMPROVING].subjects == ("model.dropout=0.3",)
    assert Flag.STILL_IMPROVING not in raised(sweep)


def test_getting_worse_is_not_improving() -> None:
    sweep = sweep_of()
    runs = runs_of(sweep)
    for run in runs.values():
        run.arrays["history/val_loss"][-1] += 0.002 + 0.0005 * run.spec.seed
    assert Flag.STILL_IMPROVING not in raised(sweep, runs)


def test_last_step_noise() -> None:
    noisy = sweep_of(metric="val_loss.last")
    runs = runs_of(noisy)
    rng = np.random.default_rng(3)
    for run in runs.values():
        run.arrays["history/val_loss"][-4:] = 0.1 + 0.02 * rng.standard_normal(4)
    assert len(raised(noisy, runs)[Flag.LAST_STEP_NOISE].subjects) == 3
    assert Flag.LAST_STEP_NOISE not in raised(replace(noisy, spec=replace(noisy.spec, metric="val_loss.best")), runs)
    steady = runs_of(noisy)
    assert Flag.LAST_STEP_NOISE not in raised(noisy, steady)


def test_last_step_noise_where_the_best_epoch_is_not_restored() -> None:
    sweep = with_training(sweep_of(), early_stopping={"monitor": "val_loss", "restore_best": False})
    runs = runs_of(sweep)
    rng = np.random.default_rng(3)
    for run in runs.values():
        run.arrays["history/val_loss"][-4:] = 0.1 + 0.02 * rng.standard_normal(4)
    assert Flag.LAST_STEP_NOISE in raised(sweep, runs)


def test_winner_curse() -> None:
    selection = Selection("a", "b", METRICS["val_loss"])
    assert raised(sweep_of(), selection=selection)[Flag.WINNER_CURSE].subjects == ("a",)
    better = replace(judge(draws(2))[0], word=Word.BETTER)
    assert Flag.WINNER_CURSE not in raised(sweep_of(), selection=replace(selection, confirmation=(better, better)))


def test_unequal_seeds_and_crashed_dropped() -> None:
    sweep = sweep_of()
    runs = runs_of(sweep)
    failed, diverged = sweep.arms[1].spec.with_seed(2), sweep.arms[2].spec.with_seed(0)
    crashed = {**runs, failed.run_id: failed_run(failed)}
    assert raised(sweep, crashed)[Flag.UNEQUAL_SEEDS].detail == "model.dropout=0.1 without seed 2"
    assert raised(sweep, crashed)[Flag.CRASHED_DROPPED] == RaisedFlag(
        Flag.CRASHED_DROPPED, ("model.dropout=0.1",), "model.dropout=0.1 seed 2"
    )
    wild = {**runs, diverged.run_id: diverged_run(diverged)}
    assert Flag.UNEQUAL_SEEDS in raised(sweep, wild)
    assert Flag.CRASHED_DROPPED not in raised(sweep, wild)


@pytest.mark.parametrize(
    ("flag", "event", "stranger", "detail"),
    [
        (Flag.POST_HOC_SEEDS, {"s": [1, 2, 9]}, {"another": [1]}, "seeds 1, 2"),
        (Flag.WITHDRAWN_SEEDS, {"s": [1, 8, 9]}, {"s": [1]}, "seeds 8, 9"),
        (Flag.NONDETERMINISM, {"detail": "val_loss by 0.001"}, {"sweep": "another"}, "val_loss by 0.001"),
    ],
)
def test_what_the_log_tells(flag: Flag, event: dict[str, Any], stranger: dict[str, Any], detail: str) -> None:
    sweep = sweep_of()
    logged = {"event": flag.value, "logged_at": "2030-01-01", **event}
    assert raised(sweep, events=[logged, logged])[flag] == RaisedFlag(flag, detail=detail)
    assert flag not in raised(sweep, events=[{"event": flag.value, **stranger}, {"event": "another"}])


def test_interaction_present() -> None:
    found = raised(sweep_of(), interactions=grid().interactions)
    assert found[Flag.INTERACTION_PRESENT].subjects == ("model.dropout × model.l2",)
    alike = replace(grid().interactions[0], family=Family.EXPLORATORY, p_diff_adj=0.3)
    assert Flag.INTERACTION_PRESENT not in raised(sweep_of(), interactions=[alike])


def test_flags_of_verdicts_are_gathered_once() -> None:
    first, second = judge(draws(3), margin=None)
    sweeps_own = RaisedFlag(Flag.WINNER_CURSE, ("a",))
    mine, theirs = with_those_of([first, second], [sweeps_own])
    assert mine == RaisedFlag(Flag.NO_MARGIN, (first.subject, second.subject))
    assert theirs == sweeps_own
    own_words = RaisedFlag(Flag.NO_MARGIN, (), "none at all")
    assert with_those_of([first], [own_words]) == (own_words,)


def test_versions_that_differ_are_told_and_another_host_or_commit_is_not() -> None:
    sweep = sweep_of()
    told = {"tensorflow": "2.21.0", "host": "a"}

    def runs(changed: dict[str, Any]) -> dict[str, StoredRun]:
        found = list(runs_of(sweep).items())
        environments = [{**told, **(changed if index < 2 else {})} for index in range(len(found))]
        return {
            run_id: replace(run, record=replace(run.record, environment=environment))
            for (run_id, run), environment in zip(found, environments, strict=True)
        }

    assert raised(sweep, runs({"host": "b", "git": {"ablate": {"commit": "1"}}, "argv": ["a"]})) == {}
    flag = raised(sweep, runs({"tensorflow": "2.20.0"}))[Flag.MIXED_ENVIRONMENT]
    assert flag.detail == "tensorflow 2.21.0 in 13 runs, 2.20.0 in 2 runs"
