"""Reliability of the confidences on the test set: in each bin of confidence, how often the prediction was right.

The bins are those of the metric `test_calibration_error` (Guo et al., ICML 2017), whose value is the mean distance
of the two, weighted by counts.

Arrays, one value for each of the 15 bins: count int64, correct float64, confidence float64, sums over its examples.
"""

from __future__ import annotations

import numpy as np

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import CLASSIFICATION, TEST, MetricInfo
from ablate.probes.answers import class_probabilities
from ablate.probes.subject import Measured, NotApplicable, Subject
from ablate.training.metrics import CALIBRATION_BINS, calibration_bins

__all__ = ["FACTS", "measure"]

FACTS = ArtefactInfo(
    "calibration",
    "reliability of the confidences",
    version=2,
    needs=(WEIGHTS,),
    quantities=(
        MetricInfo("test_overconfidence", "test confidence − accuracy", "", "fraction", CLASSIFICATION, split=TEST),
        MetricInfo("test_confidence", "mean confidence on the test set", "", "fraction", CLASSIFICATION, split=TEST),
    ),
    place=90,
)


def measure(subject: Subject) -> Measured:
    """`test_confidence`, and `test_overconfidence`: by how much it is above the accuracy."""
    labels = subject.test.labels
    if not np.issubdtype(labels.dtype, np.integer):
        raise NotApplicable("a regression has no confidences")
    probabilities = class_probabilities(subject.model, subject.test.features, subject.scale)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = calibration_bins(confidence)
    sums = {
        name: np.bincount(bins, weights=values, minlength=CALIBRATION_BINS)
        for name, values in (("correct", correct), ("confidence", confidence))
    }
    values = {
        "test_confidence": float(confidence.mean()),
        "test_overconfidence": float(confidence.mean() - correct.mean()),
    }
    return Measured(values, {"count": np.bincount(bins, minlength=CALIBRATION_BINS), **sums})
