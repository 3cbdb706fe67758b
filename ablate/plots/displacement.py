"""Accuracy over displacement, one panel a kind; and over the number of seeds that are asked together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ablate.analysis.displacement import UNITS, DisplacedArm, Displacement
from ablate.analysis.ensembles import EnsembleGain
from ablate.plots.canvas import PALETTE, house_figure, house_style, legend_columns
from ablate.plots.curves import LINE_STYLES
from ablate.plots.labels import shortened

__all__ = ["displacement_page", "draw_displacement", "draw_members", "ensembles_page"]

MOST_ARMS = 16
LABEL_CHARACTERS = 30
# Beside the signs of three lines.
LEGEND_COLUMNS, LEGEND_CHARACTERS = 3, 84


def draw_displacement(info: Displacement, ax: Axes) -> Axes:
    """A line an arm, told apart by colour and dashes: seeds thin, their mean thick."""
    for position, arm in enumerate(info.arms):
        colour, style = _looks(position)
        for accuracies in arm.seeds.values():
            ax.plot(info.amounts, accuracies, color=colour, linewidth=0.6, alpha=0.4)
        ax.plot(info.amounts, arm.mean, color=colour, linestyle=style, linewidth=2.0, label=_label(arm))
    ax.set(xlabel=UNITS[info.kind], ylabel="test accuracy")
    ax.grid(axis="both", which="major")
    ax.set_axisbelow(True)
    return ax


def draw_members(gains: Mapping[str, EnsembleGain], ax: Axes) -> Axes:
    """The error of ensembles over their size, a line an arm; dots at one are the seeds alone."""
    for position, (arm, gain) in enumerate(list(gains.items())[:MOST_ARMS]):
        colour, style = _looks(position)
        sizes, accuracies = zip(*gain.by_size, strict=True)
        ax.plot([1] * gain.single.n, [1 - value for value in gain.single.values], ".", color=colour, alpha=0.5)
        errors = [1 - value for value in accuracies]
        label = shortened(arm, LABEL_CHARACTERS)
        ax.plot(sizes, errors, color=colour, linestyle=style, linewidth=2.0, marker="o", markersize=4, label=label)
    ax.set(xlabel="seeds asked together", ylabel="1 − test accuracy (goal: lower)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y", which="major")
    return ax


def displacement_page(curves: Sequence[Displacement], question: str = "") -> Figure:
    seeds = max(len(arm.seeds) for info in curves for arm in info.arms)
    subtitle = f"thin lines are seeds (up to {seeds} an arm), thick ones their mean"
    names = [_label(arm) for arm in curves[0].arms]
    columns = legend_columns(names, LEGEND_COLUMNS, LEGEND_CHARACTERS)
    with house_style():
        figure, axes = house_figure(
            "Test accuracy of displaced images",
            subtitle,
            3.6 + _legend_inches(names, columns),
            [1.0],
            len(curves),
            question=question,
        )
        for info, ax in zip(curves, axes, strict=True):
            draw_displacement(info, ax)
        bottom, top = (pick(ax.get_ylim()[end] for ax in axes) for end, pick in ((0, min), (1, max)))
        for ax in axes:
            ax.set_ylim(bottom, top)
        for ax in axes[1:]:
            ax.set_ylabel("")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)
        return figure


def ensembles_page(gains: Mapping[str, EnsembleGain], question: str = "") -> Figure:
    subtitle = "Mean over ensembles of so many seeds of an arm; small dots are single seeds"
    names = [shortened(arm, LABEL_CHARACTERS) for arm in list(gains)[:MOST_ARMS]]
    columns = legend_columns(names, LEGEND_COLUMNS, LEGEND_CHARACTERS)
    with house_style():
        height = 3.4 + _legend_inches(names, columns)
        figure, (ax,) = house_figure("Test error of several seeds asked together", subtitle, height, question=question)
        draw_members(gains, ax)
        figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=columns)
        return figure


def _looks(position: int) -> tuple[str, str | tuple[int, tuple[float, ...]]]:
    return PALETTE[position % len(PALETTE)], LINE_STYLES[position // len(PALETTE) % len(LINE_STYLES)]


def _label(arm: DisplacedArm) -> str:
    return shortened(arm.arm, LABEL_CHARACTERS) + (" (baseline)" if arm.is_baseline else "")


def _legend_inches(labels: Sequence[str], columns: int) -> float:
    return 0.25 * -(-len(labels) // columns)
