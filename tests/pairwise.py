"""Few combinations in which every two levels of two factors meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

__all__ = ["Combination", "pairs", "pairwise"]

# Factor → its level.
Combination = dict[str, str]
# A factor and its level, and another with its own.
Pair = frozenset[tuple[str, str]]


def pairwise(factors: Mapping[str, Sequence[str]]) -> list[Combination]:
    """Combinations, one level of each factor, in which every pair occurs at least once; the same in every call.

    Greedy: each begins with the first pair that has not occurred, and takes of every other factor the level that adds
    most pairs to those that have.
    """
    lacking = dict.fromkeys(
        frozenset(pair)
        for one, other in combinations(factors, 2)
        for pair in product(product([one], factors[one]), product([other], factors[other]))
    )
    found = []
    while lacking:
        chosen = dict(sorted(next(iter(lacking))))
        for factor in factors:
            if factor not in chosen:
                chosen[factor] = max(factors[factor], key=lambda level: _adds(lacking, chosen, factor, level))
        for pair in pairs(chosen):
            lacking.pop(pair, None)
        found.append({factor: chosen[factor] for factor in factors})
    return found


def pairs(combination: Combination) -> set[Pair]:
    return {frozenset(pair) for pair in combinations(combination.items(), 2)}


def _adds(lacking: Mapping[Pair, None], chosen: Combination, factor: str, level: str) -> int:
    return sum(frozenset([(factor, level), other]) in lacking for other in chosen.items())
