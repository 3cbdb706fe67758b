"""The power of a design when its spread is known from a few runs only: averaged over what the spread may be.

    >>> from ablate.stats.power import power_of_difference
    >>> round(power_of_difference(10, 1.0), 2), round(assured_power(10, difference=1.0, sd=1.0, df=4), 2)
    (0.8, 0.68)

A sd of five runs is as often too small as too large, and the power falls more on the one side than it rises on the
other; so the power at the measured sd promises too much. The average, called assurance (O'Hagan et al. 2005), is the
probability that the planned test will be significant if the stated difference is true. What is averaged over is
σ² = df · s²/χ²(df), all that is known of a spread before anything else is. For normal differences on shared seeds.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache

import numpy as np
from scipy.special import chdtri, ndtr

from ablate.stats.power import MINIMUM_SEEDS, POWER, power_of_difference, smallest_effect

__all__ = ["assured_power", "seeds_for_assurance", "smallest_assured_effect"]

# The trapezoid rule over normal scores, whose ends weigh nothing: exact to more digits than anybody reads.
_SCORES = np.linspace(-7, 7, 57)
_WEIGHTS = np.exp(-(_SCORES**2) / 2) / np.exp(-(_SCORES**2) / 2).sum()
# Nobody trains more: beyond, there is no answer.
_MOST_SEEDS = 10_000
# So finely an effect is searched, as a factor.
_PRECISION = 1e-4


def assured_power(n: int, difference: float, sd: float, df: float | None, alpha: float = 0.05) -> float:
    """∫ `power_of_difference`(n, |difference|/σ) over σ = sd · √(df ÷ χ²(df)).

    Args:
        n: planned seeds, more than 1.
        difference: the true one, in the unit of `sd`.
        sd: of the differences that were seen, more than 0.
        df: its degrees of freedom, how many there were − 1; None where the sd is known, which gives the power itself.
        alpha: level of the two-sided test, between 0 and 1.

    Raises:
        ValueError: when `sd` or `df` is not positive.
    """
    if not sd > 0 or (df is not None and not df > 0):
        raise ValueError(f"the spread and its degrees of freedom must be positive; they are {sd} and {df}")
    ratio = abs(difference) / sd
    if df is None:
        return power_of_difference(n, ratio, alpha)
    factors = np.sqrt(chdtri(df, ndtr(-_SCORES)) / df)
    powers = [power_of_difference(n, ratio * float(factor), alpha) for factor in factors]
    return float(_WEIGHTS @ powers)


def seeds_for_assurance(
    difference: float, sd: float, df: float | None, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """The smallest n ≥ 3 whose `assured_power` of `difference`, by `sd`, `df` and `alpha`, reaches `power`; None beyond
    10,000, and for no difference.

    Raises:
        ValueError: as `assured_power`.
    """
    searched = range(MINIMUM_SEEDS, _MOST_SEEDS + 1)
    place = bisect_left(searched, power, key=lambda n: assured_power(n, difference, sd, df, alpha))
    return searched[place] if place < len(searched) else None


# Tables ask for it again and again with another difference beside it, which it does not depend on.
@lru_cache(maxsize=1024)
def smallest_assured_effect(n: int, df: float | None, alpha: float = 0.05, power: float = POWER) -> float | None:
    """The difference ÷ measured sd at which the `assured_power` of `n` seeds at `alpha` reaches `power`; four digits.

    None below two seeds. Of a known spread, `df` None, it is `smallest_effect`.

    Raises:
        ValueError: when `df` is not positive.
    """
    plain = smallest_effect(n, alpha, power)
    if plain is None or df is None:
        return plain
    # The assurance grows with the effect. From half of the plain one, which is too little, in steps of a factor.
    most = math.ceil(math.log(1e4) / _PRECISION)
    steps = bisect_left(
        range(most), power, key=lambda k: assured_power(n, plain / 2 * math.exp(k * _PRECISION), 1, df, alpha)
    )
    return plain / 2 * math.exp(steps * _PRECISION)
