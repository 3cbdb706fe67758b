"""What a full grid showed: lines that would be parallel without interaction, means of cells, shares of variance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from ablate.analysis.grid_effects import Cell, FactorialRows, Source, SourceShare, TwoFactors
from ablate.analysis.results import SweepResults
from ablate.core.records import MetricInfo
from ablate.plots.cells import interval_text, ratio_text, share_text
from ablate.plots.contents import means_of, seeds_an_arm, titled
from ablate.plots.labels import axis_label, scaled_title
from ablate.plots.scales import error_metric
from ablate.reporting.blocks import Code, Table, table, text
from ablate.reporting.numbers import interval, mean
from ablate.verdicts.verdict import Scale
from ablate.web.picture import Picture
from ablate.web.plots import Plane, column, mark_at, plot, points, segments, series, value_axis
from ablate.web.rows import Row, RowsAxis, legend, rows
from ablate.web.svg import Scale as Axis, Tick, along, circle, element, group, line, rect, round_ticks

__all__ = ["PICTURES", "cell_means", "interactions", "variance_shares"]

# Levels of the second factor stand beside each other within this share of the distance between two of the first.
SPREAD_OF_LEVELS = 0.16
CROSS = "M-5-5L5 5M-5 5L5-5"
SHADES = 9


def interactions(results: SweepResults) -> Picture:
    grid = _grid_of(results)
    crosses = ", a cross where runs diverged, which the mean leaves out" if grid.n_diverged else ""
    explained = f"thin lines are seeds, thick ones {means_of(grid.scale)} with 95% intervals{crosses}"
    title = f"{titled(results.metric)} over the levels of each pair of factors"
    tables = _tables(grid)
    drawn = element("div", {"class": "panels is-wide"}, *map(_interaction, tables))
    return Picture(_page(results, title, explained, drawn), numbers=_numbers(tables))


def cell_means(results: SweepResults) -> Picture:
    grid = _grid_of(results)
    is_log = grid.scale is Scale.LOG_ERROR
    metric = _in_errors(results.metric, grid.scale)
    reach = "×/÷ the reach of its 95% interval" if is_log else "and half-width of its 95% interval"
    lost = "; without colour where runs diverged" if grid.n_diverged else ""
    title = f"{'Geometric mean' if is_log else 'Mean'} {metric.title} of each pair of levels"
    tables = _tables(grid)
    drawn = element("div", {"class": "panels is-wide"}, *map(_cells, tables))
    return Picture(_page(results, title, f"mean {reach}; the darker, the better{lost}", drawn), _numbers(tables))


def variance_shares(results: SweepResults) -> Picture:
    grid = _grid_of(results)
    quantity, planned = scaled_title(results.metric, grid.scale), len(results.planned.spec.seeds)
    shared = len(grid.shared_seeds)
    left = f"over the {shared} on which every cell has a value" if shared < planned else ""
    shares = grid.shares
    axis = Axis(0.0, max((1.08 * share.share for share in shares), default=1.0) or 1.0, float)
    lines = [_share(share, axis) for share in shares]
    signs = [
        (rect(1, 1, 26, 12, f"share of-{source.value}"), source.value)
        for source in Source
        if any(share.source is source for share in shares)
    ]
    ticks = round_ticks(axis, lambda value: f"{100 * value:.6g}")
    drawn = rows(lines, RowsAxis(ticks, f"share of the variance of the {quantity}, %"))
    title = f"Where the variance of the {quantity} comes from"
    written = [[Code(each.name), each.source.value, share_text(each.share)] for each in shares]
    return Picture(
        _page(results, title, left, legend({}, signs) + drawn), table(["source", "kind", "share"], written, (2,))
    )


def _share(share: SourceShare, axis: Axis) -> Row:
    written = share_text(share.share)
    marks = rect(0, "22%", along(axis.within(share.share)), "56%", f"share of-{share.source.value}")
    beside = (element("span", {"class": "row-size"}, written),)
    return Row(share.name, marks, f"{share.name} ({share.source.value}): {written} of the variance", beside)


def _page(results: SweepResults, title: str, explained: str, drawn: Markup) -> Markup:
    subtitle = f" {seeds_an_arm(results)}{f'; {explained}' if explained else ''}"
    heading = element("p", {"class": "picture-title"}, element("strong", {}, title), subtitle)
    return element("div", {"class": "panels-of"}, heading, drawn)


def _grid_of(results: SweepResults) -> FactorialRows:
    if results.factorial is None:
        raise ValueError(f"{results.planned.spec.name} is no full grid")
    return results.factorial


def _tables(grid: FactorialRows) -> list[TwoFactors]:
    return [each for each in grid.tables if each.cells]


def _in_errors(metric: MetricInfo, scale: Scale) -> MetricInfo:
    """What stands on an axis of a scale."""
    return error_metric(metric) if scale is Scale.LOG_ERROR and metric.sign > 0 else metric


# interactions ------------------------------------------------------------------------------------------


def _interaction(info: TwoFactors) -> Markup:
    """The metric over the levels of the first factor, a line for each level of the second."""
    is_log = info.scale is Scale.LOG_ERROR
    metric = _in_errors(info.metric, info.scale)
    count = len(info.first_levels)
    names = tuple(Tick((place + 0.5) / count, level) for place, level in enumerate(info.first_levels))
    plane = Plane(*value_axis(_values(info), is_log), names, info.first)
    lines = Markup().join(_level(info, index, plane) for index in range(len(info.second_levels)))
    signs = [
        (group(series(index), line(1, 7, 27, 7, "mean-line"), circle(14, 7, 3.2)), level)
        for index, level in enumerate(info.second_levels)
    ]
    said = f"{metric.title} over {info.first}, a line for each level of {info.second}"
    drawn = plot(axis_label(metric, is_log=is_log), plane, lines, said)
    levels = element("p", {"class": "legend-title"}, info.second)
    return element("div", {"class": "with-legend"}, levels, legend({}, signs), drawn)


def _values(info: TwoFactors) -> list[float]:
    """Everything that is drawn."""
    estimates = [cell.estimate for cell in info.cells]
    ends = [end for each in estimates for end in (each.ci_low, each.ci_high, each.mean) if end is not None]
    return [*ends, *(value for each in estimates for value in each.values)]


def _level(info: TwoFactors, index: int, plane: Plane) -> Markup:
    """Seeds thin, means thick with their intervals, and crosses where runs diverged."""
    level, count = info.second_levels[index], len(info.second_levels)
    offset = SPREAD_OF_LEVELS * (index / (count - 1) - 0.5) if count > 1 else 0.0
    cells = [
        ((place + 0.5 + offset) / len(info.first_levels), cell)
        for place, first in enumerate(info.first_levels)
        if (cell := info.cell(first, level)) is not None
    ]
    marks = [_seed(cells, seed, f"{info.second}={level}", plane) for seed in _seeds(cells)]
    for place, cell in cells:
        low, high = cell.estimate.ci_low, cell.estimate.ci_high
        if low is not None and high is not None:
            marks.append(column(place, low, high, plane, "interval"))
    means = [(place, cell.estimate.mean) for place, cell in cells if cell.estimate.mean is not None]
    marks.append(segments(means, plane, "mean-line"))
    titles = [
        f"{info.first}={cell.first_level}, {info.second}={level}: {_written(cell)}"
        for _, cell in cells
        if cell.estimate.mean is not None
    ]
    marks.append(points(means, plane, "mean-dots", 4, titles))
    marks += [
        mark_at((place, cell.estimate.mean), plane, CROSS, "diverged")
        for place, cell in cells
        if cell.n_diverged and cell.estimate.mean is not None
    ]
    return group(series(index), *marks)


def _seeds(cells: Sequence[tuple[float, Cell]]) -> list[int]:
    return sorted({seed for _, cell in cells for seed in cell.estimate.seeds})


def _seed(cells: Sequence[tuple[float, Cell]], seed: int, level: str, plane: Plane) -> Markup:
    values = [(place, dict(zip(cell.estimate.seeds, cell.estimate.values, strict=True))) for place, cell in cells]
    return segments([(x, of[seed]) for x, of in values if seed in of], plane, "thin-line", f"{level}, seed {seed}")


def _written(cell: Cell) -> str:
    lost = f", {cell.n_diverged} diverged" if cell.n_diverged else ""
    return f"{mean(cell.estimate)} {interval(cell.estimate)}, n={cell.estimate.n}{lost}"


# cells -------------------------------------------------------------------------------------------------


def _cells(info: TwoFactors) -> Markup:
    """The first factor down, the second across. On the log scale means are geometric, and an interval reaches from the
    mean ÷ to the mean × a factor. A cell where runs diverged has no colour, for its mean is none of all runs."""
    shade = _shades(info)
    header = element("tr", {}, _corner(info), *(element("th", {"scope": "col"}, level) for level in info.second_levels))
    body = [
        element(
            "tr",
            {},
            element("th", {"scope": "row"}, first),
            *(_cell(info.cell(first, second), info.scale, shade) for second in info.second_levels),
        )
        for first in info.first_levels
    ]
    # No table to be sorted: its places mean something.
    kind = {"class": "cells", "data-plain": "true"}
    shown = element("table", kind, element("thead", {}, header), element("tbody", {}, *body))
    label = f"means by {info.first} and {info.second}"
    return element("div", {"class": "cells-of", "tabindex": "0", "role": "group", "aria-label": label}, shown)


def _corner(info: TwoFactors) -> Markup:
    return element("th", {"scope": "col"}, f"{info.first} ↓  {info.second} →")


def _shades(info: TwoFactors) -> Callable[[Cell], int]:
    """From 0 for the worst mean to `SHADES` for the best."""
    less_is_better = info.scale is Scale.LOG_ERROR or info.metric.sign < 0
    goods = {
        (cell.first_level, cell.second_level): _on_scale(cell.estimate.mean, info.scale) * (-1 if less_is_better else 1)
        for cell in info.cells
        if cell.estimate.mean is not None and not cell.n_diverged
    }
    low, high = min(goods.values(), default=0.0), max(goods.values(), default=0.0)

    def shade(cell: Cell) -> int:
        good = goods[cell.first_level, cell.second_level]
        return round(SHADES * (good - low) / (high - low)) if high > low else 0

    return shade


def _on_scale(value: float, scale: Scale) -> float:
    return math.log(value) if scale is Scale.LOG_ERROR else value


def _cell(cell: Cell | None, scale: Scale, shade: Callable[[Cell], int]) -> Markup:
    if cell is None or cell.estimate.mean is None:
        return element("td", {}, "–")
    size, *reach = (ratio_text if scale is Scale.LOG_ERROR else interval_text)(cell).split("\n")
    lines = [element("span", {"class": "cell-reach"}, each) for each in reach]
    lost = [element("span", {"class": "cell-reach tone-bad"}, f"{cell.n_diverged} diverged")] if cell.n_diverged else []
    kind = "" if cell.n_diverged else f"shade-{shade(cell)}"
    return element("td", {"class": kind}, size, *lines, *lost)


def _numbers(tables: Sequence[TwoFactors]) -> Table:
    return table(
        ["cell", "mean", "95% interval", "runs", "diverged"],
        [
            [
                text(Code(f"{info.first}={cell.first_level}"), ", ", Code(f"{info.second}={cell.second_level}")),
                mean(cell.estimate),
                interval(cell.estimate),
                str(cell.estimate.n),
                str(cell.n_diverged),
            ]
            for info in tables
            for cell in info.cells
        ],
        (1, 2, 3, 4),
    )


PICTURES: Mapping[str, Callable[[SweepResults], Picture]] = {
    "interactions": interactions,
    "cell_means": cell_means,
    "variance_shares": variance_shares,
}
