"""Forest plots: one row a verdict, its seeds, its intervals, the margin, and the sign of what was found.

draw_forest(results.verdicts, ax)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from ablate.plots.axes import place_ticks
from ablate.plots.canvas import BASELINE, DIVERGED, INK, MARGIN, MUTED, SUBJECT
from ablate.plots.differences import (
    axis_words,
    counts_of_verdict,
    difference_axis,
    is_directed_claim,
    labels_of_verdicts,
)
from ablate.plots.dots import finish_rows, seed_offsets, write_beside
from ablate.plots.labels import interval_name
from ablate.plots.signs import SIGNS
from ablate.verdicts.verdict import Verdict, Word

__all__ = ["COLOURS", "draw_forest", "forest_legend", "sign_legend"]

MOST_DOTS = 30
CLAIMED = "#E8F1F8"
# What is written between the arrows that say which way is good; more stands above them.
MOST_BETWEEN_ARROWS = 60

COLOURS = {
    Word.BETTER: SUBJECT,
    Word.WORSE: DIVERGED,
    Word.EQUIVALENT: MARGIN,
    Word.INCONCLUSIVE: MUTED,
    Word.IDENTICAL: INK,
    Word.NO_DIFFERENCE_SEEN: BASELINE,
    Word.SUPPORTED: SUBJECT,
    Word.REFUTED: DIVERGED,
    Word.NO_PRACTICAL_DIFFERENCE: MARGIN,
    Word.NOT_RESOLVED: MUTED,
}


def draw_forest(verdicts: Sequence[Verdict], ax: Axes) -> Axes:
    """The differences of verdicts that share a metric and a scale, first one on top, around zero.

    A log scale is labelled with ratios. Where rows have claims, the side that each claims is tinted.
    """
    _draw_bands(verdicts, ax)
    ax.axvline(0, color=BASELINE, linewidth=1.2, zorder=1.5)
    for row, verdict in enumerate(verdicts):
        _draw_row(verdict, row, ax)
    counts = [counts_of_verdict(verdict) for verdict in verdicts]
    finish_rows(*labels_of_verdicts(verdicts), counts, ax, points_beside=22 if _has_words(verdicts) else 6)
    _draw_signs(verdicts, ax)
    _scale_axis(verdicts, ax)
    if verdicts:
        ax.set_xlabel(_axis_label(verdicts[0]))
    return ax


def forest_legend(verdicts: Sequence[Verdict]) -> list[Artist]:
    """What stands for what, of that which the rows show; empty where the rows have no words."""
    if not _has_words(verdicts):
        return []
    bars: list[Artist] = [Line2D([], [], color=MUTED, alpha=0.4, linewidth=6.5, label=interval_name(verdicts))]
    if any(map(_adjusted, verdicts)):
        bars.append(Line2D([], [], color=MUTED, linewidth=1.3, marker="|", markersize=6, label="adjusted interval"))
    if any(verdict.margin is not None for verdict in verdicts):
        bars.append(Patch(color=MARGIN, alpha=0.14, linewidth=0, label="margin"))
    if any(is_directed_claim(verdict) for verdict in verdicts):
        bars.append(Patch(color=CLAIMED, linewidth=0, label="side that is claimed"))
    return [*sign_legend(verdicts), *bars]


def sign_legend(verdicts: Sequence[Verdict]) -> list[Artist]:
    """The sign and the colour of each word that has been found."""
    words = dict.fromkeys(verdict.word for verdict in verdicts if verdict.word is not None)
    return [
        Line2D(
            [], [], linestyle="", marker=_sign_path(SIGNS[word]), markersize=8, color=COLOURS[word], markeredgewidth=0,
            label=word.value,
        )
        for word in sorted(words, key=list(Word).index)
    ]  # fmt: skip


# rows --------------------------------------------------------------------------------------------------


def _draw_row(verdict: Verdict, row: int, ax: Axes) -> None:
    colour = SUBJECT if verdict.word is None else COLOURS[verdict.word]
    plain, adjusted = _plain(verdict), _adjusted(verdict)
    if plain:
        ax.plot(plain, [row] * 2, color=colour, alpha=0.32, linewidth=6.5, zorder=2, solid_capstyle="butt")
    if adjusted:
        ax.plot(adjusted, [row] * 2, color=colour, linewidth=1.3, marker="|", markersize=6, zorder=2.5)
    values = list(verdict.differences.values())
    if values and len(values) <= MOST_DOTS:
        ax.plot(
            values, row + seed_offsets(len(values)), "o", markersize=3.6, color=colour, alpha=0.75, markeredgewidth=0,
            zorder=3,
        )  # fmt: skip
    if verdict.diff is not None:
        ax.plot([verdict.diff] * 2, [row - 0.33, row + 0.33], color=colour, linewidth=2.2, zorder=4)


def _plain(verdict: Verdict) -> list[float]:
    return _ends(verdict.ci_low, verdict.ci_high)


def _adjusted(verdict: Verdict) -> list[float]:
    return _ends(verdict.ci_adj_low, verdict.ci_adj_high)


def _ends(low: float | None, high: float | None) -> list[float]:
    return [] if low is None or high is None else [low, high]


def _draw_bands(verdicts: Sequence[Verdict], ax: Axes) -> None:
    """The margin, as one band where all rows share it, and what each claim claims."""
    margins = {verdict.margin for verdict in verdicts}
    shared = margins.pop() if len(margins) == 1 else None
    if shared is not None:
        ax.axvspan(-shared, shared, color=MARGIN, alpha=0.14, linewidth=0, zorder=1)
    for row, verdict in enumerate(verdicts):
        if shared is None and verdict.margin is not None:
            ax.add_patch(
                Rectangle(
                    (-verdict.margin, row - 0.5), 2 * verdict.margin, 1, color=MARGIN, alpha=0.14, linewidth=0, zorder=1
                )
            )
        if is_directed_claim(verdict):
            # Far beyond any axis, whose limits it must not set.
            side = Rectangle((0, row - 0.5), verdict.sign * 1e6, 1, color=CLAIMED, linewidth=0, zorder=0.5)
            ax.add_artist(side)


def _has_words(verdicts: Iterable[Verdict]) -> bool:
    return any(verdict.word is not None for verdict in verdicts)


def _draw_signs(verdicts: Sequence[Verdict], ax: Axes) -> None:
    for row, verdict in enumerate(verdicts):
        if verdict.word is not None:
            write_beside(row, SIGNS[verdict.word], COLOURS[verdict.word], ax, 7, size=10.5, weight="bold")


def _sign_path(sign: str) -> Path:
    """The outline of a sign around the origin, as a marker needs it."""
    outline = TextPath((0, 0), sign, size=10, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    box = outline.get_extents()
    centre = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    return Path(outline.vertices - centre, outline.codes)


# the axis ----------------------------------------------------------------------------------------------


def _axis_label(verdict: Verdict) -> str:
    """What is shown, and which way is good."""
    text, left, right = axis_words(verdict)
    if not left:
        return text
    if len(text) > MOST_BETWEEN_ARROWS:
        return f"{text}\n← {left}{' ' * MOST_BETWEEN_ARROWS}{right} →"
    return f"← {left}        {text}        {right} →"


def _scale_axis(verdicts: Sequence[Verdict], ax: Axes) -> None:
    axis = difference_axis(verdicts)
    if not axis.reach:
        ax.set_xlim(-1.5 * (axis.widest or 1.0), 1.5 * (axis.widest or 1.0))
    if axis.threshold is not None:
        ax.set_xscale("symlog", linthresh=axis.threshold, linscale=2.0)
        ax.set_title(axis.note, loc="right", color=MUTED, size=8.5)
    if axis.ticks:
        place_ticks(ax, "x", axis.ticks, axis.label)
    else:
        ax.xaxis.set_major_formatter(lambda value, _: axis.label(value).replace("-", "−"))
