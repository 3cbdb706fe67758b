"""Interactions, means of cells and shares of a variance, as a page draws them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from ablate.analysis.grid_effects import Cell, FactorialRows, TwoFactors
from ablate.core.records import METRICS
from ablate.plots.cells import interval_text
from ablate.stats.estimates import estimate_mean
from ablate.verdicts.verdict import Scale
from ablate.web.picture import Picture
from ablate.web.pictures.grids import cell_means, interactions, variance_shares
from tests.judged import grid
from tests.plots.test_figures import RESULTS
from tests.web.drawn import classes, columns, elements, parsed, places, rows, title, words

CELLS = {("0", "x"): [0.10, 0.12], ("0", "y"): [0.20, 0.30], ("1", "x"): [0.40, 0.44], ("1", "y"): [0.16, 0.20]}


def two(cells=CELLS, scale: Scale = Scale.RAW, diverged: int = 0, second: tuple[str, ...] = ("x", "y")) -> TwoFactors:
    made = tuple(
        Cell(first, level, estimate_mean(dict(enumerate(values))), diverged if (first, level) == ("0", "x") else 0)
        for (first, level), values in cells.items()
    )
    return TwoFactors(METRICS["val_loss"], "depth", "width", ("0", "1"), second, made, scale)


def drawn(draw, *tables: TwoFactors) -> Picture:
    return draw(replace(RESULTS, factorial=FactorialRows(tables, (), (), (), tables[0].scale)))


def test_a_line_of_means_for_each_level_at_the_places_of_the_others() -> None:
    read = parsed(drawn(interactions, two()))
    estimates = [estimate_mean(dict(enumerate(values))) for values in CELLS.values()]
    ends = [end for each in estimates for end in (each.ci_low, each.ci_high, *each.values) if end is not None]
    low, high = min(ends), max(ends)

    def where(value: float) -> float:
        return 1 - (value - low + 0.04 * (high - low)) / (1.08 * (high - low))

    (area,) = elements(read, "svg", "plot-area")
    levels = [each for each in area.findall("g") if any(kind.startswith("series-") for kind in classes(each))]
    assert len(levels) == 2
    for index, (level, means) in enumerate(zip(levels, [(0.11, 0.42), (0.25, 0.18)], strict=True)):
        (dots,) = elements(level, "g", "mean-dots")
        assert places(list(dots), "cy") == pytest.approx(list(map(where, means)), abs=1e-4)
        # Two levels of the first factor have the middles 1/4 and 3/4; those of the second stand beside each other.
        offset = 0.16 * (index - 0.5) / 2
        assert places(list(dots), "cx") == pytest.approx([0.25 + offset, 0.75 + offset], abs=1e-4)
        seeds = elements(level, "g", "thin-line")
        assert [title(each) for each in seeds] == [f"width={'xy'[index]}, seed {seed}" for seed in (0, 1)]
        assert len(elements(level, "line", "interval")) == 2
    assert [words(item) for item in elements(read, "li")] == ["x", "y"]
    assert [each.text for each in elements(read, "svg", "plot-names")[0]] == ["0", "1"]


def test_a_cross_marks_a_mean_that_leaves_out_diverged_runs() -> None:
    assert len(elements(parsed(drawn(interactions, two(diverged=2))), "path", "diverged")) == 1
    assert elements(parsed(drawn(interactions, two())), "path", "diverged") == []
    assert "2 diverged" in words(parsed(drawn(cell_means, two(diverged=2))))


def test_lines_are_told_by_colour_and_from_the_eleventh_on_by_dashes() -> None:
    many = {("0", str(level)): [0.1, 0.2] for level in range(12)}
    read = parsed(drawn(interactions, two(many, second=tuple(map(str, range(12))))))
    (area,) = elements(read, "svg", "plot-area")
    kinds = [each.get("class") for each in area.findall("g")]
    assert len(set(kinds)) == 12
    assert kinds[10] == "series-1 dash-1"


def shade(cell) -> int | None:
    found = re.search(r"shade-(\d)", cell.get("class", ""))
    return None if found is None else int(found.group(1))


def test_cells_stand_by_their_levels_and_the_darker_the_better() -> None:
    (table,) = elements(parsed(drawn(cell_means, two())), "table")
    head, *body = [[*row] for row in table.iter("tr")]
    assert [words(cell) for cell in head[1:]] == ["x", "y"]
    assert [words(row[0]) for row in body] == ["0", "1"]
    cells = [
        (cell, values)
        for row, first in zip(body, "01", strict=True)
        for cell, values in zip(row[1:], (CELLS[first, "x"], CELLS[first, "y"]), strict=True)
    ]
    for cell, values in cells:
        text = interval_text(Cell("", "", estimate_mean(dict(enumerate(values)))))
        assert words(cell).split() == text.split()
    ordered = [shade(cell) for cell, _ in sorted(cells, key=lambda each: sum(each[1]))]
    assert ordered[0] == 9
    assert ordered[-1] == 0
    assert all(before > after for before, after in pairwise(ordered))


def test_a_cell_where_runs_diverged_has_no_colour_and_one_without_values_a_dash() -> None:
    lacking = {key: values for key, values in CELLS.items() if key != ("1", "y")}
    cells = list(parsed(drawn(cell_means, two(lacking, diverged=1))).iter("td"))
    assert [shade(cell) for cell in cells] == [None, 9, 0, None]
    assert words(cells[3]) == "–"


def test_cells_that_are_all_alike_have_one_shade() -> None:
    same = {key: [0.1, 0.1] for key in CELLS}
    assert {shade(cell) for cell in parsed(drawn(cell_means, two(same))).iter("td")} == {0}


def test_on_the_log_scale_an_interval_is_a_factor() -> None:
    picture = drawn(cell_means, two(scale=Scale.LOG_ERROR))
    assert "×/÷" in words(parsed(picture))
    assert "Geometric mean" in words(parsed(picture))
    assert "log axis" in words(parsed(drawn(interactions, two(scale=Scale.LOG_ERROR))))


def test_shares_are_bars_from_zero_in_proportion() -> None:
    found = replace(RESULTS, factorial=grid())
    assert found.factorial is not None
    read = parsed(variance_shares(found))
    shares = found.factorial.shares
    bars = [elements(row, "rect", "share")[0] for row in rows(read)]
    widths = places(bars, "width")
    assert places(bars, "x") == [] or set(places(bars, "x")) == {0.0}
    largest = max(share.share for share in shares)
    for width, share in zip(widths, shares, strict=True):
        assert width / max(widths) == pytest.approx(share.share / largest, abs=1e-3)
        assert f"of-{share.source.value}" in classes(bars[shares.index(share)])
    assert [words(elements(row, "span", "row-label")[0]) for row in rows(read)] == [share.name for share in shares]
    assert columns(variance_shares(found))["share"] == [
        words(elements(row, "span", "row-size")[0]) for row in rows(read)
    ]


def test_every_cell_stands_in_the_numbers() -> None:
    found = columns(drawn(interactions, two()))
    assert found["cell"] == [f"depth={first}, width={second}" for first, second in CELLS]
    assert found["mean"][0].startswith("0.11")
    assert found["runs"] == ["2"] * 4


@pytest.mark.parametrize("draw", [interactions, cell_means, variance_shares])
def test_a_sweep_that_is_no_grid_has_none(draw) -> None:
    with pytest.raises(ValueError, match="is no full grid"):
        draw(replace(RESULTS, factorial=None))


def test_hostile_levels_are_text() -> None:
    hostile = "<b onclick=x>"
    cells = {("0", hostile): [0.1, 0.2], ("1", hostile): [0.3, 0.2]}
    for draw in (interactions, cell_means):
        read = parsed(drawn(draw, two(cells, second=(hostile,))))
        assert list(read.iter("b")) == []
        assert hostile in words(read)
