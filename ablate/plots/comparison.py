"""The figures of a comparison: curves laid over each other, confusion matrices side by side."""

from __future__ import annotations

from matplotlib.figure import Figure

from ablate.analysis.comparison import Comparison
from ablate.core.records import MetricInfo
from ablate.plots.canvas import house_figure, house_style
from ablate.plots.confusion import draw_confusion, mistake_shares
from ablate.plots.curves import draw_overlaid_curves, fit_to_curves, use_whole_epochs
from ablate.plots.forest_page import forest_page
from ablate.plots.labels import axis_label, shortened

__all__ = ["comparison_figures"]

MOST_MATRICES = 4


def comparison_figures(comparison: Comparison) -> dict[str, Figure]:
    """Figure name to figure, of what the sides have: `paired_differences`, `curves_<metric>` and `confusion`."""
    with house_style():
        curves = {
            f"curves_{metric.name}": _curves_page(comparison, position)
            for position, (metric, _) in enumerate(comparison.curves)
        }
        confusion = {"confusion": _confusion_page(comparison)} if comparison.confusions else {}
        return {**_paired_differences(comparison), **curves, **confusion}


def _paired_differences(comparison: Comparison) -> dict[str, Figure]:
    judged = [verdict for verdict in comparison.verdicts if verdict.n]
    if not judged:
        return {}
    metric, first = judged[0].metric, shortened(comparison.labels[0], 40)
    if all(verdict.sizes is not None for verdict in judged):
        how, marks = "unpaired", "the tick is the difference of the means"
    else:
        how, marks = "paired by seed", "a dot is a seed, the tick their mean"
    return {"paired_differences": forest_page([judged], f"{_titled(metric)} against {first}, {how}", marks)}


def _curves_page(comparison: Comparison, position: int) -> Figure:
    metric, groups = comparison.curves[position]
    subtitle = f"{len(groups)} sides; thin lines are seeds, thick ones their mean"
    height = 3.6 + 0.22 * len(groups)
    figure, (ax,) = house_figure(_title(f"{_titled(metric)} over epochs", comparison), subtitle, height)
    draw_overlaid_curves(groups, ax)
    fit_to_curves(groups, ax)
    use_whole_epochs(ax)
    ax.set(xlabel="epoch", ylabel=axis_label(metric, is_log=ax.get_yscale() == "log"))
    figure.legend(loc="outside lower left")
    return figure


def _confusion_page(comparison: Comparison) -> Figure:
    matrices = comparison.confusions[:MOST_MATRICES]
    left_out = (
        f"; {MOST_MATRICES} of {len(comparison.confusions)} sides" if comparison.confusions[MOST_MATRICES:] else ""
    )
    columns = min(len(matrices), 2)
    rows = -(-len(matrices) // columns)
    subtitle = f"Counts are summed over runs; colour is the share of the true class that was mistaken{left_out}"
    title = _title("Test examples by true and predicted class", comparison)
    height = 4.9 * rows if columns > 1 else 6.0
    figure, axes = house_figure(title, subtitle, height, rows, columns, filled=len(matrices))
    most = max(float(mistake_shares(matrix).max()) for matrix in matrices)
    for matrix, ax in zip(matrices, axes, strict=True):
        draw_confusion(matrix, ax, most)
    return figure


def _titled(metric: MetricInfo) -> str:
    return metric.title[:1].upper() + metric.title[1:]


def _title(shown: str, comparison: Comparison) -> str:
    """What is shown, and of whom."""
    first, *others = (shortened(label, 40) for label in comparison.labels)
    return f"{shown}: {first} against {', '.join(others[:4])}{' …' if others[4:] else ''}"
