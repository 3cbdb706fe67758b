"""A forecast in words: what a design can see, before it is run."""

from __future__ import annotations

import math

from ablate.analysis.forecast import Forecast, SeedsFamily, SeedsTable
from ablate.core.claims import EPOCHS_TO
from ablate.core.records import MetricInfo
from ablate.reporting.numbers import number
from ablate.reporting.quantities import MOST_LOG_RATIO, is_share_of_examples
from ablate.stats.power import MINIMUM_SEEDS, seeds_needed
from ablate.verdicts.verdict import Scale

__all__ = ["power_lines", "seeds_rows", "seeds_sentence", "seeds_title"]


def power_lines(forecast: Forecast, metric: MetricInfo) -> list[str]:
    """Plain sentences, one a line; effects in standard deviations of a paired difference where no run has shown
    how large that is."""
    statement = forecast.statement
    if statement.smallest_effect_in_sds is None or statement.half_width_in_sds is None:
        seeds = "one seed shows" if statement.n == 1 else f"{statement.n} seeds show"
        return [f"{seeds} numbers and no verdict: at least {MINIMUM_SEEDS} seeds, better 5 or more"]
    effect = _amount(forecast, metric, statement.smallest_effect, statement.smallest_effect_in_sds)
    width = _amount(forecast, metric, statement.half_width, statement.half_width_in_sds)
    return [
        f"sees a difference of {effect} with {_percent(statement.power)} power, adjusted for "
        f"{_comparisons(statement.m)}",
        f"{_percent(1 - statement.alpha)} intervals of about ± {width}",
        f"smallest p of the exact sign-flip test: {statement.smallest_exact_p:.2g}",
        _seeds_line(forecast, metric),
        *_signs_lines(forecast),
    ]


def seeds_sentence(table: SeedsTable) -> str:
    """By which spread a table of seeds is reckoned."""
    if table.sd is None:
        return "power to see a difference of so many sd of a paired difference, whose size no run has shown yet"
    return (
        f"power to see a difference{' in the error' if table.scale is Scale.LOG_ERROR else ''}, averaged over what the "
        f"spread may be that {table.pilot_pairs} seeds have shown"
    )


def seeds_title(family: SeedsFamily) -> str:
    """What its rows are adjusted for."""
    return "one comparison by itself" if family.comparisons == 1 else f"adjusted for {_comparisons(family.comparisons)}"


def seeds_rows(
    table: SeedsTable, family: SeedsFamily, metric: MetricInfo
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The headings, and a row for each number of seeds; the last one says how many each difference needs.

    Powers are rounded down, so that what reads as enough is."""
    power = _percent(table.power)

    def difference(value: float) -> str:
        if table.sd is None:
            return f"{value:.2f} sd"
        if table.scale is Scale.LOG_ERROR:
            return f"{_short(100 * math.expm1(min(value, MOST_LOG_RATIO)))}%"
        return f"{_short(100 * value)} pp" if is_share_of_examples(metric) else _short(value)

    headings = ("seeds", *map(difference, table.differences), f"{power} at")
    rows = (
        (
            f"planned: {row.seeds}" if row.seeds == table.planned else str(row.seeds),
            *map(_power, row.powers),
            difference(row.smallest),
        )
        for row in family.rows
    )
    needed = (str(seeds) if seeds is not None else "none in reach" for seeds in family.seeds_needed)
    return headings, (*rows, (f"for {power}", *needed, ""))


def _short(value: float) -> str:
    return number(value, value)


def _power(share: float) -> str:
    return f"{math.floor(100 * share)} %" if share >= 0.01 else "< 1 %"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _comparisons(m: int) -> str:
    return "one comparison" if m == 1 else f"{m} comparisons"


def _amount(forecast: Forecast, metric: MetricInfo, value: float | None, in_sds: float) -> str:
    sds = f"{in_sds:.2f} sd"
    return sds if value is None else f"{_on_scale(forecast, metric, value)} ({sds})"


def _on_scale(forecast: Forecast, metric: MetricInfo, value: float) -> str:
    """With two digits."""
    if forecast.scale is Scale.LOG_ERROR:
        percent = 100 * math.expm1(min(value, MOST_LOG_RATIO))
        return f"{number(percent, percent)}% of the error"
    return f"{number(100 * value, 100 * value)} pp" if is_share_of_examples(metric) else number(value, value)


def _margin(forecast: Forecast, metric: MetricInfo, margin: float) -> str:
    """As its author wrote it."""
    if forecast.scale is Scale.LOG_ERROR:
        return f"{100 * math.expm1(margin):.4g}% of the error"
    return f"{100 * margin:.4g} pp" if is_share_of_examples(metric) else f"{margin:.4g}"


def _seeds_line(forecast: Forecast, metric: MetricInfo) -> str:
    statement = forecast.statement
    if statement.margin is None:
        return "no margin is stated: nothing can be called equivalent"
    margin = _margin(forecast, metric, statement.margin)
    if not forecast.pilot_pairs:
        of_one, of_two = (_seeds_for(ratio, statement.alpha_first) for ratio in (1.0, 2.0))
        power = _percent(statement.power)
        return f"seeds for {power} power at the margin of {margin}: {of_one} if it is 1 sd, {of_two} if it is 2 sd"
    if statement.seeds_for_margin is None:
        return f"no number of seeds in reach has {_percent(statement.power)} power for the margin of {margin}"
    return (
        f"seeds for {_percent(statement.power)} power at the margin of {margin}: {statement.seeds_for_margin}, by the "
        f"upper bound of the spread of the {forecast.pilot_pairs} seeds that are there"
    )


def _signs_lines(forecast: Forecast) -> list[str]:
    """That claims on `epochs_to` are out of reach, if they are."""
    signs = forecast.signs
    if signs is None or signs.smallest_p <= signs.alpha_first:
        return []
    claims = "1 claim" if signs.claims == 1 else f"{signs.claims} claims"
    reach = "cannot be resolved" if signs.smallest_p > signs.alpha_last else "cannot be resolved before others are"
    return [
        f"{claims} on {EPOCHS_TO} {reach}: the sign test of {forecast.statement.n} pairs has p ≥ "
        f"{signs.smallest_p:.2g}, and {signs.alpha_first:.2g} is needed, which takes {signs.seeds} seeds"
    ]


def _seeds_for(ratio: float, alpha: float) -> int | None:
    """Either way of resolving a margin of so many sds."""
    return seeds_needed(ratio, 1.0, 2, alpha, alpha).low
