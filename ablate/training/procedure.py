"""What is done with a model: how a batch trains it, and what a split says of it.

The loop over batches and epochs, the order, the random numbers, stopping and records are the same for every
procedure. A new one is a `Procedure` with what differs, made by a leaf of conf/procedure; the usual one is
`SUPERVISED`. For another see `ablate.training.adversarial`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ablate.training.evaluate import EvaluationResult, evaluate_split
from ablate.training.feeding import Split
from ablate.training.metrics import confusion_matrix, metrics_of, softmax
from ablate.training.step import Learner, Step, train_step

__all__ = ["SUPERVISED", "Arrays", "Procedure"]

Arrays = Mapping[str, np.ndarray]


class Procedure(NamedTuple):
    """The parts of training that depend on what is learned.

    Attributes:
        step: one update by one batch; compiled with the epoch around it.
        evaluate: (learner, features, targets) to the outputs and losses of all examples, in inference mode;
            compiled.
        score: from the targets of the training examples to the metric that the steps' `score` becomes, once it
            is summed over an epoch and divided by the examples.
        metrics: (learner, split, outputs) to metrics that `ablate.core.records.METRICS` knows with a prefix.
        kept: (learner, split, outputs) to the arrays that are stored of the test examples.
        evaluated: how many of a split's first examples are evaluated; None for all.
    """

    step: Step
    evaluate: Callable[[Learner, tf.Tensor, tf.Tensor], EvaluationResult]
    score: Callable[[np.ndarray], str]
    metrics: Callable[[Learner, Split, np.ndarray], dict[str, float]]
    kept: Callable[[Learner, Split, np.ndarray], Arrays]
    evaluated: int | None = None


def accuracy_or_mae(targets: np.ndarray) -> str:
    return "accuracy" if np.issubdtype(targets.dtype, np.integer) else "mae"


def prediction_metrics(learner: Learner, split: Split, outputs: np.ndarray) -> dict[str, float]:
    """Those of `ablate.training.metrics`, for outputs [N, outputs]."""
    del learner
    return metrics_of(split.labels, outputs)


def predictions(learner: Learner, split: Split, outputs: np.ndarray) -> Arrays:
    """The arrays `test/…` of `ablate.core.records`, for outputs [N, outputs]."""
    del learner
    labels = split.labels
    if not np.issubdtype(labels.dtype, np.integer):
        return {"test/label": labels.astype(np.float64), "test/prediction": outputs[:, 0].astype(np.float64)}
    probabilities = softmax(outputs)
    predicted = probabilities.argmax(axis=1)
    rows = np.arange(len(labels))
    small = np.uint8 if outputs.shape[1] <= 256 else np.int32
    return {
        "test/label": labels.astype(small),
        "test/prediction": predicted.astype(small),
        "test/probability": probabilities[rows, predicted].astype(np.float32),
        "test/label_probability": probabilities[rows, labels].astype(np.float32),
        "test/confusion": confusion_matrix(labels, predicted, outputs.shape[1]),
    }


SUPERVISED = Procedure(train_step, evaluate_split, accuracy_or_mae, prediction_metrics, predictions)
