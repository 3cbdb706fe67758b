import numpy as np
import pytest

from ablate.datasets.arrays import DataError, Examples, RawData
from ablate.datasets.limits import limited


def part(labels, start=0):
    labels = np.array(labels, np.int32)
    return Examples(np.arange(start, start + len(labels), dtype=np.float32)[:, None], labels)


def data(train, test=None, classes=4):
    return RawData(part(train), None if test is None else part(test, 10_000), classes, 1.0, ())


# 400, 200, 100 and 100 of classes 0 to 3, in disorder.
LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [400, 200, 100, 100]))


def test_every_class_keeps_its_share_and_examples_their_order_and_labels():
    few = limited(data(LABELS), 80)
    assert np.bincount(few.train.targets).tolist() == [40, 20, 10, 10]
    rows = few.train.features[:, 0].astype(int)
    assert (np.diff(rows) > 0).all()
    assert few.train.targets.tolist() == LABELS[rows].tolist()


def test_a_test_split_keeps_its_share():
    few = limited(data(LABELS, LABELS[:200]), 100)
    assert (len(few.train), len(few.test)) == (80, 20)
    assert (few.test.features >= 10_000).all()


def test_the_same_examples_are_drawn_every_time_and_others_under_another_limit():
    assert limited(data(LABELS), 80).digest() == limited(data(LABELS), 80).digest()
    assert limited(data(LABELS), 80).digest() != limited(data(LABELS), 81).digest()


def test_no_limit_and_one_of_all_examples_leave_the_data_as_it_is():
    whole = data(LABELS)
    assert limited(whole, None) is whole
    assert limited(whole, 800).digest() == whole.digest()


def test_a_regression_has_no_classes_to_keep():
    few = limited(RawData(Examples(np.eye(100), np.linspace(0, 1, 100)), None, None, 1.0, ()), 10)
    assert len(few.train) == 10


@pytest.mark.parametrize("limit", [1, 9, 801, 10**12])
def test_a_limit_that_cannot_be_is_refused_with_what_can(limit):
    with pytest.raises(DataError, match=rf"dataset\.limit is {limit:,} .* 800 examples: allowed is 10 to 800"):
        limited(data(LABELS), limit)


def test_two_examples_a_class_are_the_least():
    many = data(np.arange(60) % 20, classes=20)
    with pytest.raises(DataError, match="allowed is 40, two for each of 20 classes, to 60"):
        limited(many, 39)
    assert set(limited(many, 40).train.targets.tolist()) == set(range(20))


def test_data_that_cannot_be_trained_on_is_refused_before_any_is_drawn():
    with pytest.raises(DataError, match="labels are outside"):
        limited(data([0, 1, 2, 9] * 10), 20)
