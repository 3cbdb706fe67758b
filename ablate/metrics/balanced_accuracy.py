"""The mean over the classes of the share of their examples that is recognised: every class counts once, however many
examples it has.

Brodersen, Ong, Stephan and Buhmann, ICPR 2010; with as many classes as there are among the labels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ablate.core.records import CLASSIFICATION, Guess, MetricInfo

__all__ = ["FACTS", "balanced_accuracy"]

# A mean of shares of different sizes is no share of N examples: it has no steps of 1/N.
FACTS = MetricInfo(
    "balanced_accuracy",
    "balanced accuracy",
    "max",
    "fraction",
    CLASSIFICATION,
    is_error=True,
    range=(0.0, 1.0),
    worst=Guess.SHARE,
)


def balanced_accuracy(labels: npt.NDArray[np.integer], predictions: npt.NDArray[np.integer]) -> float:
    """Of int [N] and int [N]; classes without an example are left out."""
    examples = np.bincount(labels)
    recognised = np.bincount(labels[labels == predictions], minlength=len(examples))
    present = examples > 0
    return float(np.mean(recognised[present] / examples[present]))
