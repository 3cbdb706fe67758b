"""A full grid as pages show it: the mean of every pair of levels, and what each share of the variance belongs to.

factor_tables(METRICS["val_loss"], {"dropout": (0.0, 0.3), "l2": (0.0, 0.1)}, cells)    # one table
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

from ablate.analysis.grid_effects import Cell, Source, SourceShare, TwoFactors
from ablate.analysis.settings import setting_text
from ablate.core.identity import Json
from ablate.core.records import MetricInfo
from ablate.stats.contrasts import ValuesBySeed, per_seed_contrast
from ablate.stats.estimates import estimate_mean

__all__ = ["factor_tables", "source_shares"]


def factor_tables(
    metric: MetricInfo, factors: Mapping[str, Sequence[Json]], cells: Mapping[tuple[Json, ...], ValuesBySeed]
) -> tuple[TwoFactors, ...]:
    """One table for every pair of factors, in their order.

    Args:
        factors: name → levels in order.
        cells: (level of the first factor, of the second, …) → seed → value in the metric's unit. A pair of levels
            for which a cell is missing or has no seed in common with the others has no entry in its table.
    """
    return tuple(_table(metric, factors, cells, first, second) for first, second in combinations(factors, 2))


def _table(
    metric: MetricInfo,
    factors: Mapping[str, Sequence[Json]],
    cells: Mapping[tuple[Json, ...], ValuesBySeed],
    first: str,
    second: str,
) -> TwoFactors:
    pairs = product(factors[first], factors[second])
    averaged = (
        Cell(
            setting_text(a),
            setting_text(b),
            estimate_mean(_average([cells.get(cell, {}) for cell in _cells_at(factors, {first: a, second: b})])),
        )
        for a, b in pairs
    )
    return TwoFactors(
        metric=metric,
        first=first,
        second=second,
        first_levels=tuple(map(setting_text, factors[first])),
        second_levels=tuple(map(setting_text, factors[second])),
        cells=tuple(cell for cell in averaged if cell.estimate.n),
    )


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
