"""Questions as one number per seed.

Any question about arms is a weighted sum of their values, taken within each seed:
D_s = Σ_a c_a · y[a, s]. An arm against the baseline has the weights +1 and −1, a main effect or an
interaction of a grid its factorial weights. One test serves them all, the one-sample t on
D_1 … D_n: exact for normal D whatever the dependence between arms, since the seed is the unit.

    >>> difference = paired_difference({0: 0.9, 1: 0.8, 2: 0.7}, {1: 0.6, 0: 0.5})
    >>> difference.seeds, round(difference.mean, 3)
    ((0, 1), 0.3)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import mul

from ablate.stats.estimates import CONFIDENCE, Estimate, estimate_mean

__all__ = ["ValuesBySeed", "paired_difference", "per_seed_contrast"]

# Seed → the value of one arm, in the unit of its metric.
ValuesBySeed = Mapping[int, float]


def per_seed_contrast(terms: Sequence[tuple[float, ValuesBySeed]]) -> dict[int, float]:
    """seed → D_s = Σ_a c_a · y[a, s], for every seed that all terms have, in the order of the seeds.

    Rounded once, so that it is the same on every version of Python, whose `sum` of floats differs. Empty when no seed
    is shared.

    Args:
        terms: [arms] of (weight c_a, seed → value y[a, s]); all values in one unit, which is that of the result.

    Raises:
        TypeError: when there are no terms, and so no seeds.
    """
    shared = set.intersection(*(set(values) for _, values in terms))
    weights = [weight for weight, _ in terms]
    return {seed: _sum([*map(mul, weights, [values[seed] for _, values in terms])]) for seed in sorted(shared)}


def _sum(values: Sequence[float]) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # out of the range of floats on the way, or infinities of both signs
        return sum(values)


def paired_difference(
    arm: ValuesBySeed, baseline: ValuesBySeed, sign: int = 1, confidence: float = CONFIDENCE
) -> Estimate:
    """The mean of D_s = `sign` · (arm_s − baseline_s) over the seeds that both have, with Student's t interval.

    Equal seeds share their initialisation, data order and split (common random numbers), hence the
    pairing by seed and never by position. Valid however strongly the two sides are correlated; below two shared seeds
    there is no interval and no test.

    Args:
        arm, baseline: seed → finite value, in one unit.
        sign: +1 where larger is better, −1 where smaller is; then positive means that the arm does better.
        confidence: level of the interval, between 0 and 1.

    Raises:
        ValueError: when a difference is not finite.
    """
    return estimate_mean(per_seed_contrast([(sign, arm), (-sign, baseline)]), confidence)
