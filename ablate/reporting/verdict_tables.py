"""Verdicts as the rows of a table; every column is in `data/verdicts.csv`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablate.core.claims import EPOCHS_TO
from ablate.plots.labels import interval_name
from ablate.reporting.blocks import Code, Inline, Table, table
from ablate.reporting.numbers import UNDEFINED
from ablate.reporting.quantities import (
    difference,
    interval_in_brackets,
    is_share_of_examples,
    percent,
    probability,
    raw_difference,
    seeds_needed,
)
from ablate.reporting.words import with_sign
from ablate.verdicts.verdict import Scale, Verdict, Word

__all__ = ["verdict_rows"]


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
    return [
        Column("claim" if claims else _subject(verdicts), lambda verdict: Code(verdict.subject), is_numeric=False),
        Column(
            "verdict",
            lambda verdict: with_sign(verdict.word),
            is_numeric=False,
            is_shown=lambda rows: any(row.word for row in rows),
        ),
        Column(_of_difference(verdicts), _difference),
        Column(interval_name(verdicts), _interval),
        Column("adjusted interval", _adjusted, is_shown=lambda rows: bool(adjustment) and any(r.alpha_i for r in rows)),
        Column("raw difference", raw_difference, is_shown=_has_ratios),
        Column("error", lambda row: percent(row, signed=True), is_shown=_has_changes),
        Column(f"{adjustment} p".strip(), _p, is_shown=lambda rows: any(row.p_diff_adj is not None for row in rows)),
        Column("equivalence p", _p_equivalence, is_shown=lambda rows: any(row.p_tost_adj is not None for row in rows)),
        Column("as claimed", _as_claimed, is_shown=lambda rows: any(row.as_claimed is not None for row in rows)),
        Column("wins", _wins, is_shown=lambda rows: bool(rows) and not claims),
        Column("fresh examples", _fresh, is_numeric=False, is_shown=_tells_of_fresh_examples),
        Column("seeds", _seeds),
        Column(
            "would resolve", _needed, is_numeric=False, is_shown=lambda rows: any(_needed(r) != UNDEFINED for r in rows)
        ),
    ]


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


def _difference(verdict: Verdict) -> str:
    return difference(verdict).removesuffix(" pp")


def _interval(verdict: Verdict) -> str:
    return interval_in_brackets(verdict, verdict.ci_low, verdict.ci_high)


def _adjusted(verdict: Verdict) -> str:
    return interval_in_brackets(verdict, verdict.ci_adj_low, verdict.ci_adj_high)


def _has_ratios(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.scale is Scale.LOG_ERROR for verdict in verdicts)


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
    return probability(p if verdict.n >= 3 else None).removeprefix("=").strip()


def _wins(verdict: Verdict) -> str:
    return _share_of_seeds(verdict, verdict.wins)


def _as_claimed(verdict: Verdict) -> str:
    return UNDEFINED if verdict.as_claimed is None else _share_of_seeds(verdict, verdict.as_claimed)


def _share_of_seeds(verdict: Verdict, count: int) -> str:
    return f"{count}/{verdict.n}{f', {verdict.ties} tied' if verdict.ties else ''}"


def _tells_of_fresh_examples(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.holds_new_test is not None for verdict in verdicts)


def _fresh(verdict: Verdict) -> str:
    """Whether the sign holds for new test examples too, where predictions tell."""
    return {None: UNDEFINED, True: "holds", False: "not shown"}[verdict.holds_new_test]


def _seeds(verdict: Verdict) -> str:
    of_planned = f" of {verdict.n_planned}" if verdict.n < verdict.n_planned else ""
    fate = "never" if verdict.metric.name.startswith(EPOCHS_TO) else "diverged"
    diverged = f", {verdict.n_diverged} {fate}" if verdict.n_diverged else ""
    return f"{verdict.n}{of_planned}{diverged}"


def _needed(verdict: Verdict) -> str:
    """Of what is open because the seeds vary; a divergence is not resolved by more of them."""
    is_open = verdict.word in (Word.INCONCLUSIVE, Word.NOT_RESOLVED)
    return (seeds_needed(verdict) if is_open and not verdict.n_diverged else "") or UNDEFINED
