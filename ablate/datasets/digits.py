"""scikit-learn's handwritten digits: 1,797 images of 8×8 pixels with values 0 to 16, in ten classes.

A copy of the test set of the UCI "Optical Recognition of Handwritten Digits" data (Alpaydin & Kaynak
1998), which comes with scikit-learn, so that the whole of ablate can be tried without a download.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ablate.datasets.arrays import Examples, RawData
from ablate.datasets.files import shipped

__all__ = ["load"]

_LARGEST_VALUE = 16.0


def load(data_dir: Path | None = None) -> RawData:
    """uint8 [1797, 8, 8, 1] without a test split of its own. `data_dir` is not used: the data is installed."""
    del data_dir
    file = shipped("digits.csv.gz")
    table = np.loadtxt(file, delimiter=",", dtype=np.int32)
    images = table[:, :-1].astype(np.uint8).reshape(-1, 8, 8, 1)
    return RawData(Examples(images, table[:, -1].copy()), None, classes=10, scale=_LARGEST_VALUE, files=(file,))
