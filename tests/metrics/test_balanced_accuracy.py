"""scikit-learn is the oracle."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.metrics import balanced_accuracy_score

from ablate.metrics.balanced_accuracy import balanced_accuracy
from ablate.testing.metrics import MetricContract

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60)


@settings(derandomize=True, deadline=None)
@given(pairs=PAIRS)
def test_it_is_what_scikit_learn_says(pairs: list[tuple[int, int]]) -> None:
    labels, predictions = np.array(pairs).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that is predicted and never true
        expected = balanced_accuracy_score(labels, predictions)
    assert balanced_accuracy(labels, predictions) == pytest.approx(expected, abs=1e-12)


def test_classes_count_alike_however_large() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    assert balanced_accuracy(labels, np.zeros(100, int)) == 0.5


class TestContract(MetricContract):
    leaf = "balanced_accuracy"
