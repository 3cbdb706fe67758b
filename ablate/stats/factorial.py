"""What the factors of a full grid do, each alone and two together, with the seeds as blocks.

    grid = factorial_effects({"optimizer": ("sgd", "adam"), "activation": ("relu", "gelu")}, cells)
    for effect in grid.effects:
        effect.name, effect.estimate.mean, effect.estimate.p_two_sided
    for share in grid.shares:
        share.term, share.share

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
        factors: one name for a main effect, two for an interaction. levels, references: one for each factor.
        contrasts: seed → value, in the unit of the metric.
    """

    factors: tuple[str, ...]
    levels: tuple[Level, ...]
    references: tuple[Level, ...]
    contrasts: Mapping[int, float]
    estimate: Estimate

    @property
    def name(self) -> str:
        sides = (
            f"{factor}: {level} − {reference}"
            for factor, level, reference in zip(self.factors, self.levels, self.references, strict=True)
        )
        return " × ".join(sides)

    @property
    def is_interaction(self) -> bool:
        return len(self.factors) > 1


@dataclass(frozen=True)
class VarianceShare:
    """What part of the spread over all runs one term of the analysis of variance explains (Hutter et al. 2014, exact on
    a full grid). `share` is None where all runs are equal."""

    term: str
    df: int
    sum_of_squares: float
    share: float | None


@dataclass(frozen=True)
class Factorial:
    """`seeds` are those that every cell has; `shares` end in the seed's and the residual's, and sum to one."""

    seeds: tuple[int, ...]
    effects: tuple[Effect, ...]
    shares: tuple[VarianceShare, ...]

    @property
    def main_effects(self) -> tuple[Effect, ...]:
        return tuple(effect for effect in self.effects if not effect.is_interaction)

    @property
    def interactions(self) -> tuple[Effect, ...]:
        return tuple(effect for effect in self.effects if effect.is_interaction)


def factorial_effects(
    factors: Mapping[str, Sequence[Level]],
    cells: Mapping[Cell, ValuesBySeed],
    reference: Mapping[str, Level] | None = None,
) -> Factorial:
    """
    Args:
        factors: name → levels in order.
        cells: (level of the first factor, of the second, …) → seed → finite value.
        reference: the level that the others of a factor are compared with; the first where none is given.

    Raises:
        ValueError: when a cell of the grid is missing (one without values is none that is missing), or a reference
            is no level.
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
    """seed → the least-squares slope of its values against the dose, in units of the metric for each unit of it.

    Over the seeds that every dose has; empty for fewer than two different doses.

    Args:
        doses: (numeric level, seed → value) of each arm.
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
