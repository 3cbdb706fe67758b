"""What a full grid showed of its factors, as figures and tables take it. Nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ablate.core.records import MetricInfo
from ablate.stats.estimates import Estimate
from ablate.verdicts.verdict import Verdict

__all__ = ["Cell", "FactorialRows", "Source", "SourceShare", "TwoFactors"]


class Source(StrEnum):
    """What a share of the variance belongs to."""

    FACTOR = "factor"
    INTERACTION = "interaction"
    SEED = "seed"
    RESIDUAL = "residual"


@dataclass(frozen=True)
class Cell:
    """One level of each of two factors: the metric by seed, averaged within each seed over the levels of all
    other factors."""

    first_level: str
    second_level: str
    estimate: Estimate


@dataclass(frozen=True)
class TwoFactors:
    """Two factors of a grid with the levels of each in the order of the design, and a cell for every pair of
    levels that has a value."""

    metric: MetricInfo
    first: str
    second: str
    first_levels: tuple[str, ...]
    second_levels: tuple[str, ...]
    cells: tuple[Cell, ...]

    def cell(self, first_level: str, second_level: str) -> Cell | None:
        """The cell of two levels; None where no seed has a value for all that it averages."""
        found = (cell for cell in self.cells if (cell.first_level, cell.second_level) == (first_level, second_level))
        return next(found, None)


@dataclass(frozen=True)
class SourceShare:
    """The sum of squares of one source ÷ the total, from 0 to 1. `name` is the factor, or `a × b`."""

    name: str
    source: Source
    share: float


@dataclass(frozen=True)
class FactorialRows:
    """A full grid: a table for every pair of factors, the effects as exploratory rows, and the shares of the
    variance, which sum to 1."""

    tables: tuple[TwoFactors, ...]
    main_effects: tuple[Verdict, ...]
    interactions: tuple[Verdict, ...]
    shares: tuple[SourceShare, ...]
