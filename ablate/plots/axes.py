"""Axes with the scales and the ticks of `scales`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from ablate.plots.scales import error_label, error_ticks, ticks_apart

__all__ = ["place_ticks", "use_error_scale"]

# Of the length of an axis, between neighbouring ticks.
APART = {"x": 0.075, "y": 0.16}


def use_error_scale(ax: Axes, axis: str) -> None:
    """A logarithmic axis with plain numbers, however short its span; after everything is drawn."""
    ax.set(**{f"{axis}scale": "log"})
    low, high = ax.get_xlim() if axis == "x" else ax.get_ylim()
    place_ticks(ax, axis, error_ticks(min(low, high), max(low, high)), error_label)


def place_ticks(ax: Axes, axis: str, candidates: Sequence[float], label: Callable[[float], str]) -> None:
    """Ticks at the candidates, first come, first served, that lie within the limits and apart from each other.

    The limits are kept as they are from then on.
    """
    scale = ax.xaxis if axis == "x" else ax.yaxis
    limits = ax.get_xlim() if axis == "x" else ax.get_ylim()
    ax.set(**{f"{axis}lim": limits})
    transform = scale.get_transform().transform
    low, high = sorted(float(end) for end in transform(np.array(limits)))

    def place(value: float) -> float:
        return (float(transform(np.array([value]))[0]) - low) / (high - low)

    scale.set_major_locator(FixedLocator(sorted(ticks_apart(candidates, place, APART[axis]))))
    scale.set_major_formatter(FuncFormatter(lambda value, _: label(value).replace("-", "−")))
    scale.set_minor_locator(NullLocator())
    scale.set_minor_formatter(NullFormatter())
