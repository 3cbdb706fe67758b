"""Everything that must not be trained on, one fault a case, on data that is sound otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ablate.datasets.arrays import DataError, Examples, RawData
from ablate.datasets.checks import check, check_apart, copies

FILE = Path("somewhere/mine.npz")


def split(examples: int, seed: int) -> Examples:
    features = np.random.default_rng(seed).normal(size=(examples, 2)).astype(np.float32)
    return Examples(features, (np.arange(examples) % 3).astype(np.int32))


SOUND = RawData(split(30, 0), split(9, 1), 3, 1.0, (FILE,))
REGRESSION = replace(
    SOUND,
    train=replace(SOUND.train, targets=np.linspace(0, 1, 30, dtype=np.float32)),
    test=None,
    classes=None,
)


def with_value(array: np.ndarray, row: int, value: object) -> np.ndarray:
    changed = array.copy()
    changed[row] = value
    return changed


def in_train(**changes: np.ndarray) -> RawData:
    return replace(SOUND, train=replace(SOUND.train, **changes))


def in_test(**changes: np.ndarray) -> RawData:
    return replace(SOUND, test=replace(SOUND.test, **changes))


def regression(targets: np.ndarray) -> RawData:
    return replace(REGRESSION, train=replace(REGRESSION.train, targets=targets))


FAULTS = {
    "the last features are cut off": (
        in_train(features=SOUND.train.features[:-1]),
        "29 training features but 30 targets",
    ),
    "there is nothing": (
        in_train(features=np.zeros((0, 2), np.float32), targets=np.zeros(0, np.int32)),
        "no training ex",
    ),
    "the test is empty": (in_test(features=np.zeros((0, 2), np.float32), targets=np.zeros(0, np.int32)), "no test ex"),
    "features without an axis": (in_train(features=np.zeros(30, np.float32)), r"shape \[30\]"),
    "features without a value": (
        in_train(features=np.zeros((30, 0), np.float32)),
        r"the 30 training examples have no feature: their shape is \[30, 0\]",
    ),
    "no example": (
        in_train(features=np.zeros((0, 2), np.float32), targets=np.zeros(0, np.int32)),
        "no training examples",
    ),
    "targets with a second axis": (in_train(targets=np.zeros((30, 3), np.int32)), r"\[30, 3\].*one value an example"),
    "a target without an axis": (in_train(targets=np.int32(1).reshape(())), "one value an example"),
    "features are texts": (in_train(features=np.full((30, 2), "x")), "no numbers but <U1"),
    "another width in the test": (in_test(features=np.zeros((9, 5), np.float32)), r"\[2\] and \[5\]"),
    "a NaN": (
        in_train(features=with_value(SOUND.train.features, 7, np.nan)),
        r"1 of 30 .*example 7\) training features",
    ),
    "an infinity in the test": (
        in_test(features=with_value(SOUND.test.features, 2, -np.inf)),
        "1 of 9 .*test features",
    ),
    "a label too large": (
        in_train(targets=with_value(SOUND.train.targets, 4, 3)),
        r"1 of 30 .*example 4.*0 … 2 \(it is 3",
    ),
    "a negative label": (in_test(targets=with_value(SOUND.test.targets, 0, -1)), r"test labels are outside 0 … 2"),
    "labels are halves": (in_train(targets=SOUND.train.targets + 0.5), "no whole numbers but float64"),
    "one class": (in_train(targets=np.ones(30, np.int32)), "every training target is 1: there is nothing to learn"),
    "one class is asked for": (replace(SOUND, classes=1), "number of classes is 1"),
    "half a class is asked for": (replace(SOUND, classes=2.5), "number of classes is 2.5"),
    "a constant target": (regression(np.full(30, 0.5, np.float32)), "every training target is 0.5"),
    "a target is not finite": (
        regression(with_value(REGRESSION.train.targets, 29, np.inf)),
        "training targets are not",
    ),
    "labels for a regression": (regression(SOUND.train.targets), "no real numbers but int32.*how many"),
}


def test_sound_data_passes():
    check(SOUND)
    check(REGRESSION)
    check_apart(SOUND, SOUND.train, SOUND.test)


@pytest.mark.parametrize(("data", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_refused_with_the_file_and_what_it_is(data, said):
    with pytest.raises(DataError, match=said) as caught:
        check(data)
    assert str(caught.value).startswith(f"{FILE} cannot be trained on:\n- ")


def test_all_faults_are_said_at_once():
    features = with_value(SOUND.train.features, 3, np.nan)
    data = replace(
        SOUND, train=Examples(features, SOUND.train.targets + 1), test=in_test(targets=SOUND.test.targets - 1).test
    )
    with pytest.raises(DataError) as caught:
        check(data)
    assert str(caught.value).count("\n- ") == 3


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.lists(st.integers(0, 6), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_copies_are_counted_as_often_as_they_stand_in_the_test(trained, tested):
    def examples(values: list[int]) -> Examples:
        return Examples(np.array(values, np.float32)[:, None], np.array(values, np.int32))

    assert copies(examples(trained), examples(tested)) == sum(value in trained for value in tested)


def test_examples_of_more_than_a_chunk_are_all_looked_at():
    pixels = np.arange(20_000, dtype=np.int32)[:, None]
    whole = Examples(pixels, np.zeros(20_000, np.int32))
    assert copies(whole, whole.rows(np.arange(0, 20_000, 3))) == len(range(0, 20_000, 3))


def test_equal_features_with_another_target_are_another_example():
    other = replace(SOUND.train, targets=(SOUND.train.targets + 1) % 3)
    assert copies(SOUND.train, other) == 0


def test_a_few_natural_copies_pass_and_many_do_not():
    apart = split(1000, 2)
    few, many = (Examples(*(np.concatenate([x, y[:count]]) for x, y in pairs)) for count, pairs in with_copies(apart))
    check_apart(SOUND, apart, few)
    with pytest.raises(DataError, match=r"30 of 130 test examples are training examples.*allowed_overlap=0.231"):
        check_apart(SOUND, apart, many)
    check_apart(replace(SOUND, allowed_overlap=0.25), apart, many)


def with_copies(examples: Examples) -> list[tuple[int, list[tuple[np.ndarray, np.ndarray]]]]:
    """A hundred fresh examples, to which 1 and 30 of the given ones are to be added."""
    fresh = split(100, 3)
    pairs = [(fresh.features, examples.features), (fresh.targets, examples.targets)]
    return [(1, pairs), (30, pairs)]
