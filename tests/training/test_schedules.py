"""Schedules against Keras's own and against their closed forms, over all steps of a run."""

from functools import partial

import keras
import numpy as np
import pytest

from ablate.training.schedules import constant, cosine, exponential, geometric, per_epoch, piecewise

RATE, EPOCHS, STEPS = 0.2, 6, 4
TOTAL = EPOCHS * STEPS


def rates(schedule, epochs: int = EPOCHS) -> np.ndarray:
    """Every step's rate, over a whole run."""
    calls = (schedule(learning_rate=RATE, epoch=epoch, epochs=epochs, steps=STEPS) for epoch in range(epochs))
    return np.concatenate(list(calls))


def of_keras(schedule: keras.optimizers.schedules.LearningRateSchedule) -> np.ndarray:
    return np.array([float(schedule(step)) for step in range(TOTAL)])


def test_a_constant_rate_is_the_optimizers():
    np.testing.assert_array_equal(rates(constant), np.full(TOTAL, RATE))


def test_exponential_decay_agrees_with_keras():
    expected = of_keras(keras.optimizers.schedules.ExponentialDecay(RATE, decay_steps=STEPS, decay_rate=0.9))
    np.testing.assert_allclose(rates(partial(exponential, decay=0.9)), expected, rtol=1e-5)


def test_a_rule_holds_for_a_whole_epoch():
    staircase = keras.optimizers.schedules.ExponentialDecay(RATE, decay_steps=STEPS, decay_rate=0.95, staircase=True)
    expected = of_keras(staircase)
    np.testing.assert_allclose(rates(partial(per_epoch, rule=partial(geometric, decay=0.95))), expected, rtol=1e-5)


def test_cosine_decay_agrees_with_keras():
    expected = of_keras(keras.optimizers.schedules.CosineDecay(RATE, decay_steps=TOTAL, alpha=0.1))
    np.testing.assert_allclose(rates(partial(cosine, final_fraction=0.1)), expected, rtol=1e-5)


def test_a_warm_up_is_that_of_keras_without_its_first_step_of_zero():
    warm = 2 * STEPS
    theirs = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=TOTAL - warm, warmup_target=RATE, warmup_steps=warm
    )
    expected = of_keras(theirs)
    ours = rates(partial(cosine, warmup_epochs=2.0))
    np.testing.assert_allclose(ours[: warm - 1], expected[1:warm], rtol=1e-5)
    assert ours[warm - 1] == RATE
    np.testing.assert_allclose(ours[warm:], expected[warm:], rtol=1e-5)


@pytest.mark.parametrize("warmup_epochs", [0.1, 0.6, 1.0, 2.5, EPOCHS, 2.0 * EPOCHS])
def test_any_warm_up_rises_to_the_rate_at_most_and_then_falls(warmup_epochs):
    ours = rates(partial(cosine, warmup_epochs=warmup_epochs))
    top = int(ours.argmax())
    assert 0 < ours.min() <= ours.max() <= RATE * (1 + 1e-12)
    assert np.all(np.diff(ours[: top + 1]) >= 0)
    assert np.all(np.diff(ours[top:]) <= 0)


def test_piecewise_agrees_with_keras():
    # Keras changes after a boundary, ours at it.
    theirs = keras.optimizers.schedules.PiecewiseConstantDecay(
        [2 * STEPS - 1, 5 * STEPS - 1], [RATE, RATE * 0.5, RATE * 0.1]
    )
    ours = rates(partial(piecewise, boundaries=[2, 5], factors=[0.5, 0.1]))
    np.testing.assert_allclose(ours, of_keras(theirs), rtol=1e-5)


@pytest.mark.parametrize(("boundaries", "factors"), [([2], [0.1, 0.2]), ([5, 2], [0.1, 0.2]), ([2, 2], [0.1, 0.2])])
def test_boundaries_and_factors_must_belong_together(boundaries, factors):
    with pytest.raises(ValueError, match="must increase"):
        rates(partial(piecewise, boundaries=boundaries, factors=factors))
