"""Histograms of the weights of every kernel, in bins that are the same for all runs, so that arms can be laid over
each other. Their mean, spread, extremes and norms by layer stand in the run itself (`weights/statistics`).

Biases and the scales of normalisation are left out.

Arrays: path str [K], edges float64 [BINS + 1], counts int64 [K, BINS], outside int64 [K]: weights beyond the edges.
"""

from __future__ import annotations

import numpy as np

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.subject import Measured, NotApplicable, Subject

__all__ = ["BINS", "FACTS", "measure"]

FACTS = ArtefactInfo(
    "weight_histogram",
    "histograms of the weights",
    needs=(WEIGHTS,),
    quantities=(
        MetricInfo("weight_extreme", "largest weight in size", "", ""),
        MetricInfo("total_weight_norm", "Euclidean norm of all kernels together", "", ""),
    ),
    is_of_any_procedure=True,
    place=80,
)

LIMIT = 1.0
BINS = 400


def measure(subject: Subject) -> Measured:
    """`weight_extreme`, the largest weight in size, and `total_weight_norm`, of all kernels together."""
    kernels = {
        variable.path: variable.numpy().astype(np.float64).ravel()
        for variable in subject.model.trainable_variables
        if variable.path.endswith("kernel")
    }
    if not kernels:
        raise NotApplicable("the model has no kernels")
    together = np.concatenate(list(kernels.values()))
    edges = np.linspace(-LIMIT, LIMIT, BINS + 1)
    counts = np.array([np.histogram(values, edges)[0] for values in kernels.values()])
    outside = np.array([values.size for values in kernels.values()]) - counts.sum(axis=1)
    arrays = {"path": np.array(list(kernels)), "edges": edges, "counts": counts, "outside": outside}
    values = {"weight_extreme": float(np.abs(together).max()), "total_weight_norm": float(np.linalg.norm(together))}
    return Measured(values, arrays)
