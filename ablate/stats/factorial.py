"""What the factors of a full grid do, each alone and two together, with the seeds as blocks.

    >>> factors = {"optimizer": ("sgd", "adam"), "width": (16, 64)}
    >>> cells = {("sgd", 16): {0: 0.80, 1: 0.81}, ("sgd", 64): {0: 0.84, 1: 0.86},
    ...          ("adam", 16): {0: 0.90, 1: 0.92}, ("adam", 64): {0: 0.92, 1: 0.93}}
    >>> grid = factorial_effects(factors, cells)
    >>> for effect in grid.effects:
    ...     print(effect.name, round(effect.estimate.mean, 3))
    optimizer: adam − sgd 0.09
    width: 64 − 16 0.03
    optimizer: adam − sgd × width: 64 − 16 -0.03
    >>> [(share.term, round(share.share, 2)) for share in grid.shares]
    [('optimizer', 0.85), ('width', 0.09), ('optimizer × width', 0.02), ('seed', 0.02), ('residual', 0.0)]

Every effect is a contrast of the cells within each seed and a t on n − 1 degrees of freedom: it needs no equal
variances of the cells, and t² is the F of a repeated-measures analysis of variance for a factor of two levels.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from ablate.stats.contrasts import ValuesBySeed, per_seed_contrast
from ablate.stats.estimates import Estimate, estimate_mean

__all__ = ["Effect", "Factorial", "VarianceShare", "dose_slopes", "factorial_effects"]

Level = Hashable
Cell = tuple[Level, ...]
SEED, RESIDUAL = "seed", "residual"


@dataclass(frozen=True)
class Effect:
    """One contrast of the cells.

    Main effect of a level a: a − a₀, the mean over all levels of the other factors, a₀ being the reference level.
    Interaction of a and b: (a, b) − (a, b₀) − (a₀, b) + (a₀, b₀), the mean over the levels of the remaining factors:
    by how much the step from a₀ to a differs between b and b₀. Factors of k levels have k − 1 main effects, pairs
    of factors (k − 1)(l − 1) interactions.

    Attributes:
        factors: one name for a main effect, two for an interaction.
        levels, references: a and a₀ of each of these factors.
        contrasts: seed → value, in the unit of the metric.
        estimate: their mean over the seeds, with its interval and test on n − 1 degrees of freedom.
    """

    factors: tuple[str, ...]
    levels: tuple[Level, ...]
    references: tuple[Level, ...]
    contrasts: Mapping[int, float]
    estimate: Estimate

    @property
    def name(self) -> str:
        """What is compared, `optimizer: adam − sgd`; the two sides of an interaction are joined by ×."""
        sides = (
            f"{factor}: {level} − {reference}"
            for factor, level, reference in zip(self.factors, self.levels, self.references, strict=True)
        )
        return " × ".join(sides)

    @property
    def is_interaction(self) -> bool:
        """Whether it is of two factors."""
        return len(self.factors) > 1


@dataclass(frozen=True)
class VarianceShare:
    """What part of the spread over all runs one term of the analysis of variance explains. It has no test here.

    The importance of Hutter et al. 2014, which on a full grid is exact, without a forest.

    Attributes:
        term: factors joined by ×, or `seed`, or `residual`.
        df: degrees of freedom of the term.
        sum_of_squares: in the squared unit of the metric.
        share: sum_of_squares ÷ that of all runs about their mean, between 0 and 1; None where all runs are equal.
    """

    term: str
    df: int
    sum_of_squares: float
    share: float | None


@dataclass(frozen=True)
class Factorial:
    """What a full grid shows.

    Attributes:
        seeds: those that every cell has; only they are used.
        effects: main effects, then interactions of two factors, in the order of the factors and their levels.
        shares: of every subset of the factors, then of the seeds and the residual; they sum to one. Empty for no seeds.
    """

    seeds: tuple[int, ...]
    effects: tuple[Effect, ...]
    shares: tuple[VarianceShare, ...]

    @property
    def main_effects(self) -> tuple[Effect, ...]:
        """k − 1 for a factor of k levels."""
        return tuple(effect for effect in self.effects if not effect.is_interaction)

    @property
    def interactions(self) -> tuple[Effect, ...]:
        """(k − 1)(l − 1) for a pair of factors of k and l levels."""
        return tuple(effect for effect in self.effects if effect.is_interaction)


def factorial_effects(
    factors: Mapping[str, Sequence[Level]],
    cells: Mapping[Cell, ValuesBySeed],
    reference: Mapping[str, Level] | None = None,
) -> Factorial:
    """Main effects and interactions of two factors, and how the sum of squares divides among all terms.

    Within each seed an effect is Σ ±y ÷ (cells averaged over), see `Effect`; then a t on n − 1 degrees of freedom.
    Below two seeds that all cells have there are effects without a test.

    Args:
        factors: name → levels in order, at least one.
        cells: (level of the first factor, of the second, …) → seed → finite value, in the unit of the metric.
        reference: the level that the others of a factor are compared with; the first where none is given.

    Raises:
        ValueError: when a cell of the grid is missing (one without values is none that is missing), a reference
            is no level, or a contrast is not finite.
    """
    order = list(product(*factors.values()))
    missing = [cell for cell in order if cell not in cells]
    if missing:
        raise ValueError(f"not a full grid: no cell {', '.join(map(str, missing[0]))} ({len(missing)} missing)")
    references = {name: (reference or {}).get(name, levels[0]) for name, levels in factors.items()}
    for name, level in references.items():
        if level not in factors[name]:
            raise ValueError(f"{level!r} is no level of {name}")
    seeds = sorted(set.intersection(*(set(cells[cell]) for cell in order))) if order else []
    # Every effect is taken over the same seeds, those that every cell has.
    shared = {cell: {seed: cells[cell][seed] for seed in seeds} for cell in order}
    effects = [
        _effect(dict(chosen), factors, shared, references)
        for size in (1, 2)
        for names in combinations(factors, size)
        for chosen in product(
            *([(name, level) for level in factors[name] if level != references[name]] for name in names)
        )
    ]
    shape = [len(levels) for levels in factors.values()]
    values = np.array([[cells[cell][seed] for seed in seeds] for cell in order]).reshape(*shape, len(seeds))
    return Factorial(tuple(seeds), tuple(effects), _shares(list(factors), values) if seeds else ())


def dose_slopes(doses: Sequence[tuple[float, ValuesBySeed]]) -> dict[int, float]:
    """seed → Σ(x − x̄) · y ÷ Σ(x − x̄)², the least-squares slope, in units of the metric for each unit of the dose.

    Over the seeds that every dose has; empty for fewer than two different doses. A straight line: a slope of zero does
    not say that the doses are alike.

    Args:
        doses: [arms] of (numeric level x, seed → value y).
    """
    if len({dose for dose, _ in doses}) < 2:
        return {}
    centre = math.fsum(dose for dose, _ in doses) / len(doses)
    squares = math.fsum((dose - centre) ** 2 for dose, _ in doses)
    return per_seed_contrast([((dose - centre) / squares, values) for dose, values in doses])


def _effect(
    chosen: Mapping[str, Level],
    factors: Mapping[str, Sequence[Level]],
    cells: Mapping[Cell, ValuesBySeed],
    references: Mapping[str, Level],
) -> Effect:
    # Of the chosen factors the two levels that are compared, with their signs; all levels of the others.
    signed = [
        [(1, chosen[name]), (-1, references[name])] if name in chosen else [(1, level) for level in levels]
        for name, levels in factors.items()
    ]
    others = math.prod(len(levels) for name, levels in factors.items() if name not in chosen)
    contrasts = per_seed_contrast(
        [
            (math.prod(sign for sign, _ in cell) / others, cells[tuple(level for _, level in cell)])
            for cell in product(*signed)
        ]
    )
    return Effect(
        factors=tuple(chosen),
        levels=tuple(chosen.values()),
        references=tuple(references[name] for name in chosen),
        contrasts=contrasts,
        estimate=estimate_mean(contrasts),
    )


def _shares(names: Sequence[str], values: npt.NDArray[np.float64]) -> tuple[VarianceShare, ...]:
    """Sums of squares of every subset of the factors, of the seeds, and of what is left."""
    axes = range(values.ndim - 1)
    centred = values - values.mean()
    total = float(np.sum(centred**2))
    squares: dict[tuple[int, ...], float] = {}
    for size in range(1, len(names) + 1):
        for subset in combinations(axes, size):
            means = centred.mean(axis=tuple(axis for axis in range(values.ndim) if axis not in subset))
            below = (part for smaller in range(1, size) for part in combinations(subset, smaller))
            explained = float(np.sum(means**2)) * (values.size / means.size)
            squares[subset] = max(explained - math.fsum(squares[part] for part in below), 0.0)
    n = values.shape[-1]
    of_seeds = float(np.sum(centred.mean(axis=tuple(axes)) ** 2)) * (values.size / n)
    rows = [
        (" × ".join(names[axis] for axis in subset), math.prod(values.shape[axis] - 1 for axis in subset), square)
        for subset, square in squares.items()
    ]
    cells = values.size // n
    rows.append((SEED, n - 1, of_seeds))
    rows.append((RESIDUAL, (n - 1) * (cells - 1), max(total - math.fsum(row[2] for row in rows), 0.0)))
    negligible = values.size * (16 * np.finfo(np.float64).eps * float(np.abs(values).max())) ** 2
    return tuple(
        VarianceShare(term, df, square, square / total if total > negligible else None) for term, df, square in rows
    )
