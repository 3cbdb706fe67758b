"""How many panels stand beside each other, and what becomes of the places of the last row that none fills.

grid = grid_of_panels(5)          # two rows of three, so one place is free: it holds the legend
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate.plots.canvas import MUTED, WIDTH_INCHES, legend_columns

__all__ = ["GridOfPanels", "finish_panels", "grid_of_panels"]

# Panels, at most → how many may stand beside each other.
COLUMNS: Mapping[int, tuple[int, ...]] = {1: (1,), 2: (2,), 3: (3,), 6: (2, 3), 9: (3, 4), 16: (4, 5)}
OF_MORE = (4, 5, 6)
# Columns → inches of a panel, and characters that stand above it.
PANELS = {1: (3.4, 80), 2: (2.7, 44), 3: (2.0, 28), 4: (1.7, 20), 5: (1.5, 16), 6: (1.35, 12)}
# Of the page: what panels leave, what the sign beside a label of a legend takes, and a character of the label.
INCHES_BESIDE_PANELS, INCHES_OF_A_SIGN, INCHES_OF_A_CHARACTER = 0.9, 0.5, 0.07
INCHES_OF_A_LEGEND_LINE, LEGEND_COLUMNS = 0.25, 5


@dataclass(frozen=True)
class GridOfPanels:
    """How many panels stand beside each other, and what fits into one."""

    panels: int
    rows: int
    columns: int
    panel_inches: float
    label_characters: int

    @property
    def free(self) -> int:
        """Places of the last row without a panel."""
        return self.rows * self.columns - self.panels

    def legend_inches(self, labels: Sequence[str]) -> float:
        """What a legend takes below the panels: nothing where it has room in a free place."""
        if not labels or _has_room(self, labels):
            return 0.0
        return INCHES_OF_A_LEGEND_LINE * math.ceil(len(labels) / legend_columns(labels, LEGEND_COLUMNS))


def grid_of_panels(panels: int, most: int = 6) -> GridOfPanels:
    """As few free places as there can be, and then as few rows, of at most `most` panels."""
    choices = next((columns for limit, columns in COLUMNS.items() if panels <= limit), OF_MORE)
    columns = min((each for each in choices if each <= most), key=lambda each: (-panels % each, -each))
    panel_inches, characters = PANELS[columns]
    return GridOfPanels(panels, math.ceil(panels / columns), columns, panel_inches, characters)


def finish_panels(figure: Figure, axes: Sequence[Axes], grid: GridOfPanels, legend: Sequence[Artist]) -> Sequence[Axes]:
    """The legend in the free places where it has room there, else below all panels; the lowest panel of each column
    is labelled, and given back."""
    for ax in axes[grid.panels :]:
        ax.set_visible(False)
    lowest = axes[max(grid.panels - grid.columns, 0) : grid.panels]
    for ax in lowest:
        ax.tick_params(axis="x", labelbottom=True)
    labels = [str(artist.get_label()) for artist in legend]
    if legend and _has_room(grid, labels):
        place = (0, 0, grid.free, 1)
        axes[grid.panels].set_visible(True)
        axes[grid.panels].set_axis_off()
        written = axes[grid.panels].legend(handles=legend, loc="center", bbox_to_anchor=place, labelcolor=MUTED)
        # It fills what is free, and moves nothing.
        written.set_in_layout(False)
    elif legend:
        is_laid_out = figure.get_layout_engine() is not None
        figure.legend(
            handles=legend,
            loc="outside lower center" if is_laid_out else "lower center",
            ncols=legend_columns(labels, LEGEND_COLUMNS),
            columnspacing=1.6,
        )
    return lowest


def _has_room(grid: GridOfPanels, labels: Sequence[str]) -> bool:
    """Whether the longest label fits into the free places."""
    width = grid.free * (WIDTH_INCHES - INCHES_BESIDE_PANELS) / grid.columns
    return width >= INCHES_OF_A_SIGN + INCHES_OF_A_CHARACTER * max(map(len, labels), default=0)
