"""Pairs of seeds: the baseline at the left, the arm at the right, a line for every seed that both have."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ablate.plots.canvas import BASELINE, MUTED, SUBJECT
from ablate.plots.contents import PairedSlopes, mean_on_scale, pairing_of
from ablate.plots.forest import COLOURS

__all__ = ["draw_paired_slopes"]


def draw_paired_slopes(info: PairedSlopes, ax: Axes) -> Axes:
    """Thin lines join equal seeds; bars are the means of what is joined, geometric ones where ratios are compared.

    Above stand the sign of the verdict, the correlation ρ, and the variance of the difference as a share of
    that of unpaired seeds (VR), which say whether pairing has helped. A title at the left needs a pad of 15 points.
    """
    word = info.verdict.word
    colour = SUBJECT if word is None else COLOURS[word]
    pairs = info.pairs
    if pairs:
        ax.plot([0, 1], np.transpose(pairs), color=colour, linewidth=0.9, alpha=0.55, zorder=2)
        for position, values in enumerate(zip(*pairs, strict=True)):
            mean = mean_on_scale(values, info.verdict.scale)
            side = BASELINE if position == 0 else colour
            dots = [position] * len(values)
            ax.plot(dots, values, "o", color=side, markersize=3.4, markeredgewidth=0, zorder=3)
            ax.plot([position - 0.16, position + 0.16], [mean] * 2, color=side, linewidth=2.6, zorder=4)
    ax.set_xlim(-0.4, 1.4)
    ax.set_xticks([0, 1], ["baseline", "arm"])
    ax.annotate(pairing_of(info.verdict), (0, 1), (0, 3), "axes fraction", "offset points", size=7, color=MUTED)
    ax.grid(axis="y", which="major")
    return ax
