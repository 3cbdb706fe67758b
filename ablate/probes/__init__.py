"""Measurements of a trained run: one file each, found by its name, with its `FACTS` and one function
`measure(subject) -> Measured`.

    arrays = measure("sharpness", subject)       # the artefact: value/sharpness, and what the module says

A probe explains, it does not train: it sees the weights that a run ended with, the data, the loss and the spec,
changes none of them, and draws what it needs at random from a stream keyed by the run's seed. `FACTS`, an
`ArtefactInfo`, says what it is measured from, its version and what its numbers mean. `ablate.core.artefacts` reads it
from the text of the file, without TensorFlow: so it is written out, of literals and of what is named there.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping

import numpy as np

from ablate.core.artefacts import NOT_APPLICABLE, PROBES
from ablate.core.records import VALUE
from ablate.probes.subject import Measured, NotApplicable, Subject

__all__ = ["Measured", "NotApplicable", "Subject", "measure"]


def measure(probe: str, subject: Subject) -> Mapping[str, np.ndarray]:
    """The artefact of a probe, named as `ablate.core.artefacts` says; a value that is not finite is left out.

    Raises:
        KeyError: when there is no such probe.
    """
    if subject.spec.procedure is not None and not PROBES[probe].is_of_any_procedure:
        return {NOT_APPLICABLE: np.array("the run learned from no targets")}
    announced = {quantity.name for quantity in PROBES[probe].quantities}
    module = importlib.import_module(f"{__name__}.{probe}")
    measure_subject: Callable[[Subject], Measured] = module.measure
    try:
        measured = measure_subject(subject)
    except NotApplicable as reason:
        return {NOT_APPLICABLE: np.array(str(reason))}
    unknown = measured.values.keys() - announced
    if unknown:
        raise ValueError(f"{probe} measures {', '.join(sorted(unknown))}, which its FACTS do not announce")
    values = {VALUE + name: np.float64(value) for name, value in measured.values.items() if math.isfinite(value)}
    return {**{name: np.asarray(value) for name, value in values.items()}, **measured.arrays}
