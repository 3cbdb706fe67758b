"""A page of forest plots: one panel for each group of verdicts that share an axis, and one legend below them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from ablate.plots.canvas import house_figure, house_style, legend_columns
from ablate.plots.forest import draw_forest, forest_legend
from ablate.verdicts.verdict import Verdict

__all__ = ["forest_page", "height_of_rows"]

INCHES_BELOW_ROWS = 0.62
INCHES_OF_LEGEND, LEGEND_COLUMNS = 0.26, 6


def forest_page(groups: Sequence[Sequence[Verdict]], title: str, subtitle: str, question: str = "") -> Figure:
    """
    Args:
        groups: the verdicts of each panel, which share a metric and a scale; see `draw_forest`.
    """
    with house_style():
        legend = forest_legend([verdict for group in groups for verdict in group])
        heights = [height_of_rows(len(group)) for group in groups]
        columns = legend_columns([str(artist.get_label()) for artist in legend], LEGEND_COLUMNS)
        height = sum(heights) + INCHES_OF_LEGEND * math.ceil(len(legend) / columns)
        figure, axes = house_figure(title, subtitle, height, rows=heights, question=question)
        for group, ax in zip(groups, axes, strict=True):
            draw_forest(group, ax)
        if legend:
            figure.legend(handles=legend, loc="outside lower center", ncols=columns, columnspacing=1.5)
        return figure


def height_of_rows(rows: int) -> float:
    """Inches for so many arms, one below the other, and the axis under them."""
    return INCHES_BELOW_ROWS + rows * (0.4 if rows <= 12 else 0.26)
