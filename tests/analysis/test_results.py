import math
from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.confusion import count_confusion
from ablate.analysis.curves import arm_curves
from ablate.analysis.results import study_results, sweep_results
from ablate.analysis.summaries import summarise
from ablate.analysis.values import value_in
from ablate.verdicts.verdict import Word
from tests.synthetic import (
    completed_run,
    completed_runs,
    diverged_run,
    dropout_sweep,
    eventful_runs,
    failed_run,
    optimizer_sweep,
    plan_of,
    run_spec,
    with_class_names,
)

SWEEP = optimizer_sweep(seeds=4)
PLANNED = plan_of(SWEEP).sweeps[0]
RUNS = eventful_runs(SWEEP)
RESULTS = sweep_results(PLANNED, RUNS)


def test_a_summary_counts_every_planned_run_once() -> None:
    first, *others = summarise(PLANNED, RUNS, value_in("val_loss"))
    assert (first.estimate.n, first.n_diverged, first.n_failed, first.n_missing, first.n_planned) == (1, 1, 1, 1, 4)
    assert all((other.estimate.n, other.n_planned, other.n_diverged) == (4, 4, 0) for other in others)
    assert [summary.arm for summary in (first, *others)] == [arm.name for arm in SWEEP.arms]


def test_differences_are_of_seeds_that_completed_in_both() -> None:
    sgd, momentum, *_ = RESULTS.verdicts
    assert tuple(sgd.differences) == (3,)
    assert momentum.n == 4
    arm, baseline = (RUNS[SWEEP.arms[index].spec.with_seed(3).run_id] for index in (0, 3))
    expected = min(arm.history["val_loss"]) - min(baseline.history["val_loss"])
    assert sgd.differences[3] == pytest.approx(expected)


def test_the_baseline_has_no_difference_from_itself() -> None:
    assert RESULTS.baseline.arm == "optimizer=adam"
    assert "optimizer=adam" not in [verdict.arm for verdict in RESULTS.verdicts]


def test_outcomes_say_where_and_why() -> None:
    missing, diverged, failed, completed = RESULTS.outcomes[:4]
    assert (missing.status, missing.value, missing.detail) == ("missing", None, "")
    assert diverged.detail == "objective not finite in epoch 4, step 17"
    assert failed.detail.startswith("error: ValueError: the layer")
    assert completed.value == RUNS[completed.run_id].history["val_loss"].min()


def test_confusions_are_of_the_baseline_and_of_the_arm_farthest_from_it() -> None:
    assert [confusion.label for confusion in RESULTS.confusions] == ["optimizer=adam", "optimizer=sgd"]


def test_a_claim_may_be_about_a_stated_number() -> None:
    sweep = optimizer_sweep(seeds=4, claims=("sgd > value 0.15 on val_loss", "adam ~ value 0.1 on val_loss within 1"))
    above, same = sweep_results(plan_of(sweep).sweeps[0], completed_runs(sweep)).claims
    assert (above.arm, above.reference, above.n, above.base_mean) == ("optimizer=sgd", "value 0.15", 4, 0.15)
    assert (above.word, same.word) == (Word.SUPPORTED, Word.SUPPORTED)


def test_arms_with_equal_settings_are_one_configuration() -> None:
    arms = (*SWEEP.arms, replace(SWEEP.arms[0], name="optimizer=again"))
    assert sweep_results(plan_of(replace(SWEEP, arms=arms)).sweeps[0], RUNS).distinct_configurations == 6


def test_secondary_metrics_leave_the_asked_one_out() -> None:
    assert [info.metric.name for info in RESULTS.secondary] == ["val_accuracy", "test_loss", "test_accuracy"]


def test_seconds_leave_compilation_out() -> None:
    last = RESULTS.seconds.summaries[-1].estimate
    timings = RUNS[SWEEP.arms[-1].spec.with_seed(0).run_id].record.timings
    assert last.values[0] == timings.wall_seconds - timings.compile_seconds


def test_the_environment_lists_distinct_values() -> None:
    assert study_results(plan_of(SWEEP), RUNS).environment["versions.tensorflow"] == ("2.21.0",)


def test_a_final_metric_is_read_from_the_end_and_drawn_by_its_validation_twin() -> None:
    sweep = dropout_sweep()
    runs = completed_runs(sweep)
    results = sweep_results(plan_of(sweep).sweeps[0], runs)
    assert results.curve_metric.name == "val_accuracy"
    run = runs[sweep.arms[0].spec.run_id]
    assert results.summaries[0].estimate.values[0] == run.record.metrics["test_accuracy"]


def test_a_mean_curve_stops_with_the_shortest_completed_run() -> None:
    long, short = completed_run(run_spec(seed=0)), completed_run(run_spec(seed=1))
    short = replace(short, arrays={"history/val_loss": short.history["val_loss"][:5]})
    diverged = diverged_run(run_spec(seed=2), epoch=3)
    curves = arm_curves("a", False, [long, short, diverged, failed_run(run_spec(seed=3))], "val_loss")
    expected = [(a + b) / 2 for a, b in zip(long.history["val_loss"], short.history["val_loss"], strict=False)]
    assert curves.mean == pytest.approx(expected)
    assert len(curves.mean) == 5
    assert [len(curve.values) for curve in curves.seeds] == [12, 5, 2]
    assert (curves.n_completed, curves.n_diverged) == (2, 1)


def test_confusion_counts_one_example_after_the_other() -> None:
    runs = [completed_run(run_spec(seed=seed), quality=0.3) for seed in range(2)]
    counted = count_confusion("adam", [*runs, diverged_run(run_spec(seed=9))])
    expected = np.zeros((10, 10), int)
    for run in runs:
        for label, prediction in zip(run.arrays["test/label"], run.arrays["test/prediction"], strict=True):
            expected[label, prediction] += 1
    assert counted is not None
    assert np.array_equal(counted.counts, expected)
    assert (counted.n_runs, counted.examples) == (2, 240)
    assert counted.errors == sum(np.sum(run.arrays["test/label"] != run.arrays["test/prediction"]) for run in runs)
    assert counted.errors > 0


def test_a_regression_has_no_confusion() -> None:
    run = completed_run(run_spec())
    arrays = {"test/label": np.array([0.5, math.pi]), "test/prediction": np.array([0.4, 3.0])}
    assert count_confusion("adam", [replace(run, arrays=arrays)]) is None


def test_the_most_frequent_mistake_is_told_and_names_are_those_of_the_runs() -> None:
    labels, predictions = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 1, 1, 1, 0, 2])
    run = completed_run(run_spec())
    named = with_class_names(
        {"a": replace(run, arrays={"test/label": labels, "test/prediction": predictions})}, ("disc", "square", "cross")
    )["a"]
    counted = count_confusion("adam", [named, run])
    assert counted is not None
    assert counted.class_names == ("disc", "square", "cross")
    alone = count_confusion("adam", [named])
    assert alone is not None
    assert alone.worst == (0, 1)
    right = count_confusion("adam", [replace(named, arrays={"test/label": labels, "test/prediction": labels})])
    assert right is not None
    assert right.worst is None
    assert count_confusion("adam", [run]).class_names == ()  # type: ignore[union-attr]
