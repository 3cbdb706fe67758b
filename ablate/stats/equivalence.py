"""Two one-sided tests: is a difference smaller than what matters?

    >>> test = equivalence_test(mean=0.00014, se=0.000163, df=4, margin=0.002)
    >>> test.p < 0.05
    True

Schuirmann 1987. "Not significant" never means "the same"; this does. p ≤ α just when the 1 − 2α interval lies
within ±margin.
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
    """`p_low` is of the test against "at or below −margin", `p_high` against "at or above +margin"."""

    t_low: float
    p_low: float
    t_high: float
    p_high: float
    df: float

    @property
    def p(self) -> float:
        return max(self.p_low, self.p_high)


def equivalence_test(mean: float, se: float, df: float, margin: float) -> Equivalence:
    """TOST of a mean with standard error `se` > 0 on `df` degrees of freedom, against ±margin in its unit.

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

    Raises:
        ValueError: when the sds and the correlation leave the difference no spread, or `margin` is not positive.
    """
    variance = sds[0] ** 2 + sds[1] ** 2 - 2 * correlation * sds[0] * sds[1]
    return equivalence_test(means[0] - means[1], math.sqrt(max(variance, 0.0) / n), n - 1, margin)


def welch_equivalence(x: Sequence[float], y: Sequence[float], margin: float) -> Equivalence | None:
    """TOST of mean(x) − mean(y) for independent samples of unequal variances; None where Welch's t is."""
    difference = welch(x, y)
    if difference.se is None or difference.df is None or difference.mean is None or difference.se <= 0:
        return None
    return equivalence_test(difference.mean, difference.se, difference.df, margin)
