"""California housing: 20,640 block groups of the census of 1990, eight features, the median value of a house.

Pace & Barry, "Sparse Spatial Autoregressions", Statistics & Probability Letters 33 (1997). The file is the one
that `keras.datasets.california_housing` downloads; its own cut is not used.
"""

from __future__ import annotations

from pathlib import Path

from ablate.datasets.arrays import Examples, RawData, as_targets, standardised
from ablate.datasets.files import KERAS_ORIGIN, download, locate, read_npz

__all__ = ["load"]

_NAME = "california_housing.npz"
_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_DOLLARS = 100_000.0


def load(data_dir: Path | None = None) -> RawData:
    """float32 [20640, 8], standardised, from `california_housing.npz` in `data_dir`, Keras's cache, or the web.

    The unit of the targets is 100,000 dollars, as in scikit-learn's copy. There is no test split of its own.

    Raises:
        DataError: when the file is nowhere and cannot be downloaded, or is not what it should be.
    """
    file = locate(_NAME, data_dir) or download(_NAME, f"{KERAS_ORIGIN}/{_NAME}", _SHA256)
    arrays = read_npz(file, ("x", "y"))
    targets = as_targets(arrays["y"] / _DOLLARS, classes=None)
    return RawData(Examples(standardised(arrays["x"]), targets), None, classes=None, scale=1.0, files=(file,))
