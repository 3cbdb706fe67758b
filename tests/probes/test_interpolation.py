from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ablate.core.specs import Component
from ablate.probes import measure
from ablate.probes.interpolation import barrier, interpolate
from ablate.training.weights import assign_weights, weights_of
from tests.probes.subjects import classifier, linear_regression, residuals


def test_a_convex_loss_has_no_barrier_and_its_ends_are_the_runs_own():
    given = linear_regression()
    first = weights_of(given.model)
    second = {path: values + 1 for path, values in first.items()}
    line = interpolate(given, first, second)
    extended, errors = residuals(given)
    expected = [np.mean((errors + position * extended.sum(axis=1)) ** 2) for position in line.positions]
    np.testing.assert_allclose(line.train_loss, expected, rtol=1e-4)
    np.testing.assert_allclose(line.validation_loss, expected, rtol=1e-4)
    assert line.barrier == pytest.approx(0, abs=1e-6)
    for path, values in weights_of(given.model).items():
        np.testing.assert_array_equal(values, first[path])


def test_two_orders_of_the_same_units_have_a_barrier_between_them():
    """Swapping hidden units changes no output, so both ends have one loss."""
    given = classifier(hidden=6, activation="tanh")
    first = weights_of(given.model)
    order = [1, 2, 3, 4, 5, 0]
    second = {
        "hidden_1/kernel": first["hidden_1/kernel"][:, order],
        "hidden_1/bias": first["hidden_1/bias"][order],
        "logits/kernel": first["logits/kernel"][order],
        "logits/bias": first["logits/bias"],
    }
    line = interpolate(given, first, second)
    assert line.train_loss[0] == pytest.approx(line.train_loss[-1], rel=1e-5)
    assert line.barrier == pytest.approx(max(line.train_loss) - line.train_loss[0], rel=1e-3)


def test_the_line_from_the_first_weights_to_the_last():
    given = classifier(hidden=6)
    last = weights_of(given.model)
    first = {path: np.zeros_like(values) for path, values in last.items()}
    found = measure("linear_path", replace(given, first_weights=first))
    expected = interpolate(given, first, last)
    assert found["train_loss"][0] == pytest.approx(np.log(3), rel=1e-5)  # equal logits of three classes
    np.testing.assert_array_equal(found["train_loss"], expected.train_loss)
    assert found["value/linear_path_barrier"] == expected.barrier
    assert all(np.array_equal(values, last[path]) for path, values in weights_of(given.model).items())


def test_a_run_that_learned_from_no_targets_has_no_such_line_and_says_so():
    given = classifier()
    adversarial = replace(given, spec=replace(given.spec, procedure=Component("ablate.training.adversarial.gan", {})))
    assert str(measure("linear_path", adversarial)["not_applicable"]) == "the run learned from no targets"
    assert "value/weight_extreme" in measure("weight_histogram", adversarial)


def test_the_height_is_above_the_straight_line():
    assert barrier(np.array([0, 0.5, 1]), np.array([1.0, 5.0, 3.0])) == 3.0
    assert barrier(np.array([0, 0.5, 1]), np.array([1.0, 1.0, 3.0])) == 0.0


def test_weights_of_another_model_are_refused_and_change_nothing():
    given = classifier(hidden=6)
    other, before = weights_of(classifier(hidden=5).model), weights_of(given.model)
    with pytest.raises(ValueError, match="another model: hidden_1/bias, hidden_1/kernel, logits/kernel differ"):
        assign_weights(given.model, other)
    assert all(np.array_equal(values, before[path]) for path, values in weights_of(given.model).items())
