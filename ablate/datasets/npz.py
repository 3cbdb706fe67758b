"""A data set of your own, as arrays in a .npz archive (`numpy.savez`)."""

from __future__ import annotations

from pathlib import Path

from ablate.datasets.arrays import ALLOWED_OVERLAP, DataError, Examples, RawData, as_features, as_targets
from ablate.datasets.files import own_path, read_npz

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
        classes: how many there are, numbered from 0; None for regression.
        scale: what features are divided by.
        allowed_overlap: the share of the test examples that may be training examples as well.

    Raises:
        DataError: when the archive or one of the arrays is not there.
    """
    if bool(test_features) != bool(test_targets):
        raise DataError("dataset.test_features and dataset.test_targets belong together: name both arrays")
    file = own_path(path, data_dir)
    pairs = [(features, targets), *([(test_features, test_targets)] if test_features else [])]
    arrays = read_npz(file, tuple(name for pair in pairs for name in pair))
    train, *test = (Examples(as_features(arrays[x], scale), as_targets(arrays[y], classes)) for x, y in pairs)
    return RawData(train, test[0] if test else None, classes, scale, (file,), allowed_overlap)
