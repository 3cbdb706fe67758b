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
    """Are the arms alike? `chi2` as the paper prints it, `chi2_ties` with the usual correction for ties; F is Iman and
    Davenport's less conservative form of the former. Tests are None for no blocks, one arm, or nothing but ties."""

    ranks: tuple[float, ...]
    n: int
    chi2: float | None = None
    p_chi2: float | None = None
    chi2_ties: float | None = None
    p_chi2_ties: float | None = None
    iman_davenport: float | None = None
    p_iman_davenport: float | None = None


def average_ranks(table: Table, larger_is_better: bool = True) -> npt.NDArray[np.float64]:
    """[blocks, arms] of ranks within each block, 1 for the best, ties sharing the mean of their ranks."""
    from scipy.stats import rankdata

    values = np.asarray(table, dtype=np.float64)
    return np.asarray(rankdata(-values if larger_is_better else values, axis=1), dtype=np.float64)


def friedman(table: Table, larger_is_better: bool = True) -> Friedman:
    """
    Args:
        table: [blocks, arms] of finite values.

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
    """Mean ranks of k arms over n blocks that lie further apart than this differ; all pairs at once (Nemenyi 1963).

    It depends on which other arms are in the table (Benavoli et al. 2016). None for fewer than two arms or no block.
    """
    from scipy.stats import studentized_range

    if k < 2 or n < 1:
        return None
    return float(studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))


@dataclass(frozen=True)
class AgainstControl:
    """One arm against the control; z is positive where the arm ranks better. `p_adjusted` is Holm's."""

    arm: int
    z: float
    p: float
    p_adjusted: float


def dunn_against_control(ranks: Sequence[float], n: int, control: int) -> tuple[AgainstControl, ...]:
    """Every arm but the control, in their order (Dunn 1964, as in Demšar's section 3.2.2).

    Args:
        ranks: mean ranks over `n` blocks. control: its index among them.
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
    """Wilcoxon's sums of ranks, the ranks of zeros split between them; `statistic` is the smaller."""

    positive: float
    negative: float
    p: float

    @property
    def statistic(self) -> float:
        return min(self.positive, self.negative)


def signed_ranks(differences: Sequence[float]) -> SignedRanks | None:
    """Wilcoxon's signed-rank test with Demšar's rule for zeros; None for no differences, or nothing but zeros."""
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
