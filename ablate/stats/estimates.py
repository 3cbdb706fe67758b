"""A mean over seeds, with what is known of its precision.

    >>> estimate = estimate_mean({0: 1.0, 1: 2.0, 2: 3.0})
    >>> estimate.mean, round(estimate.ci_low, 3), round(estimate.ci_high, 3)
    (2.0, -0.484, 4.484)

Everything that is asked of a study is one number per seed, and the seeds are the independent units; so
this is the only place where an interval is computed (Student 1908). It is exact for normal
values; at ten seeds or fewer it covers less than it says when the values have a long tail on one side only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

__all__ = [
    "CONFIDENCE",
    "Estimate",
    "MeanEstimate",
    "estimate_mean",
    "finite",
    "standard_deviation",
    "student_interval",
    "student_p",
]

CONFIDENCE = 0.95

# A spread that rounding alone explains: values equal up to the last bits are constant.
_ROUNDING = 10 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Estimate:
    """What n values, one per seed, say of their expectation, in the unit of the values.

    What the data cannot say is None, never NaN: everything for no value; spread, interval and test for
    one value; the test for values without spread, whose interval has shrunk to the mean.

    Attributes:
        seeds, values: [seeds], the data, in the order of the seeds.
        confidence: level of the interval, between 0 and 1.
        mean: Σ value ÷ n.
        sd: √(Σ(value − mean)² ÷ (n − 1)), over seeds; 0 where rounding alone explains it.
        ci_low, ci_high: mean ∓ t₁₋α⸝₂(n − 1) · sd/√n with α = 1 − `confidence` (Student 1908).
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
        """How many seeds have a value."""
        return len(self.values)

    @property
    def df(self) -> int | None:
        """Degrees of freedom, n − 1; None below two values."""
        return self.n - 1 if self.n > 1 else None

    @property
    def se(self) -> float | None:
        """Standard error of the mean, sd/√n; None below two values."""
        return None if self.sd is None else self.sd / math.sqrt(self.n)

    @property
    def minimum(self) -> float | None:
        """The smallest value; None for no value."""
        return min(self.values, default=None)

    @property
    def maximum(self) -> float | None:
        """The largest value; None for no value."""
        return max(self.values, default=None)

    @property
    def t(self) -> float | None:
        """mean/se, Student's statistic against a mean of zero; None below two values and without spread."""
        return self.mean / self.se if self.mean is not None and self.se else None

    @property
    def p_two_sided(self) -> float | None:
        """P(|T| ≥ |t|) on `df` degrees of freedom when the true mean is zero; None where `t` is."""
        return None if self.t is None or self.df is None else student_p(self.t, self.df)


@dataclass(frozen=True)
class MeanEstimate:
    """A mean whose standard error is not sd/√n, since its values depend on each other; in the unit of the values.

    What the data cannot say is None: everything for no value; spread, interval and test for one independent unit; the
    test for values without spread.

    Attributes:
        n: how many units the precision comes from: folds, groups.
        mean: of the values.
        sd: √(Σ(value − mean)² ÷ (values − 1)); 0 where rounding alone explains it.
        se, df: standard error of the mean, and its degrees of freedom.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    se: float | None = None
    df: float | None = None

    def interval(self, alpha: float = 0.05) -> tuple[float, float] | None:
        """mean ∓ t₁₋α⸝₂(df) · se (Student 1908); None without `se`.

        Args:
            alpha: probability that the interval misses, between 0 and 1.
        """
        if self.mean is None or self.se is None or self.df is None:
            return None
        return student_interval(self.mean, self.se, self.df, alpha)

    @property
    def p(self) -> float | None:
        """Two-sided p-value against an expectation of zero; None where `se` is None or 0."""
        if self.mean is None or not self.se or self.df is None:
            return None
        return student_p(self.mean / self.se, self.df)


def estimate_mean(values: Mapping[int, float], confidence: float = CONFIDENCE) -> Estimate:
    """Σ value ÷ n with its standard deviation and Student's t interval (Student 1908).

    Args:
        values: seed → finite value, in any unit. Seeds are the independent units: two values of one run are not two
            seeds.
        confidence: level of the interval, between 0 and 1.

    Raises:
        ValueError: when a value is not finite. A run without a value has no entry; whoever builds the
            mapping decides, and says, what becomes of diverged runs.
    """
    seeds = tuple(sorted(values))
    data = finite(values[seed] for seed in seeds)
    if not data:
        return Estimate(seeds, data, confidence)
    mean = math.fsum(data) / len(data)
    if len(data) == 1:
        return Estimate(seeds, data, confidence, mean)
    sd = standard_deviation(data)
    low, high = student_interval(mean, sd / math.sqrt(len(data)), len(data) - 1, 1 - confidence)
    return Estimate(seeds, data, confidence, mean, sd, low, high)


def student_interval(mean: float, se: float, df: float, alpha: float) -> tuple[float, float]:
    """(mean − h, mean + h) with h = t₁₋α⸝₂(df) · se (Student 1908).

    Args:
        mean, se: an estimate and its standard error, in one unit.
        df: degrees of freedom of `se`, more than 0; need not be whole.
        alpha: probability that the interval misses, between 0 and 1.
    """
    half_width = float(stdtrit(df, 1 - alpha / 2)) * se
    return mean - half_width, mean + half_width


def student_p(t: float, df: float) -> float:
    """P(|T| ≥ |t|) for Student's T on `df` degrees of freedom: two-sided (Student 1908).

    Args:
        t: an estimate ÷ its standard error.
        df: more than 0; need not be whole.
    """
    return float(2 * stdtr(df, -abs(t)))


def finite(values: Iterable[float]) -> tuple[float, ...]:
    """The values as floats.

    Raises:
        ValueError: when one is not finite.
    """
    data = tuple(map(float, values))
    if not all(map(math.isfinite, data)):
        raise ValueError(f"values must be finite; got {data}")
    return data


def standard_deviation(data: Sequence[float]) -> float:
    """√(Σ(x − mean)² ÷ (n − 1)) of two or more `data`; 0 where rounding alone explains it."""
    sd = float(np.std(data, ddof=1))
    return 0.0 if sd <= _ROUNDING * max(map(abs, data)) else sd
