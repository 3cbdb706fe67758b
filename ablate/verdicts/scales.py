"""On which scale a difference is taken: in the metric's unit, or as the logarithm of a ratio of errors.

    >>> scale, margin = analysis_scale("10%")
    >>> str(scale), round(margin, 6)
    ('log_error', 0.09531)

Near the ceiling of a metric ratios are what compares: from 1 % to 0.9 % errors is as much as from 10 % to 9 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ablate.core.records import MetricInfo
from ablate.verdicts.verdict import Scale

__all__ = [
    "analysis_scale",
    "better_sign",
    "log_errors",
    "on_scale",
]


def analysis_scale(margin: float | str | None, scale: Scale | str | None = None) -> tuple[Scale, float | None]:
    """The scale that a margin asks for, and the margin on it.

    Args:
        margin: a number in the unit of the metric; or `10%`: of the error, analysed as ± log 1.1; or None.
        scale: what the plan says; None follows the margin.

    Raises:
        ValueError: for a margin that is no positive number, or that belongs to the other scale.
    """
    chosen = None if scale is None else Scale(scale)
    if margin is None:
        return chosen or Scale.RAW, None
    relative = isinstance(margin, str) and margin.strip().endswith("%")
    try:
        value = (
            float(margin.strip().removesuffix("%")) / (100 if relative else 1) if isinstance(margin, str) else margin
        )
    except ValueError:
        raise ValueError(f"a margin is a number or a percentage such as 10%, not {margin!r}") from None
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"a margin must be positive and finite, not {margin!r}")
    if relative and chosen is Scale.RAW:
        raise ValueError(f"the margin {margin} is relative; on the raw scale it must be in the metric's unit")
    if not relative and chosen is Scale.LOG_ERROR:
        raise ValueError(f"on the log scale a margin is relative, such as 10%; {margin} is in the metric's unit")
    return (Scale.LOG_ERROR, math.log1p(value)) if relative else (Scale.RAW, float(value))


def better_sign(metric: MetricInfo, scale: Scale) -> int:
    """+1 where a positive difference on `scale` means that the arm does better, −1 where it does worse, 0 where the
    metric has no better. Fewer errors are better whatever the metric."""
    return -1 if scale is Scale.LOG_ERROR else metric.sign


def log_errors(
    values: Mapping[int, float], metric: MetricInfo, n_examples: int | None = None
) -> dict[int, float] | None:
    """seed → the logarithm of its error, whose differences are log ratios.

    One rule for every run of a sweep, so that no pair has a scale of its own: log(max(k, ½) ÷ N) of k errors among
    `n_examples` counted ones. It changes runs without errors only, of which half an error is what a next example may
    show. None where an error is not positive and is no count: such a question has no answer on this scale.

    Raises:
        ValueError: for a metric that leaves no error.
    """
    if not metric.is_error:
        raise ValueError(f"{metric.name} is no error, so there is no ratio of errors")
    half = 0.5 / n_examples if n_examples and metric.counts_examples else None
    errors = {seed: _error(value, metric) or half or 0.0 for seed, value in values.items()}
    if min(errors.values(), default=1.0) <= 0:
        return None
    return {seed: math.log(error) for seed, error in errors.items()}


def on_scale(
    values: Mapping[int, float], metric: MetricInfo, scale: Scale, n_examples: int | None = None
) -> dict[int, float] | None:
    """seed → value as it is compared on `scale`; None where `log_errors` is."""
    return dict(values) if scale is Scale.RAW else log_errors(values, metric, n_examples)


def _error(value: float, metric: MetricInfo) -> float:
    # 1 − value carries the rounding of the value: what is left of a perfect score is no error.
    error = metric.error(value) or 0.0
    return 0.0 if metric.sign > 0 and abs(error) < 1e-12 else error
