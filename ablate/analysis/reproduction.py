"""Whether a run came out again: to the last bit, within what rounding makes of it, or otherwise; and how far off.

    reproduction = compare_again(kept, again)
    reproduction.outcome               # Outcome.WITHIN
    reproduction.furthest.distance     # of the quantity that is furthest off, in units of its tolerance

The tolerance is the one within which eager execution, graphs and XLA have to agree in this package's own tests
(tests/training/test_program.py): programs that do the same arithmetic in another order. They are held to it over a
few epochs; training amplifies rounding, so a long run that is further off need not mean other code, and the first
epoch in which it is not the same bits says more. What is counted moves by whole examples, of which rounding turns
those whose likeliest classes are as good as equal: one in a thousand may be predicted otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.core.artefacts import STEP_LOSSES, WEIGHTS
from ablate.core.records import GENERATED, METRICS, Array, RunRecord, Status, StoredRun, same_bits

__all__ = [
    "OF_EXAMPLES",
    "OF_METRICS",
    "OF_WEIGHTS",
    "ComparedQuantity",
    "Outcome",
    "Reproduction",
    "Tolerance",
    "compare_again",
]

CONFUSION, STATISTICS = "test/confusion", "weights/statistics"


@dataclass(frozen=True)
class Tolerance:
    """How far off a number may be, relative to its size plus `floor`: a number near zero has no relative error."""

    relative: float
    floor: float

    @property
    def absolute(self) -> float:
        """As numpy's `atol`, beside `relative` as its `rtol`."""
        return self.relative * self.floor


OF_METRICS = Tolerance(relative=2e-4, floor=0.05)
OF_WEIGHTS = Tolerance(relative=2e-3, floor=0.01)
# Of a share of examples that is counted otherwise; and of metrics that are such shares, near 1 as well as near 0.
OF_EXAMPLES = Tolerance(relative=1e-3, floor=0.0)
_OF_SHARES = Tolerance(relative=5e-4, floor=1.0)
# Pixels of generated images are rounded to whole grey levels.
_OF_PIXELS = Tolerance(relative=1.0, floor=1.0)
_NONE = Tolerance(relative=0.0, floor=1.0)


class Outcome(StrEnum):
    """In the order from best to worst."""

    EQUAL = "bit-equal"
    WITHIN = "within tolerance"
    DIFFERENT = "different"
    FAILED = "failed"


@dataclass(frozen=True)
class ComparedQuantity:
    """One thing that was compared.

    Attributes:
        largest: the largest difference, relative to the value plus the floor of the tolerance; infinite where there
            is none to take: other shapes, other words, a number that is missing.
        first_epoch: of a history, the first epoch in which it was not the same bits, counted from 1.
        detail: what a reader should know beside: `2 of 360 examples`.
    """

    name: str
    is_equal: bool
    largest: float
    tolerance: Tolerance
    first_epoch: int | None = None
    detail: str = ""

    @property
    def is_within(self) -> bool:
        return self.is_equal or self.largest <= self.tolerance.relative

    @property
    def distance(self) -> float:
        """`largest` in units of the tolerance; above 1 is too far."""
        if self.is_equal:
            return 0.0
        return self.largest / self.tolerance.relative if self.tolerance.relative else math.inf


@dataclass(frozen=True)
class Reproduction:
    """A run and the same run again, quantity by quantity; none where there is nothing to compare, since the second
    failed."""

    run_id: str
    outcome: Outcome
    quantities: tuple[ComparedQuantity, ...] = ()

    @property
    def furthest(self) -> ComparedQuantity | None:
        """The quantity that is furthest off; None where all are equal."""
        unequal = [quantity for quantity in self.quantities if not quantity.is_equal]
        return max(unequal, key=lambda quantity: quantity.distance, default=None)


def compare_again(kept: StoredRun, again: StoredRun) -> Reproduction:
    """What was kept of a run, each of it, against the run trained again. What the second run has beyond it is not
    looked at: a report keeps less than a store, and a later version measures more."""
    run_id = kept.spec.run_id
    if again.record.status is Status.FAILED:
        return Reproduction(run_id, Outcome.FAILED)
    quantities = (*_ending(kept, again), *_metrics(kept, again), *_arrays(kept, again), *_raw(kept, again))
    if all(quantity.is_equal for quantity in quantities):
        return Reproduction(run_id, Outcome.EQUAL, quantities)
    is_within = all(quantity.is_within for quantity in quantities)
    return Reproduction(run_id, Outcome.WITHIN if is_within else Outcome.DIFFERENT, quantities)


def _ending(kept: StoredRun, again: StoredRun) -> Iterator[ComparedQuantity]:
    for name, first, second in zip(("status", "epochs"), _ends(kept.record), _ends(again.record), strict=True):
        yield _words(name, first, second)


def _ends(record: RunRecord) -> tuple[str, str]:
    where = record.divergence
    status = record.status.value + (f" in epoch {where.epoch}, step {where.step}" if where else "")
    return status, f"{record.epochs_run}, evaluated {record.evaluated_epoch}"


def _words(name: str, first: str, second: str) -> ComparedQuantity:
    is_equal = first == second
    return ComparedQuantity(
        name, is_equal, 0.0 if is_equal else math.inf, _NONE, detail="" if is_equal else f"{first} → {second}"
    )


def _metrics(kept: StoredRun, again: StoredRun) -> Iterator[ComparedQuantity]:
    there = again.record.metrics
    for name, value in kept.record.metrics.items():
        yield _numbers(name, np.float64(value), np.float64(there.get(name, np.nan)), _of_metric(name))


def _of_metric(name: str) -> Tolerance:
    """The norm of one step's gradients is no mean over examples, and as sensitive as weights are."""
    if name == "gradient_norm":
        return OF_WEIGHTS
    return _OF_SHARES if name in METRICS and METRICS[name].unit == "fraction" else OF_METRICS


def _arrays(kept: StoredRun, again: StoredRun) -> Iterator[ComparedQuantity]:
    for name, values in kept.arrays.items():
        found = again.arrays.get(name)
        if found is None:
            yield ComparedQuantity(name, False, math.inf, _NONE, detail="absent now")
        elif name.startswith("history/"):
            yield _history(name.removeprefix("history/"), values, found)
        elif name == STATISTICS:
            # The share of weights near zero is a count, and moves by a whole weight.
            yield _numbers(name, values[:, :-1], found[:, :-1], OF_WEIGHTS, same_bits(values, found))
        else:
            yield _kept_of_the_test(name, values, found)


def _history(name: str, values: Array, found: Array) -> ComparedQuantity:
    epochs = min(len(values), len(found))
    unequal = np.flatnonzero(~_equal(values[:epochs], found[:epochs]))
    first = int(unequal[0]) + 1 if len(unequal) else (epochs + 1 if len(values) != len(found) else None)
    return replace(_numbers(f"{name} of each epoch", values, found, _of_metric(name)), first_epoch=first)


def _kept_of_the_test(name: str, values: Array, found: Array) -> ComparedQuantity:
    if values.dtype.kind not in "iu":
        return _numbers(name, values, found, OF_METRICS) if values.dtype.kind == "f" else _texts(name, values, found)
    if name == GENERATED:
        return _numbers(name, values, found, _OF_PIXELS)
    if values.shape != found.shape:
        return _numbers(name, values, found, _NONE)
    # By value: a report packs whole numbers in as few bytes as hold them.
    if name == CONFUSION:  # an example that is predicted otherwise leaves one cell for another
        examples, unequal = int(values.sum()), int(np.abs(values.astype(np.int64) - found).sum()) // 2
    else:
        examples, unequal = values.size, int(np.count_nonzero(values != found))
    detail = f"{unequal} of {examples} examples" if unequal else ""
    return ComparedQuantity(name, not unequal, unequal / max(1, examples), OF_EXAMPLES, detail=detail)


def _texts(name: str, values: Array, found: Array) -> ComparedQuantity:
    is_equal = bool(np.array_equal(values, found))
    return ComparedQuantity(name, is_equal, 0.0 if is_equal else math.inf, _NONE)


def _raw(kept: StoredRun, again: StoredRun) -> Iterator[ComparedQuantity]:
    for name, tolerance in ((WEIGHTS, OF_WEIGHTS), (STEP_LOSSES, OF_METRICS)):
        if name in kept.artefacts:
            yield _all_of(f"{name} kept", kept.artefacts[name], again.artefacts.get(name, {}), tolerance)


def _all_of(name: str, kept: Mapping[str, Array], again: Mapping[str, Array], tolerance: Tolerance) -> ComparedQuantity:
    """Several arrays as one quantity: it is as far off as the worst of them, which is named."""
    if list(kept) != list(again):
        return ComparedQuantity(name, False, math.inf, tolerance, detail="other names")
    parts = [_numbers(part, kept[part], again[part], tolerance) for part in kept]
    worst = max(parts, key=lambda part: part.largest, default=None)
    is_equal = all(part.is_equal for part in parts)
    largest = 0.0 if worst is None else worst.largest
    return ComparedQuantity(name, is_equal, largest, tolerance, detail="" if is_equal or worst is None else worst.name)


def _numbers(
    name: str, first: npt.ArrayLike, second: npt.ArrayLike, tolerance: Tolerance, is_equal: bool | None = None
) -> ComparedQuantity:
    values, found = np.asarray(first), np.asarray(second)
    same = same_bits(values, found) if is_equal is None else is_equal
    if values.shape != found.shape:
        return ComparedQuantity(name, False, math.inf, tolerance, detail=f"{_shape(values)} → {_shape(found)}")
    return ComparedQuantity(name, same, _largest(values, found, tolerance), tolerance)


def _shape(values: Array) -> str:
    return " × ".join(map(str, values.shape)) or "one"


def _largest(values: Array, found: Array, tolerance: Tolerance) -> float:
    one, other = values.astype(np.float64), found.astype(np.float64)
    with np.errstate(invalid="ignore"):
        off = np.where(_equal(one, other), 0.0, np.abs(one - other) / (np.abs(one) + tolerance.floor))
    largest = float(np.max(off, initial=0.0))
    return math.inf if math.isnan(largest) else largest


def _equal(one: Array, other: Array) -> npt.NDArray[Any]:
    equal: npt.NDArray[Any] = (one == other) | (np.isnan(one) & np.isnan(other))
    return equal
