"""What a design can see, before it is run, and how many seeds a stated difference takes.

    >>> seeds_for_difference(1.0), seeds_for_difference(1.0, alpha=0.05 / 8), seeds_for_equivalence(1.0)
    (10, 17, 11)

Differences are given as a ratio to the standard deviation of the per-seed differences. Seeds are always for a
stated difference, never for the observed one (Hoenig and Heisey 2001).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import chdtri, gammaln, ndtr, ndtri, stdtrit

from ablate.stats.effect_sizes import noncentral_t_cdf
from ablate.stats.sign_flips import smallest_sign_flip_p

__all__ = [
    "MINIMUM_SEEDS",
    "PowerStatement",
    "SeedsNeeded",
    "difference_noise_floor",
    "half_width",
    "normal_seeds_for_equivalence",
    "power_of_difference",
    "power_of_equivalence",
    "power_statement",
    "run_noise_floor",
    "sd_upper_bound",
    "seeds_for_difference",
    "seeds_for_equivalence",
    "seeds_for_improvement",
    "seeds_needed",
    "smallest_effect",
]

POWER = 0.8
MINIMUM_SEEDS = 3
# Nobody trains millions of runs: smaller differences have no answer.
_LEAST_RATIO = 1e-3
# Into so many parts the range of a ratio is cut that is searched.
_STEPS = 2**40
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(60)


# differences -----------------------------------------------------------------------------------------


def power_of_difference(n: float, ratio: float, alpha: float = 0.05) -> float:
    """P(the two-sided t test of n normal differences is significant at `alpha`) when the true mean is `ratio` sds.

    Exact by the noncentral t; `n` > 1 need not be whole.
    """
    critical = float(stdtrit(n - 1, 1 - alpha / 2))
    noncentrality = abs(ratio) * math.sqrt(n)
    return 1 - noncentral_t_cdf(critical, n - 1, noncentrality) + noncentral_t_cdf(-critical, n - 1, noncentrality)


def seeds_for_difference(ratio: float, alpha: float = 0.05, power: float = POWER) -> int | None:
    """The smallest n ≥ 3 with that power; None for a ratio up to 0.001, which would take millions."""
    if not abs(ratio) > _LEAST_RATIO:
        return None
    normal = float(((ndtri(1 - alpha / 2) + ndtri(power)) / ratio) ** 2)
    return _smallest(lambda n: power_of_difference(n, ratio, alpha) >= power, normal)


@lru_cache(maxsize=4096)
def smallest_effect(n: int, alpha: float = 0.05, power: float = POWER) -> float | None:
    """The |mean| ÷ sd that n seeds detect with that power; None below two seeds."""
    if n < 2:
        return None
    step = (float(stdtrit(n - 1, 1 - alpha / 2)) + 10) * 4 / _STEPS
    # The power grows with the ratio. To import a root finder of scipy takes longer than all the rest of a forecast.
    return step * bisect_left(range(_STEPS), power, key=lambda steps: power_of_difference(n, steps * step, alpha))


def half_width(n: int, alpha: float = 0.05) -> float | None:
    """Half the 1 − alpha interval of a mean, in sds; None below two seeds."""
    return float(stdtrit(n - 1, 1 - alpha / 2)) / math.sqrt(n) if n > 1 else None


# equivalence -----------------------------------------------------------------------------------------


def power_of_equivalence(n: int, ratio: float, alpha: float = 0.05) -> float:
    """P(TOST of n normal differences at `alpha`) when the true difference is 0 and the margin is `ratio` sds.

    ∫ [Φ(δ/se − t·u) − Φ(−δ/se + t·u)] f(u) du over u = s/σ with t the critical value, by Gauss and Legendre.
    """
    df = n - 1
    critical, reach = float(stdtrit(df, 1 - alpha)), abs(ratio) * math.sqrt(n)
    # Beyond `last` the interval is too wide to fit; outside the two quantiles u does not occur.
    low = math.sqrt(float(chdtri(df, 1 - 1e-13)) / df) if df > 1 else 0.0
    last = min(reach / critical, math.sqrt(float(chdtri(df, 1e-13)) / df))
    if last <= low:
        return 0.0
    u = low + (last - low) * (_NODES + 1) / 2
    log_density = (
        math.log(2) + df / 2 * math.log(df / 2) - float(gammaln(df / 2)) + (df - 1) * np.log(u) - df * u**2 / 2
    )
    inside = 2 * ndtr(reach - critical * u) - 1
    return float(np.sum(_WEIGHTS * inside * np.exp(log_density)) * (last - low) / 2)


def seeds_for_equivalence(ratio: float, alpha: float = 0.05, power: float = POWER) -> int | None:
    """The smallest n ≥ 3 with that power at a true difference of 0; None as for `seeds_for_difference`."""
    if not abs(ratio) > _LEAST_RATIO:
        return None
    normal = normal_seeds_for_equivalence(ratio, alpha, power)
    return _smallest(lambda n: power_of_equivalence(n, ratio, alpha) >= power, normal)


def normal_seeds_for_equivalence(ratio: float, alpha: float = 0.05, power: float = POWER) -> float:
    """(z₁₋α + z₁₋β⸝₂)² ÷ ratio²: what TOSTER prints, one or two seeds below the exact number."""
    return float(((ndtri(1 - alpha) + ndtri((1 + power) / 2)) / ratio) ** 2)


def _smallest(suffices: Callable[[int], bool], normal: float) -> int:
    """The least n ≥ 3 that suffices, searched from the normal formula, which lies below it."""
    low = max(MINIMUM_SEEDS, math.floor(normal * 0.99) - 1)
    if low == MINIMUM_SEEDS and suffices(low):
        return low
    step, high = 2, low + 2
    while not suffices(high):
        low, step = high, step * 2
        high += step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


# both ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeedsNeeded:
    """Seeds that answer the question of a margin either way: `low` if the sd is what was measured, `high` if it is
    at its upper bound. None where no number of seeds in reach does."""

    low: int | None
    high: int | None


# As `noncentrality_interval`: a report asks three times.
@lru_cache(maxsize=4096)
def seeds_needed(
    margin: float,
    sd: float,
    n: int,
    alpha_difference: float = 0.05,
    alpha_equivalence: float = 0.05,
    power: float = POWER,
) -> SeedsNeeded:
    """To detect a difference of `margin`, or to show that it is none, from the sd of n ≥ 2 differences."""

    def needed(spread: float) -> int | None:
        if not (spread > 0 and margin > 0):
            return None
        ratio = margin / spread
        found = (
            seeds_for_difference(ratio, alpha_difference, power),
            seeds_for_equivalence(ratio, alpha_equivalence, power),
        )
        return None if None in found else max(number for number in found if number is not None)

    upper = sd_upper_bound(sd, n)
    return SeedsNeeded(needed(sd), None if upper is None else needed(upper))


def sd_upper_bound(sd: float, n: int, confidence: float = 0.8) -> float | None:
    """The bound that the true sd stays below in `confidence` of samples; what to plan with. None below n = 2."""
    return sd * math.sqrt((n - 1) / float(chdtri(n - 1, confidence))) if n > 1 else None


def seeds_for_improvement(probability: float, alpha: float = 0.05, power: float = 0.95) -> float:
    """n to show that P(better) exceeds ½ when it is `probability` (Noether 1987; Bouthillier et al. 2021)."""
    return float(((ndtri(1 - alpha) + ndtri(power)) / (math.sqrt(6) * (probability - 0.5))) ** 2)


def run_noise_floor(error: float, n_examples: int) -> float:
    """The seed-to-seed sd of an accuracy that a finite test set alone makes: √(error/(2N)), for calibrated binary
    runs with independent errors (Jordan 2023)."""
    return math.sqrt(max(error, 0.0) / (2 * n_examples))


def difference_noise_floor(error: float, n_examples: int) -> float:
    """The same for the difference of two unrelated runs, √(error/N): the sd to plan with before any pilot."""
    return math.sqrt(max(error, 0.0) / n_examples)


# the statement ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PowerStatement:
    """What n seeds and m arms can show; in sds of the per-seed difference, and in metric units where `sd` is known.

    Attributes:
        alpha_first: α/m, the level of the first rejection.
        smallest_effect_in_sds: seen with 80 % power at that level.
        half_width_in_sds: of an arm's plain 1 − α interval.
        smallest_exact_p: what the sign-flip test reaches with n seeds at best.
        seeds_for_margin: to resolve the margin at that level, with the given sd.
    """

    n: int
    m: int
    alpha: float
    power: float
    sd: float | None
    margin: float | None
    alpha_first: float
    smallest_effect_in_sds: float | None
    half_width_in_sds: float | None
    smallest_exact_p: float
    seeds_for_margin: int | None

    @property
    def smallest_effect(self) -> float | None:
        return _times(self.smallest_effect_in_sds, self.sd)

    @property
    def half_width(self) -> float | None:
        return _times(self.half_width_in_sds, self.sd)


def power_statement(
    n: int, m: int, margin: float | None = None, sd: float | None = None, alpha: float = 0.05, power: float = POWER
) -> PowerStatement:
    """For `m` ≥ 1 questions over `n` planned seeds; `sd` of a per-seed difference from a pilot or from
    `difference_noise_floor`, in the unit of `margin`."""
    first = alpha / max(m, 1)
    needed = None if margin is None or sd is None else seeds_needed(margin, sd, n, first, first, power).low
    return PowerStatement(
        n=n,
        m=m,
        alpha=alpha,
        power=power,
        sd=sd,
        margin=margin,
        alpha_first=first,
        smallest_effect_in_sds=smallest_effect(n, first, power),
        half_width_in_sds=half_width(n, alpha),
        smallest_exact_p=smallest_sign_flip_p(n),
        seeds_for_margin=needed,
    )


def _times(ratio: float | None, sd: float | None) -> float | None:
    return None if ratio is None or sd is None else ratio * sd
