"""Pairs of seeds: the baseline at the left, the arm at the right, a line for every seed that both have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from ablate.plots.canvas import BASELINE, MUTED, SUBJECT
from ablate.plots.forest import COLOURS
from ablate.plots.signs import SIGNS
from ablate.stats.estimates import Estimate
from ablate.verdicts.verdict import Scale, Verdict, Word

__all__ = ["PairedSlopes", "draw_paired_slopes"]


@dataclass(frozen=True)
class PairedSlopes:
    """What one panel shows: the values of both sides by seed, in the unit of the axis, and the verdict on them."""

    verdict: Verdict
    baseline: Estimate
    arm: Estimate

    @property
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """(baseline, arm) of each seed that both have."""
        of_arm = dict(zip(self.arm.seeds, self.arm.values, strict=True))
        of_baseline = zip(self.baseline.seeds, self.baseline.values, strict=True)
        return tuple((value, of_arm[seed]) for seed, value in of_baseline if seed in of_arm)


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
            mean = _mean(values, info.verdict.scale)
            side = BASELINE if position == 0 else colour
            dots = [position] * len(values)
            ax.plot(dots, values, "o", color=side, markersize=3.4, markeredgewidth=0, zorder=3)
            ax.plot([position - 0.16, position + 0.16], [mean] * 2, color=side, linewidth=2.6, zorder=4)
    ax.set_xlim(-0.4, 1.4)
    ax.set_xticks([0, 1], ["baseline", "arm"])
    ax.annotate(_pairing(info.verdict), (0, 1), (0, 3), "axes fraction", "offset points", size=7, color=MUTED)
    ax.grid(axis="y", which="major")
    return ax


# Words of an arm all of whose values are the baseline's.
EQUAL = (Word.IDENTICAL, Word.NO_DIFFERENCE_SEEN)


def _mean(values: Sequence[float], scale: Scale) -> float:
    if scale is Scale.LOG_ERROR and min(values) > 0:
        return math.exp(math.fsum(map(math.log, values)) / len(values))
    return math.fsum(values) / len(values)


def _pairing(verdict: Verdict) -> str:
    """Of seeds whose values are all the same there is nothing to say but how many."""
    sign = "" if verdict.word is None else f"{SIGNS[verdict.word]} "
    if verdict.rho is None or verdict.vr is None or verdict.word in EQUAL:
        return f"{sign}n={verdict.n}"
    return f"{sign}n={verdict.n}, ρ={verdict.rho:.2f}, VR={verdict.vr:.2f}".replace("-", "−")
