"""Ranks over blocks: which of several arms does better on many data sets (Demšar 2006).

    >>> test = friedman([[0.9, 0.8, 0.7], [0.6, 0.5, 0.4], [0.9, 0.7, 0.8]])
    >>> [round(rank, 3) for rank in test.ranks]
    [1.0, 2.333, 2.667]

For blocks that are data sets with one number each. For seeds of one data set ranks throw the sizes of the differences
away: there they are a picture at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, fdtrc, ndtr

from ablate.stats.multiplicity import holm

__all__ = [
    "AgainstControl",
    "Friedman",
    "SignedRanks",
    "average_ranks",
    "dunn_against_control",
    "friedman",
    "nemenyi_critical_difference",
    "signed_ranks",
]

Table = npt.NDArray[Any] | Sequence[Sequence[float]]


@dataclass(frozen=True)
class Friedman:
    """Are the arms alike? Tests are None for no blocks, one arm, or nothing but ties.

    Attributes:
        ranks: [arms], the mean of each arm's ranks over the blocks; 1 is best.
        n: how many blocks.
        chi2, p_chi2: as Demšar 2006 prints it, without a correction for ties; on k − 1 degrees of freedom.
        chi2_ties, p_chi2_ties: with the usual correction for ties.
        iman_davenport, p_iman_davenport: the less conservative F of Iman and Davenport 1980, made of `chi2`, on k − 1
            and (k − 1)(n − 1) degrees of freedom; None also for one block, and where all blocks rank alike.
    """

    ranks: tuple[float, ...]
    n: int
    chi2: float | None = None
    p_chi2: float | None = None
    chi2_ties: float | None = None
    p_chi2_ties: float | None = None
    iman_davenport: float | None = None
    p_iman_davenport: float | None = None


def average_ranks(table: Table, larger_is_better: bool = True) -> npt.NDArray[np.float64]:
    """[blocks, arms] of ranks within each block, 1 for the best, ties sharing the mean of their ranks.

    Args:
        table: [blocks, arms] of finite values, one unit a block.
        larger_is_better: whether the largest value of a block has rank 1, or the smallest.
    """
    from scipy.stats import rankdata

    values = np.asarray(table, dtype=np.float64)
    return np.asarray(rankdata(-values if larger_is_better else values, axis=1), dtype=np.float64)


def friedman(table: Table, larger_is_better: bool = True) -> Friedman:
    """χ² = 12n ÷ (k(k + 1)) · (Σ R̄² − k(k + 1)²/4) of the mean ranks R̄ of k arms over n blocks (Friedman 1937).

    F = (n − 1)χ² ÷ (n(k − 1) − χ²) (Iman and Davenport 1980). Both as in Demšar 2006, section 3.2.2. The p-values are
    of large samples: few blocks or few arms make them rough.

    Args:
        table: [blocks, arms] of finite values, one unit a block; blocks are independent, such as data sets.
        larger_is_better: whether the largest value of a block has rank 1, or the smallest.

    Raises:
        ValueError: when the table has not two dimensions, or a value is not finite.
    """
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError("ranks need a table of blocks × arms with a finite value in every cell")
    n, k = values.shape
    if n == 0 or k == 0:
        return Friedman((), n)
    ranks = average_ranks(values, larger_is_better)
    means = tuple(float(mean) for mean in ranks.mean(axis=0))
    counts = [np.unique(row, return_counts=True)[1] for row in ranks]
    ties = 1 - sum(float(np.sum(count**3 - count)) for count in counts) / max(n * (k**3 - k), 1)
    if k < 2 or ties <= 0:
        return Friedman(means, n)
    chi2 = 12 * n / (k * (k + 1)) * (math.fsum(mean**2 for mean in means) - k * (k + 1) ** 2 / 4)
    corrected = chi2 / ties
    left = n * (k - 1) - chi2
    f = (n - 1) * chi2 / left if left > 1e-12 * n and n > 1 else None
    return Friedman(
        ranks=means,
        n=n,
        chi2=chi2,
        p_chi2=float(chdtrc(k - 1, chi2)),
        chi2_ties=corrected,
        p_chi2_ties=float(chdtrc(k - 1, corrected)),
        iman_davenport=f,
        p_iman_davenport=None if f is None else float(fdtrc(k - 1, (k - 1) * (n - 1), f)),
    )


def nemenyi_critical_difference(k: int, n: int, alpha: float = 0.05) -> float | None:
    """q_α · √(k(k + 1) ÷ (6n)): mean ranks further apart than this differ; all pairs at once (Nemenyi 1963).

    q_α is the 1 − `alpha` quantile of the studentised range of `k` arms on infinitely many degrees of freedom, divided
    by √2; `n` counts the blocks (Demšar 2006, section 3.2.2). None for fewer than two arms or no block.

    It depends on which other arms are in the table (Benavoli et al. 2016).
    """
    from scipy.stats import studentized_range

    if k < 2 or n < 1:
        return None
    return float(studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))


@dataclass(frozen=True)
class AgainstControl:
    """One arm against the control.

    Attributes:
        arm: its index.
        z: positive where the arm ranks better.
        p: two-sided, by the normal distribution.
        p_adjusted: for all arms together (Holm 1979).
    """

    arm: int
    z: float
    p: float
    p_adjusted: float


def dunn_against_control(ranks: Sequence[float], n: int, control: int) -> tuple[AgainstControl, ...]:
    """z = (R̄_control − R̄_arm) ÷ √(k(k + 1) ÷ (6n)), of every arm but the control, in their order.

    Dunn 1964, as in Demšar 2006, section 3.2.2, with Holm's adjustment. Empty for fewer than two arms or no block.

    Args:
        ranks: [arms], mean ranks, see `friedman`.
        n: over so many blocks.
        control: its index among the arms.

    Raises:
        IndexError: when there is no such arm.
    """
    k = len(ranks)
    if k < 2 or n < 1:
        return ()
    se = math.sqrt(k * (k + 1) / (6 * n))
    arms = [arm for arm in range(k) if arm != control]
    z = [(ranks[control] - ranks[arm]) / se for arm in arms]
    p = [float(2 * ndtr(-abs(value))) for value in z]
    return tuple(map(AgainstControl, arms, z, p, holm(p).adjusted))


@dataclass(frozen=True)
class SignedRanks:
    """Wilcoxon's sums of ranks.

    Attributes:
        positive, negative: sums of the ranks of |difference| of either sign, those of zeros split between them.
        p: two-sided; exact or by the normal distribution, as scipy chooses.
    """

    positive: float
    negative: float
    p: float

    @property
    def statistic(self) -> float:
        """The smaller of the two sums, T in Demšar 2006."""
        return min(self.positive, self.negative)


def signed_ranks(differences: Sequence[float]) -> SignedRanks | None:
    """The signed-rank test (Wilcoxon 1945) with the rule for zeros of Demšar 2006, section 3.1.3: half to either sum.

    None for no differences, or nothing but zeros. Without ties and zeros, five differences or fewer cannot reach 0.05.

    Args:
        differences: [blocks] of finite values, all in one unit: their sizes are compared.
    """
    from scipy.stats import rankdata, wilcoxon

    values = np.asarray(differences, dtype=np.float64)
    if not values.any():
        return None
    ranks = rankdata(np.abs(values))
    zeros = float(ranks[values == 0].sum()) / 2
    test = wilcoxon(values, zero_method="zsplit")
    return SignedRanks(
        float(ranks[values > 0].sum()) + zeros, float(ranks[values < 0].sum()) + zeros, float(test.pvalue)
    )
