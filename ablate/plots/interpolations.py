"""The loss on straight lines between weights: of two runs, or of the beginning and the end of one.

png_bytes(interpolation_page(found))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate.analysis.interpolations import ArmInterpolations
from ablate.plots.canvas import PALETTE, house_figure, house_style
from ablate.plots.labels import shortened

__all__ = ["draw_interpolations", "interpolation_page"]

Reals = npt.NDArray[np.floating]


def draw_interpolations(
    positions: Reals, series: Mapping[str, Sequence[Reals]], ax: Axes, ends: tuple[str, str]
) -> Axes:
    """The loss between two sets of weights, thin for every seed and thick for their mean; dashed what would be
    straight between the ends of the mean.

    Args:
        positions: [P], from 0 to 1.
        series: what is drawn in one colour, by its label: of every seed the losses at the positions, [P].
        ends: what stands at 0 and at 1.
    """
    for colour, (label, losses) in zip(PALETTE, series.items(), strict=False):
        mean = np.mean(losses, axis=0)
        for own in losses if len(losses) > 1 else ():
            ax.plot(positions, own, color=colour, linewidth=0.6, alpha=0.45)
        ax.plot(positions, mean, color=colour, linewidth=2, label=label)
        ax.plot([0, 1], [mean[0], mean[-1]], color=colour, linewidth=0.8, linestyle=(0, (3, 3)))
    ax.set_xticks([0, 0.5, 1], [shortened(ends[0]), "half way", shortened(ends[1])])
    ax.grid(axis="y", which="major")
    return ax


def interpolation_page(found: ArmInterpolations) -> Figure:
    """The lines between the runs of two arms."""
    with house_style():
        return _interpolation_page(found)


def _interpolation_page(found: ArmInterpolations) -> Figure:
    interpolations = list(found.by_seed.values())
    seeds = (
        f"{len(interpolations)} seeds, thin; their mean, thick"
        if len(interpolations) > 1
        else f"seed {next(iter(found.by_seed))}"
    )
    subtitle = f"Training objective on the straight line between the weights of two runs: {seeds}; dashed, no barrier"
    title = f"Loss between the weights of {found.first} and of {found.second}"
    figure, (ax,) = house_figure(title, subtitle, 3.4)
    series = {
        "training examples": [interpolation.train_loss for interpolation in interpolations],
        "validation examples": [interpolation.validation_loss for interpolation in interpolations],
    }
    draw_interpolations(interpolations[0].positions, series, ax, (found.first, found.second))
    ax.set_ylabel("objective")
    first, _, last = ax.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    ax.legend(loc="best")
    return figure
