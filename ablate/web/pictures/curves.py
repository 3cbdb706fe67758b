"""Learning curves that a reader can hover over, zoom and switch.

The script draws every metric that the epochs of the runs have; where there is none, and on paper, stand the panels of
the first.
"""

from __future__ import annotations

from collections.abc import Sequence

from ablate.analysis.curves import ArmCurves, MetricCurves
from ablate.analysis.results import SweepResults
from ablate.analysis.values import column_info, training_metric
from ablate.reporting.blocks import Code, Inline, Table, Text, table, text
from ablate.reporting.numbers import number
from ablate.sanitize.text import one_line
from ablate.web.curve_data import curves_data
from ablate.web.curve_panels import curve_panels
from ablate.web.picture import Picture

__all__ = ["PICTURES", "curves_picture", "learning_curves"]

# Of all curves, where those of a further metric are among them.
MOST_WITH_FURTHER = 60_000
# The table of numbers: rows, and columns of epochs.
MOST_ROWS, EPOCHS_IN_TABLE = 150, 5


# numbers -----------------------------------------------------------------------------------------------


def _numbers(curves: MetricCurves) -> Table:
    """The means at a few epochs, and every seed where the table stays readable."""
    epochs = max((len(curve.values) for arm in curves.arms for curve in arm.seeds), default=0)
    steps = max(EPOCHS_IN_TABLE - 1, 1)
    shown = sorted({round(1 + (epochs - 1) * step / steps) for step in range(EPOCHS_IN_TABLE)}) if epochs else []
    with_seeds = sum(len(arm.seeds) + 1 for arm in curves.arms) <= MOST_ROWS
    rows = [row for arm in curves.arms for row in _rows(arm, shown, with_seeds)]
    info = curves.metric
    header = ["arm", "seed", *(f"epoch {epoch}" for epoch in shown)]
    left_out = "" if with_seeds else "; single seeds are in the tables of the study's data"
    caption = f"{info.title}: mean over completed runs and its 95% interval{left_out}"
    return table(header, rows, numeric=range(2, len(header)), caption=caption)


def _rows(arm: ArmCurves, epochs: Sequence[int], with_seeds: bool) -> list[list[Inline]]:
    diverged = f", {arm.n_diverged} diverged" if arm.n_diverged else ""
    interval = arm.interval()
    means = [_mean_at(arm.mean, interval, epoch - 1) for epoch in epochs]
    rows: list[list[Inline]] = [[Code(arm.arm), f"mean of {arm.n_completed}{diverged}", *means]]
    for curve in arm.seeds if with_seeds else ():
        seed = f"{curve.seed}, diverged" if curve.has_diverged else str(curve.seed)
        rows.append([Code(arm.arm), seed, *(_value_at(curve.values, epoch - 1) for epoch in epochs)])
    return rows


def _mean_at(mean: Sequence[float], interval: Sequence[tuple[float, float]], position: int) -> str:
    if position >= len(mean):
        return number(None)
    if position >= len(interval):
        return number(mean[position])
    low, high = interval[position]
    half = (high - low) / 4  # about the standard error, by which numbers have their digits
    return f"{number(mean[position], half)} [{number(low, half)}, {number(high, half)}]"


def _value_at(values: Sequence[float], position: int) -> str:
    return number(values[position] if position < len(values) else None)


# the picture -------------------------------------------------------------------------------------------


def curves_picture(metrics: Sequence[MetricCurves], across: str = "epoch", note: str = "") -> Picture:
    """Curves of the same arms by one metric or more, the first of which is shown first, and printed.

    Args:
        note: what else is to be known of the drawing.
    """
    data = curves_data(metrics, across)
    data["note"] = " ".join(filter(None, (str(data["note"]), note)))
    return Picture(curve_panels(metrics[0], across), _numbers(metrics[0]), "curves", data, _caption(metrics, across))


def _caption(metrics: Sequence[MetricCurves], across: str) -> Text:
    """What holds of the drawing and of what is printed alike."""
    diverged = any(arm.n_diverged for each in metrics for arm in each.arms)
    crosses = " On the screen a cross marks where a run diverged." if diverged else ""
    return text(
        f"The {metrics[0].metric.title} over {across}s: the mean over the completed runs of each arm, as far as all of "
        f"them reach, and its 95% t interval. Training metrics are measured during the {across}.{crosses}"
    )


def learning_curves(results: SweepResults) -> Picture:
    shown = MetricCurves(results.curve_metric, results.validation)
    twin = training_metric(results.curve_metric.name)
    has_twin = twin != results.curve_metric.name and any(arm.seeds for arm in results.training)
    trained = [MetricCurves(column_info(twin), results.training)] if has_twin else []
    metrics, left_out = [shown, *trained], []
    for each in results.further:
        if sum(map(_values, [*metrics, each])) <= MOST_WITH_FURTHER:
            metrics.append(each)
        else:
            left_out.append(one_line(each.metric.title))
    note = f"Recorded too, and left out of this page for its size: {', '.join(left_out)}." if left_out else ""
    return curves_picture(metrics, note=note)


def _values(curves: MetricCurves) -> int:
    """How many numbers the curves of a metric are, none of them thinned."""
    return sum(3 * len(arm.mean) + sum(len(seed.values) for seed in arm.seeds) for arm in curves.arms)


PICTURES = {"learning_curves": learning_curves}
