"""Forest plots: a row a verdict with its seeds, its intervals, the margin, and the word for what was found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from ablate.analysis.results import SweepResults
from ablate.plots.contents import compared, left_out, seeds_an_arm, shown_arms, titled
from ablate.plots.differences import (
    DifferenceAxis,
    axis_words,
    by_axis,
    counts_of_verdict,
    difference_axis,
    is_directed_claim,
    labels_of_verdicts,
)
from ablate.plots.labels import interval_name
from ablate.plots.signs import SIGNS
from ablate.reporting.blocks import Column, Number, Table, text
from ablate.reporting.numbers import shared_error
from ablate.reporting.quantities import difference, interval_in_brackets, shown_error
from ablate.reporting.summary import adjustment_of
from ablate.reporting.verdict_tables import verdict_rows
from ablate.reporting.verdicts import verdict_sentence
from ablate.reporting.words import TONES
from ablate.verdicts.verdict import Verdict
from ablate.web.picture import Picture
from ablate.web.rows import Row, RowsAxis, band, bar, dots, legend, mean_mark, rows, vertical, whiskers
from ablate.web.svg import Scale, element, linear, picked_ticks, round_ticks, symmetric

__all__ = ["PICTURES", "claims", "forest", "paired_differences"]

# Of a label, which a page can break into lines.
MOST_CHARACTERS = 120


def paired_differences(results: SweepResults) -> Picture:
    shown = shown_arms(results, results.verdicts)
    title = f"{titled(results.metric)} against the baseline {results.baseline.arm}, {compared(results)}"
    adjustment = adjustment_of(results.verdicts, results.multiplicity)
    return forest([shown], title, f"{seeds_an_arm(results)}{left_out(results)}", adjustment)


def claims(results: SweepResults) -> Picture:
    """A group of rows for each metric and scale, since only rows that share them can share an axis."""
    title = f"What the claims compare, {compared(results)}"
    return forest(
        by_axis(results.claims), title, seeds_an_arm(results), adjustment_of(results.claims, results.multiplicity)
    )


def forest(groups: Sequence[Sequence[Verdict]], title: str, subtitle: str, adjustment: str) -> Picture:
    """
    Args:
        groups: verdicts that share a metric and a scale, and so an axis.
        adjustment: whose adjusted p the sentences name; empty where there is nothing to adjust for.
    """
    verdicts = [verdict for group in groups for verdict in group]
    heading = element("p", {"class": "picture-title"}, element("strong", {}, title), f" {subtitle}")
    drawn = Markup("\n").join(_group(group, adjustment) for group in groups)
    markup = element("div", {"class": "forest"}, heading, _legend(verdicts), drawn)
    return Picture(markup, numbers=_numbers(verdicts, adjustment))


def _group(verdicts: Sequence[Verdict], adjustment: str) -> Markup:
    axis = difference_axis(verdicts)
    scale = _scale(verdicts, axis)
    ticks = picked_ticks(scale, axis.ticks, axis.label) if axis.ticks else round_ticks(scale, axis.label)
    labels, above = labels_of_verdicts(verdicts, MOST_CHARACTERS)
    title, left, right = axis_words(verdicts[0]) if verdicts else ("", "", "")
    # One precision for all rows, as in a column of a table.
    error = shared_error(map(shown_error, verdicts))
    lines = [_row(label, verdict, scale, adjustment, error) for label, verdict in zip(labels, verdicts, strict=True)]
    return rows(lines, RowsAxis(ticks, title, left, right, axis.note, above))


def _scale(verdicts: Sequence[Verdict], axis: DifferenceAxis) -> Scale:
    """Zero and the margins lie on it, whatever was found."""
    ends = [end for verdict in verdicts for end in _ends(verdict)]
    if not ends:
        ends = [-1.5 * (axis.widest or 1.0), 1.5 * (axis.widest or 1.0)]
    values = [*ends, 0.0, -axis.widest, axis.widest]
    return linear(values) if axis.threshold is None else symmetric(values, axis.threshold)


def _ends(verdict: Verdict) -> list[float]:
    bounds = (verdict.ci_low, verdict.ci_high, verdict.ci_adj_low, verdict.ci_adj_high)
    return [value for value in (*verdict.differences.values(), *bounds) if value is not None]


# rows --------------------------------------------------------------------------------------------------


def _row(label: str, verdict: Verdict, scale: Scale, adjustment: str, error: float | None) -> Row:
    tone = "" if verdict.word is None else f"tone-{TONES[verdict.word].value}"
    said = verdict_sentence(verdict, adjustment).plain
    return Row(label, _marks(verdict, scale), said, (_word(verdict, tone), _size(verdict, error)), tone)


def _marks(verdict: Verdict, scale: Scale) -> Markup:
    place = scale.within
    plain = _between(verdict.ci_low, verdict.ci_high, scale, lambda low, high: bar(low, high, "interval"))
    adjusted = _between(
        verdict.ci_adj_low, verdict.ci_adj_high, scale, lambda low, high: whiskers(low, high, "adjusted")
    )
    seeds = {
        f"seed {seed}: {difference(replace(verdict, diff=value))}": place(value)
        for seed, value in verdict.differences.items()
        if math.isfinite(value)
    }
    mean = Markup() if verdict.diff is None or math.isnan(verdict.diff) else mean_mark(place(verdict.diff))
    return Markup().join([_bands(verdict, scale), vertical(place(0.0), "zero"), plain, adjusted, dots(seeds), mean])


def _between(low: float | None, high: float | None, scale: Scale, draw: Callable[[float, float], Markup]) -> Markup:
    """An interval, as far as it lies on the axis; nothing where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return Markup()
    return draw(scale.within(low), scale.within(high))


def _bands(verdict: Verdict, scale: Scale) -> Markup:
    """The side that a claim claims, and over it the margin."""
    claimed, margin = Markup(), Markup()
    if is_directed_claim(verdict):
        zero = scale.within(0.0)
        claimed = band(zero, 1.0, "claimed") if verdict.sign > 0 else band(0.0, zero, "claimed")
    if verdict.margin is not None:
        margin = band(scale.within(-verdict.margin), scale.within(verdict.margin), "margin")
    return claimed + margin


def _word(verdict: Verdict, tone: str) -> Markup:
    """The word with its sign, and of how many seeds."""
    if verdict.word is None:
        word = element("span", {"class": "row-word"}, "no verdict")
    else:
        word = element("span", {"class": f"row-word {tone}"}, f"{SIGNS[verdict.word]} {verdict.word.value}")
    counts = counts_of_verdict(verdict)
    return word + " " + element("span", {"class": "row-counts tone-bad" if " " in counts else "row-counts"}, counts)


def _size(verdict: Verdict, error: float | None) -> Markup:
    """The difference and its interval; a dash where there is none."""
    known = verdict.ci_low is not None
    interval = interval_in_brackets(verdict, verdict.ci_low, verdict.ci_high, error) if known else ""
    return element("span", {"class": "row-size"}, f"{difference(verdict, error)} {interval}".strip())


# around the rows ---------------------------------------------------------------------------------------


def _legend(verdicts: Sequence[Verdict]) -> Markup:
    """Of the marks that the rows have."""
    plain = any(verdict.ci_low is not None for verdict in verdicts)
    adjusted = any(verdict.ci_adj_low is not None for verdict in verdicts)
    signs = {
        "seed": "a seed" if any(verdict.differences for verdict in verdicts) else "",
        "mean": "mean" if any(verdict.diff is not None for verdict in verdicts) else "",
        "interval": interval_name(verdicts) if plain else "",
        "adjusted": "adjusted for all comparisons" if adjusted else "",
        "margin": "margin" if any(verdict.margin is not None for verdict in verdicts) else "",
        "claimed": "side that is claimed" if any(map(is_directed_claim, verdicts)) else "",
    }
    return legend({name: said for name, said in signs.items() if said})


def _numbers(verdicts: Sequence[Verdict], adjustment: str) -> Table:
    """The table of the verdicts, and the difference of each seed."""
    known = verdict_rows(verdicts, adjustment)
    seeds = [
        ", ".join(f"{seed}: {difference(replace(verdict, diff=value))}" for seed, value in verdict.differences.items())
        for verdict in verdicts
    ]
    return Table(
        (*known.columns, Column(text("by seed"))),
        tuple((*row, text(Number(of_row))) for row, of_row in zip(known.rows, seeds, strict=True)),
    )


PICTURES: Mapping[str, Callable[[SweepResults], Picture]] = {
    "paired_differences": paired_differences,
    "claims": claims,
}
