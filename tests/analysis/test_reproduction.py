"""A run against itself again: equal, within rounding, or otherwise, and how far off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.reproduction import OF_METRICS, OF_WEIGHTS, Outcome, Reproduction, compare_again
from ablate.core.records import GENERATED, StoredRun
from tests.synthetic import completed_run, diverged_run, failed_run, run_spec, with_weights

RUN = replace(
    with_weights(completed_run(run_spec()), 0.1),
    artefacts={"weights": {"a": np.array([1.0, 0.0], np.float32), "b": np.array([[2.0]], np.float32)}},
)


def with_array(run: StoredRun, name: str, values: np.ndarray) -> StoredRun:
    return replace(run, arrays={**run.arrays, name: values})


def quantity(reproduction: Reproduction, name: str):
    (found,) = [each for each in reproduction.quantities if each.name == name]
    return found


def test_a_run_is_itself():
    same = compare_again(RUN, replace(RUN, arrays={name: values.copy() for name, values in RUN.arrays.items()}))
    assert (same.outcome, same.furthest) == (Outcome.EQUAL, None)
    names = {each.name for each in same.quantities}
    assert {"status", "test_loss", "val_loss of each epoch", "test/prediction", "weights kept"} <= names


def test_rounding_is_told_apart_from_equal_bits_with_the_epoch_in_which_it_began():
    losses = RUN.history["val_loss"].copy()
    losses[7:] *= 1 + 1e-6
    found = compare_again(RUN, with_array(RUN, "history/val_loss", losses))
    assert found.outcome is Outcome.WITHIN
    assert found.furthest.name == "val_loss of each epoch"
    assert found.furthest.first_epoch == 8
    expected = np.max(np.abs(losses - RUN.history["val_loss"]) / (RUN.history["val_loss"] + OF_METRICS.floor))
    assert found.furthest.largest == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("factor", [0.5, 0.99, 1.01, 3.0])
def test_the_tolerance_is_numpy_s(factor):
    """The same answer as `assert_allclose` with the tolerances of tests/training/test_program.py."""
    losses = RUN.history["val_loss"]
    moved = losses + factor * (OF_METRICS.absolute + OF_METRICS.relative * np.abs(losses))
    found = compare_again(RUN, with_array(RUN, "history/val_loss", moved))
    is_close = np.allclose(moved, losses, rtol=2e-4, atol=1e-5)
    assert (found.outcome is Outcome.WITHIN) == is_close == (factor < 1)
    assert found.furthest.distance == pytest.approx(factor, rel=1e-6)


@pytest.mark.parametrize(("turned", "outcome"), [(0, Outcome.EQUAL), (2, Outcome.WITHIN), (3, Outcome.DIFFERENT)])
def test_one_example_in_a_thousand_may_be_predicted_otherwise(turned, outcome):
    """Where likeliest classes are as good as equal, rounding decides."""
    labels = np.arange(2000) % 10
    predictions = labels.copy()
    predictions[:turned] += 1
    confusion = np.zeros((11, 11), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    kept = with_array(with_array(RUN, "test/prediction", labels), "test/confusion", np.diag([200] * 10 + [0]))
    again = with_array(with_array(RUN, "test/prediction", predictions), "test/confusion", confusion)
    found = compare_again(kept, again)
    assert found.outcome is outcome
    details = {each.detail for each in found.quantities if not each.is_equal}
    assert details == ({f"{turned} of 2000 examples"} if turned else set())


def test_metrics_that_count_examples_move_by_whole_ones():
    accuracy = RUN.history["val_accuracy"]
    near = compare_again(RUN, with_array(RUN, "history/val_accuracy", accuracy - 4e-4))
    assert near.outcome is Outcome.WITHIN
    assert compare_again(RUN, with_array(RUN, "history/val_accuracy", accuracy - 2e-3)).outcome is Outcome.DIFFERENT


def test_whole_numbers_are_compared_by_value_as_a_report_packs_them_smaller():
    packed = with_array(RUN, "test/prediction", RUN.arrays["test/prediction"].astype(np.uint8))
    assert compare_again(packed, RUN).outcome is Outcome.EQUAL


def test_what_a_later_version_measures_beside_is_not_looked_at():
    assert compare_again(RUN, with_array(RUN, "test/more", np.ones(3))).outcome is Outcome.EQUAL
    fewer = compare_again(with_array(RUN, "test/more", np.ones(3)), RUN)
    assert (fewer.outcome, fewer.furthest.detail) == (Outcome.DIFFERENT, "absent now")


def test_weights_are_one_quantity_as_far_off_as_their_worst_variable():
    weights = {name: values * np.float32(1 + 1e-5) for name, values in RUN.artefacts["weights"].items()}
    near = compare_again(RUN, replace(RUN, artefacts={"weights": weights}))
    assert (near.outcome, near.furthest.name, near.furthest.detail) == (Outcome.WITHIN, "weights kept", "b")
    far = {**weights, "a": np.array([1.0, 2 * OF_WEIGHTS.absolute], np.float32)}
    assert compare_again(RUN, replace(RUN, artefacts={"weights": far})).outcome is Outcome.DIFFERENT
    other = compare_again(RUN, replace(RUN, artefacts={"weights": {"c": np.ones(2, np.float32)}}))
    assert other.furthest.detail == "other names"


def test_a_share_of_weights_near_zero_moves_by_whole_weights():
    statistics = RUN.arrays["weights/statistics"].copy()
    statistics[:, -1] += 0.01
    found = compare_again(RUN, with_array(RUN, "weights/statistics", statistics))
    assert (found.outcome, found.furthest.name) == (Outcome.WITHIN, "weights/statistics")


def test_a_pixel_may_be_rounded_to_the_next_level():
    images = np.zeros((2, 3, 3, 1), np.uint8)
    kept = with_array(RUN, GENERATED, images)
    assert compare_again(kept, with_array(RUN, GENERATED, images + np.uint8(1))).outcome is Outcome.WITHIN
    assert compare_again(kept, with_array(RUN, GENERATED, images + np.uint8(2))).outcome is Outcome.DIFFERENT


def test_fewer_epochs_a_metric_that_is_missing_and_nan_are_differences():
    short = compare_again(RUN, with_array(RUN, "history/val_loss", RUN.history["val_loss"][:-1]))
    losses = quantity(short, "val_loss of each epoch")
    assert (losses.first_epoch, losses.detail, losses.is_within) == (12, "12 → 11", False)
    without = replace(RUN, record=replace(RUN.record, metrics={}))
    assert not quantity(compare_again(RUN, without), "test_loss").is_within
    nan = RUN.history["val_loss"] * np.nan
    assert compare_again(RUN, with_array(RUN, "history/val_loss", nan)).outcome is Outcome.DIFFERENT
    both = with_array(RUN, "history/val_loss", nan)
    assert compare_again(both, both).outcome is Outcome.EQUAL


def test_a_divergence_must_come_out_in_its_step_and_a_failure_is_no_answer():
    spec = run_spec()
    assert compare_again(diverged_run(spec), diverged_run(spec)).outcome is Outcome.EQUAL
    other = compare_again(diverged_run(spec), diverged_run(spec, epoch=5))
    status = quantity(other, "status")
    assert status.detail == "diverged in epoch 4, step 17 → diverged in epoch 5, step 17"
    assert compare_again(RUN, failed_run(spec)) == Reproduction(RUN.spec.run_id, Outcome.FAILED)


def test_rounding_is_within_tolerance_and_says_since_when():
    losses = RUN.history["val_loss"] * (1 + 1e-6)
    found = quantity(compare_again(RUN, with_array(RUN, "history/val_loss", losses)), "val_loss of each epoch")
    assert (found.is_equal, found.is_within, found.first_epoch) == (False, True, 1)
    assert 0 < found.largest < 1e-6
