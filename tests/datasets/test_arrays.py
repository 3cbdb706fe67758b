import numpy as np
import pytest

from ablate.datasets.arrays import DataError, as_features, as_targets, standardised


@pytest.mark.parametrize("labels", [[0, 1, 2], [[0], [1], [2]], [0.0, 1.0, 2.0], np.array([0, 1, 2], np.uint8)])
def test_labels_become_whole_numbers(labels):
    targets = as_targets(np.array(labels), classes=3)
    assert targets.dtype == np.int32
    assert targets.tolist() == [0, 1, 2]


@pytest.mark.parametrize("labels", [[0.5, 1.0], [0.0, np.nan], [2**32, 1], [[0, 1], [1, 0]], ["a", "b"]])
def test_labels_that_would_change_are_left(labels):
    left = as_targets(np.array(labels), classes=3)
    np.testing.assert_array_equal(left, np.array(labels))


def test_targets_of_a_regression_become_real():
    targets = as_targets(np.array([[1], [2]]), classes=None)
    assert targets.dtype == np.float32
    assert targets.tolist() == [1.0, 2.0]


def test_features_stay_small_where_they_are_whole():
    pixels = np.array([[0, 255]], np.uint8)
    assert as_features(pixels, 255.0) is pixels
    assert as_features(np.array([[True, False]])).tolist() == [[1, 0]]
    halves = as_features(np.array([[127.5, 255.0]]), 255.0)
    assert halves.dtype == np.float32
    assert halves.tolist() == [[0.5, 1.0]]


def test_a_number_too_large_for_float32_becomes_infinite_without_a_word():
    assert np.isinf(as_features(np.array([[1e300]]))).all()


@pytest.mark.parametrize("size", [1e200, 1e-200, 1e308])
def test_columns_whose_deviation_cannot_be_computed_are_refused(size):
    table = np.array([[1.0, 4.0 * size, 0.1], [2.0, -4.0 * size, 0.1]])
    with pytest.raises(DataError, match=r"of column 2 of the features.*another unit"):
        standardised(table)
    assert standardised(np.full((7, 1), 1e-150)).tolist() == [[0.0]] * 7


def test_standardised_columns_have_mean_zero_and_deviation_one_and_constant_ones_are_zero():
    table = np.array([[1.0, 7.0], [3.0, 7.0]])
    assert standardised(table).tolist() == [[-1.0, 0.0], [1.0, 0.0]]
