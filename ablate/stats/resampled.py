"""The mean difference over splits of one data set: folds whose training sets overlap.

    >>> folds = [0.012, 0.018, 0.009, 0.021, 0.015]
    >>> found = resampled_mean(folds, test_to_train=1 / 4)     # five folds: 20 % to test on, 80 % to train on
    >>> round(found.mean, 4), round(found.se, 5), found.df
    (0.015, 0.00318, 4)

Splits of one data set share most of what they train on, so their values are correlated, and sd/√k is too small: the
naive t test rejects far too often, and ever more often the more splits there are. No unbiased estimate of the variance
exists; this is the usual correction, which assumes that the correlation is the share of the data that is tested on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ablate.stats.estimates import MeanEstimate, finite, standard_deviation

__all__ = ["resampled_mean"]


def resampled_mean(values: Sequence[float], test_to_train: float) -> MeanEstimate:
    """Σ value ÷ k with se² = sd² · (1/k + n_test/n_train) on k − 1 degrees of freedom (Nadeau and Bengio 2003).

    Args:
        values: [splits] of finite values, as a rule one difference of two arms for each split, in any unit. Of several
            seeds on one split, their mean.
        test_to_train: n_test/n_train, examples tested on ÷ examples trained on; 1/(k − 1) for k folds, repeated or not.

    Raises:
        ValueError: when a value is not finite, or the ratio is not positive.
    """
    if not 0 < test_to_train < math.inf:
        raise ValueError(f"the ratio of test to training examples must be positive; it is {test_to_train}")
    data = finite(values)
    k = len(data)
    if k == 0:
        return MeanEstimate(0)
    mean = math.fsum(data) / k
    if k == 1:
        return MeanEstimate(1, mean)
    sd = standard_deviation(data)
    return MeanEstimate(k, mean, sd, sd * math.sqrt(1 / k + test_to_train), k - 1)
