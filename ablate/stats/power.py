"""What a design can see, before it is run, and how many seeds a stated difference takes.

    >>> seeds_for_difference(1.0), seeds_for_difference(1.0, alpha=0.05 / 8), seeds_for_equivalence(1.0)
    (10, 17, 11)

Differences are given as a ratio to the standard deviation of the per-seed differences, levels and powers as
probabilities. Seeds are always for a stated difference, never for the observed one (Hoenig and Heisey 2001). All of
it is for normal differences.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np
from scipy.special import chdtri, gammaln, ndtr, ndtri, stdtrit

from ablate.stats.effect_sizes import noncentral_t_cdf
from ablate.stats.sign_flips import smallest_sign_flip_p

__all__ = [
    "MINIMUM_SEEDS",
    "PowerStatement",
    "SeedsNeeded",
    "difference_noise_floor",
    "examples_needed",
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
    "seeds_for_sign_test",
    "seeds_needed",
    "smallest_effect",
]

POWER = 0.8
# Fewer seeds get no verdict, so no search goes below.
MINIMUM_SEEDS = 3
# Nobody trains millions of runs: smaller differences have no answer.
_LEAST_RATIO = 1e-3
# Into so many parts the range of a ratio is cut that is searched.
_STEPS = 2**40
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(60)


# differences -----------------------------------------------------------------------------------------


def power_of_difference(n: float, ratio: float, alpha: float = 0.05, paired: bool = True) -> float:
    """P(the two-sided t test of n normal differences is significant at `alpha`) when the true mean is `ratio` sds.

    1 − F(c) + F(−c) with c = t₁₋α⸝₂(n − 1) and F the noncentral t on n − 1 degrees of freedom, noncentrality
    |ratio| · √n: exact. Unpaired, on 2(n − 1) degrees of freedom with |ratio| · √(n/2): exact for equal variances.

    Args:
        n: seeds of each arm, more than 1; need not be whole.
        ratio: true mean ÷ sd of the differences, or of the values of an arm; its sign does not matter.
        alpha: level of the test, between 0 and 1.
        paired: on the same seeds; else two arms of n seeds each.
    """
    df, noncentrality = _design(n, ratio, paired)
    critical = float(stdtrit(df, 1 - alpha / 2))
    return 1 - noncentral_t_cdf(critical, df, noncentrality) + noncentral_t_cdf(-critical, df, noncentrality)


def _design(n: float, ratio: float, paired: bool) -> tuple[float, float]:
    """Degrees of freedom, and |ratio| in standard errors."""
    return (n - 1, abs(ratio) * math.sqrt(n)) if paired else (2 * (n - 1), abs(ratio) * math.sqrt(n / 2))


def seeds_for_difference(ratio: float, alpha: float = 0.05, power: float = POWER, paired: bool = True) -> int | None:
    """The smallest n ≥ 3 whose `power_of_difference` reaches `power`; None for a |ratio| up to 0.001: millions.

    Args:
        ratio: stated mean ÷ sd of the differences; its sign does not matter.
        alpha: level of the two-sided test.
        power: the probability wanted, between 0 and 1.
        paired: as for the power; else it is the number for each arm.
    """
    if not abs(ratio) > _LEAST_RATIO:
        return None
    normal = float(((ndtri(1 - alpha / 2) + ndtri(power)) / ratio) ** 2)
    return _smallest(lambda n: power_of_difference(n, ratio, alpha, paired) >= power, normal * _arms(paired))


@lru_cache(maxsize=4096)
def smallest_effect(n: int, alpha: float = 0.05, power: float = POWER) -> float | None:
    """The |mean| ÷ sd at which `power_of_difference` of `n` seeds at `alpha` reaches `power`; None below two seeds."""
    if n < 2:
        return None
    step = (float(stdtrit(n - 1, 1 - alpha / 2)) + 10) * 4 / _STEPS
    # The power grows with the ratio. To import a root finder of scipy takes longer than all the rest of a forecast.
    return step * bisect_left(range(_STEPS), power, key=lambda steps: power_of_difference(n, steps * step, alpha))


def half_width(n: int, alpha: float = 0.05) -> float | None:
    """t₁₋α⸝₂(n − 1)/√n: half the 1 − `alpha` interval of the mean of `n` seeds, in sds; None below two seeds."""
    return float(stdtrit(n - 1, 1 - alpha / 2)) / math.sqrt(n) if n > 1 else None


# equivalence -----------------------------------------------------------------------------------------


def power_of_equivalence(n: int, ratio: float, alpha: float = 0.05, paired: bool = True) -> float:
    """P(TOST of n normal differences at `alpha`) when the true difference is 0 and the margin is `ratio` sds.

    ∫ [Φ(δ/se − t·u) − Φ(−δ/se + t·u)] f(u) du over u = s/σ, with δ/se = |ratio| · √n, t = t₁₋α(n − 1) and f the
    density of √(χ²(n − 1) ÷ (n − 1)); by Gauss and Legendre on 60 nodes. Unpaired, as for a difference.

    Args:
        n: seeds of each arm, at least 2.
        ratio: margin ÷ sd of the differences, or of the values of an arm; its sign does not matter.
        alpha: level of each of the two one-sided tests, between 0 and ½.
        paired: on the same seeds; else two arms of n seeds each.
    """
    df, reach = _design(n, ratio, paired)
    critical = float(stdtrit(df, 1 - alpha))
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


def seeds_for_equivalence(ratio: float, alpha: float = 0.05, power: float = POWER, paired: bool = True) -> int | None:
    """The smallest n ≥ 3 whose `power_of_equivalence` reaches `power`; None for a |ratio| up to 0.001: millions.

    Args:
        ratio: stated margin ÷ sd of the differences; the true difference is taken to be 0, so this is the least.
        alpha: level of each of the two one-sided tests.
        power: the probability wanted, between 0 and 1.
        paired: as for the power; else it is the number for each arm.
    """
    if not abs(ratio) > _LEAST_RATIO:
        return None
    normal = normal_seeds_for_equivalence(ratio, alpha, power)
    return _smallest(lambda n: power_of_equivalence(n, ratio, alpha, paired) >= power, normal * _arms(paired))


def _arms(paired: bool) -> int:
    """How many times as many seeds a normal formula gives: var(x − y) = 2 var without pairing."""
    return 1 if paired else 2


def normal_seeds_for_equivalence(ratio: float, alpha: float = 0.05, power: float = POWER) -> float:
    """(z₁₋α + z₁₋β⸝₂)² ÷ ratio² with β = 1 − `power`: what TOSTER prints (Lakens 2017), in seeds, not rounded.

    One or two seeds below the exact number, which `seeds_for_equivalence` gives.

    Args:
        ratio: margin ÷ sd of the differences.
        alpha: level of each of the two one-sided tests.

    Raises:
        ZeroDivisionError: for a ratio of 0.
    """
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
    """Seeds that answer the question of a margin either way. None where no number of seeds in reach does.

    Attributes:
        low: if the true sd is what was measured, which of few seeds is below it half of the time: the power of so many
            seeds is about .57, .64 and .70 on average after 3, 5 and 8.
        high: if it is at its upper bound, see `sd_upper_bound`: what to plan with, since the power of so many fresh
            seeds is what was wanted in 80 % of studies or more.
        half: as `high`, for half the margin; only where `high` asks for no more seeds than there are.
    """

    low: int | None
    high: int | None
    half: int | None = None


# As `noncentrality_interval`: a report asks three times.
@lru_cache(maxsize=4096)
def seeds_needed(
    margin: float,
    sd: float,
    n: int,
    alpha_difference: float = 0.05,
    alpha_equivalence: float = 0.05,
    power: float = POWER,
    paired: bool = True,
) -> SeedsNeeded:
    """To detect a difference of `margin`, or to show that it is none: the larger of the two numbers of seeds.

    Args:
        margin: the smallest difference that matters, in the unit of `sd`.
        sd: of the differences seen so far, or of the values of an arm. Without spread, or without a margin, no number
            is given.
        n: how many seeds of each arm it is of; below two there is no upper bound, so `high` and `half` are None.
        alpha_difference, alpha_equivalence: levels of the two-sided test and of each one-sided one, adjusted for the
            other questions.
        power: the probability wanted, between 0 and 1.
        paired: on the same seeds; else all numbers are for each arm, and `sd` is pooled over both.
    """

    def needed(spread: float, difference: float) -> int | None:
        if not (spread > 0 and difference > 0):
            return None
        ratio = difference / spread
        found = (
            seeds_for_difference(ratio, alpha_difference, power, paired),
            seeds_for_equivalence(ratio, alpha_equivalence, power, paired),
        )
        return None if None in found else max(number for number in found if number is not None)

    upper = sd_upper_bound(sd, n if paired else 2 * n - 1)
    high = None if upper is None else needed(upper, margin)
    half = needed(upper, margin / 2) if upper is not None and high is not None and high <= n else None
    return SeedsNeeded(needed(sd, margin), high, half)


def examples_needed(
    margin: float,
    se: float,
    n: int,
    alpha_difference: float = 0.05,
    alpha_equivalence: float = 0.05,
    power: float = POWER,
    se_equivalence: float | None = None,
    se_endless: float = 0.0,
) -> int | None:
    """Examples of a benchmark to detect a difference of `margin`, or to show that it is none: the larger of the two.

    By the normal approximation: of N examples se(N)² = se_endless² + (se² − se_endless²) · n/N, and both
    (z₁₋α⸝₂ + z_power) · se(N) and (z₁₋α + z₍₁₊power₎⸝₂) · se(N), of a true difference of 0, are to be `margin` or
    less. None without a spread, and where no number of examples is enough, since seeds alone vary too much.

    Args:
        margin: the smallest difference that matters, in the unit of `se`.
        se: the standard error of the difference over `n` examples, groups and seeds allowed for.
        n: how many examples it is of.
        alpha_difference, alpha_equivalence: levels of the two-sided test and of each one-sided one.
        power: the probability wanted, between 0 and 1.
        se_equivalence: the one of the equivalence test, where that is another.
        se_endless: what would be left of it with endless examples: that of the seeds.
    """

    def needed(error: float, quantiles: float) -> int | None:
        reach = (margin / quantiles) ** 2 - se_endless**2
        return math.ceil(n * max(error**2 - se_endless**2, 0.0) / reach) if reach > 0 else None

    if not (se > 0 and margin > 0):
        return None
    found = (
        needed(se, float(ndtri(1 - alpha_difference / 2) + ndtri(power))),
        needed(se_equivalence or se, float(ndtri(1 - alpha_equivalence) + ndtri((1 + power) / 2))),
    )
    return None if None in found else max(number for number in found if number is not None)


def sd_upper_bound(sd: float, n: int, confidence: float = 0.8) -> float | None:
    """sd · √((n − 1) ÷ χ²₁₋c(n − 1)): the bound that the true sd stays below in c = `confidence` of normal samples.

    In the unit of `sd`, which is of `n` values. None below n = 2.
    """
    return sd * math.sqrt((n - 1) / float(chdtri(n - 1, confidence))) if n > 1 else None


def seeds_for_sign_test(alpha: float = 0.05) -> int:
    """The smallest n with 2 · ½ⁿ ≤ α: with fewer seeds the two-sided sign test rejects nothing, even if all agree.

    Args:
        alpha: the level, between 0 and 1.
    """
    return next(n for n in count(1) if smallest_sign_flip_p(n) <= alpha)


def seeds_for_improvement(probability: float, alpha: float = 0.05, power: float = 0.95) -> float:
    """((z₁₋α + z_power) ÷ (√6 · (probability − ½)))²: seeds, not rounded (Noether 1987; Bouthillier et al. 2021).

    To show that P(better) exceeds ½, one-sided at `alpha` with this `power`, when it is `probability`.

    Raises:
        ZeroDivisionError: for a probability of ½, which no number of seeds shows.
    """
    return float(((ndtri(1 - alpha) + ndtri(power)) / (math.sqrt(6) * (probability - 0.5))) ** 2)


def run_noise_floor(error: float, n_examples: int) -> float:
    """√(error/(2N)): the seed-to-seed sd of an accuracy that a finite test set alone makes (Jordan 2023).

    For two classes, calibrated runs and errors that are independent between examples.

    Args:
        error: share of wrong examples, between 0 and 1; below 0 counts as 0.
        n_examples: N, at least 1.

    Raises:
        ZeroDivisionError: for no examples.
    """
    return math.sqrt(max(error, 0.0) / (2 * n_examples))


def difference_noise_floor(error: float, n_examples: int) -> float:
    """√(error/N): `run_noise_floor` for the difference of two unrelated runs; the sd to plan with before any pilot.

    Args:
        error: share of wrong examples, between 0 and 1; below 0 counts as 0.
        n_examples: N, at least 1.

    Raises:
        ZeroDivisionError: for no examples.
    """
    return math.sqrt(max(error, 0.0) / n_examples)


# the statement ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PowerStatement:
    """What n seeds and m arms can show; in sds of the per-seed difference, and in metric units where `sd` is known.

    Attributes:
        n, m: planned seeds, and questions asked together.
        alpha, power: the chance of any false rejection, and of seeing what is there.
        sd, margin: of a per-seed difference, and the smallest that matters, in one unit; None where not known.
        alpha_first: α/m, the level of the first rejection (Holm 1979).
        smallest_effect_in_sds: seen with `power` at that level; None below three seeds, which get no verdict, as the
            next.
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
        """In the unit of `sd`; None where that is not known."""
        return _times(self.smallest_effect_in_sds, self.sd)

    @property
    def half_width(self) -> float | None:
        """In the unit of `sd`; None where that is not known."""
        return _times(self.half_width_in_sds, self.sd)


def power_statement(
    n: int, m: int, margin: float | None = None, sd: float | None = None, alpha: float = 0.05, power: float = POWER
) -> PowerStatement:
    """What a design can show, before it is run: `smallest_effect` and `seeds_needed` at α/m, `half_width` at α.

    Args:
        n: planned seeds.
        m: questions asked together; fewer than one count as one.
        margin: the smallest difference that matters, in the unit of the metric.
        sd: of a per-seed difference, in the unit of `margin`: `sd_upper_bound` of a pilot, since with the sd itself
            the power is less half of the time; or `difference_noise_floor`.
        alpha: the chance of any false rejection that is allowed, between 0 and 1.
        power: the chance of seeing what is there, between 0 and 1.
    """
    first = alpha / max(m, 1)
    is_judged = n >= MINIMUM_SEEDS
    is_known = is_judged and margin is not None and sd is not None
    needed = seeds_needed(margin, sd, n, first, first, power).low if is_known else None
    return PowerStatement(
        n=n,
        m=m,
        alpha=alpha,
        power=power,
        sd=sd,
        margin=margin,
        alpha_first=first,
        smallest_effect_in_sds=smallest_effect(n, first, power) if is_judged else None,
        half_width_in_sds=half_width(n, alpha) if is_judged else None,
        smallest_exact_p=smallest_sign_flip_p(n),
        seeds_for_margin=needed,
    )


def _times(ratio: float | None, sd: float | None) -> float | None:
    return None if ratio is None or sd is None else ratio * sd
