"""What probes measured, drawn: step-wise losses, loss surfaces, weight histograms, reliability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter

from ablate.analysis.probe_pictures import KernelHistogram, LossSurface, Reliability, StepLosses
from ablate.plots.canvas import BASELINE, INK, MUTED, PALETTE, SUBJECT
from ablate.plots.curves import LINE_STYLES
from ablate.plots.labels import shortened

__all__ = [
    "draw_loss_surface",
    "draw_reliability",
    "draw_step_losses",
    "draw_weight_histogram",
    "levels_of",
]

LEVELS = 9
_WHITE_TO_BLUE = LinearSegmentedColormap.from_list("loss", ["#FFFFFF", "#BFDDF0", "#6BAFD9", SUBJECT])


def draw_step_losses(info: StepLosses, ax: Axes) -> Axes:
    """The loss of step after step; a longer epoch shows its last steps."""
    colour = BASELINE if info.is_baseline else SUBJECT
    steps = np.arange(1 - len(info.losses), 1)
    ax.plot(steps, info.losses, color=colour, linewidth=0.7)
    ax.axhline(float(np.mean(info.losses)), color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    ax.set_title(f"jitter {info.jitter:.3g}", loc="right", size=8.5, color=MUTED)
    ax.grid(axis="y", which="major")
    return ax


def draw_loss_surface(info: LossSurface, ax: Axes, levels: Sequence[float] | None = None) -> Axes:
    """Contours of the loss along two directions, the first upwards; the cross is where the run ended.

    Args:
        levels: of the contours, so that surfaces beside each other can be compared; its own when None.
    """
    losses = np.array(info.losses)
    levels = list(levels_of([info]) if levels is None else levels)
    # What is beyond the last level, or no number at all, is as high as a picture shows.
    shown = np.clip(np.where(np.isfinite(losses), losses, np.inf), levels[0], levels[-1])
    x, y = np.array(info.positions), np.array(info.positions)
    ax.contourf(x, y, shown, levels, cmap=_WHITE_TO_BLUE)
    lines = ax.contour(x, y, shown, levels, colors=INK, linewidths=0.6, alpha=0.7)
    ax.clabel(lines, fontsize=6.5, fmt="%.2g")
    ax.plot(0, 0, "+", color="#D55E00", markersize=9, markeredgewidth=1.8)
    ax.set_aspect("equal")
    ax.set_title(f"seed {info.seed}", loc="right", size=8.5, color=MUTED)
    return ax


def levels_of(surfaces: Sequence[LossSurface]) -> list[float]:
    """Levels from the lowest loss to the highest of the surface that is flattest at its edge, spaced by their
    distance from the lowest: a steep surface must not leave the others without a line. A surface without a finite
    loss has no say."""
    finite = [values for each in surfaces if (values := np.array(each.losses)[np.isfinite(each.losses)]).size]
    low = min((float(values.min()) for values in finite), default=0.0)
    edge = float(np.median([values.max() for values in finite])) if finite else 1.0
    # Levels have to ascend where all losses are equal, too, however large these are.
    high = max(edge, low + 1e-9 * max(abs(low), 1.0))
    return [low + (high - low) * float(share) ** 2 for share in np.linspace(0, 1, LEVELS)]


def draw_weight_histogram(info: KernelHistogram, ax: Axes) -> Axes:
    """The density of one kernel's weights, a line an arm, on a logarithmic axis: the tails are what differs."""
    for position, arm in enumerate(info.arms):
        colour = BASELINE if arm.is_baseline else PALETTE[position % len(PALETTE)]
        style = LINE_STYLES[position // len(PALETTE) % len(LINE_STYLES)]
        label = f"{shortened(arm.arm, 40)} (n={arm.n_runs})"
        density = np.array(arm.density)
        # A gap where no weight is: zero has no place on a logarithmic axis.
        heights = np.where(density > 0, density, np.nan)
        ax.stairs(heights, info.edges, color=colour, linestyle=style, linewidth=1.4, label=label)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_title(info.path, loc="left", size=9)
    ax.grid(axis="y", which="major")
    return ax


def draw_reliability(info: Reliability, ax: Axes) -> Axes:
    """Accuracy against confidence, bin by bin; on the dashed line they agree, below it the model is too sure. The
    area of a dot is the share of the examples."""
    counts, confidences, accuracies = map(np.array, zip(*info.bins, strict=True))
    colour = BASELINE if info.is_baseline else SUBJECT
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    ax.plot(confidences, accuracies, color=colour, linewidth=1)
    ax.scatter(confidences, accuracies, s=8 + 180 * counts / counts.sum(), color=colour, alpha=0.75, linewidths=0)
    ax.set(xlim=(0, 1.04), ylim=(-0.04, 1.06))
    ax.set_title(f"error {info.calibration_error:.2%}, n={info.n_runs}", loc="right", size=8.5, color=MUTED)
    ax.grid(which="major")
    return ax
