"""What of a grid is meant: which column holds the arms, which the key that makes pairs, and what its numbers are.

    table = understand(grid, metric="accuracy")                       # columns named arm and seed
    table = understand(grid, metric="score", arm="model", key="task") # others
    table = understand(grid, metric="accuracy", wide=True)            # one column an arm

What is not said is found where there is one answer only; `Table.understood` says what was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablate.core.records import METRICS, Status
from ablate.tables.grid import Cell, Grid, is_missing, name_of
from ablate.tables.numbers import Numbers, are_numbers, hundredth, read_numbers
from ablate.tables.problems import TableProblem
from ablate.tables.table import PERCENT, Table
from ablate.verdicts.pairing import ArmValues

__all__ = ["INVENTED", "MISSING", "understand"]

ARM, SEED, STATUS = "arm", "seed", "status"
# What arms and pairs of a wide table are told apart by.
COLUMN, ROW = "column", "row"
INVENTED = (COLUMN, ROW)
# What a missing value may count as.
MISSING = ("missing", Status.DIVERGED.value)
# How a run ended whose value counts.
_OUTCOMES = (None, Status.COMPLETED.value)
# What other trackers of experiments call it.
_ENDED = {"finished": Status.COMPLETED.value, "crashed": Status.FAILED.value, "killed": Status.FAILED.value}
# Of a run that has not ended, or was never begun, there is no value yet.
_SAYS_HOW_IT_ENDED = frozenset({*(status.value for status in Status), *_ENDED, "missing", "running", ""})
# 1 − 1e-12 is what is left of a mean of ones.
_ROUNDING = 1e-12


def understand(
    grid: Grid,
    *,
    metric: str,
    arm: str | None = None,
    key: str | None = None,
    status: str | None = None,
    wide: bool | None = None,
    unit: str | None = None,
    missing: str = "missing",
    bounds: tuple[float, float] = (-math.inf, math.inf),
    beside: Sequence[str] = (),
) -> Table:
    """
    Args:
        metric: the column that is judged; of a wide table what its numbers are.
        arm: the column that names the arms; by default the one called so.
        key: the column by which rows are pairs; by default `seed`, else the only one that names the rows of every arm
            alike.
        status: a column that says completed, diverged or failed; by default the one called so, if it says nothing else.
        wide: whether every arm has a column of its own; with `arm`, every pair. By default where there is no column
            for the arms and none of the metric, and nothing but numbers beside the key.
        unit: `percent` of numbers that are hundredths of the metric, `fraction`, or what else they are in.
        missing: what a value that is missing counts as, one of `MISSING`.
        bounds: the least and the largest value of the metric.
        beside: other columns of metrics, none of which is the key.

    Raises:
        TableProblem: with all that is wrong: columns that are missing, cells without a name or that are no number, a
            second row for one arm and key, values out of bounds.
    """
    if missing not in MISSING:
        raise TableProblem(f"missing is one of {', '.join(MISSING)}, not {missing!r}")
    layout = _layout(grid, metric, arm, key, status, wide, beside)
    numbers = read_numbers([entry.cell for entry in layout.entries], grid.has_commas)
    unit = PERCENT if numbers.has_percent else unit or ""
    values = [
        hundredth(value) if unit == PERCENT and not numbers.has_percent and value is not None else value
        for value in numbers.values
    ]
    keys, labels = _keys(layout)
    problems = [*_problems(layout, numbers, keys), *_out_of_bounds(layout.entries, values, bounds, unit)]
    if problems:
        raise TableProblem(*problems)
    arms: dict[str, _Rows] = {}
    for entry, number, value in zip(layout.entries, keys, values, strict=True):
        arms.setdefault(entry.arm, _Rows()).add(number, value, entry.status, missing)
    return Table(
        metric=metric,
        arms={name: rows.arm_values() for name, rows in arms.items()},
        arm=layout.arm,
        key=layout.key,
        labels=labels,
        unit=unit,
        format=f"{grid.format}{', decimal commas' if numbers.has_commas else ''}",
        candidates=layout.candidates,
        left_out=layout.left_out,
        missing_as=missing,
        n_missing=sum(rows.n_missing for rows in arms.values()),
        n_diverged=sum(rows.n_diverged for rows in arms.values()),
        n_failed=sum(len(rows.failed) for rows in arms.values()),
    )


# which column is what --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """One value: its arm, its pair, its cell, where it stands, and how its run ended."""

    arm: str
    label: Cell
    cell: Cell
    place: str
    column: str
    status: str | None = None


@dataclass(frozen=True)
class _Layout:
    entries: tuple[_Entry, ...]
    arm: str
    key: str | None
    candidates: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def _layout(
    grid: Grid,
    metric: str,
    arm: str | None,
    key: str | None,
    status: str | None,
    wide: bool | None,
    beside: Sequence[str],
) -> _Layout:
    if wide is None:
        wide = arm is None and status is None and _looks_wide(grid, metric, key)
    if not wide:
        return _long(grid, metric, arm, key, status, beside)
    if status is not None:
        raise TableProblem("a wide table has no column of the status")
    return _one_column_an_arm(grid, key) if arm is None else _one_column_a_pair(grid, arm, key)


def _long(
    grid: Grid, metric: str, arm: str | None, key: str | None, status: str | None, beside: Sequence[str]
) -> _Layout:
    arm = arm or _usual(grid, ARM) or ARM
    found = key or _usual(grid, SEED)
    status = status or _status(grid, {arm, metric, found, *beside})
    wanted = [arm, metric, *filter(None, [found, status])]
    absent = [name for name in wanted if name not in grid]
    if absent:
        there = ", ".join(grid.columns)
        raise TableProblem(*(f"there is no column {name!r}; there are {there}" for name in dict.fromkeys(absent)))
    twice = [name for name in dict.fromkeys(wanted) if wanted.count(name) > 1]
    if twice:
        raise TableProblem(*(f"column {name!r} is asked to be two of arm, key, metric and status" for name in twice))
    names = [name_of(cell) for cell in grid.column(arm)]
    others = [
        name for name in dict.fromkeys(grid.columns) if name not in {*wanted, *beside} and grid.columns.count(name) == 1
    ]
    candidates = [] if found else [name for name in others if _names_rows(names, grid.column(name))]
    if len(candidates) == 1:
        found = candidates[0]
    labels = grid.column(found) if found else [None] * len(names)
    ended = [_ended(cell) for cell in grid.column(status)] if status else [None] * len(names)
    rows = enumerate(zip(names, labels, grid.column(metric), ended, strict=True))
    entries = (_Entry(name, label, cell, grid.place(row), metric, end) for row, (name, label, cell, end) in rows)
    return _Layout(tuple(entries), arm, found, () if found else tuple(candidates or others))


def _one_column_an_arm(grid: Grid, key: str | None) -> _Layout:
    found = key or _usual(grid, SEED)
    if found is not None and found not in grid:
        raise TableProblem(f"there is no column {found!r}; there are {', '.join(grid.columns)}")
    numeric, others = _numeric(grid, found)
    names = [name for name in others if not all(map(is_missing, grid.column(name)))]
    if found is None and len(names) == 1:
        found = names[0]
        others.remove(found)
    labels = grid.column(found) if found else range(1, len(grid.rows) + 1)
    entries = (
        _Entry(name, label, cell, grid.place(row), name)
        for name in numeric
        for row, (label, cell) in enumerate(zip(labels, grid.column(name), strict=True))
    )
    return _Layout(tuple(entries), COLUMN, found or ROW, left_out=tuple(others))


def _one_column_a_pair(grid: Grid, arm: str, key: str | None) -> _Layout:
    if key is not None:
        raise TableProblem("with --wide and --arm every other column is a pair, so that no --key makes them")
    names = [name_of(cell) for cell in grid.column(arm)]
    numeric, others = _numeric(grid, arm)
    cells = [grid.column(name) for name in numeric]
    entries = (
        _Entry(arm_name, label, column[row], grid.place(row), label)
        for row, arm_name in enumerate(names)
        for label, column in zip(numeric, cells, strict=True)
    )
    return _Layout(tuple(entries), arm, COLUMN, left_out=tuple(others))


def _usual(grid: Grid, name: str) -> str | None:
    """The column of this name, in capitals or not."""
    return next((column for column in grid.columns if column.lower() == name), None)


def _numeric(grid: Grid, besides: str | None) -> tuple[list[str], list[str]]:
    """The columns that hold numbers, and those that do not.

    Raises:
        TableProblem: when two columns have one name, or fewer than one holds numbers.
    """
    others = [name for name in grid.columns if name != besides]
    twice = [name for name in dict.fromkeys(others) if others.count(name) > 1]
    if twice:
        raise TableProblem(*(f"there are {others.count(name)} columns {name!r}" for name in twice))
    numeric = [name for name in others if _has_number(grid.column(name))]
    if not numeric:
        raise TableProblem(f"no column holds numbers; there are {', '.join(grid.columns)}")
    return numeric, [name for name in others if name not in numeric]


def _has_number(cells: Sequence[Cell]) -> bool:
    """Whether a column is one of numbers: cells that are none are problems of it, unless all are none."""
    return len(read_numbers(cells).problems) < sum(not is_missing(cell) for cell in cells)


def _looks_wide(grid: Grid, metric: str, key: str | None) -> bool:
    if metric in grid or _usual(grid, ARM) or len(set(grid.columns)) < len(grid.columns):
        return False
    found = key or _usual(grid, SEED)
    numeric = [name for name in grid.columns if name != found and are_numbers(grid.column(name))]
    others = [name for name in grid.columns if name not in numeric and name != found]
    # A column named as a metric is one, and the metric that was asked for is misspelt.
    return len(numeric) > 1 and len(others) <= (found is None) and not METRICS.keys() & set(numeric)


def _status(grid: Grid, taken: set[str | None]) -> str | None:
    """The column that is called so, if it says how runs ended and nothing else."""
    name = _usual(grid, STATUS)
    if name is None or name in taken or grid.columns.count(name) > 1:
        return None
    ended = [name_of(cell).lower() for cell in grid.column(name)]
    return name if any(ended) and _SAYS_HOW_IT_ENDED.issuperset(ended) else None


def _names_rows(arms: Sequence[str], cells: Sequence[Cell]) -> bool:
    """Whether a column gives every row of an arm a name of its own, and the rows of all arms the same names."""
    labels = [_label(cell) for cell in cells]
    if any(isinstance(label, str) and (not label or _is_fractional(label)) for label in labels):
        return False
    by_arm: dict[str, list[int | str]] = {}
    for name, label in zip(arms, labels, strict=True):
        by_arm.setdefault(name, []).append(label)
    named = [set(each) for each in by_arm.values()]
    is_unique = all(len(set(each)) == len(each) > 1 for each in by_arm.values())
    return is_unique and len(named) > 1 and all(each == named[0] for each in named)


def _is_fractional(text: str) -> bool:
    return are_numbers([text])


# what a cell says ------------------------------------------------------------------------------------


def _label(cell: Cell) -> int | str:
    """The seed that a cell names, or the name of a pair; empty where there is none."""
    text = name_of(cell)
    try:
        number = float(text) if "_" not in text else math.nan
        # As text: a float holds no seed of more than fifteen digits.
        return int(text) if text.lstrip("+-").isdecimal() else int(number) if number.is_integer() else text
    except ValueError:
        return text


def _ended(cell: Cell) -> str | None:
    text = name_of(cell).lower()
    return _ENDED.get(text, text) or None


def _keys(layout: _Layout) -> tuple[list[int], tuple[str, ...]]:
    """The key of every entry as a number, and the names where these stand for names."""
    if layout.key is None:
        counts: dict[str, int] = {}
        keys = []
        for entry in layout.entries:
            counts[entry.arm] = counts.get(entry.arm, -1) + 1
            keys.append(counts[entry.arm])
        return keys, ()
    labels = [_label(entry.label) for entry in layout.entries]
    if all(isinstance(label, int) for label in labels):
        return [int(label) for label in labels], ()
    names = list(dict.fromkeys(str(label) for label in labels))
    numbers = {name: number for number, name in enumerate(names)}
    return [numbers[str(label)] for label in labels], tuple(names)


def _problems(layout: _Layout, numbers: Numbers, keys: Sequence[int]) -> list[str]:
    """What is wrong with single cells, in the order of the table."""
    problems = []
    seen: dict[tuple[str, int], _Entry] = {}
    for position, (entry, key) in enumerate(zip(layout.entries, keys, strict=True)):
        if not entry.arm:
            problems.append(f"column {layout.arm!r}, {entry.place}: an arm without a name")
        if layout.key is not None and name_of(entry.label) == "":
            problems.append(f"column {layout.key!r}, {entry.place}: a row without a key")
        elif seen.setdefault((entry.arm, key), entry) is not entry:
            first, label = seen[entry.arm, key], _label(entry.label)
            problems.append(
                f"column {layout.key!r}, {entry.place}: a second row for arm {entry.arm!r}, {layout.key} {label}"
                f" (the first: {first.place})"
            )
        if position in numbers.problems:
            problems.append(f"column {entry.column!r}, {entry.place}: {numbers.problems[position]}")
    return problems


def _out_of_bounds(
    entries: Sequence[_Entry], values: Iterable[float | None], bounds: tuple[float, float], unit: str
) -> list[str]:
    """One sentence, with the ways out, about all values that the metric cannot have."""
    low, high = bounds
    wrong = [
        (entry, value)
        for entry, value in zip(entries, values, strict=True)
        if value is not None and math.isfinite(value) and not low - _ROUNDING <= value <= high + _ROUNDING
    ]
    if not wrong:
        return []
    entry, _ = wrong[0]
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    largest = max(value for _, value in wrong)
    is_percent = bounds == (0.0, 1.0) and unit != PERCENT and min(value for _, value in wrong) >= 0 and largest <= 100
    way_out = (
        f"rescale them (divide by 100), or say --unit {PERCENT}"
        if is_percent
        else "rescale them, or give the column a name of its own if it is another metric"
    )
    return [
        f"column {entry.column!r}, {entry.place}: {name_of(entry.cell)}{more} out of the range of the metric, "
        f"{low:g} to {high:g}{' as a fraction' if unit == PERCENT else ''}: {way_out}"
    ]


class _Rows:
    """The rows of one arm while a table is read."""

    def __init__(self) -> None:
        self.planned: list[int] = []
        self.values: dict[int, float] = {}
        self.diverged: list[int] = []
        self.failed: list[int] = []
        self.n_missing = 0
        self.n_diverged = 0

    def add(self, key: int, value: float | None, status: str | None, missing: str) -> None:
        self.planned.append(key)
        counts = status in _OUTCOMES
        if status == Status.FAILED.value:
            self.failed.append(key)
        elif status == Status.DIVERGED.value or (counts and value is not None and not math.isfinite(value)):
            self.n_diverged += 1
            self.diverged.append(key)
        elif counts and value is not None:
            self.values[key] = value
        else:
            self.n_missing += 1
            if counts and missing == Status.DIVERGED.value:
                self.diverged.append(key)

    def arm_values(self) -> ArmValues:
        return ArmValues(self.values, self.planned, self.diverged, self.failed)
