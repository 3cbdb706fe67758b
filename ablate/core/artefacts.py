"""What may be kept of a run beside its record, and which numbers it holds: names and meanings, no computing.

    ARTEFACTS["sharpness"].needs            # ("weights",): what it is measured from
    PROBE_QUANTITIES["sharpness"].title     # what its number means, as for a metric
    probe_of("dead_units")                  # the probe that measures a quantity

An artefact is asked for by `keep`, outside the spec: keeping more of a run changes no number of it. Training
gives the raw ones (`weights`, `step_losses`); each of the others is a probe, a module of `ablate.probes` with a
function over a trained run and with its facts, which are read here without importing it. Whoever changes what a probe
computes raises the version there: those of another version count as missing, and are measured again.

Names of arrays:

    weights        float32 [*shape], one for each variable path, those of batch normalisation included
    step_losses    loss, objective: float32 [E, S], means over the batch of every step of every finite epoch
    a metric       value/<its name>; its artefact is called after it and the digest of its code
    a probe        value/<quantity>: float64 scalar; and what its module says. A probe that makes no sense of a
                   run holds one text instead, `not_applicable`, that says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.core.modules import declarations
from ablate.core.records import CLASSIFICATION, TEST, MetricInfo

__all__ = [
    "ARTEFACTS",
    "NOT_APPLICABLE",
    "PROBES",
    "PROBE_QUANTITIES",
    "STEP_LOSSES",
    "WEIGHTS",
    "ArtefactInfo",
    "artefact_version",
    "derivable",
    "is_of_metric",
    "probe_of",
    "probes_in",
    "sources_of",
]

WEIGHTS, STEP_LOSSES = "weights", "step_losses"
NOT_APPLICABLE = "not_applicable"
FACTS = "FACTS"
OF_METRIC = re.compile(r"(test_[A-Za-z0-9_]+)@[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True)
class ArtefactInfo:
    """One kind of artefact.

    Attributes:
        title: what it is, for readers.
        version: raised whenever other numbers come out of the same run.
        needs: the raw artefacts that it is measured from; empty for these.
        quantities: the meaning of each of its numbers.
        is_of_any_procedure: whether it makes sense of every run, and not only of those that learn from targets.
        place: where its numbers stand in tables, smaller ones first, and of one place by name.
    """

    name: str
    title: str
    version: int = 1
    needs: tuple[str, ...] = ()
    quantities: tuple[MetricInfo, ...] = ()
    is_of_any_procedure: bool = False
    place: int = 1000


def probes_in(folder: Path) -> tuple[ArtefactInfo, ...]:
    """The facts of the probes in a folder, in their order. Nothing is imported: probes need TensorFlow, plans do not.

    Raises:
        ValueError: when a file has other facts than can be read, or those of a probe that is not named as it is.
    """
    found = declarations(folder, FACTS, _KNOWN)
    for module, facts in found.items():
        if not isinstance(facts, ArtefactInfo) or facts.name != module:
            raise ValueError(f"{folder / module}.py: {FACTS} is to be an {ArtefactInfo.__name__} named {module}")
    return tuple(sorted(found.values(), key=lambda facts: (facts.place, facts.name)))


# What the facts of a probe may be written with.
_KNOWN: Mapping[str, Any] = {each.__name__: each for each in (ArtefactInfo, MetricInfo)} | {
    "CLASSIFICATION": CLASSIFICATION,
    "STEP_LOSSES": STEP_LOSSES,
    "TEST": TEST,
    "WEIGHTS": WEIGHTS,
}
_RAW = (
    ArtefactInfo(WEIGHTS, "the weights that the run ended with"),
    ArtefactInfo(STEP_LOSSES, "the loss of every training step"),
)
_PROBES = probes_in(Path(__file__).parents[1] / "probes")

ARTEFACTS: Mapping[str, ArtefactInfo] = {info.name: info for info in (*_RAW, *_PROBES)}
PROBES: Mapping[str, ArtefactInfo] = {info.name: info for info in _PROBES}
PROBE_QUANTITIES: Mapping[str, MetricInfo] = {
    quantity.name: quantity for info in _PROBES for quantity in info.quantities
}


def artefact_version(name: str) -> int:
    """The version of an artefact that this code makes. That of an open metric has the digest of its code in its name,
    and so no other versions.

    Raises:
        KeyError: when there is no such artefact.
    """
    return 1 if is_of_metric(name) else ARTEFACTS[name].version


def is_of_metric(name: str) -> bool:
    """Whether an artefact holds the value of an open metric, see `ablate.core.metrics`."""
    return OF_METRIC.fullmatch(name) is not None


def probe_of(quantity: str) -> str:
    """The probe that measures a quantity of `PROBE_QUANTITIES`."""
    return next(name for name, info in PROBES.items() if quantity in {each.name for each in info.quantities})


def sources_of(names: Iterable[str]) -> tuple[str, ...]:
    """The raw artefacts that `names` are, or are measured from."""
    return tuple(dict.fromkeys(source for name in names for source in ARTEFACTS[name].needs or (name,)))


def derivable(names: Iterable[str], kept: Iterable[str]) -> bool:
    """Whether all of `names` can be had from the raw artefacts `kept`, without training."""
    return set(sources_of(names)) <= set(kept)
