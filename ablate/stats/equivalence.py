"""Two one-sided tests: is a difference smaller than what matters?

    >>> test = equivalence_test(mean=0.00014, se=0.000163, df=4, margin=0.002)
    >>> test.p < 0.05
    True

Schuirmann 1987. "Not significant" never means "the same"; this does. p ≤ α just when the 1 − 2α interval lies
within ±margin. The margin must have been stated before the data were seen: one made of their own spread voids the test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtr

from ablate.stats.unpaired import welch

__all__ = [
    "Equivalence",
    "equivalence_test",
    "paired_equivalence_from_summaries",
    "welch_equivalence",
]


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided t tests; what has been shown is that the difference lies between −margin and +margin.

    Attributes:
        t_low, p_low: (mean + margin)/se, and its p-value against "at or below −margin".
        t_high, p_high: (mean − margin)/se, and its p-value against "at or above +margin".
        df: degrees of freedom of both.
    """

    t_low: float
    p_low: float
    t_high: float
    p_high: float
    df: float

    @property
    def p(self) -> float:
        """The larger of the two: both nulls have to be rejected (Schuirmann 1987)."""
        return max(self.p_low, self.p_high)


def equivalence_test(mean: float, se: float, df: float, margin: float) -> Equivalence:
    """TOST of a mean: p_low = P(T ≥ (mean + margin)/se), p_high = P(T ≤ (mean − margin)/se) (Schuirmann 1987).

    Args:
        mean, se: the estimate and its standard error, in the unit of `margin`.
        df: degrees of freedom of `se`; T is Student's t on them.
        margin: the smallest difference that matters, more than 0.

    Raises:
        ValueError: when `se` or `margin` is not positive.
    """
    if not (se > 0 and margin > 0):
        raise ValueError(f"the standard error and the margin must be positive; they are {se} and {margin}")
    t_low, t_high = (mean + margin) / se, (mean - margin) / se
    return Equivalence(t_low, float(stdtr(df, -t_low)), t_high, float(stdtr(df, t_high)), df)


def paired_equivalence_from_summaries(
    means: tuple[float, float], sds: tuple[float, float], correlation: float, n: int, margin: float
) -> Equivalence:
    """TOST of mean 1 − mean 2 of n pairs, from what a paper prints (Lakens 2017).

    se = √((sd₁² + sd₂² − 2 · correlation · sd₁ · sd₂) ÷ n) on n − 1 degrees of freedom.

    Args:
        means, sds: of the two sides, in the unit of `margin`.
        correlation: of the two sides over the pairs, between −1 and 1.
        n: how many pairs, at least two.
        margin: the smallest difference that matters, more than 0.

    Raises:
        ValueError: when the sds and the correlation leave the difference no spread, or `margin` is not positive.
    """
    variance = sds[0] ** 2 + sds[1] ** 2 - 2 * correlation * sds[0] * sds[1]
    return equivalence_test(means[0] - means[1], math.sqrt(max(variance, 0.0) / n), n - 1, margin)


def welch_equivalence(x: Sequence[float], y: Sequence[float], margin: float) -> Equivalence | None:
    """TOST of mean(x) − mean(y) for independent samples of unequal variances (Welch 1947; Lakens 2017).

    None where `welch` has no test: below two values a side, and without spread on both.

    Args:
        x, y: [seeds of x], [seeds of y], in the unit of `margin`. Not for shared seeds: take their differences.
        margin: the smallest difference that matters, more than 0.

    Raises:
        ValueError: when `margin` is not positive.
    """
    difference = welch(x, y)
    if difference.se is None or difference.df is None or difference.mean is None or difference.se <= 0:
        return None
    return equivalence_test(difference.mean, difference.se, difference.df, margin)
