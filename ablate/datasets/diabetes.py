"""scikit-learn's diabetes data: ten measurements of 442 patients and how far the disease went in a year.

Efron, Hastie, Johnstone & Tibshirani, "Least Angle Regression", Annals of Statistics 32 (2004). It comes
with scikit-learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ablate.datasets.arrays import Examples, RawData, standardised
from ablate.datasets.files import shipped

__all__ = ["load"]


def load(data_dir: Path | None = None) -> RawData:
    """float32 [442, 10] with real targets, without a test split of its own. `data_dir` is not used.

    Features are those of `sklearn.datasets.load_diabetes` times √442: it gives each column the sum of squares
    1, here it is the standard deviation that is 1, which is what initialisers of weights assume. The targets
    are standardised too: their unit is one standard deviation of the source's score (77.0 points about a mean
    of 152.1), and an MSE of 1 is that of predicting the mean.
    """
    del data_dir
    files = shipped("diabetes_data_raw.csv.gz"), shipped("diabetes_target.csv.gz")
    features, targets = (standardised(np.loadtxt(file)) for file in files)
    return RawData(Examples(features, targets), None, classes=None, scale=1.0, files=files)
