"""Several questions, one chance of being wrong.

    >>> holm([0.01, 0.04, 0.03, 0.005]).adjusted
    (0.03, 0.06, 0.06, 0.02)

A question that was planned and has no p-value (a failed arm) counts with p = 1: leaving it out would make the
others easier after the fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["ADJUSTMENTS", "Adjustment", "bonferroni", "holm"]


@dataclass(frozen=True)
class Adjustment:
    """One entry a question, in the order in which they were given.

    Attributes:
        adjusted: p-values to be compared with α itself.
        rejected: whether each null is rejected.
        alphas: the level at which each question was tested; an interval of level 1 − alphas[i] excludes
            the null just when `rejected[i]`.
    """

    adjusted: tuple[float, ...]
    rejected: tuple[bool, ...]
    alphas: tuple[float, ...]


def holm(p_values: Sequence[float | None], alpha: float = 0.05) -> Adjustment:
    """Holm 1979: P(any false rejection) ≤ α whatever the dependence.

    The j-th smallest p of m is tested at α/(m − j + 1) until the first that fails; all later ones are held to the
    level at which that one failed. Adjusted p of rank j: the largest of min(1, (m − i + 1) · p₍ᵢ₎) over i ≤ j.

    Args:
        p_values: [questions], each between 0 and 1; None for a planned question that has none, which counts as 1.
        alpha: the chance of any false rejection that is allowed, between 0 and 1.
    """
    p = [1.0 if value is None else value for value in p_values]
    m = len(p)
    adjusted, rejected, alphas = [1.0] * m, [False] * m, [alpha] * m
    largest, level, going = 0.0, alpha, True
    for rank, index in enumerate(sorted(range(m), key=lambda index: p[index])):
        largest = max(largest, min(1.0, (m - rank) * p[index]))
        if going:
            level = alpha / (m - rank)
            going = p[index] <= level
        adjusted[index], rejected[index], alphas[index] = largest, going, level
    return Adjustment(tuple(adjusted), tuple(rejected), tuple(alphas))


def bonferroni(p_values: Sequence[float | None], alpha: float = 0.05) -> Adjustment:
    """Every one of m questions at α/m: P(any false rejection) ≤ α, by Bonferroni's inequality.

    With a difference and an equivalence test for each question, P(any false verdict) ≤ α over both together: of a
    question's two nulls at most one is true.

    Args:
        p_values: [questions], each between 0 and 1; None for a planned question that has none, which counts as 1.
        alpha: the chance of any false rejection that is allowed, between 0 and 1.
    """
    p = [1.0 if value is None else value for value in p_values]
    m = max(len(p), 1)
    return Adjustment(
        tuple(min(1.0, m * value) for value in p), tuple(value <= alpha / m for value in p), (alpha / m,) * len(p)
    )


# By the words of a study's plan: `holm` bounds each kind of false verdict by α, `joint` both together.
ADJUSTMENTS: dict[str, Callable[[Sequence[float | None], float], Adjustment]] = {"holm": holm, "joint": bonferroni}
