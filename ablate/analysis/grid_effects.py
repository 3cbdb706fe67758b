"""What a full grid showed of its factors, as figures and tables take it. Nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ablate.core.records import MetricInfo
from ablate.stats.estimates import Estimate
from ablate.verdicts.verdict import Scale, Verdict

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
    other factors. `n_diverged` runs of it have no value, so that its mean is not one of all runs."""

    first_level: str
    second_level: str
    estimate: Estimate
    n_diverged: int = 0


@dataclass(frozen=True)
class TwoFactors:
    """Two factors of a grid with the levels of each in the order of the design, and a cell for every pair of
    levels that has a value.

    On the log scale cells are in units of the error: means are geometric, and the intervals those of the logarithms.
    """

    metric: MetricInfo
    first: str
    second: str
    first_levels: tuple[str, ...]
    second_levels: tuple[str, ...]
    cells: tuple[Cell, ...]
    scale: Scale = Scale.RAW

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
    variance, which sum to 1, all on the one `scale` of the sweep. The shares are over `shared_seeds`, those on which
    every cell has a value."""

    tables: tuple[TwoFactors, ...]
    main_effects: tuple[Verdict, ...]
    interactions: tuple[Verdict, ...]
    shares: tuple[SourceShare, ...]
    scale: Scale = Scale.RAW
    shared_seeds: tuple[int, ...] = ()

    @property
    def n_diverged(self) -> int:
        """Of the runs of the grid, each of which every effect is made of."""
        return max((effect.n_diverged for effect in self.main_effects), default=0)
