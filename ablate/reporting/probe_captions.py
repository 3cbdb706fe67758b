"""Which figures of probes a sweep has, and what a reader who cannot see them is told.

The names are those of `ablate.plots.probe_pages.DRAW`, which draws them.
"""

from __future__ import annotations

from ablate.analysis.results import SweepResults
from ablate.reporting.figures import Caption

__all__ = ["captions"]

_STEPS = Caption(
    "step_losses",
    "The loss of every one of the last training steps, one panel an arm",
    "The loss of the last full batches of the last epoch of one seed. Jitter is the root of half the mean squared "
    "difference of neighbouring steps, in units of the loss.",
)
_SURFACES = Caption(
    "loss_surfaces",
    "Contours of the loss along two random directions around the weights of one run, one panel an arm",
    "The training objective around the weights that one seed ended with (the cross), along two random directions that "
    "are scaled filter by filter (Li et al. 2018). All panels share their levels; no colour is darker than the last. "
    "Two directions of many thousands are a picture and no proof.",
)
_PATHS = Caption(
    "linear_paths",
    "The loss on the straight line from the first weights of a run to its last, one panel an arm",
    "The training objective at weights on the straight line from those that a run began with to those it ended with "
    "(Goodfellow et al. 2015); a thin line is a seed, the thick one their mean. A bump above the dashed line is a "
    "barrier that training went around.",
)
_HISTOGRAMS = Caption(
    "weight_histograms",
    "Densities of the weights of every kernel, a line an arm",
    "The weights of each kernel that runs ended with, over all seeds of an arm; the axis is logarithmic, and the "
    "furthest weights, one in a thousand, are beyond it.",
)
_RELIABILITY = Caption(
    "reliability",
    "Accuracy against confidence on the test set, one panel an arm",
    "How often the test predictions of each confidence were right, over all seeds. Below the dashed line they were "
    "surer than right. The area of a dot is its share of the examples.",
)


def captions(results: SweepResults) -> tuple[Caption, ...]:
    """The captions of the figures that the sweep's probes can fill, in the order of the report."""
    pictures = results.pictures
    candidates = (
        (pictures.steps, _STEPS),
        (pictures.surfaces, _SURFACES),
        (pictures.paths, _PATHS),
        (pictures.histograms, _HISTOGRAMS),
        (pictures.reliabilities, _RELIABILITY),
    )
    return tuple(caption for found, caption in candidates if found)
