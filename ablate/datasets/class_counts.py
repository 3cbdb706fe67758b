"""Which classes the parts of a data set lack: known from counts, before anything is cut.

counts = count_classes(rest.targets, test.targets, classes=10)
counts.absent(validation_fraction=0.1, validation_last=None)["validation"]     # numbers of classes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.core.class_names import named
from ablate.datasets.splits import drawn_counts

__all__ = ["ClassCounts", "class_notes", "count_classes"]

NOWHERE = "any"
_PLACES = {
    NOWHERE: "at all",
    "training": "to train on",
    "validation": "for validation",
    "test": "for the test",
}
MOST_NAMED = 5


@dataclass(frozen=True)
class ClassCounts:
    """Of every class: how many examples there are for training and validation together, where among these the first
    and the last of them stand (−1 where there is none), and how many there are for the test."""

    rest: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    test: tuple[int, ...]

    def absent(self, validation_fraction: float, validation_last: int | None) -> Mapping[str, tuple[int, ...]]:
        """Part of the data set to the classes without an example in it, of the cut that `splits.cut` makes; under `any`
        those without an example anywhere, which stand under no other part. Parts that lack none are left out."""
        rest, test = np.array(self.rest), np.array(self.test)
        if validation_last is None:
            held = drawn_counts(self.rest, validation_fraction)
            without_validation, without_training = held == 0, held == rest
        else:
            begin = rest.sum() - validation_last
            without_validation = np.array(self.last) < begin
            without_training = (rest == 0) | (np.array(self.first) >= begin)
        nowhere = (rest == 0) & (test == 0)
        found = {
            NOWHERE: nowhere,
            "training": without_training & ~nowhere,
            "validation": without_validation & ~nowhere,
            "test": (test == 0) & ~nowhere,
        }
        return {part: tuple(np.flatnonzero(mask).tolist()) for part, mask in found.items() if mask.any()}


def count_classes(rest: npt.NDArray[Any], test: npt.NDArray[Any], classes: int) -> ClassCounts:
    """Of labels that are whole numbers below `classes`."""
    first, last = np.full(classes, -1), np.full(classes, -1)
    places = np.arange(len(rest))
    last[rest] = places
    first[rest[::-1]] = places[::-1]
    sizes = (np.bincount(labels, minlength=classes) for labels in (rest, test))
    counted, tested = (tuple(each.tolist()) for each in sizes)
    return ClassCounts(counted, tuple(first.tolist()), tuple(last.tolist()), tested)


def class_notes(
    counts: ClassCounts, names: Sequence[str], validation_fraction: float, validation_last: int | None
) -> tuple[str, ...]:
    """A sentence for each part that lacks classes: what is measured there says nothing of these."""
    absent = counts.absent(validation_fraction, validation_last)
    return tuple(
        f"{len(found):,} of {len(counts.rest):,} classes {'has' if len(found) == 1 else 'have'} no example "
        f"{_PLACES[part]}: {_listed(found, names)}"
        for part, found in absent.items()
    )


def _listed(classes: Sequence[int], names: Sequence[str]) -> str:
    shown = ", ".join(named(number, names) for number in classes[:MOST_NAMED])
    return f"{shown} and {len(classes) - MOST_NAMED:,} more" if len(classes) > MOST_NAMED else shown
