"""Where the noise of a run comes from: the parts of a seed, varied one at a time.

    >>> found = variance_components(
    ...     together=[0.91, 0.94, 0.90, 0.95, 0.92, 0.96],
    ...     parts={"initialisation": [0.92, 0.94, 0.91, 0.93], "order": [0.93, 0.93, 0.94, 0.92]},
    ... )
    >>> [(name, round(part.sd, 4), round(part.share, 2)) for name, part in found.parts.items()]
    [('initialisation', 0.0129, 0.3), ('order', 0.0082, 0.12)]

Runs in which only one part differs show its variance, interactions with the others included; so the shares come to 1
where the parts do not interact, and to more where they do. The share of the split is what resplitting adds to the
variance of a run (Bouthillier et al. 2021). Variances need many runs: of ten in each group a share of a half has an
interval from an eighth to two. All intervals are for normal values, and suffer more than those of means where the
values are not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.special import chdtri, fdtri

from ablate.stats.estimates import finite, standard_deviation

__all__ = ["VarianceComponents", "VariancePart", "variance_components"]


@dataclass(frozen=True)
class VariancePart:
    """The variance of a group of runs, and what share it is of that of runs in which everything varies.

    Attributes:
        n: how many runs; below two the rest is None.
        variance: Σ(value − mean)² ÷ (n − 1), in the squared unit of the values.
        df: its degrees of freedom, n − 1; of a sum of variances by Satterthwaite 1946, and None without spread.
        low, high: interval of the variance, df · variance ÷ χ²(df); None where `df` is.
        share: variance ÷ that of all varied; None where that is not known, or 0.
        share_low, share_high: interval of the share, by the ratio of two variances (Fisher's F); may exceed 1.
    """

    n: int
    variance: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None

    @property
    def sd(self) -> float | None:
        """√variance, in the unit of the values."""
        return None if self.variance is None else math.sqrt(self.variance)


@dataclass(frozen=True)
class VarianceComponents:
    """How the noise of a run comes about.

    Attributes:
        together: of the runs in which every part varies, the whole of the shares; it has none itself.
        parts: name of a part → the runs in which it alone varies.
        summed: the variances of the parts added up, approximately; above `together` where parts interact, below it
            where a part is missing. Without a part, or where one has fewer than two runs, its numbers are None.
    """

    together: VariancePart
    parts: Mapping[str, VariancePart]
    summed: VariancePart


def variance_components(
    together: Sequence[float], parts: Mapping[str, Sequence[float]], confidence: float = 0.95
) -> VarianceComponents:
    """The variance of each part with its χ² interval, and its share with R ÷ F₁₋α⸝₂ and R ÷ Fα⸝₂, R the ratio as found.

    F has the degrees of freedom of the part and of `together`; α = 1 − `confidence`.

    Args:
        together: [runs] of finite values, in any unit; every part varied.
        parts: name → [runs] of values in which only that part varied. Runs of different groups are independent: where
            all groups share the run that they depart from, intervals of shares are approximate.
        confidence: level of each interval, between 0 and 1.

    Raises:
        ValueError: when a value is not finite.
    """
    tail = (1 - confidence) / 2
    whole = _part(together, tail)
    alone = {name: _part(values, tail) for name, values in parts.items()}
    shared = {name: _shared(part, whole, tail) for name, part in alone.items()}
    return VarianceComponents(whole, shared, _shared(_summed(tuple(alone.values()), tail), whole, tail))


def _part(values: Sequence[float], tail: float) -> VariancePart:
    data = finite(values)
    if len(data) < 2:
        return VariancePart(len(data))
    return _with_interval(len(data), standard_deviation(data) ** 2, len(data) - 1, tail)


def _summed(parts: Sequence[VariancePart], tail: float) -> VariancePart:
    n = sum(part.n for part in parts)
    known = [(part.variance, part.df) for part in parts if part.variance is not None and part.df is not None]
    if not known or len(known) < len(parts):
        return VariancePart(n)
    total = math.fsum(variance for variance, _ in known)
    if total == 0:
        return VariancePart(n, 0.0)
    return _with_interval(n, total, 1 / math.fsum((variance / total) ** 2 / df for variance, df in known), tail)


def _with_interval(n: int, variance: float, df: float, tail: float) -> VariancePart:
    low, high = (df * variance / float(chdtri(df, upper)) for upper in (tail, 1 - tail))
    return VariancePart(n, variance, df, low, high)


def _shared(part: VariancePart, whole: VariancePart, tail: float) -> VariancePart:
    """The part with its share of the whole."""
    if part.variance is None or not whole.variance or whole.df is None:
        return part
    share = part.variance / whole.variance
    if part.df is None:
        return replace(part, share=share)
    low, high = (share / float(fdtri(part.df, whole.df, level)) for level in (1 - tail, tail))
    return replace(part, share=share, share_low=low, share_high=high)
