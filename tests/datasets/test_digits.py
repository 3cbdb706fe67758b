import numpy as np
from sklearn.datasets import load_digits

from ablate.datasets import digits


def test_the_digits_are_those_of_scikit_learn():
    ours, theirs = digits.load(), load_digits()
    np.testing.assert_array_equal(ours.train.features[..., 0], theirs.images)
    np.testing.assert_array_equal(ours.train.targets, theirs.target)
    assert ours.train.features.dtype == np.uint8
    assert ours.scale == theirs.images.max()
    assert ours.classes == 10
    assert ours.test is None
