"""Seeds and test examples together: would it hold for new seeds and for a new test set?

    >>> both = crossed_mean([[1, 0, 1, 1], [1, 1, 1, 0], [0, 0, 1, 1]])
    >>> both.n_seeds, both.n_examples, round(both.mean, 3)
    (3, 4, 0.667)

A table has a row for each seed and a column for each test example: correct or not, or the difference of two
such tables. Every seed sees every example, so the two kinds of chance are crossed, as readers and cases are in
multi-reader studies (Gallas et al. 2009).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.stats.estimates import student_interval, student_p
from ablate.stats.improvement import sign_test_p

__all__ = ["CrossedMean", "McNemar", "crossed_mean", "mcnemar", "noise_floor"]

Table = npt.NDArray[Any] | Sequence[Sequence[float]]
Correct = npt.NDArray[Any] | Sequence[bool]


@dataclass(frozen=True)
class CrossedMean:
    """An estimate of the expectation of a [seeds, examples] table over new seeds and new examples, in its unit.

    Attributes:
        n_seeds, n_examples: the shape of the table.
        mean: of all cells; None for an empty table.
        se, df: standard error over both together, and its degrees of freedom (Satterthwaite); None for fewer than two
            seeds or examples, as the two below.
        se_seeds: standard error over new seeds on these examples, √(MS_seed ÷ (nN)).
        seed_sd: √((MS_seed − MS_residual) ÷ N), the spread over seeds of the true value, that of an endless test set;
            0 where the spread seen is no more than the finite test set makes.
    """

    n_seeds: int
    n_examples: int
    mean: float | None
    se: float | None = None
    df: float | None = None
    se_seeds: float | None = None
    seed_sd: float | None = None

    def interval(self, alpha: float = 0.05) -> tuple[float, float] | None:
        """mean ∓ t₁₋α⸝₂(df) · se, for new seeds and new examples; None without `se`.

        Args:
            alpha: probability that the interval misses, between 0 and 1.
        """
        if self.mean is None or self.se is None or self.df is None:
            return None
        return student_interval(self.mean, self.se, self.df, alpha)

    @property
    def p(self) -> float | None:
        """Two-sided p-value against an expectation of zero; None where `se` is None or 0."""
        if self.mean is None or not self.se or self.df is None:
            return None
        return student_p(self.mean / self.se, self.df)


def crossed_mean(table: Table) -> CrossedMean:
    """The mean with its variance V = (MS_seed + MS_example − MS_residual) ÷ (nN) for n seeds and N examples.

    The mean squares are those of a two-way layout without replication. V is never below MS_seed ÷ (nN), what the seeds
    alone give; df = (Σ MS)² ÷ Σ(MS² ÷ df) over the three (Satterthwaite 1946). As for readers and cases in Gallas et
    al. 2009.

    Args:
        table: [seeds, examples] of finite numbers; every seed has seen every example.

    Raises:
        ValueError: when the table has not two dimensions.
    """
    values = np.asarray(table, dtype=np.float64)
    n, examples = values.shape
    if values.size == 0:
        return CrossedMean(n, examples, None)
    mean = float(values.mean())
    if min(n, examples) < 2:
        return CrossedMean(n, examples, mean)
    of_seeds, of_examples = values.mean(axis=1) - mean, values.mean(axis=0) - mean
    df_seeds, df_examples = n - 1, examples - 1
    squares = float(np.sum((values - mean) ** 2))
    ss_seeds, ss_examples = examples * float(of_seeds @ of_seeds), n * float(of_examples @ of_examples)
    ms_seeds, ms_examples = ss_seeds / df_seeds, ss_examples / df_examples
    ms_residual = max(squares - ss_seeds - ss_examples, 0.0) / (df_seeds * df_examples)
    total, df = ms_seeds + ms_examples - ms_residual, float(df_seeds)
    if total > ms_seeds:
        parts = ms_seeds**2 / df_seeds + ms_examples**2 / df_examples + ms_residual**2 / (df_seeds * df_examples)
        df = total**2 / parts
    return CrossedMean(
        n_seeds=n,
        n_examples=examples,
        mean=mean,
        se=math.sqrt(max(total, ms_seeds) / values.size),
        df=df,
        se_seeds=math.sqrt(ms_seeds / values.size),
        seed_sd=math.sqrt(max(ms_seeds - ms_residual, 0.0) / examples),
    )


@dataclass(frozen=True)
class McNemar:
    """Which of two trained models gets right what the other gets wrong.

    Attributes:
        only_first, only_second: how many examples only the one or only the other gets right.
        p: two-sided, of the exact binomial test that both are equally likely; 1 where the models never differ.
    """

    only_first: int
    only_second: int
    p: float


def mcnemar(first: Correct, second: Correct) -> McNemar:
    """Do these two trained models differ on the test distribution? The exact test of McNemar 1947.

    p = 2 · P(B ≤ min(b, c)), at most 1, with B binomial(b + c, ½) and b, c the examples that only one gets right. It
    says nothing about their recipes: training again would give other models (Dietterich 1998).

        >>> mcnemar([True, True, True, False], [False, False, True, False])
        McNemar(only_first=2, only_second=0, p=0.5)

    Args:
        first, second: [examples] correct or not, of the same examples in the same order.

    Raises:
        ValueError: when the lengths differ and neither is one.
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    only_first, only_second = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    return McNemar(only_first, only_second, sign_test_p(only_first, only_second))


def noise_floor(correct: Table) -> float | None:
    """The sd of the accuracy over seeds that the finite test set alone makes; None below two seeds or without examples.

    √(n/(n − 1) · Σᵢ pᵢ(1 − pᵢ)) ÷ N, with pᵢ the share of the n seeds that get example i of N right, and n/(n − 1)
    against its bias; for errors that are independent between examples (Jordan 2023).

    Args:
        correct: [seeds, examples] of 0 and 1.

    Raises:
        ValueError: when the table has not two dimensions.
    """
    values = np.asarray(correct, dtype=np.float64)
    n, examples = values.shape
    if n < 2 or examples == 0:
        return None
    share = values.mean(axis=0)
    variance = float(np.sum(share * (1 - share))) * n / (n - 1)
    return math.sqrt(variance) / float(examples)
