"""What an axis is scaled by, and where its ticks stand: ratios, errors of accuracies near 1, far-out arms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from statistics import median_low

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from ablate.analysis.curves import ArmCurves
from ablate.analysis.grid_tables import from_logarithms
from ablate.analysis.results import MetricSummaries
from ablate.core.records import MetricInfo
from ablate.stats.estimates import Estimate, estimate_mean

__all__ = [
    "as_errors",
    "curves_as_errors",
    "error_metric",
    "geometric_errors",
    "is_near_one",
    "place_ticks",
    "ratio_ticks",
    "summaries_as_errors",
    "symmetric_ticks",
    "use_error_scale",
]

NEAR_ONE = 0.9
# Of the length of an axis, between neighbouring ticks.
APART = {"x": 0.075, "y": 0.16}
ROUND_MANTISSAS = (1, 2, 5, 3, 7, 1.5, 4, 6, 8, 9, 2.5, 1.2)


def is_near_one(metric: MetricInfo, values: Iterable[float | None]) -> bool:
    """Whether values of a share, where larger is better, lie so near 1 that their errors are what differs; one bad arm
    among them changes nothing of that."""
    known = [value for value in values if value is not None]
    is_share = metric.unit == "fraction" and metric.sign > 0
    # Of a curve that is no number somewhere nobody knows.
    return is_share and bool(known) and all(value < 1 for value in known) and median_low(known) >= NEAR_ONE


def error_metric(metric: MetricInfo) -> MetricInfo:
    """The metric 1 − `metric`, for axes."""
    return replace(metric, title=f"1 − {metric.title}", direction="min")


def as_errors(estimate: Estimate) -> Estimate:
    """The estimate of 1 − value."""
    low, high, mean = estimate.ci_low, estimate.ci_high, estimate.mean
    return replace(
        estimate,
        values=tuple(1 - value for value in estimate.values),
        mean=None if mean is None else 1 - mean,
        ci_low=None if high is None else 1 - high,
        ci_high=None if low is None else 1 - low,
    )


def summaries_as_errors(info: MetricSummaries) -> MetricSummaries:
    """The summaries of 1 − value where all values are near 1, else as they are."""
    estimates = [summary.estimate for summary in info.summaries]
    if not is_near_one(info.metric, (v for each in estimates for v in (*each.values, each.ci_low, each.ci_high))):
        return info
    errors = tuple(replace(summary, estimate=as_errors(summary.estimate)) for summary in info.summaries)
    return MetricSummaries(error_metric(info.metric), errors)


def geometric_errors(info: MetricSummaries) -> MetricSummaries | None:
    """The summaries of the error as a log scale has them, with geometric means and the intervals of the logarithms;
    None where an error has no logarithm."""
    metric = error_metric(info.metric) if info.metric.sign > 0 else info.metric
    errors = [
        {seed: info.metric.error(value) or 0.0 for seed, value in zip(each.seeds, each.values, strict=True)}
        for each in (summary.estimate for summary in info.summaries)
    ]
    if any(error <= 0 for of_arm in errors for error in of_arm.values()):
        return None
    summaries = (
        replace(summary, estimate=from_logarithms(estimate_mean({seed: math.log(e) for seed, e in of_arm.items()})))
        for summary, of_arm in zip(info.summaries, errors, strict=True)
    )
    return MetricSummaries(metric, tuple(summaries))


def curves_as_errors(arm: ArmCurves) -> ArmCurves:
    """The curves of 1 − value."""
    seeds = tuple(replace(curve, values=tuple(1 - value for value in curve.values)) for curve in arm.seeds)
    return replace(arm, seeds=seeds, mean=tuple(1 - value for value in arm.mean))


def use_error_scale(ax: Axes, axis: str) -> None:
    """A logarithmic axis with plain numbers, however short its span; after everything is drawn."""
    ax.set(**{f"{axis}scale": "log"})
    low, high = ax.get_xlim() if axis == "x" else ax.get_ylim()
    low, high = min(low, high), max(low, high)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    candidates = [mantissa * 10.0**power for mantissa in ROUND_MANTISSAS for power in powers]
    place_ticks(ax, axis, candidates, lambda value: f"{value:.4g}")


def ratio_ticks() -> list[float]:
    """Logarithms of the ratios that a reader expects on an axis, the plainest first."""
    plain = [1, 2, 0.5, 10, 0.1, 100, 0.01, 1.25, 0.8, 1.1, 0.9, 5, 0.2, 1.5, 1.05, 0.95, 1.02, 0.98, 1.01, 0.99]
    finer = [
        0.85,
        1.15,
        1.2,
        0.7,
        1.4,
        3,
        0.6,
        0.3,
        1.03,
        0.97,
        1.005,
        0.995,
        1.002,
        0.998,
        1.001,
        0.999,
        1.0005,
        0.9995,
    ]
    return [math.log(ratio) for ratio in (*plain, *finer, 1e3, 1e-3, 1e4, 1e-4)]


def symmetric_ticks(threshold: float, reach: float) -> list[float]:
    """For an axis that is linear up to ±`threshold` and logarithmic beyond, up to ±`reach`; zero first."""
    beyond = [threshold * 10.0**power for power in range(1, math.ceil(math.log10(max(reach / threshold, 1))) + 1)]
    between = [threshold * mantissa * 10.0**power for power in range(len(beyond) + 1) for mantissa in (5, 2)]
    positive = [threshold, *beyond, threshold / 2, *between]
    return [0.0, *(sign * value for value in positive for sign in (1, -1))]


def place_ticks(ax: Axes, axis: str, candidates: Sequence[float], label: Callable[[float], str]) -> None:
    """Ticks at the candidates, first come, first served, that lie within the limits and apart from each other.

    The limits are kept as they are from then on.
    """
    scale = ax.xaxis if axis == "x" else ax.yaxis
    limits = ax.get_xlim() if axis == "x" else ax.get_ylim()
    ax.set(**{f"{axis}lim": limits})
    transform = scale.get_transform().transform
    low, high = sorted(float(end) for end in transform(np.array(limits)))
    kept: dict[float, float] = {}
    for value in candidates:
        place = (float(transform(np.array([value]))[0]) - low) / (high - low)
        if 0 <= place <= 1 and all(abs(place - other) >= APART[axis] for other in kept.values()):
            kept[value] = place
    scale.set_major_locator(FixedLocator(sorted(kept)))
    scale.set_major_formatter(FuncFormatter(lambda value, _: label(value).replace("-", "−")))
    scale.set_minor_locator(NullLocator())
    scale.set_minor_formatter(NullFormatter())
