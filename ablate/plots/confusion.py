"""Confusion matrices in which the mistakes are what is seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from ablate.analysis.confusion import Confusion
from ablate.plots.canvas import DIVERGED, INK, MUTED
from ablate.plots.labels import class_labels, label_classes, shortened

__all__ = ["draw_confusion", "mistake_shares"]

Shares = npt.NDArray[np.float64]

MOST_CLASSES_WITH_NUMBERS = 12
MOST_TICKS = 20
_WHITE_TO_RED = LinearSegmentedColormap.from_list("mistakes", ["#FFFFFF", "#F5C9A8", DIVERGED])


def mistake_shares(confusion: Confusion) -> Shares:
    """[true, predicted]: the share of the true class; 0 on the diagonal, and for classes without examples."""
    counts = np.array(confusion.counts, dtype=np.float64)
    shares: Shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    np.fill_diagonal(shares, 0.0)
    return shares


def draw_confusion(confusion: Confusion, ax: Axes, most: float | None = None) -> Axes:
    """Counts by true class (down) and predicted class (across), coloured by the share that was mistaken.

    Args:
        most: the share that has the full colour, so that matrices beside each other can be compared; the
            matrix's own largest when None.
    """
    shares = mistake_shares(confusion)
    ax.imshow(shares, cmap=_WHITE_TO_RED, vmin=0.0, vmax=most or float(shares.max()) or 1.0, interpolation="nearest")
    if confusion.classes <= MOST_CLASSES_WITH_NUMBERS:
        _write_counts(confusion, ax)
    step = -(-confusion.classes // MOST_TICKS)
    shown = range(0, confusion.classes, step)
    ax.set_yticks(shown, class_labels(shown, confusion.class_names))
    label_classes(ax, shown, confusion.class_names)
    ax.tick_params(length=0, labelbottom=True, labelleft=True)
    ax.spines[:].set(visible=True, color="#D0D0D0")
    ax.set(xlabel="predicted class", ylabel="true class")
    rate = confusion.errors / max(confusion.examples, 1)
    ax.set_title(f"{shortened(confusion.label)}\n{confusion.errors} of {confusion.examples} wrong ({rate:.2%})", size=9)
    return ax


def _write_counts(confusion: Confusion, ax: Axes) -> None:
    size = 8.0 if confusion.examples < 10_000 * confusion.classes else 6.5
    for true, row in enumerate(confusion.counts):
        for predicted, count in enumerate(row):
            if count:
                colour = MUTED if true == predicted else INK
                ax.text(predicted, true, str(count), ha="center", va="center", size=size, color=colour)
