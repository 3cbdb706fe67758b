"""Lines over epochs: one panel an arm, or groups of runs laid over each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ablate.analysis.curves import ArmCurves, SeedCurve
from ablate.plots.canvas import BASELINE, DIVERGED, MUTED, PALETTE, SUBJECT, use_log_scale
from ablate.plots.labels import shortened

__all__ = ["counts_of", "draw_arm_curves", "draw_overlaid_curves", "fit_to_curves", "use_whole_epochs"]

LINE_STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


def draw_arm_curves(arm: ArmCurves, training: ArmCurves | None, baseline: ArmCurves, ax: Axes) -> Axes:
    """One arm: every seed thin, their mean thick, the training mean dashed, the baseline's mean in grey."""
    colour = BASELINE if arm.is_baseline else SUBJECT
    _draw_mean(baseline.mean, ax, BASELINE, linewidth=1.6, alpha=0.55)
    for curve in arm.seeds:
        _draw_seed(curve, colour, ax)
    if training is not None:
        _draw_mean(training.mean, ax, colour, linewidth=1.2, linestyle=(0, (3, 2)))
    _draw_mean(arm.mean, ax, colour, linewidth=2.0)
    ax.set_title(counts_of(arm), loc="right", size=8.5, color=DIVERGED if arm.n_diverged else MUTED)
    ax.grid(axis="y", which="major")
    return ax


def counts_of(arm: ArmCurves) -> str:
    """How many runs completed, and how many diverged where any did: `n=7, ✕ 1`."""
    return f"n={arm.n_completed}" + (f", ✕ {arm.n_diverged}" if arm.n_diverged else "")


def draw_overlaid_curves(groups: Sequence[ArmCurves], ax: Axes) -> Axes:
    """Groups of runs over each other, told apart by colour and by dashes; seeds thin, means thick."""
    for position, group in enumerate(groups):
        colour = PALETTE[position % len(PALETTE)]
        style = LINE_STYLES[position // len(PALETTE) % len(LINE_STYLES)]
        for curve in group.seeds:
            _draw_seed(curve, colour, ax)
        label = f"{shortened(group.arm, 48)} (n={group.n_completed})"
        _draw_mean(group.mean, ax, colour, linewidth=2.2, linestyle=style, label=label)
    ax.grid(axis="y", which="major")
    return ax


def fit_to_curves(groups: Iterable[ArmCurves], ax: Axes, means: Iterable[tuple[float, ...]] = ()) -> None:
    """Limits that hold every completed run; a diverged one may leave them, since it can leave any.

    Args:
        means: further curves that stay inside, except where they are zero on an axis that may be logarithmic.
    """
    groups = list(groups)
    values = _finite(curve for group in groups for curve in group.seeds if not curve.has_diverged)
    values = values if len(values) else _finite(curve for group in groups for curve in group.seeds)
    if len(values) == 0:
        return
    further = np.array([value for mean in means for value in mean if np.isfinite(value)])
    values = np.concatenate([values, further[further != 0] if values.min() > 0 else further])
    low, high = float(values.min()), float(values.max())
    if low == high:
        # As matplotlib would choose them, if it did not see the diverged ones.
        around = 0.05 * abs(low) or 0.05
        low, high = low - around, high + around
    use_log_scale(ax, "y", low, high)
    is_log = ax.get_yscale() == "log"
    room = (high / low) ** 0.05 if is_log else 0.05 * (high - low)
    ax.set_ylim(*((low / room, high * room) if is_log else (low - room, high + room)))


def _finite(curves: Iterable[SeedCurve]) -> npt.NDArray[np.float64]:
    values = np.array([value for curve in curves for value in curve.values], dtype=np.float64)
    return values[np.isfinite(values)]


def _draw_seed(curve: SeedCurve, colour: str, ax: Axes) -> None:
    epochs = np.arange(1, len(curve.values) + 1)
    colour = DIVERGED if curve.has_diverged else colour
    ax.plot(epochs, curve.values, color=colour, linewidth=0.7, alpha=0.45, marker=_marker(curve.values), markersize=3)
    finite = np.flatnonzero(np.isfinite(curve.values))
    if curve.has_diverged and len(finite):
        last = finite[-1]
        ax.plot(epochs[last], curve.values[last], "x", color=DIVERGED, markersize=6, markeredgewidth=1.8)


def _draw_mean(
    mean: tuple[float, ...],
    ax: Axes,
    colour: str,
    linewidth: float,
    linestyle: str | tuple[int, tuple[float, ...]] = "-",
    alpha: float = 1.0,
    label: str | None = None,
) -> None:
    ax.plot(
        np.arange(1, len(mean) + 1),
        mean,
        color=colour,
        linewidth=linewidth,
        linestyle=linestyle,
        alpha=alpha,
        label=label,
        marker=_marker(mean),
        markersize=4,
    )


def _marker(values: Sequence[float]) -> str | None:
    """A single epoch is a point, which no line would show."""
    return "o" if len(values) == 1 else None


def use_whole_epochs(ax: Axes) -> None:
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
