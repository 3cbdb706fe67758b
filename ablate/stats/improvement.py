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
    """How often the arm does better than the reference at the same seed.

    Attributes:
        wins, ties, losses: how many seeds.
        probability: (wins + ties/2) ÷ n, an estimate of P(better) + P(equal)/2; None for no seeds, as the two below.
        low, high: its interval, that of Clopper and Pearson (1934) with a tie counted as half a win.
    """

    wins: int
    ties: int
    losses: int
    probability: float | None
    low: float | None
    high: float | None


def paired_improvement(differences: Sequence[float], confidence: float = 0.95) -> Improvement:
    """P(better) estimated by (wins + ties/2) ÷ n (Bouthillier et al. 2021), with the interval of Clopper and Pearson.

    Half wins vary less than whole ones, so that with ties too it covers at least as often as it says (enumerated in the
    tests). It then is wider than what the sign test, which knows no ties, tells of ½.

    Args:
        differences: [seeds], positive where the arm did better, in any unit: only their signs count.
        confidence: level of the interval, between 0 and 1.
    """
    wins, losses = sum(value > 0 for value in differences), sum(value < 0 for value in differences)
    n = len(differences)
    if n == 0:
        return Improvement(0, 0, 0, None, None, None)
    ties = n - wins - losses
    count = wins + ties / 2
    return Improvement(wins, ties, losses, count / n, *clopper_pearson(count, n, confidence))


def clopper_pearson(count: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of the proportion that gave `count` of `n` (Clopper and Pearson 1934); (0, 1) for n = 0.

    (B(α/2; k, n − k + 1), B(1 − α/2; k + 1, n − k)) with k = `count`, α = 1 − `confidence` and B the quantile of the
    beta distribution. Wilson's interval would call 5 of 5 wins an improvement where the exact test has p = 0.0625.
    """
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return low, high


def sign_test_p(wins: int, losses: int) -> float:
    """2 · P(B ≤ min(wins, losses)), at most 1, with B binomial(wins + losses, ½); 1 where there are neither.

    The exact two-sided sign test, without ties; that of McNemar 1947, when these are discordant pairs.
    """
    n = wins + losses
    return min(1.0, 2 * float(bdtr(min(wins, losses), n, 0.5))) if n else 1.0


@dataclass(frozen=True)
class ProbabilityOfSuperiority:
    """P(X > Y) + P(X = Y)/2 for independent draws. Test and interval are None below two values a side, and where the
    ranks have no spread, e.g. when all of X lies above Y.

    Attributes:
        probability: between 0 and 1; ½ where neither side tends to be larger.
        p: two-sided, against ½ (Brunner and Munzel 2000).
        low, high: interval by Student's t on the same standard error; not held within 0 and 1.
    """

    probability: float
    p: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def cliffs_delta(self) -> float:
        """P(X > Y) − P(X < Y), between −1 and 1 (Cliff 1993)."""
        return 2 * self.probability - 1


def probability_of_superiority(
    x: Sequence[float], y: Sequence[float], confidence: float = 0.95
) -> ProbabilityOfSuperiority | None:
    """The mean over all pairs of 1 where x > y, ½ where x = y, 0 else; with the test of Brunner and Munzel (2000).

    With sᵢ the mean of row i and cⱼ of column j of that table, se² = var(s)/n_x + var(c)/n_y, df by Satterthwaite.
    Of different seeds, so not P(better at the same seed): the two differ as soon as pairing matters. None when either
    side is empty.

    Args:
        x, y: [seeds of x], [seeds of y] of finite values, in one unit; independent of each other.
        confidence: level of the interval, between 0 and 1.
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
