"""The two data sets of numbers that are known by name."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from ablate.datasets import california_housing, diabetes
from ablate.datasets.arrays import DataError
from ablate.datasets.checks import check


def test_diabetes_is_that_of_scikit_learn_in_standard_deviations():
    ours, theirs = diabetes.load(), load_diabetes()
    np.testing.assert_allclose(ours.train.features, theirs.data * np.sqrt(442), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.train.targets * 77.0 + 152.1, theirs.target, atol=0.2)
    assert ours.train.targets.dtype == ours.train.features.dtype == np.float32
    assert ours.classes is None
    check(ours)


@pytest.fixture
def housing(tmp_path):
    generator = np.random.default_rng(0)
    table = generator.normal([4, 30, 5, 1, 1400, 3, 35, -119], [2, 12, 2, 1, 1000, 1, 2, 2], size=(50, 8))
    dollars = generator.uniform(15_000, 500_000, 50)
    np.savez(tmp_path / "california_housing.npz", x=table, y=dollars)
    return table, dollars


def test_housing_is_standardised_and_its_targets_are_hundreds_of_thousands_of_dollars(tmp_path, housing):
    table, dollars = housing
    data = california_housing.load(tmp_path)
    expected = (table - table.mean(axis=0)) / table.std(axis=0)
    np.testing.assert_allclose(data.train.features, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(data.train.targets, dollars / 100_000, rtol=1e-6)
    check(data)


def test_what_is_downloaded_is_what_keras_downloads(offline, asked_by_keras):
    from keras.src.datasets import california_housing as theirs

    with pytest.raises(DataError, match=r"california_housing\.npz is not on this machine"):
        california_housing.load(None)
    ((name, origin, file_hash, folder),) = offline
    asked = asked_by_keras(theirs)
    assert (origin, file_hash) == (asked["origin"], asked["file_hash"])
    assert (name, folder) == ("california_housing.npz", "datasets")
