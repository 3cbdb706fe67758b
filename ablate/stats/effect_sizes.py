"""A mean difference in units of its own spread, with an exact interval.

    >>> size = effect_size(1.58, 1.2299954832798732, 10)
    >>> round(size.dz, 4), round(size.gz, 4), round(size.low, 4), round(size.high, 4)
    (1.2846, 1.1739, 0.4146, 2.118)

Secondary to the difference in metric units: a standardised effect grows when the runs are quieter or better
paired, without mattering more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from scipy.special import chdtrc, nctdtr

__all__ = ["EffectSize", "effect_size", "hedges_factor", "noncentral_t_cdf", "noncentrality_interval"]

_FAR = 1000.0


@dataclass(frozen=True)
class EffectSize:
    """A difference in standard deviations of the per-seed differences. All None where there is no spread to divide by.

    Attributes:
        dz: mean ÷ sd (Cohen 1988).
        gz: J(n − 1) · dz, without the bias of few seeds (Hedges 1981).
        low, high: interval of the true effect size, which both estimate (Steiger and Fouladi 1997).
    """

    dz: float | None = None
    gz: float | None = None
    low: float | None = None
    high: float | None = None


def effect_size(mean: float, sd: float, n: int, confidence: float = 0.95) -> EffectSize:
    """dz = mean ÷ sd with its interval, exact for normal differences.

    Args:
        mean, sd: of the differences, in one unit; sd with n − 1 in the denominator.
        n: how many differences. Below two, or without spread, there is no effect size.
        confidence: level of the interval, between 0 and 1.

    Raises:
        ArithmeticError: as `noncentrality_interval`.
    """
    if n < 2 or not sd > 0:
        return EffectSize()
    dz = mean / sd
    if not abs(dz) < 1e100:
        return EffectSize()
    low, high = noncentrality_interval(dz * math.sqrt(n), n - 1, confidence)
    return EffectSize(dz, hedges_factor(n - 1) * dz, low / math.sqrt(n), high / math.sqrt(n))


def hedges_factor(df: float) -> float:
    """J(df) = Γ(df/2) ÷ (√(df/2) Γ((df−1)/2)): what a standardised mean is multiplied by to be unbiased (Hedges 1981).

    Zero for `df` ≤ 1, where the mean of dz does not exist.
    """
    if df <= 1:
        return 0.0
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) * math.sqrt(2 / df)


def noncentral_t_cdf(t: float, df: float, noncentrality: float) -> float:
    """P(T ≤ t) for T = (Z + noncentrality) ÷ U with Z standard normal and U² = χ²(df)/df: the noncentral t.

    Where |noncentrality| ≥ 1000, where the library is slow or gives NaN, Z is small beside the noncentrality, and
    P(U ≥ noncentrality/t) is the limit, to six digits.

    Args:
        t: where the distribution is asked.
        df: degrees of freedom, more than 0.
        noncentrality: true mean ÷ its standard error.
    """
    if abs(noncentrality) < _FAR:
        probability = float(nctdtr(df, noncentrality, t))
        if not math.isnan(probability):
            return probability
    if t * noncentrality <= 0:
        return float(t > noncentrality)
    beyond = float(chdtrc(df, df * min(noncentrality / t, 1e100) ** 2))
    return beyond if t > 0 else 1 - beyond


# A report judges the same differences for its tables, for what is packed of them, and for its text.
@lru_cache(maxsize=4096)
def noncentrality_interval(t: float, df: float, confidence: float = 0.95) -> tuple[float, float]:
    """(low, high): the noncentralities under which `t` is neither too large nor too small (Steiger and Fouladi 1997).

    P(T ≤ t) is 1 − α/2 at the low end and α/2 at the high end, with α = 1 − `confidence` and T noncentral t on `df`
    degrees of freedom. Divided by √n they bound the effect size of n differences.

    Raises:
        ArithmeticError: when no finite noncentrality gives such a `t`.
    """
    tail = (1 - confidence) / 2
    return _noncentrality(t, df, 1 - tail), _noncentrality(t, df, tail)


def _noncentrality(t: float, df: float, probability: float) -> float:
    """The noncentrality with P(T ≤ t) = probability; P falls as it grows."""
    from scipy.optimize import brentq

    def excess(noncentrality: float) -> float:
        return noncentral_t_cdf(t, df, noncentrality) - probability

    # (T ∙ chi ÷ √df) − noncentrality is standard normal, so the root lies within a few units plus the spread of t.
    reach = 6 + 6 * abs(t) / math.sqrt(2 * df)
    low, high = t - reach, t + reach
    while not excess(low) > 0 > excess(high):
        reach *= 2
        low, high = t - reach, t + reach
        if not math.isfinite(low - high):
            raise ArithmeticError(f"no noncentrality gives t = {t} on {df} degrees of freedom")
    return float(brentq(excess, low, high, xtol=1e-10 * (1 + abs(t)), rtol=1e-12))
