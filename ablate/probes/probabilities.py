"""The probabilities of all classes for every test example: what ensembles of seeds are made of.

Arrays: probability float32 [N, C], label int [N].
"""

from __future__ import annotations

import numpy as np

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.probes.answers import class_probabilities
from ablate.probes.subject import Measured, NotApplicable, Subject

__all__ = ["FACTS", "measure"]

FACTS = ArtefactInfo(
    "probabilities",
    "probabilities of all test examples",
    needs=(WEIGHTS,),
    place=110,
)


def measure(subject: Subject) -> Measured:
    """No number of its own; see `ablate.analysis.ensembles`."""
    labels = subject.test.labels
    if not np.issubdtype(labels.dtype, np.integer):
        raise NotApplicable("a regression has no classes")
    probabilities = class_probabilities(subject.model, subject.test.features, subject.scale)
    return Measured({}, {"probability": probabilities.astype(np.float32), "label": labels})
