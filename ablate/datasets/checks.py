"""What data must be before anything trains on it, whatever loader it comes from.

    check(data)                              # shapes, labels, values that are no numbers
    check_apart(data, train, test)           # examples that stand in both

A problem says how many examples it concerns, which is the first of them (counted from 0), and what to do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import DataError, Examples, RawData

__all__ = ["check", "check_apart", "copies"]

Mask = npt.NDArray[np.bool_]

# Rows that are turned into bytes at a time: a whole data set as bytes would be held twice.
_CHUNK = 4096


def check(data: RawData) -> None:
    """Nothing, for data that can be trained on.

    Raises:
        DataError: with everything that is wrong with it; values are looked at only where the shapes are right.
    """
    _refuse(data, list(_shape_problems(data)) or list(_value_problems(data)))


def check_apart(data: RawData, train: Examples, test: Examples) -> None:
    """Nothing, where hardly any of the `test` examples are `train` examples as well.

    The same example has the same features and the same target, to the bit. Up to `data.allowed_overlap` of the
    test examples may be copies: real collections hold a few things twice, and dropping them would make numbers
    that cannot be compared with anybody's. A table of few distinct values holds many without any leak; its
    owner raises the limit, and the spec of every run then shows it.

    Raises:
        DataError: when there are more.
    """
    count = copies(train, test)
    if count > data.allowed_overlap * len(test):
        enough = math.ceil(1000 * count / len(test)) / 1000
        remedy = f"take the copies out, or, if a set of yours is like that, set dataset.allowed_overlap={enough}"
        _refuse(data, [f"{count:,} of {len(test):,} test examples are training examples as well: {remedy}"])


def copies(train: Examples, test: Examples) -> int:
    """How many of the `test` examples are among the `train` examples, target included."""
    wanted = set(_rows_as_bytes(test))
    found = {row for row in _rows_as_bytes(train) if row in wanted}
    return sum(row in found for row in _rows_as_bytes(test)) if found else 0


def _rows_as_bytes(examples: Examples) -> Iterator[bytes]:
    for start in range(0, len(examples), _CHUNK):
        chunk = examples.rows(np.arange(start, min(start + _CHUNK, len(examples))))
        columns = [np.ascontiguousarray(part).reshape(len(chunk), -1) for part in (chunk.features, chunk.targets)]
        table = np.concatenate([column.view(np.uint8) for column in columns], axis=1)
        content, width = table.tobytes(), table.shape[1]
        yield from (content[offset : offset + width] for offset in range(0, len(content), width))


def _shape_problems(data: RawData) -> Iterator[str]:
    if data.classes is not None and (type(data.classes) is not int or data.classes < 2):
        yield f"the number of classes is {data.classes!r}: a whole number from 2, or null for regression"
    if data.class_names and len(data.class_names) != data.classes:
        yield f"{len(data.class_names)} names are given to {data.classes} classes: one each, or none"
    for name, examples in _splits(data):
        yield from _split_shape_problems(name, examples)
    if data.test is not None and data.test.features.shape[1:] != data.train.features.shape[1:]:
        shapes = " and ".join(_shape(examples.features.shape[1:]) for _, examples in _splits(data))
        yield f"training and test examples differ in shape: {shapes}"


def _split_shape_problems(name: str, examples: Examples) -> Iterator[str]:
    features, targets = examples.features, examples.targets
    if features.ndim < 2 or targets.ndim != 1:
        yield (
            f"the {name} features have the shape {_shape(features.shape)} and the targets {_shape(targets.shape)}: "
            "features need an axis of examples and at least one more, targets one value an example"
        )
    elif len(features) != len(targets):
        yield f"there are {len(features):,} {name} features but {len(targets):,} targets"
    elif not features.size:
        count = len(features)
        yield (
            f"the {count:,} {name} examples have no feature: their shape is {_shape(features.shape)}"
            if count
            else f"there are no {name} examples"
        )
    if features.dtype.kind not in "uif":
        yield f"the {name} features are no numbers but {features.dtype}"


def _value_problems(data: RawData) -> Iterator[str]:
    for name, examples in _splits(data):
        yield from _not_finite(f"{name} features", examples.features)
        yield from _target_problems(name, examples.targets, data.classes)
    if (data.train.targets == data.train.targets[0]).all():
        yield f"every training target is {data.train.targets[0]}: there is nothing to learn"


def _target_problems(name: str, targets: npt.NDArray[Any], classes: int | None) -> Iterator[str]:
    if classes is not None:
        yield from _label_problems(name, targets, classes)
    elif targets.dtype.kind == "f":
        yield from _not_finite(f"{name} targets", targets)
    else:
        yield f"the {name} targets are no real numbers but {targets.dtype}: for classes, say how many there are"


def _label_problems(name: str, labels: npt.NDArray[Any], classes: int) -> Iterator[str]:
    if labels.dtype.kind not in "ui":
        yield f"the {name} labels are no whole numbers but {labels.dtype}: number the classes from 0"
        return
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        remedy = "correct them, or the number of classes"
        yield f"{_some(outside)} {name} labels are outside 0 … {classes - 1} (it is {labels[outside][0]}): {remedy}"


def _not_finite(name: str, values: npt.NDArray[Any]) -> Iterator[str]:
    if values.dtype.kind != "f":
        return
    broken = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if broken.any():
        yield f"{_some(broken)} {name} are not finite (NaN or infinite): fill them in, or take these examples out"


def _splits(data: RawData) -> Sequence[tuple[str, Examples]]:
    return [("training", data.train)] if data.test is None else [("training", data.train), ("test", data.test)]


def _some(mask: Mask) -> str:
    return f"{np.count_nonzero(mask):,} of {len(mask):,} (the first is example {np.flatnonzero(mask)[0]})"


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _refuse(data: RawData, problems: Sequence[str]) -> None:
    if problems:
        where = data.files[0] if data.files else "the data"
        raise DataError("\n".join([f"{where} cannot be trained on:", *(f"- {problem}" for problem in problems)]))
