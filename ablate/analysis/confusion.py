"""Which classes are taken for which, counted over the test examples of one or more runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ablate.core.class_names import names_of_all
from ablate.core.records import Status, StoredRun

__all__ = ["Confusion", "count_confusion"]


@dataclass(frozen=True)
class Confusion:
    """`counts[true][predicted]`, summed over `n_runs` completed runs; `class_names` where they are known."""

    label: str
    counts: tuple[tuple[int, ...], ...]
    n_runs: int
    class_names: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        return len(self.counts)

    @property
    def examples(self) -> int:
        return sum(map(sum, self.counts))

    @property
    def errors(self) -> int:
        return self.examples - sum(self.counts[index][index] for index in range(self.classes))

    @property
    def worst(self) -> tuple[int, int] | None:
        """The true class, and the class it is taken for, of the mistake that is made most often; of several the first.
        None where there is none."""
        wrong = {
            (true, predicted): count
            for true, row in enumerate(self.counts)
            for predicted, count in enumerate(row)
            if true != predicted and count
        }
        return max(wrong, key=lambda pair: wrong[pair], default=None)


def count_confusion(label: str, runs: Iterable[StoredRun]) -> Confusion | None:
    """The confusion matrix over the completed runs that kept class predictions; None when none did.

    It is counted from the predictions, and has as many classes as occur among labels and predictions.
    """
    counted = [run for run in runs if _has_classes(run)]
    kept = [run.arrays for run in counted]
    if not kept:
        return None
    truth = np.concatenate([arrays["test/label"] for arrays in kept]).astype(np.int64)
    predicted = np.concatenate([arrays["test/prediction"] for arrays in kept]).astype(np.int64)
    classes = int(max(truth.max(), predicted.max())) + 1
    counts = np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)
    names = names_of_all(run.record.environment for run in counted)
    return Confusion(label, tuple(map(tuple, counts.tolist())), len(kept), names)


def _has_classes(run: StoredRun) -> bool:
    predictions = run.arrays.get("test/prediction")
    completed = run.record.status is Status.COMPLETED
    return completed and predictions is not None and predictions.dtype.kind in "iu" and len(predictions) > 0
