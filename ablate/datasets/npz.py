"""A data set of your own, as arrays in a .npz archive (`numpy.savez`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.datasets.arrays import ALLOWED_OVERLAP, DataError, Examples, RawData, as_features, as_targets
from ablate.datasets.files import own_path, read_npz
from ablate.datasets.labels import numbered

__all__ = ["load"]


def load(
    data_dir: Path | None = None,
    path: str = "",
    features: str = "x_train",
    targets: str = "y_train",
    test_features: str = "",
    test_targets: str = "",
    classes: int | None = None,
    scale: float = 1.0,
    allowed_overlap: float = ALLOWED_OVERLAP,
) -> RawData:
    """The arrays called `features`, [examples, …], and `targets`, [examples] or [examples, 1], of the archive.

    Images have a channel axis, which comes last. Other arrays of the archive are not read.

    Args:
        path: seen from data_dir, or from the current folder where there is none.
        test_features, test_targets: the arrays of the test split; both empty for one that is drawn.
        classes: how many there are: labels are whole numbers from 0, or texts, which are numbered in order, that of
            numbers where they are such. None for regression.
        scale: what features are divided by.
        allowed_overlap: the share of the test examples that may be training examples as well.

    Raises:
        DataError: when the archive or one of the arrays is not there, or texts are no such labels.
    """
    if bool(test_features) != bool(test_targets):
        raise DataError("dataset.test_features and dataset.test_targets belong together: name both arrays")
    file = own_path(path, data_dir)
    pairs = [(features, targets), *([(test_features, test_targets)] if test_features else [])]
    arrays = read_npz(file, tuple(name for pair in pairs for name in pair))
    labels, names = _numbered([arrays[y] for _, y in pairs], classes, f"the labels in {file}")
    train, *test = (
        Examples(as_features(arrays[x], scale), as_targets(own, classes))
        for (x, _), own in zip(pairs, labels, strict=True)
    )
    return RawData(train, test[0] if test else None, classes, scale, (file,), allowed_overlap, names)


def _numbered(
    labels: Sequence[npt.NDArray[Any]], classes: int | None, what: str
) -> tuple[Sequence[npt.NDArray[Any]], tuple[str, ...]]:
    """The labels of every split as numbers, with the names of the classes, where all are texts; else as they are."""
    if any(each.dtype.kind not in "US" for each in labels):
        return labels, ()
    texts = [_texts(each, what) for each in labels]
    numbers, names = numbered([text for own in texts for text in own], classes, what)
    ends = np.cumsum([len(own) for own in texts])[:-1]
    return [part.reshape(own.shape) for part, own in zip(np.split(numbers, ends), labels, strict=True)], names


def _texts(labels: npt.NDArray[Any], what: str) -> list[str]:
    try:
        return [str(text).strip() for text in labels.astype(np.str_).ravel()]
    except UnicodeDecodeError as error:
        raise DataError(f"{what} are bytes that are no text ({error})") from error
