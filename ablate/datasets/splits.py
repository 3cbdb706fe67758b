"""The cut of a data set into training, validation and test examples.

The test examples are the source's own, or a fifth kept apart by `split_seed` where it has none; nothing
that selects ever sees them. Draws come from Philox keyed by `split_seed` and are written out here, not
left to a library's splitter, whose next version may draw others under the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import DataError, Examples, RawData

__all__ = ["TEST_FRACTION", "Parts", "cut", "drawn_rows", "with_test"]

TEST_FRACTION = 0.2

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Parts:
    """What a run trains on, selects by, and reports."""

    train: Examples
    validation: Examples
    test: Examples


def cut(data: RawData, validation_fraction: float, validation_last: int | None, split_seed: int) -> Parts:
    """Training, validation and test examples of `data`.

    Args:
        validation_fraction: share of the training examples that becomes the validation set; stratified
            for classes; order is kept.
        validation_last: if given, the last so many training examples are the validation set instead.
        split_seed: keys the draws.

    Raises:
        DataError: when a part would be empty.
    """
    rest, test = with_test(data, split_seed)
    if validation_last is not None:
        held = np.arange(len(rest) - validation_last, len(rest)) if 0 < validation_last < len(rest) else np.arange(0)
    else:
        held = drawn_rows(rest.targets, data.classes, validation_fraction, [split_seed, 1])
    train = rest.rows(_others(len(rest), held))
    if not len(held) or not len(train) or not len(test):
        counts = f"{len(train)} for training, {len(held)} for validation and {len(test)} for the test"
        raise DataError(f"{len(rest) + len(test)} examples leave {counts}")
    return Parts(train, rest.rows(held), test)


def with_test(data: RawData, split_seed: int) -> tuple[Examples, Examples]:
    """The examples for training and validation together, and those for the test."""
    if data.test is not None:
        return data.train, data.test
    held = drawn_rows(data.train.targets, data.classes, TEST_FRACTION, [split_seed, 0])
    return data.train.rows(_others(len(data.train), held)), data.train.rows(held)


def drawn_rows(targets: npt.NDArray[Any], classes: int | None, fraction: float, key: list[int]) -> Rows:
    """About `fraction` of the rows, sorted; from every class the same share where there are classes.

    The shares are rounded so that their sum is the rounded share of all (largest remainders first).
    """
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))
    groups = [np.arange(len(targets))] if classes is None else [np.flatnonzero(targets == c) for c in range(classes)]
    wanted = np.array([fraction * len(group) for group in groups])
    counts = np.floor(wanted).astype(int)
    short = round(fraction * len(targets)) - counts.sum()
    counts[np.argsort(counts - wanted, kind="stable")[:short]] += 1
    drawn = [generator.permutation(group)[:count] for group, count in zip(groups, counts, strict=True)]
    return np.sort(np.concatenate(drawn))


def _others(count: int, rows: Rows) -> Rows:
    return np.setdiff1d(np.arange(count), rows, assume_unique=True)
