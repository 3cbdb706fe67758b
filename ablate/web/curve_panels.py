"""Curves where no script draws them, as on paper: a plot an arm, its mean with its interval and the baseline's mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from ablate.analysis.curves import ArmCurves, MetricCurves
from ablate.plots.labels import row_labels
from ablate.plots.scales import curves_as_errors
from ablate.sanitize.text import one_line
from ablate.web.curve_data import counts_of, is_share, starts_logarithmic
from ablate.web.plots import Plane, Point, area, curve, plot, points, value_axis
from ablate.web.svg import Scale, Tick, element, linear, round_ticks
from ablate.web.thinning import Buckets, thinned

__all__ = ["curve_panels"]

# Of one curve, which is a few centimetres wide.
MOST_PLACES = 200
MOST_CHARACTERS = 60


def curve_panels(curves: MetricCurves, across: str = "epoch") -> Markup:
    """The plots, on axes that they share: those with which the script begins.

    Args:
        across: what is counted along the axis, from 1.
    """
    is_log = starts_logarithmic(curves)
    is_error = is_log and is_share(curves.metric)
    arms = [curves_as_errors(arm) for arm in curves.arms] if is_error else list(curves.arms)
    title = f"{'1 − ' if is_error else ''}{one_line(curves.metric.title)}"
    epochs = max((len(arm.mean) for arm in arms), default=0)
    steps = linear([1, max(epochs, 1)])
    plane = Plane(*_values(arms, is_log), _steps(steps))
    buckets = Buckets.of(epochs, MOST_PLACES)
    baseline = next((arm for arm in arms if arm.is_baseline), None)
    labels, _ = row_labels([one_line(arm.arm) for arm in arms], MOST_CHARACTERS)
    said = f"mean {title} over {across}s"
    panels = (
        _panel(label, arm, baseline, plane, steps, buckets, said) for label, arm in zip(labels, arms, strict=True)
    )
    dashed = "; dashed: mean of the baseline" if baseline is not None else ""
    explained = f" over {across}s{', log axis' if is_log else ''}: mean over seeds with its 95% interval{dashed}. "
    shown = f"{explained}{buckets.explained(across)}".rstrip()
    heading = element("p", {"class": "picture-title"}, element("strong", {}, title), shown)
    return element("div", {"class": "panels-of"}, heading, element("div", {"class": "panels"}, *panels))


def _values(arms: Sequence[ArmCurves], is_log: bool) -> tuple[Scale, tuple[Tick, ...]]:
    values = [value for arm in arms for value in (*arm.mean, *(end for ends in arm.interval() for end in ends))]
    # What reaches zero leaves a logarithmic axis, and does not stretch it.
    known = [value for value in values if math.isfinite(value) and (value > 0 or not is_log)]
    return value_axis(known or [0.1, 1.0], is_log)


def _steps(scale: Scale) -> tuple[Tick, ...]:
    """Whole numbers from the first, as far apart as a small plot needs it."""
    ticks = round_ticks(scale, lambda value: f"{value:.6g}")
    return tuple(tick for tick in ticks if tick.label.isdigit() and tick.label != "0" and not tick.is_fine)


def _panel(
    label: str, arm: ArmCurves, baseline: ArmCurves | None, plane: Plane, steps: Scale, buckets: Buckets, said: str
) -> Markup:
    counts = counts_of(arm)

    def drawn(values: Sequence[float]) -> list[Point]:
        shown = zip(buckets.places, thinned(values, buckets), strict=False)
        return [(steps.place(place), value) for place, value in shown if value is not None]

    def line(values: Sequence[float], kind: str) -> Markup:
        along_it = drawn(values)
        return points(along_it, plane, kind, 3) if len(along_it) == 1 else curve(along_it, plane, kind)

    interval = arm.interval()
    marks = [
        area(drawn([low for low, _ in interval]), drawn([high for _, high in interval]), plane, "curve-band"),
        line(baseline.mean, "curve-baseline") if baseline is not None and baseline != arm else Markup(),
        line(arm.mean, "curve-mean"),
    ]
    return plot(label, plane, Markup().join(marks), f"{one_line(arm.arm)}: {said}, {counts}", counts)
