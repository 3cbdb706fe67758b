"""The numbers of a grid, and shares of a variance, as they are written where there is little room."""

from __future__ import annotations

import math

from ablate.analysis.grid_effects import Cell
from ablate.stats.components import VariancePart

__all__ = ["interval_text", "mean_text", "ratio_text", "share_of_noise", "share_text"]


def interval_text(cell: Cell) -> str:
    """As many decimals as the half-width has at two significant digits."""
    mean, low, high = cell.estimate.mean, cell.estimate.ci_low, cell.estimate.ci_high
    if low is None or high is None or high == low:
        return f"{mean:.4g}"
    half = (high - low) / 2
    decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{mean:.{decimals}f}\n±{half:.{decimals}f}".replace("-", "−")


def ratio_text(cell: Cell) -> str:
    """The geometric mean, and the factor by which its interval reaches up and down."""
    mean, high = cell.estimate.mean, cell.estimate.ci_high
    if mean is None or high is None or high == mean:
        return f"{mean:.4g}"
    of_mean, of_factor = (max(0, 1 - math.floor(math.log10(reach))) for reach in (high - mean, high / mean - 1))
    return f"{mean:.{of_mean}f}\n×/÷ {high / mean:.{of_factor}f}"


def mean_text(cell: Cell) -> str:
    return f"{cell.estimate.mean:.3g}".replace("-", "−")


def share_text(share: float) -> str:
    """In per cent, of a share from 0 to 1."""
    return f"{100 * share:.1f}%" if share >= 0.0005 else "<0.1%"


def share_of_noise(part: VariancePart, is_all: bool) -> str:
    """`30% [12, 71]`; empty where the share is not known.

    Args:
        is_all: whether the part is what the shares are of.
    """
    if is_all:
        return "all of it"
    if part.share is None:
        return ""
    known = part.share_low is not None and part.share_high is not None
    bounds = f" [{100 * part.share_low:.0f}, {100 * part.share_high:.0f}]" if known else ""  # type: ignore[operator]
    return f"{100 * part.share:.0f}%{bounds}"
