"""A full grid as pages show it: the mean of every pair of levels, and what each share of the variance belongs to.

factor_tables(METRICS["val_loss"], {"dropout": (0.0, 0.3), "l2": (0.0, 0.1)}, cells)    # one table
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product

from ablate.analysis.grid_effects import Cell, Source, SourceShare, TwoFactors
from ablate.analysis.settings import setting_text
from ablate.core.identity import Json
from ablate.core.records import MetricInfo
from ablate.stats.contrasts import ValuesBySeed, per_seed_contrast
from ablate.stats.estimates import Estimate, estimate_mean
from ablate.verdicts.verdict import Scale

__all__ = ["factor_tables", "from_logarithms", "source_shares"]


def factor_tables(
    metric: MetricInfo,
    factors: Mapping[str, Sequence[Json]],
    cells: Mapping[tuple[Json, ...], ValuesBySeed],
    scale: Scale = Scale.RAW,
    diverged: Mapping[tuple[Json, ...], int] | None = None,
) -> tuple[TwoFactors, ...]:
    """One table for every pair of factors, in their order.

    Args:
        factors: name → levels in order.
        cells: (level of the first factor, of the second, …) → seed → value on `scale`. A pair of levels
            for which a cell is missing or has no seed in common with the others has no entry in its table.
        diverged: how many runs of each cell diverged; none where nothing is said.
    """
    return tuple(_table(metric, factors, cells, pair, scale, diverged or {}) for pair in combinations(factors, 2))


def _table(
    metric: MetricInfo,
    factors: Mapping[str, Sequence[Json]],
    cells: Mapping[tuple[Json, ...], ValuesBySeed],
    pair: tuple[str, str],
    scale: Scale,
    diverged: Mapping[tuple[Json, ...], int],
) -> TwoFactors:
    first, second = pair
    averaged = []
    for a, b in product(factors[first], factors[second]):
        inside = _cells_at(factors, {first: a, second: b})
        estimate = estimate_mean(_average([cells.get(cell, {}) for cell in inside]))
        averaged.append(
            Cell(
                setting_text(a),
                setting_text(b),
                from_logarithms(estimate) if scale is Scale.LOG_ERROR else estimate,
                sum(diverged.get(cell, 0) for cell in inside),
            )
        )
    return TwoFactors(
        metric=metric,
        first=first,
        second=second,
        first_levels=tuple(map(setting_text, factors[first])),
        second_levels=tuple(map(setting_text, factors[second])),
        cells=tuple(cell for cell in averaged if cell.estimate.n),
        scale=scale,
    )


def from_logarithms(estimate: Estimate) -> Estimate:
    """Of logarithms as of what they are the logarithms of: the geometric mean, and an interval that is symmetric in
    ratios. It has no sd, for that of logarithms is none of theirs."""
    low, mean, high = (
        None if value is None else math.exp(value) for value in (estimate.ci_low, estimate.mean, estimate.ci_high)
    )
    values = tuple(map(math.exp, estimate.values))
    return replace(estimate, values=values, mean=mean, sd=None, ci_low=low, ci_high=high)


def _cells_at(factors: Mapping[str, Sequence[Json]], fixed: Mapping[str, Json]) -> list[tuple[Json, ...]]:
    return list(product(*([fixed[name]] if name in fixed else levels for name, levels in factors.items())))


def _average(cells: Sequence[ValuesBySeed]) -> dict[int, float]:
    """Of the seeds that all of the cells have."""
    return per_seed_contrast([(1 / len(cells), values) for values in cells])


def source_shares(shares: Iterable[tuple[str, float | None]]) -> tuple[SourceShare, ...]:
    """Shares with what they belong to, from (term, share): `seed`, `residual`, a factor, or factors joined by ` × `.

    Shares are None where all runs are equal, and then there are none.
    """
    return tuple(SourceShare(term, _source(term), share) for term, share in shares if share is not None)


def _source(term: str) -> Source:
    if term in (Source.SEED, Source.RESIDUAL):
        return Source(term)
    return Source.INTERACTION if " × " in term else Source.FACTOR
