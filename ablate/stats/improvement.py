"""How often one side does better than the other: a picture of the size of an effect that every reader understands.

    >>> improvement = paired_improvement([0.2, 0.1, 0.0, -0.1, 0.3])
    >>> improvement.wins, improvement.ties, improvement.losses, improvement.probability
    (3, 1, 1, 0.7)

It knows no margin: 5 wins of 5 by a hair are 100 %. So it stands beside a difference, never instead of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, betaincinv

from ablate.stats.estimates import student_interval, student_p

__all__ = [
    "Improvement",
    "ProbabilityOfSuperiority",
    "clopper_pearson",
    "paired_improvement",
    "probability_of_superiority",
    "sign_test_p",
]


@dataclass(frozen=True)
class Improvement:
    """P(arm better than reference at the same seed). `low` and `high` bound the share of wins among the seeds
    without ties; all None for no seeds."""

    wins: int
    ties: int
    losses: int
    probability: float | None
    low: float | None
    high: float | None


def paired_improvement(differences: Sequence[float], confidence: float = 0.95) -> Improvement:
    """Wins, ties and losses of differences that are positive where the arm did better; a tie counts half."""
    wins, losses = sum(value > 0 for value in differences), sum(value < 0 for value in differences)
    n = len(differences)
    if n == 0:
        return Improvement(0, 0, 0, None, None, None)
    low, high = clopper_pearson(wins, wins + losses, confidence)
    return Improvement(wins, n - wins - losses, losses, (wins + (n - wins - losses) / 2) / n, low, high)


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a proportion (Clopper and Pearson 1934); (0, 1) for n = 0.

    Wilson's interval would call 5 of 5 wins an improvement where the exact test has p = 0.0625.
    """
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return low, high


def sign_test_p(wins: int, losses: int) -> float:
    """The exact two-sided binomial test of wins against losses; McNemar's, when these are discordant pairs."""
    n = wins + losses
    return min(1.0, 2 * float(bdtr(min(wins, losses), n, 0.5))) if n else 1.0


@dataclass(frozen=True)
class ProbabilityOfSuperiority:
    """P(X > Y) + P(X = Y)/2 for independent draws, with the test of ½ and the interval of Brunner and Munzel (2000).
    Test and interval are None where the ranks have no spread, e.g. when all of X lies above Y."""

    probability: float
    p: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def cliffs_delta(self) -> float:
        return 2 * self.probability - 1


def probability_of_superiority(
    x: Sequence[float], y: Sequence[float], confidence: float = 0.95
) -> ProbabilityOfSuperiority | None:
    """Of different seeds, so not P(better at the same seed): the two differ as soon as pairing matters.

    None when either side is empty.
    """
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if first.size == 0 or second.size == 0:
        return None
    above = (np.sign(first[:, None] - second[None, :]) + 1) / 2
    probability = float(above.mean())
    if min(first.size, second.size) < 2:
        return ProbabilityOfSuperiority(probability)
    parts = np.array([above.mean(axis=1).var(ddof=1) / first.size, above.mean(axis=0).var(ddof=1) / second.size])
    variance = float(parts.sum())
    if variance <= 0:
        return ProbabilityOfSuperiority(probability)
    df = variance**2 / float(np.sum(parts**2 / (np.array([first.size, second.size]) - 1)))
    se = variance**0.5
    p = student_p((probability - 0.5) / se, df)
    return ProbabilityOfSuperiority(probability, p, *student_interval(probability, se, df, 1 - confidence))
