"""Co-adaptation: how alike the hidden units of a layer behave.

The mean absolute correlation of the activations of two units of a layer over the validation examples, the quantity
that Cogswell et al. (DeCov, ICLR 2016) reduce in order to stop units from relying on each other, which Srivastava
et al. (JMLR 2014, section 7.2) say that dropout does. Layers count alike. Feature maps enter by their mean over
places; units that never change are left out, since they correlate with nothing.

Limits: correlation sees linear likeness alone, and independent units show √(2 ÷ (π · examples)) by chance.

Arrays: layer str [L], correlation float64 [L].
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.activations import hidden_activations
from ablate.probes.subject import Measured, NotApplicable, Subject
from ablate.training.step import prepare

__all__ = ["FACTS", "mean_correlation", "measure"]

FACTS = ArtefactInfo(
    "coadaptation",
    "co-adaptation",
    needs=(WEIGHTS,),
    quantities=(MetricInfo("coadaptation", "co-adaptation (mean |correlation| of hidden units)", "", ""),),
    place=70,
)


def measure(subject: Subject) -> Measured:
    """`coadaptation`: the mean over the layers."""
    parts: dict[str, list[np.ndarray]] = defaultdict(list)
    for batch in hidden_activations(subject.model, prepare(subject.validation.features, subject.scale)):
        for path, values in batch.items():
            places = tuple(range(1, values.ndim - 1))
            parts[path].append(values.mean(axis=places, dtype=np.float64))
    by_layer = {path: mean_correlation(np.concatenate(each)) for path, each in parts.items()}
    found = {path: value for path, value in by_layer.items() if value is not None}
    if not found:
        raise NotApplicable("no layer has two hidden units that change")
    arrays = {"layer": np.array(list(found)), "correlation": np.array(list(found.values()))}
    return Measured({"coadaptation": float(np.mean(arrays["correlation"]))}, arrays)


def mean_correlation(activations: np.ndarray) -> float | None:
    """The mean |correlation| over the pairs of columns of float64 [examples, units]; None without two that vary."""
    centred = activations - activations.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    # A constant column keeps a rest of rounding.
    varying = norms > 1e-9 * (1 + np.linalg.norm(activations, axis=0))
    if varying.sum() < 2:
        return None
    unit = centred[:, varying] / norms[varying]
    correlations = np.abs(unit.T @ unit)
    pairs = correlations[np.triu_indices(len(correlations), k=1)]
    return float(pairs.mean())
