"""What was understood of a table, as it is told to others. Apart from `table`, which waits for the statistics."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TableSummary"]


@dataclass(frozen=True)
class TableSummary:
    """What was understood of a table, but for its values.

    Attributes:
        understood: all of it, in one sentence.
        format, metric, unit, arm, key, labels, left_out, n_missing, n_diverged, n_failed: as of the `Table`.
        arms: their names, in the order in which they appear.
    """

    understood: str
    format: str
    metric: str
    unit: str
    arm: str
    arms: tuple[str, ...]
    key: str | None
    labels: tuple[str, ...]
    left_out: tuple[str, ...]
    n_missing: int
    n_diverged: int
    n_failed: int
