"""The mean over the examples of a benchmark, where some of them belong together: questions about one text, turns of one
conversation, translations of one sentence.

    >>> differences = [1, 1, 0, 0, 0, -1, 0, 0]                  # one for each question: only this model right, or that
    >>> texts = ["a", "a", "b", "b", "c", "c", "d", "d"]
    >>> alone, together = clustered_mean(differences), clustered_mean(differences, texts)
    >>> round(alone.se, 3), alone.df, round(together.se, 3), together.df
    (0.227, 7, 0.315, 3)

It is about new examples from where these came, for these trained models; new seeds are a question for `crossed`. Right
or wrong without groups has an exact test, `mcnemar`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.stats.estimates import MeanEstimate, finite, standard_deviation

__all__ = ["ClusteredMean", "by_group", "clustered_mean"]


@dataclass(frozen=True)
class ClusteredMean(MeanEstimate):
    """A `MeanEstimate` whose `n` counts groups of examples.

    Attributes:
        n, mean, sd, se, df: see there; the sd is over examples.
        n_examples: how many values.
    """

    n_examples: int = 0

    @property
    def design_effect(self) -> float | None:
        """se² ÷ (sd²/n_examples), about how many times as many examples the groups cost; None without spread."""
        return None if self.se is None or not self.sd else self.se**2 * self.n_examples / self.sd**2


def clustered_mean(values: Sequence[float], groups: Sequence[Hashable] | None = None) -> ClusteredMean:
    """Σ value ÷ n with se² = G/(G − 1) · Σ_g (Σ_{i in g} (value_i − mean))² ÷ n² on G − 1 degrees of freedom.

    The cluster-robust variance of Miller 2024, section 2.2: his sum over all pairs of a group is this square, written
    out. The factor G/(G − 1) for G groups is the usual one for few of them, with which groups of one example give sd/√n
    and Student's t. With fewer than about 20 groups, or very unequal ones, it is still too small.

    Args:
        values: [examples] of finite values, e.g. of the one model minus that of the other on the same example, whose
            pairing costs nothing and removes what both find hard (Miller 2024).
        groups: [examples], what each belongs to; None where each stands for itself.

    Raises:
        ValueError: when a value is not finite, or the lengths differ.
    """
    data = finite(values)
    n = len(data)
    if n == 0:
        return ClusteredMean(0)
    of = _numbered(range(n) if groups is None else groups, n)
    mean, count = math.fsum(data) / n, int(of.max()) + 1
    sd = standard_deviation(data) if n > 1 else None
    if count < 2:
        return ClusteredMean(count, mean, sd, n_examples=n)
    sums = np.bincount(of, weights=np.asarray(data) - mean, minlength=count)
    se = math.sqrt(count / (count - 1) * float(sums @ sums)) / n if sd else 0.0
    return ClusteredMean(count, mean, sd, se, count - 1, n)


def by_group(table: npt.ArrayLike, groups: Sequence[Hashable]) -> npt.NDArray[np.float64]:
    """[seeds, examples] → [seeds, groups] of the same mean, in which a group counts as one example of its size.

    A cell is mean + G/N · Σ_{i in g} (value_i − mean) for G groups of N examples, so that of one seed its sd ÷ √G is
    the standard error of `clustered_mean`. `crossed_mean` of it is for new seeds and new groups (Miller 2024; Gallas
    et al. 2009).

    Args:
        table: [seeds, examples] of finite numbers; every seed has seen every example.
        groups: [examples], what each belongs to.

    Raises:
        ValueError: when the lengths differ.
    """
    values = np.asarray(table, dtype=np.float64)
    of = _numbered(groups, values.shape[1])
    if not values.size:
        return values
    mean, count = float(values.mean()), int(of.max()) + 1
    sums = np.stack([np.bincount(of, weights=row - mean, minlength=count) for row in values])
    scaled: npt.NDArray[np.float64] = mean + count / values.shape[1] * sums
    return scaled


def _numbered(groups: Sequence[Hashable], n: int) -> npt.NDArray[np.int64]:
    """Each group as a number, in the order in which they appear.

    Raises:
        ValueError: when there are not `n` of them.
    """
    numbers: dict[Hashable, int] = {}
    of = np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.int64)
    if of.size != n:
        raise ValueError(f"{n} values, but {of.size} groups")
    return of
