"""A table that was understood: the values of every arm, and what was taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablate.tables.numbers import hundredth
from ablate.tables.summary import TableSummary
from ablate.verdicts.pairing import ArmValues

__all__ = ["FRACTION", "PERCENT", "Table"]

PERCENT, FRACTION = "percent", "fraction"
# More names of arms make no line.
MOST_NAMES = 6


@dataclass(frozen=True)
class Table:
    """
    Attributes:
        metric: the column of the values; of a wide table the name that they are given.
        arms: name → values by key, in the order in which the arms appear. The values of a table in percent are
            fractions here. A key is a seed, or stands for the label at its place; without a key it counts the rows
            of its arm, and the same number in two arms means nothing.
        arm: the column that names the arms; `column`, where each has its own.
        key: the column by which rows are pairs; `row` or `column`, where these are pairs; None where nothing says it.
        labels: the names that stand for the keys 0, 1, 2 …; empty where keys are numbers themselves.
        unit: `percent`, `fraction`, another that was said, or empty.
        format: what was read, in words.
        source: the file that was read; empty for a frame.
        candidates: columns that might be the key where there is none.
        left_out: columns of a wide table that hold no numbers.
        missing_as: what a missing value counts as: `missing`, or `diverged`.
        n_missing, n_diverged, n_failed: of all rows.
    """

    metric: str
    arms: Mapping[str, ArmValues]
    arm: str
    key: str | None
    labels: tuple[str, ...] = ()
    unit: str = ""
    format: str = ""
    source: str = ""
    candidates: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    missing_as: str = "missing"
    n_missing: int = 0
    n_diverged: int = 0
    n_failed: int = 0

    @property
    def understood(self) -> str:
        """One sentence: format, arms, pairs, unit, and what has no value."""
        return self._sentence([self._unit_text(), *self._losses()])

    def understood_with(self, others: Sequence[Table]) -> str:
        """The same of several metrics of its rows, each with what has no value of it."""
        if not others:
            return self.understood
        losses = [(table, ", ".join(table._losses())) for table in (self, *others)]
        return self._sentence([f"{table._unit_text()}{f' ({lost})' if lost else ''}" for table, lost in losses])

    def _sentence(self, of_metrics: Sequence[str]) -> str:
        parts = [self._arms_text(), self._pairs_text(), *of_metrics]
        if self.left_out:
            parts.append(f"without {_listed(self.left_out)}, which {_is(self.left_out)} no numbers")
        return f"Read as {self.format}: {', '.join(parts)}."

    @property
    def summary(self) -> TableSummary:
        return TableSummary(
            understood=self.understood,
            format=self.format,
            metric=self.metric,
            unit=self.unit,
            arm=self.arm,
            arms=tuple(self.arms),
            key=self.key,
            labels=self.labels,
            left_out=self.left_out,
            n_missing=self.n_missing,
            n_diverged=self.n_diverged,
            n_failed=self.n_failed,
        )

    def in_unit(self, number: float) -> float:
        """A number in the table's own unit, such as a margin, in the unit of `arms`."""
        return hundredth(number) if self.unit == PERCENT else number

    def label(self, key: int) -> str:
        """What a key is called in the table."""
        return self.labels[key] if self.labels else str(key)

    def _arms_text(self) -> str:
        names = _listed(tuple(self.arms))
        return f"{len(self.arms)} arm{'' if len(self.arms) == 1 else 's'} by {self.arm} ({names})"

    def _pairs_text(self) -> str:
        if self.key is None:
            return "no key, so no pairs: the arms are independent samples"
        planned = [arm.planned_seeds for arm in self.arms.values()]
        shared, all_keys = frozenset.intersection(*planned), frozenset.union(*planned)
        if not shared and len(planned) > 1:
            return f"no {self.key} in every arm: what shares none is compared as independent samples"
        alone = tuple(self.label(key) for key in sorted(all_keys - shared))
        counts = f"{len(shared)} of {len(all_keys)} in every arm, not {_listed(alone)}" if alone else f"{len(shared)}"
        return f"pairs by {self.key} ({counts})"

    def _unit_text(self) -> str:
        if self.unit == PERCENT:
            return f"{self.metric} in percent (and a margin, where it is a number)"
        unit = {"": "", FRACTION: " as a fraction"}.get(self.unit, f" in {self.unit}")
        return f"values of {self.metric}{unit}"

    def _losses(self) -> list[str]:
        as_diverged = " (counted as diverged)" if self.missing_as != "missing" else ""
        counts = ((self.n_missing, f"missing{as_diverged}"), (self.n_diverged, "diverged"), (self.n_failed, "failed"))
        return [f"{count} {word}" for count, word in counts if count]


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _is(names: tuple[str, ...]) -> str:
    return "has" if len(names) == 1 else "have"
