from __future__ import annotations

import math

import pytest

from ablate.analysis.curves import ArmCurves, SeedCurve
from ablate.analysis.results import sweep_results
from ablate.core.records import METRICS
from ablate.stats import estimate_mean
from tests.synthetic import completed_runs, optimizer_sweep, plan_of


def arm(*values: tuple[float, ...], diverged: tuple[float, ...] = ()) -> ArmCurves:
    seeds = [SeedCurve(seed, each, False) for seed, each in enumerate(values)]
    seeds += [SeedCurve(9, diverged, True)] if diverged else []
    epochs = min(map(len, values))
    mean = tuple(sum(each[epoch] for each in values) / len(values) for epoch in range(epochs))
    return ArmCurves("one", True, tuple(seeds), mean)


def test_the_interval_of_a_mean_is_that_of_its_epoch_over_the_completed_runs():
    found = arm((1.0, 2.0, 9.0), (3.0, 2.5), diverged=(100.0, 100.0)).interval()
    epochs = [estimate_mean({0: 1.0, 1: 3.0}), estimate_mean({0: 2.0, 1: 2.5})]
    assert [ends for both in found for ends in both] == pytest.approx(
        [ends for each in epochs for ends in (each.ci_low, each.ci_high)], rel=1e-12
    )


def test_one_run_has_no_interval_and_what_is_no_number_has_none_either():
    assert arm((1.0, 2.0), diverged=(1.0,)).interval() == ()
    [first, second] = arm((1.0, math.nan), (1.0, 2.0)).interval()
    assert first == (1.0, 1.0)
    assert all(map(math.isnan, second))


@pytest.mark.parametrize("metric", ["val_loss", "test_accuracy"])
def test_what_else_was_recorded_of_the_examples_has_curves_too(metric):
    sweep = optimizer_sweep(seeds=2, metric=metric)
    results = sweep_results(plan_of(sweep).sweeps[0], completed_runs(sweep))
    shown = {"val_loss", "loss"} if metric == "val_loss" else {"val_accuracy", "accuracy"}
    # The learning rate is recorded too, and is no metric of examples.
    assert {each.metric for each in results.further} == {
        METRICS[name] for name in {"loss", "val_loss", "val_accuracy"} - shown
    }
    assert all([arm.arm for arm in each.arms] == [arm.name for arm in sweep.arms] for each in results.further)
