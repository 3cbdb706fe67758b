"""Verdicts as the rows of a table; every column is in `data/verdicts.csv`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablate.plots.labels import interval_name
from ablate.reporting.blocks import Code, Inline, Table, table
from ablate.reporting.numbers import UNDEFINED, shared_error
from ablate.reporting.quantities import (
    difference,
    has_had_the_power,
    interval_in_brackets,
    is_share_of_examples,
    percent,
    probability,
    raw_difference,
    seeds_needed,
    shown_error,
    shown_percent_error,
    shown_raw_error,
)
from ablate.reporting.words import with_sign
from ablate.stats.power import MINIMUM_SEEDS
from ablate.verdicts.verdict import UNRESOLVED, Scale, Verdict

__all__ = ["verdict_rows"]


# As an error: what is written in whole per cent.
WHOLE_PER_CENT = 10.0
_ErrorOf = Callable[[Verdict], float | None]


@dataclass(frozen=True)
class Column:
    """`is_shown` says of all rows of a table whether the column tells anything."""

    header: str
    cell: Callable[[Verdict], Inline]
    is_numeric: bool = True
    is_shown: Callable[[Sequence[Verdict]], bool] = bool


def verdict_rows(verdicts: Sequence[Verdict], adjustment: str = "Holm", caption: str = "") -> Table:
    """One row for each verdict, in their order.

    Args:
        adjustment: whose adjusted p and intervals are shown; empty for a family of one.
    """
    columns = [column for column in _columns(verdicts, adjustment) if column.is_shown(verdicts)]
    return table(
        [column.header for column in columns],
        [[column.cell(verdict) for column in columns] for verdict in verdicts],
        [position for position, column in enumerate(columns) if column.is_numeric],
        caption,
    )


def _columns(verdicts: Sequence[Verdict], adjustment: str) -> list[Column]:
    claims = any(verdict.relation is not None for verdict in verdicts)
    error, raw_error = (_shared(verdicts, each) for each in (shown_error, shown_raw_error))
    percent_error = _percent_error(verdicts)
    return [
        Column("claim" if claims else _subject(verdicts), lambda verdict: Code(verdict.subject), is_numeric=False),
        Column(
            "verdict",
            lambda verdict: with_sign(verdict.word),
            is_numeric=False,
            is_shown=lambda rows: any(row.word for row in rows),
        ),
        Column(_of_difference(verdicts), lambda row: difference(row, error(row)).removesuffix(" pp")),
        Column(interval_name(verdicts), lambda row: interval_in_brackets(row, row.ci_low, row.ci_high, error(row))),
        Column(
            "adjusted interval",
            lambda row: interval_in_brackets(row, row.ci_adj_low, row.ci_adj_high, error(row)),
            is_shown=lambda rows: bool(adjustment) and any(row.alpha_i for row in rows),
        ),
        Column("raw difference", lambda row: raw_difference(row, raw_error(row)), is_shown=_has_ratios),
        Column("error", lambda row: percent(row, signed=True, error=percent_error), is_shown=_has_changes),
        Column(f"{adjustment} p".strip(), _p, is_shown=lambda rows: any(row.p_diff_adj is not None for row in rows)),
        Column("equivalence p", _p_equivalence, is_shown=lambda rows: any(row.p_tost_adj is not None for row in rows)),
        Column("as claimed", _as_claimed, is_shown=lambda rows: any(row.as_claimed is not None for row in rows)),
        Column("wins", _wins, is_shown=lambda rows: _has_pairs(rows) and not claims),
        Column("fresh examples", _fresh, is_numeric=False, is_shown=_tells_of_fresh_examples),
        Column("seeds" if _has_pairs(verdicts) else "runs", _seeds),
        Column("seeds for 80% power", _needed, is_shown=lambda rows: any(_needed(row) != UNDEFINED for row in rows)),
    ]


def _has_pairs(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.sizes is None for verdict in verdicts)


def _subject(verdicts: Sequence[Verdict]) -> str:
    """Effects of factors have no two sides."""
    return "arm" if all(verdict.arm for verdict in verdicts) else "effect"


def _of_difference(verdicts: Sequence[Verdict]) -> str:
    """The header says the unit where all rows share it, so that the cells need not."""
    if verdicts and all(verdict.scale is Scale.LOG_ERROR for verdict in verdicts):
        return "ratio of errors"
    if verdicts and all(is_share_of_examples(v.metric) and v.scale is Scale.RAW for v in verdicts):
        return "difference, pp"
    return "difference"


def _shared(verdicts: Sequence[Verdict], error_of: Callable[[Verdict], float | None]) -> _ErrorOf:
    """Verdict → the error that the digits of its column follow, one for all rows of the same metric and scale."""
    rows: dict[tuple[str, Scale], list[Verdict]] = {}
    for verdict in verdicts:
        rows.setdefault((verdict.metric.name, verdict.scale), []).append(verdict)
    # Where no value differs the error is that of rounding, and no reason for digits in other rows.
    shared = {
        key: shared_error(error_of(row) for row in of_key if any(row.differences.values()) or not row.differences)
        or _hundredth_of_largest(of_key)
        for key, of_key in rows.items()
    }
    return lambda verdict: shared[verdict.metric.name, verdict.scale]


def _hundredth_of_largest(verdicts: Sequence[Verdict]) -> float | None:
    """What the digits follow where one seed leaves no error: one precision for the column all the same. None where no
    value differs, and on the log scale, whose ratios are all near 1."""
    values = [abs(verdict.diff) for verdict in verdicts if verdict.diff and verdict.scale is Scale.RAW]
    unit = 100 if is_share_of_examples(verdicts[0].metric) else 1
    return unit * max(values) / 100 if values else None


def _percent_error(verdicts: Sequence[Verdict]) -> float:
    """Of a column beside the differences, which are exact: as its coarsest row, and not coarser than whole per cent."""
    errors = (shown_percent_error(verdict) for verdict in verdicts)
    return min(max((error for error in errors if error is not None), default=WHOLE_PER_CENT), WHOLE_PER_CENT)


def _has_ratios(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.scale is Scale.LOG_ERROR and verdict.raw_diff is not None for verdict in verdicts)


def _has_changes(verdicts: Sequence[Verdict]) -> bool:
    """A ratio of losses says the change of the error already."""
    return any(
        verdict.diff_pct_error is not None and (verdict.scale is Scale.RAW or verdict.metric.sign > 0)
        for verdict in verdicts
    )


def _p(verdict: Verdict) -> str:
    return _plain(verdict, verdict.p_diff_adj)


def _p_equivalence(verdict: Verdict) -> str:
    return _plain(verdict, verdict.p_tost_adj)


def _plain(verdict: Verdict, p: float | None) -> str:
    """Below three seeds nothing is judged, so no p is shown."""
    return probability(p if verdict.n >= MINIMUM_SEEDS else None).removeprefix("=").strip()


def _wins(verdict: Verdict) -> str:
    return _share_of_seeds(verdict, verdict.wins)


def _as_claimed(verdict: Verdict) -> str:
    return UNDEFINED if verdict.as_claimed is None else _share_of_seeds(verdict, verdict.as_claimed)


def _share_of_seeds(verdict: Verdict, count: int) -> str:
    if verdict.sizes is not None:
        return UNDEFINED
    return f"{count}/{verdict.counted}{f', {verdict.ties} tied' if verdict.ties else ''}"


def _tells_of_fresh_examples(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.holds_new_test is not None for verdict in verdicts)


def _fresh(verdict: Verdict) -> str:
    """Whether the sign holds for new test examples too, where predictions tell."""
    return {None: UNDEFINED, True: "holds", False: "not shown"}[verdict.holds_new_test]


def _seeds(verdict: Verdict) -> str:
    of_planned = f" of {verdict.n_planned}" if verdict.n < verdict.n_planned else ""
    diverged = f", {verdict.n_diverged} diverged" if verdict.n_diverged else ""
    unreached = f", {verdict.n_unreached} never" if verdict.n_unreached else ""
    counted = f"{verdict.n}{of_planned}" if verdict.sizes is None else f"{verdict.sizes[0]} and {verdict.sizes[1]}"
    return f"{counted}{diverged}{unreached}"


def _needed(verdict: Verdict) -> str:
    """Of what is open because the seeds vary."""
    seeds = seeds_needed(verdict) if verdict.word in UNRESOLVED else None
    if seeds is None:
        return UNDEFINED
    return f"half the margin: {seeds}" if has_had_the_power(verdict) else str(seeds)
