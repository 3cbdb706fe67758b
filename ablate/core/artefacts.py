"""What may be kept of a run beside its record, and which numbers it holds: names and meanings, no computing.

    ARTEFACTS["sharpness"].needs            # ("weights",): what it is measured from
    PROBE_QUANTITIES["sharpness"].title     # what its number means, as for a metric
    probe_of("dead_units")                  # the probe that measures a quantity

An artefact is asked for by `keep`, outside the spec: keeping more of a run changes no number of it. Training
gives the raw ones (`weights`, `step_losses`); each of the others is a probe, a function in `ablate.probes` over
a trained run. Whoever changes what a probe computes raises its version here: those of another version count as
missing, and are measured again.

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
    "sources_of",
]

WEIGHTS, STEP_LOSSES = "weights", "step_losses"
NOT_APPLICABLE = "not_applicable"
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
    """

    name: str
    title: str
    version: int = 1
    needs: tuple[str, ...] = ()
    quantities: tuple[MetricInfo, ...] = ()
    is_of_any_procedure: bool = False


def _confidence(name: str, title: str) -> MetricInfo:
    return MetricInfo(name, title, "", "fraction", CLASSIFICATION, split=TEST)


def _moved_accuracy(name: str, title: str) -> MetricInfo:
    """A mean over several moves of the test examples, so no share of N."""
    return MetricInfo(name, title, "max", "fraction", CLASSIFICATION, split=TEST, is_error=True, range=(0.0, 1.0))


_RAW = (
    ArtefactInfo(WEIGHTS, "the weights that the run ended with"),
    ArtefactInfo(STEP_LOSSES, "the loss of every training step"),
)
_PROBES = (
    ArtefactInfo(
        "jitter",
        "jitter of the step-wise loss",
        needs=(STEP_LOSSES,),
        quantities=(
            MetricInfo("loss_jitter", "jitter of the step-wise loss in the last epoch", "", ""),
            MetricInfo("relative_loss_jitter", "jitter of the step-wise loss ÷ its mean, last epoch", "", "fraction"),
        ),
        is_of_any_procedure=True,
    ),
    ArtefactInfo(
        "gradient_noise",
        "gradient noise",
        needs=(WEIGHTS,),
        quantities=(
            MetricInfo("gradient_variance", "variance of one example's gradient (trace)", "", ""),
            MetricInfo("batch_gradient_noise", "standard deviation of a batch's gradient", "", ""),
            MetricInfo("gradient_noise_scale", "simple gradient noise scale", "", "examples"),
        ),
    ),
    ArtefactInfo(
        "sharpness",
        "sharpness",
        needs=(WEIGHTS,),
        quantities=(MetricInfo("sharpness", "sharpness (largest Hessian eigenvalue)", "", ""),),
    ),
    ArtefactInfo(
        "loss_surface",
        "loss along two random directions",
        needs=(WEIGHTS,),
        quantities=(MetricInfo("surface_rise", "rise of the loss half a filter norm away", "", ""),),
    ),
    ArtefactInfo(
        "linear_path",
        "loss on the straight line from the first weights to the last",
        needs=(WEIGHTS,),
        quantities=(
            MetricInfo("linear_path_barrier", "barrier on the line from the first weights to the last", "", ""),
        ),
    ),
    ArtefactInfo(
        "dead_units",
        "dead units",
        needs=(WEIGHTS,),
        quantities=(MetricInfo("dead_units", "dead hidden units", "", "fraction"),),
    ),
    ArtefactInfo(
        "coadaptation",
        "co-adaptation",
        needs=(WEIGHTS,),
        quantities=(MetricInfo("coadaptation", "co-adaptation (mean |correlation| of hidden units)", "", ""),),
    ),
    ArtefactInfo(
        "weight_histogram",
        "histograms of the weights",
        needs=(WEIGHTS,),
        quantities=(
            MetricInfo("weight_extreme", "largest weight in size", "", ""),
            MetricInfo("total_weight_norm", "Euclidean norm of all kernels together", "", ""),
        ),
        is_of_any_procedure=True,
    ),
    ArtefactInfo(
        "calibration",
        "reliability of the confidences",
        version=2,
        needs=(WEIGHTS,),
        quantities=(
            _confidence("test_overconfidence", "test confidence − accuracy"),
            MetricInfo(
                "test_confidence", "mean confidence on the test set", "", "fraction", CLASSIFICATION, split=TEST
            ),
        ),
    ),
    ArtefactInfo(
        "sensitivity",
        "sensitivity to displacement",
        needs=(WEIGHTS,),
        quantities=(
            _moved_accuracy("test_accuracy_shifted", "test accuracy, moved by 1/14 of the side"),
            _moved_accuracy("test_accuracy_rotated", "test accuracy, turned by 15°"),
            _moved_accuracy("test_accuracy_scaled", "test accuracy, scaled by 0.8 or 1.2"),
        ),
    ),
    ArtefactInfo("probabilities", "probabilities of all test examples", needs=(WEIGHTS,)),
    ArtefactInfo("samples", "a few test examples as the run reads them", needs=(WEIGHTS,)),
)

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
