"""Metrics of a split: functions of the true targets and the outputs of the model, in numpy.

    classification_metrics(labels, logits)["macro_f1"]
    regression_metrics(targets, outputs)["r2"]

Direction and unit of each stand in `ablate.core.records.METRICS`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "CALIBRATION_BINS",
    "calibration_bins",
    "classification_metrics",
    "confusion_matrix",
    "expected_calibration_error",
    "huber",
    "macro_f1",
    "metrics_of",
    "regression_metrics",
    "softmax",
    "top_accuracy",
]

CALIBRATION_BINS = 15

Labels = npt.NDArray[np.integer]
Reals = npt.NDArray[np.floating]
Counts = npt.NDArray[np.int64]


def metrics_of(targets: npt.NDArray[np.generic], outputs: Reals) -> dict[str, float]:
    """Those of classes where the targets are integers, those of regression where they are real."""
    if np.issubdtype(targets.dtype, np.integer):
        return classification_metrics(targets, outputs)  # type: ignore[arg-type]
    return regression_metrics(targets, outputs)  # type: ignore[arg-type]


def classification_metrics(labels: Labels, logits: Reals) -> dict[str, float]:
    """accuracy, top_3_accuracy, macro_f1, calibration_error and huber of int [N] and [N, C].

    huber is that of the probabilities, each against 1 for the true class and 0 for the others. None is
    farther than 1 off, so that with a delta of 1 only its squared part is left: half the Brier score, as a
    mean over the classes.
    """
    probabilities = softmax(logits)
    predicted = probabilities.argmax(axis=1)
    return {
        "accuracy": float(np.mean(predicted == labels)),
        "top_3_accuracy": top_accuracy(labels, logits, 3),
        "macro_f1": macro_f1(confusion_matrix(labels, predicted, logits.shape[1])),
        "calibration_error": expected_calibration_error(predicted == labels, probabilities.max(axis=1)),
        "huber": huber(probabilities - (np.arange(logits.shape[1]) == labels[:, None])),
    }


def regression_metrics(targets: Reals, outputs: Reals) -> dict[str, float]:
    """mse, mae, huber and r2 of [N] and [N, 1].

    huber has a delta of 1. r2 is 1 − residual over total sum of squares; 0 for constant targets.
    """
    errors = outputs.reshape(targets.shape).astype(np.float64) - targets
    total = float(np.sum((targets - targets.mean()) ** 2))
    return {
        "mse": float(np.mean(errors**2)),
        "mae": float(np.mean(np.abs(errors))),
        "huber": huber(errors),
        "r2": 1.0 - float(np.sum(errors**2)) / total if total > 0 else 0.0,
    }


def huber(errors: Reals, delta: float = 1.0) -> float:
    """The mean of e²/2 for errors up to `delta` in size, of delta · (|e| − delta/2) beyond.

    Huber, Annals of Mathematical Statistics 1964, section 2.
    """
    sizes = np.abs(errors)
    return float(np.mean(np.where(sizes <= delta, sizes**2 / 2, delta * (sizes - delta / 2))))


def softmax(logits: Reals) -> npt.NDArray[np.float64]:
    """Probabilities along the last axis, in float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    normalised: npt.NDArray[np.float64] = shifted / shifted.sum(axis=-1, keepdims=True)
    return normalised


def top_accuracy(labels: Labels, logits: Reals, count: int) -> float:
    """The share of examples for which fewer than `count` classes have a larger logit than the true one."""
    own = np.take_along_axis(logits, labels[:, None].astype(np.intp), axis=1)
    return float(np.mean((logits > own).sum(axis=1) < count))


def confusion_matrix(labels: Labels, predicted: Labels, classes: int) -> Counts:
    """int64 [classes, classes]: rows are true classes, columns predicted ones."""
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def macro_f1(confusion: Counts) -> float:
    """The unweighted mean over classes of 2·TP / (2·TP + FP + FN); a class neither present nor predicted is
    left out of the mean."""
    hits = np.diag(confusion).astype(np.float64)
    sizes = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float(np.mean(2 * hits[sizes > 0] / sizes[sizes > 0]))


def expected_calibration_error(correct: npt.NDArray[np.bool_], confidence: Reals) -> float:
    """Mean distance of accuracy and confidence over 15 equal bins of confidence, weighted by their sizes.

    Guo, Pleiss, Sun and Weinberger, ICML 2017, equation 3. Bins are (low, high].
    """
    bins = calibration_bins(confidence)
    surplus = np.bincount(bins, weights=correct - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(surplus).sum() / len(correct))


def calibration_bins(confidence: Reals) -> npt.NDArray[np.int64]:
    """Which of the bins each confidence is in, counted from 0."""
    return np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1, 0, CALIBRATION_BINS - 1)
