"""The difference of two arms whose seeds are not the same, where no pair can be formed.

    >>> difference = welch([1.0, 2.0, 3.0], [2.0, 4.0, 9.0])
    >>> difference.mean, round(difference.df, 3)
    (-3.0, 2.306)

Only for different seed lists. On shared seeds the paired difference is right: this one would waste the pairing,
or be invalid where it hurts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ablate.stats.effect_sizes import hedges_factor
from ablate.stats.estimates import student_interval, student_p

__all__ = ["UnpairedDifference", "welch"]


@dataclass(frozen=True)
class UnpairedDifference:
    """mean(x) − mean(y) of independent samples. What they cannot say is None: everything for an empty side; spread,
    interval and test below two values a side; the test where neither side has spread.

    Attributes:
        n_x, n_y: how many values each side has.
        mean: mean(x) − mean(y), in the unit of the values.
        se: √(var(x)/n_x + var(y)/n_y), in the same unit.
        df: degrees of freedom (Welch 1947; Satterthwaite 1946); need not be whole.
        p: two-sided, against a difference of zero.
        ci_low, ci_high: interval of the difference, in its unit.
        d, g: the difference ÷ `sd`, plain and times J(n_x + n_y − 2) (Hedges 1981).
        sd: √((var(x) + var(y))/2), the spread of a side, to plan with: see `seeds_needed` and its `paired`.
    """

    n_x: int
    n_y: int
    mean: float | None = None
    se: float | None = None
    df: float | None = None
    p: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    d: float | None = None
    g: float | None = None
    sd: float | None = None

    @property
    def n(self) -> int:
        """How many values the smaller side has."""
        return min(self.n_x, self.n_y)

    def interval(self, alpha: float = 0.05) -> tuple[float, float] | None:
        """mean ∓ t₁₋α⸝₂(df) · se (Welch 1947); None without `df`.

        Args:
            alpha: probability that the interval misses, between 0 and 1.
        """
        if self.mean is None or self.se is None or self.df is None:
            return None
        return student_interval(self.mean, self.se, self.df, alpha)

    @property
    def t(self) -> float | None:
        """mean/se; None without a spread."""
        return self.mean / self.se if self.mean is not None and self.se else None


def welch(x: Sequence[float], y: Sequence[float], confidence: float = 0.95) -> UnpairedDifference:
    """t = (mean(x) − mean(y)) ÷ √(v_x + v_y) with v = var/n, for independent samples of unequal variances (Welch 1947).

    df = (v_x + v_y)² ÷ (v_x²/(n_x − 1) + v_y²/(n_y − 1)) (Satterthwaite 1946). Two values a side are needed for more
    than the mean.

    Args:
        x, y: [seeds of x], [seeds of y] of finite values, in one unit.
        confidence: level of the interval, between 0 and 1.
    """
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    sizes = first.size, second.size
    if min(sizes) == 0:
        return UnpairedDifference(*sizes)
    mean = float(first.mean() - second.mean())
    if min(sizes) < 2:
        return UnpairedDifference(*sizes, mean)
    # In units of the largest deviation, since squares of very large or small numbers leave the range of floats.
    sides = first - first.mean(), second - second.mean()
    unit = max(float(np.abs(side).max()) for side in sides)
    if unit <= 16 * np.finfo(np.float64).eps * max(float(np.abs(side).max()) for side in (first, second)):
        return UnpairedDifference(*sizes, mean, 0.0, sd=0.0)
    variances = np.array([(side / unit).var(ddof=1) for side in sides])
    parts = variances / sizes
    squared = float(parts.sum())
    se, df = unit * math.sqrt(squared), squared**2 / float(np.sum(parts**2 / (np.array(sizes) - 1)))
    low, high = student_interval(mean, se, df, 1 - confidence)
    sd = unit * math.sqrt(float(variances.mean()))
    g = hedges_factor(sum(sizes) - 2) * mean / sd
    return UnpairedDifference(*sizes, mean, se, df, student_p(mean / se, df), low, high, mean / sd, g, sd)
