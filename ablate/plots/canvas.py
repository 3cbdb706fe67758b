"""The sheet that every figure is drawn on: its size, its heading, its type, its colours, its bytes."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from PIL import Image

from ablate.plots.scales import is_squeezed
from ablate.sanitize.text import harmless

__all__ = [
    "BASELINE",
    "DIVERGED",
    "INK",
    "MARGIN",
    "MUTED",
    "PALETTE",
    "SUBJECT",
    "WIDTH_INCHES",
    "house_figure",
    "house_style",
    "label_upwards",
    "legend_columns",
    "png_bytes",
    "use_log_scale",
]

# Okabe & Ito (2008), ordered so that neighbours differ in lightness too.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#F0E442")
SUBJECT, DIVERGED, MARGIN = PALETTE[0], PALETTE[5], PALETTE[2]
BASELINE, INK, MUTED = "#4D4D4D", "#1A1A1A", "#767676"

WIDTH_INCHES = 8.6
DOTS_PER_INCH = 150
HEADING_LINE_INCHES = 0.215
HEADING_CHARACTERS = 88
# Of a line of a legend, beside the signs of as many labels as it may have.
LEGEND_CHARACTERS = 80
LABEL_LINE_INCHES, LABEL_CHARACTERS_PER_INCH = 0.17, 13

# Any, since matplotlib types the keys in some versions and not in others.
_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    # A question may hold a dollar sign, and it is no formula.
    "text.parse_math": False,
    "text.usetex": False,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "white",
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": "cycler('color', ['#0072B2'])",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "savefig.transparent": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}


@contextmanager
def house_style() -> Iterator[None]:
    """The settings of every figure, for as long as it lasts; the session's own come back after it."""
    with rc_context(_STYLE):
        yield


@dataclass(frozen=True)
class Panels:
    """Inches around many small axes: above each for its title, below all of them for the lowest labels."""

    above: float
    below: float
    left: float = 0.84

    def apply(self, figure: Figure, height: float, rows: int) -> None:
        """Set the margins of a figure whose axes share `height` inches, in so many rows."""
        width, whole = figure.get_size_inches()
        between = self.above * (rows - 1)
        axes_height = (height - self.above - self.below - between) / rows
        figure.subplots_adjust(
            left=self.left / width,
            right=1 - 0.1 / width,
            bottom=self.below / whole,
            top=(height - self.above) / whole,
            hspace=self.above / axes_height,
            wspace=0.08,
        )


def house_figure(
    title: str,
    subtitle: str,
    height_inches: float,
    rows: int | Sequence[float] = 1,
    columns: int = 1,
    panels: Panels | None = None,
    question: str = "",
    filled: int | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure headed by what it shows, and its axes row by row.

    Args:
        subtitle: how to read it; below the question, where there is one.
        height_inches: of the axes; the heading comes on top of it.
        rows: how many, all on the same scales, or the relative height of each, every axes then with its own.
        panels: the room around many small axes, which are then not laid out by what they hold: matplotlib would
            measure every tick of each.
        filled: how many places have axes, where not all have; those of the last row then stand in its middle, and
            each has scales of its own.
    """
    ratios = [1.0] * rows if isinstance(rows, int) else list(rows)
    is_shared = isinstance(rows, int)
    heading = textwrap.wrap(title, HEADING_CHARACTERS)
    below = [line for part in (question, subtitle) for line in textwrap.wrap(part, HEADING_CHARACTERS + 16)]
    heading_inches = HEADING_LINE_INCHES * (len(heading) + len(below)) + 0.16
    height = height_inches + heading_inches
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH, layout="constrained" if panels is None else None)
    FigureCanvasAgg(figure)
    top = 1 - 0.09 / height
    line = HEADING_LINE_INCHES / height
    figure.text(0.012, top, "\n".join(heading), va="top", size=11, weight="bold", linespacing=1.25)
    figure.text(0.012, top - len(heading) * line, "\n".join(below), va="top", color=MUTED, linespacing=1.25)
    engine = figure.get_layout_engine()
    if engine is not None:
        rect = (0, 0, 1, 1 - heading_inches / height)
        engine.set(rect=rect, w_pad=0.06, h_pad=0.05, wspace=0.03)  # type: ignore[call-arg]
    if panels is not None:
        panels.apply(figure, height - heading_inches, len(ratios))
    if filled is not None and filled < len(ratios) * columns:
        return figure, _centred_axes(figure, ratios, columns, filled)
    axes = figure.subplots(
        len(ratios), columns, sharex=is_shared, sharey=is_shared, squeeze=False, height_ratios=ratios
    )
    return figure, list(axes.flat)


def _centred_axes(figure: Figure, ratios: Sequence[float], columns: int, filled: int) -> list[Axes]:
    """Axes row by row, each over two of twice as many columns, so that the last ones can begin in between."""
    grid = figure.add_gridspec(len(ratios), 2 * columns, height_ratios=ratios)
    free = len(ratios) * columns - filled
    places = [divmod(place, columns) for place in range(filled)]
    starts = [(row, 2 * column + (free if row == len(ratios) - 1 else 0)) for row, column in places]
    return [figure.add_subplot(grid[row, start : start + 2]) for row, start in starts]


def legend_columns(labels: Sequence[str], most: int, characters: int = LEGEND_CHARACTERS) -> int:
    """How many labels of a legend have room beside each other, whichever they are; at most `most`."""
    lengths = sorted(map(len, labels), reverse=True)
    columns = range(min(len(labels), most), 1, -1)
    return next((each for each in columns if sum(lengths[:each]) <= characters), 1)


def label_upwards(figure: Figure, label: str) -> None:
    """One label for the vertical axis of all panels, in as many lines as it takes not to reach into the heading."""
    width, whole = figure.get_size_inches()
    engine, around = figure.get_layout_engine(), figure.subplotpars
    bottom, top = (around.bottom, around.top) if engine is None else (0.0, engine.get()["rect"][3])
    lines = textwrap.wrap(label, max(10, int((top - bottom) * whole * LABEL_CHARACTERS_PER_INCH)))
    written = figure.supylabel("\n".join(lines), y=(bottom + top) / 2, size=9.5, linespacing=1.25)
    if engine is None:
        written.set_x(0.06 / width)
        figure.subplots_adjust(left=around.left + LABEL_LINE_INCHES * (len(lines) - 1) / width)


def use_log_scale(ax: Axes, axis: str, low: float, high: float) -> None:
    """A logarithmic axis where the values are positive and one would squeeze the others; plain numbers at its ticks."""
    if not is_squeezed(low, high):
        return
    ax.set(**{f"{axis}scale": "log"})
    scale = ax.xaxis if axis == "x" else ax.yaxis
    within = (1.0, 2.0, 5.0) if high / low < 300 else (1.0,)
    scale.set_major_locator(LogLocator(subs=within))
    scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    scale.set_minor_locator(NullLocator())


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG; equal figures give equal bytes under one version of matplotlib.

    Drawn once: `savefig` would draw twice, the first time to lay out what is laid out already. A letter that the
    font lacks is drawn as a box, a control character as its number.
    """
    for text in figure.findobj(Text):
        text.set_text(harmless(text.get_text()))
    canvas = FigureCanvasAgg(figure)
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font", UserWarning)
        canvas.draw()  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    Image.fromarray(pixels).convert("RGB").save(buffer, format="png", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return buffer.getvalue()
