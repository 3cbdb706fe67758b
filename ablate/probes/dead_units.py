"""Dead units: those whose activation is zero for every validation example ("dead ReLU").

A unit of relu with only negative inputs has no gradient either, and does not come back. A feature map is dead when
all of it is, everywhere. Smooth activations come arbitrarily near to zero and never stay there, so one counts as
zero below ZERO in size; a dead unit says nothing about whether others do its work.

Arrays: layer str [L], units int64 [L], dead int64 [L].
"""

from __future__ import annotations

import numpy as np

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.activations import hidden_activations
from ablate.probes.subject import Measured, NotApplicable, Subject
from ablate.training.step import prepare

__all__ = ["FACTS", "measure"]

FACTS = ArtefactInfo(
    "dead_units",
    "dead units",
    needs=(WEIGHTS,),
    quantities=(MetricInfo("dead_units", "dead hidden units", "", "fraction"),),
    place=60,
)

ZERO = 1e-6


def measure(subject: Subject) -> Measured:
    """`dead_units`: their share of all hidden units."""
    largest: dict[str, np.ndarray] = {}
    for batch in hidden_activations(subject.model, prepare(subject.validation.features, subject.scale)):
        for path, values in batch.items():
            here = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
            largest[path] = np.maximum(largest.get(path, 0.0), here)
    if not largest:
        raise NotApplicable("the model has no hidden units")
    units = np.array([len(values) for values in largest.values()])
    dead = np.array([int(np.sum(values < ZERO)) for values in largest.values()])
    arrays = {"layer": np.array(list(largest)), "units": units, "dead": dead}
    return Measured({"dead_units": float(dead.sum() / units.sum())}, arrays)
