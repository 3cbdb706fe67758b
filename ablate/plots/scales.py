"""What an axis is scaled by, and where its ticks stand: ratios, errors of accuracies near 1, far-out arms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from statistics import median_low
from types import MappingProxyType

from ablate.analysis.curves import ArmCurves
from ablate.analysis.grid_tables import from_logarithms
from ablate.analysis.results import MetricSummaries
from ablate.core.records import MetricInfo
from ablate.stats.estimates import Estimate, estimate_mean

__all__ = [
    "as_errors",
    "curves_as_errors",
    "error_label",
    "error_metric",
    "error_ticks",
    "geometric_errors",
    "is_near_one",
    "is_squeezed",
    "ratio_ticks",
    "summaries_as_errors",
    "symmetric_ticks",
    "ticks_apart",
]

NEAR_ONE = 0.9
# Of the highest value to the lowest, from which one slow arm would squeeze the others on a linear axis.
FROM_RATIO = 4.0
ROUND_MANTISSAS = (1, 2, 5, 3, 7, 1.5, 4, 6, 8, 9, 2.5, 1.2)


def is_near_one(metric: MetricInfo, values: Iterable[float | None]) -> bool:
    """Whether values of a share, where larger is better, lie so near 1 that their errors are what differs; one bad arm
    among them changes nothing of that."""
    known = [value for value in values if value is not None]
    is_share = metric.unit == "fraction" and metric.sign > 0
    # Of a curve that is no number somewhere nobody knows.
    return is_share and bool(known) and all(value < 1 for value in known) and median_low(known) >= NEAR_ONE


def is_squeezed(low: float, high: float) -> bool:
    """Whether values from `low` to `high` are positive and one of them would squeeze the others on a linear axis."""
    return 0 < FROM_RATIO * low <= high


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


def error_ticks(low: float, high: float) -> list[float]:
    """Round numbers for a logarithmic axis from `low` to `high`, both positive, however short its span; the roundest
    first."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    return [mantissa * 10.0**power for mantissa in ROUND_MANTISSAS for power in powers]


def error_label(value: float) -> str:
    return f"{value:.4g}"


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


def ticks_apart(
    candidates: Iterable[float],
    place: Callable[[float], float],
    distance: float,
    kept: Mapping[float, float] = MappingProxyType({}),
) -> dict[float, float]:
    """Tick → its place, of the candidates, first come, first served, that lie on the axis and apart from each other.

    Args:
        place: where a value lies on the axis, 0 at its lower end and 1 at its upper.
        distance: the least between neighbours, as a share of the axis.
        kept: ticks that stand there already, with their places; they are not given again.
    """
    found: dict[float, float] = {}
    for value in candidates:
        at = place(value)
        if 0 <= at <= 1 and all(abs(at - other) >= distance for other in (*kept.values(), *found.values())):
            found[value] = at
    return found
