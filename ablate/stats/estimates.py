"""A mean over seeds, with what is known of its precision.

    >>> estimate = estimate_mean({0: 1.0, 1: 2.0, 2: 3.0})
    >>> estimate.mean, round(estimate.ci_low, 3), round(estimate.ci_high, 3)
    (2.0, -0.484, 4.484)

Everything that is asked of a study is one number per seed, and the seeds are the independent units; so
this is the only place where an interval is computed (Student 1908).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

__all__ = ["CONFIDENCE", "Estimate", "estimate_mean", "student_interval", "student_p"]

CONFIDENCE = 0.95

# A spread that rounding alone explains: values equal up to the last bits are constant.
_ROUNDING = 10 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Estimate:
    """The mean of one value per seed, in the unit of the values.

    What the data cannot say is None, never NaN: everything for no value; spread, interval and test for
    one value; the test for values without spread, whose interval has shrunk to the mean.

    Attributes:
        seeds, values: the data, in the order of the seeds.
        sd: standard deviation over seeds, with n − 1 in the denominator.
        ci_low, ci_high: Student's t interval of level `confidence` for the mean.
    """

    seeds: tuple[int, ...]
    values: tuple[float, ...]
    confidence: float
    mean: float | None = None
    sd: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def df(self) -> int | None:
        return self.n - 1 if self.n > 1 else None

    @property
    def se(self) -> float | None:
        return None if self.sd is None else self.sd / math.sqrt(self.n)

    @property
    def minimum(self) -> float | None:
        return min(self.values, default=None)

    @property
    def maximum(self) -> float | None:
        return max(self.values, default=None)

    @property
    def t(self) -> float | None:
        """The t statistic against a mean of zero, on `df` degrees of freedom."""
        return self.mean / self.se if self.mean is not None and self.se else None

    @property
    def p_two_sided(self) -> float | None:
        """The probability of a |t| at least this large when the true mean is zero."""
        return None if self.t is None or self.df is None else student_p(self.t, self.df)


def estimate_mean(values: Mapping[int, float], confidence: float = CONFIDENCE) -> Estimate:
    """The mean of `values` (seed → finite value).

    Raises:
        ValueError: when a value is not finite. A run without a value has no entry; whoever builds the
            mapping decides, and says, what becomes of diverged runs.
    """
    seeds = tuple(sorted(values))
    data = tuple(float(values[seed]) for seed in seeds)
    if not all(math.isfinite(value) for value in data):
        raise ValueError(f"values must be finite; got {data}")
    if not data:
        return Estimate(seeds, data, confidence)
    mean = math.fsum(data) / len(data)
    if len(data) == 1:
        return Estimate(seeds, data, confidence, mean)
    sd = _standard_deviation(data)
    low, high = student_interval(mean, sd / math.sqrt(len(data)), len(data) - 1, 1 - confidence)
    return Estimate(seeds, data, confidence, mean, sd, low, high)


def student_interval(mean: float, se: float, df: float, alpha: float) -> tuple[float, float]:
    """The two-sided 1 − alpha interval of a mean with standard error `se` on `df` degrees of freedom."""
    half_width = float(stdtrit(df, 1 - alpha / 2)) * se
    return mean - half_width, mean + half_width


def student_p(t: float, df: float) -> float:
    """The probability of a |T| of at least |t|."""
    return float(2 * stdtr(df, -abs(t)))


def _standard_deviation(data: tuple[float, ...]) -> float:
    sd = float(np.std(data, ddof=1))
    return 0.0 if sd <= _ROUNDING * max(map(abs, data)) else sd
