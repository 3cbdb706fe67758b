"""Tables of an evaluation, example by example: one row for each example and arm, or one column an arm.

    table = understand_examples(grid, metric="correct", arm="model", key="example")
    table = understand_examples(grid, metric="correct", key="id", wide=True)          # one column an arm
    table.arms["large"]["0"]["q17"]           # arm → seed → example → value

Values are numbers, or right and wrong as true and false, yes and no, right and wrong, correct and incorrect.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ablate.tables.grid import Cell, Grid, is_missing, name_of
from ablate.tables.numbers import hundredth, read_numbers
from ablate.tables.problems import TableProblem

__all__ = ["ONE_MODEL", "ExampleSummary", "ExampleTable", "understand_examples"]

ARM, EXAMPLE, COLUMN, ROW = "arm", "example", "column", "row"
PERCENT = "percent"
# The seed of an arm that is one trained model.
ONE_MODEL = ""
RIGHT = frozenset({"true", "yes", "right", "correct", "1", "1.0"})
WRONG = frozenset({"false", "no", "wrong", "incorrect", "0", "0.0"})
# More names make no line.
MOST_NAMES = 6
# 1 − 1e-12 is what is left of a mean of ones.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class ExampleSummary:
    """What was understood of a table of examples, but for its values.

    Attributes:
        understood: all of it, in one sentence.
        format, metric, unit, arm, key, group, seed, left_out, n_missing: as of the `ExampleTable`.
        arms: their names, in the order in which they appear.
        n_examples, n_groups: in any arm; no groups where no column names them.
    """

    understood: str
    format: str
    metric: str
    unit: str
    arm: str
    arms: tuple[str, ...]
    key: str
    group: str | None
    seed: str | None
    n_examples: int
    n_groups: int | None
    left_out: tuple[str, ...]
    n_missing: int


@dataclass(frozen=True)
class ExampleTable:
    """
    Attributes:
        metric: the column of the values; of a wide table the name that they are given.
        arms: arm → seed → example → value, in the order in which they appear; the one seed is `ONE_MODEL` where no
            column names it. Numbers in percent are fractions here.
        arm, key: the columns that name arms and examples; `column` and `row`, where these are they.
        group, seed: the columns that say which examples belong together, and which trained model it was; None without.
        groups: example → its group; empty without.
        is_right_or_wrong: whether every value is 0 or 1.
        unit: `percent`, another that was said, or empty.
        format, source: what was read, in words, and its file.
        left_out: columns of a wide table that hold no values.
        n_missing: cells without a value.
    """

    metric: str
    arms: Mapping[str, Mapping[str, Mapping[str, float]]]
    arm: str
    key: str
    group: str | None = None
    seed: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    is_right_or_wrong: bool = False
    unit: str = ""
    format: str = ""
    source: str = ""
    left_out: tuple[str, ...] = ()
    n_missing: int = 0

    @property
    def examples(self) -> tuple[str, ...]:
        """Those of any arm, in the order in which they appear."""
        return tuple(dict.fromkeys(each for seeds in self.arms.values() for row in seeds.values() for each in row))

    @property
    def understood(self) -> str:
        """One sentence: format, arms, examples, groups, seeds, values, and what has none."""
        parts = [
            f"{_counted(len(self.arms), 'arm')} by {self.arm} ({_listed(tuple(self.arms))})",
            f"{_counted(len(self.examples), 'example')} by {self.key}",
        ]
        if self.group is not None:
            parts.append(f"{_counted(len(set(self.groups.values())), 'group')} by {self.group}")
        if self.seed is not None:
            seeds = dict.fromkeys(seed for each in self.arms.values() for seed in each)
            parts.append(f"{_counted(len(seeds), 'seed')} by {self.seed}")
        if self.is_right_or_wrong:
            parts.append(f"{self.metric} as right (1) or wrong (0)")
        elif self.unit == PERCENT:
            parts.append(f"{self.metric} in percent (and a margin)")
        else:
            parts.append(f"scores of {self.metric}{f' in {self.unit}' if self.unit else ''}")
        if self.n_missing:
            parts.append(f"{self.n_missing} missing")
        if self.left_out:
            parts.append(f"without {_listed(self.left_out)}, which {_has(self.left_out)} no values")
        return f"Read as {self.format}, example by example: {', '.join(parts)}."

    @property
    def summary(self) -> ExampleSummary:
        return ExampleSummary(
            understood=self.understood,
            format=self.format,
            metric=self.metric,
            unit=self.unit,
            arm=self.arm,
            arms=tuple(self.arms),
            key=self.key,
            group=self.group,
            seed=self.seed,
            n_examples=len(self.examples),
            n_groups=None if self.group is None else len(set(self.groups.values())),
            left_out=self.left_out,
            n_missing=self.n_missing,
        )

    def in_unit(self, number: float) -> float:
        """A number in the table's own unit, such as a margin, in the unit of `arms`."""
        return hundredth(number) if self.unit == PERCENT else number


def understand_examples(
    grid: Grid,
    *,
    metric: str,
    arm: str | None = None,
    key: str | None = None,
    group: str | None = None,
    seed: str | None = None,
    wide: bool | None = None,
    unit: str | None = None,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> ExampleTable:
    """
    Args:
        metric: the column of right and wrong, or of the score; of a wide table what its values are.
        arm, key: the columns that name the arms and the examples; by default those called `arm` and `example`. The
            rows of a wide table are the examples where no column names them.
        group: a column that says which examples belong together: one text, one conversation.
        seed: a column that says which trained model of its arm a row is of.
        wide: whether every arm has a column of its own; by default where there is no column for the arms and none of
            the metric.
        unit: `percent` of numbers that are hundredths, or what else they are in.
        bounds: the least and the largest value of the metric.

    Raises:
        TableProblem: with all that is wrong: columns that are missing, cells without a name or that are no value, an
            example that an arm (and seed) has twice or that is of two groups, values out of bounds.
    """
    if wide is None:
        wide = arm is None and metric not in grid and _usual(grid, ARM) is None
    layout = _wide(grid, arm, key, group, seed) if wide else _long(grid, metric, arm, key, group, seed)
    read = _read(layout.entries, grid, unit or "", bounds)
    problems = [*_problems(layout, read), *read.out_of_bounds]
    if problems:
        raise TableProblem(*problems)
    arms: dict[str, dict[str, dict[str, float]]] = {}
    groups: dict[str, str] = {}
    for entry, value in zip(layout.entries, read.values, strict=True):
        values = arms.setdefault(entry.arm, {}).setdefault(entry.seed, {})
        if entry.group is not None:
            groups[entry.example] = entry.group
        if value is not None:
            values[entry.example] = value
    known = [value for value in read.values if value is not None]
    return ExampleTable(
        metric=metric,
        arms=arms,
        arm=layout.arm,
        key=layout.key,
        group=group,
        seed=seed,
        groups=groups,
        is_right_or_wrong=bool(known) and set(known) <= {0.0, 1.0},
        unit=read.unit,
        format=f"{grid.format}{', decimal commas' if read.has_commas else ''}",
        left_out=layout.left_out,
        n_missing=len(read.values) - len(known),
    )


# which column is what --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """One value: of which arm, seed, example and group, and where it stands."""

    arm: str
    seed: str
    example: str
    group: str | None
    cell: Cell
    place: str
    column: str


@dataclass(frozen=True)
class _Layout:
    entries: tuple[_Entry, ...]
    arm: str
    key: str
    group: str | None
    seed: str | None
    left_out: tuple[str, ...] = ()


def _long(grid: Grid, metric: str, arm: str | None, key: str | None, group: str | None, seed: str | None) -> _Layout:
    arm, key = arm or _usual(grid, ARM) or ARM, key or _usual(grid, EXAMPLE)
    if key is None:
        raise TableProblem(f"which column names the examples? --key is one of {', '.join(grid.columns)}")
    names = _columns(grid, arm, key, metric, group, seed)
    cells = zip(names[arm], names[key], names[metric], strict=True)
    entries = (
        _Entry(
            arm=_name(arm_cell),
            seed=ONE_MODEL if seed is None else _name(names[seed][row]),
            example=_name(example),
            group=None if group is None else _name(names[group][row]),
            cell=cell,
            place=grid.place(row),
            column=metric,
        )
        for row, (arm_cell, example, cell) in enumerate(cells)
    )
    return _Layout(tuple(entries), arm, key, group, seed)


def _wide(grid: Grid, arm: str | None, key: str | None, group: str | None, seed: str | None) -> _Layout:
    if arm is not None:
        raise TableProblem("with --wide every arm is a column, so that no --arm names them")
    key = key or _usual(grid, EXAMPLE)
    names = _columns(grid, key, group, seed)
    others = [name for name in grid.columns if name not in names]
    twice = [name for name, count in Counter(others).items() if count > 1]
    if twice:
        raise TableProblem(*(f"there are {others.count(name)} columns {name!r}" for name in twice))
    chosen = [name for name in others if _has_value(grid, grid.column(name))]
    if not chosen:
        raise TableProblem(f"no column holds values; there are {', '.join(grid.columns)}")
    entries = (
        _Entry(
            arm=name,
            seed=ONE_MODEL if seed is None else _name(names[seed][row]),
            example=str(row + 1) if key is None else _name(names[key][row]),
            group=None if group is None else _name(names[group][row]),
            cell=cell,
            place=grid.place(row),
            column=name,
        )
        for name in chosen
        for row, cell in enumerate(grid.column(name))
    )
    left_out = tuple(name for name in others if name not in chosen)
    return _Layout(tuple(entries), COLUMN, key or ROW, group, seed, left_out)


def _columns(grid: Grid, *names: str | None) -> dict[str, list[Cell]]:
    """The cells of the columns that are named.

    Raises:
        TableProblem: for all that are not there, and for one that is to be two things.
    """
    wanted = [name for name in names if name is not None]
    there = ", ".join(grid.columns)
    absent = [f"there is no column {name!r}; there are {there}" for name in dict.fromkeys(wanted) if name not in grid]
    twice = [f"column {name!r} is named for two things" for name, count in Counter(wanted).items() if count > 1]
    if absent or twice:
        raise TableProblem(*absent, *twice)
    return {name: grid.column(name) for name in wanted}


def _usual(grid: Grid, name: str) -> str | None:
    """The column of this name, in capitals or not."""
    return next((column for column in grid.columns if column.lower() == name), None)


# what a cell says ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Read:
    """The values of all cells, position → what is wrong with one, and how they were written."""

    values: tuple[float | None, ...]
    problems: Mapping[int, str]
    unit: str
    has_commas: bool = False
    out_of_bounds: tuple[str, ...] = ()


def _read(entries: Sequence[_Entry], grid: Grid, unit: str, bounds: tuple[float, float]) -> _Read:
    cells = [entry.cell for entry in entries]
    if _are_words(cells):
        return _Read(tuple(None if _is_empty(cell) else float(_word(cell) in RIGHT) for cell in cells), {}, unit)
    numbers = read_numbers(cells, grid.has_commas)
    in_percent = numbers.has_percent or unit == PERCENT
    problems = dict(numbers.problems)
    values: list[float | None] = []
    for position, value in enumerate(numbers.values):
        if value is not None and math.isinf(value):
            problems[position] = f"{name_of(cells[position])} is no value of an example"
        known = None if value is None or math.isnan(value) else value
        values.append(hundredth(known) if known is not None and in_percent and not numbers.has_percent else known)
    outside = _out_of_bounds(entries, values, bounds)
    return _Read(tuple(values), problems, PERCENT if in_percent else unit, numbers.has_commas, outside)


def _are_words(cells: Iterable[Cell]) -> bool:
    """Whether every cell says right or wrong, and one does in a word."""
    words = {_word(cell) for cell in cells if not _is_empty(cell)}
    return words <= RIGHT | WRONG and not words <= {"0", "1", "0.0", "1.0"}


def _is_empty(cell: Cell) -> bool:
    """Whether there is no value; NaN is none either, as what could not be scored."""
    return is_missing(cell) or (isinstance(cell, float) and math.isnan(cell))


def _word(cell: Cell) -> str:
    return name_of(cell).lower()


def _has_value(grid: Grid, cells: Sequence[Cell]) -> bool:
    """Whether a column is one of values: cells that are none are problems of it, unless all are none."""
    there = [cell for cell in cells if not _is_empty(cell)]
    return _are_words(there) or len(read_numbers(there, grid.has_commas).problems) < len(there)


def _name(cell: Cell) -> str:
    """The name that a cell holds; 7 of 7.0, as which a column of whole numbers with a gap is read."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else name_of(cell)


def _problems(layout: _Layout, read: _Read) -> list[str]:
    """What is wrong with single cells, in the order of the table."""
    problems = []
    seen: dict[tuple[str, str, str], _Entry] = {}
    of_example: dict[str, _Entry] = {}
    # A row of a wide table is wrong once, not once for each arm.
    told: set[tuple[str, str]] = set()

    def tell(column: str | None, entry: _Entry, what: str) -> None:
        if (entry.place, what) not in told:
            told.add((entry.place, what))
            problems.append(f"column {column!r}, {entry.place}: {what}")

    for position, entry in enumerate(layout.entries):
        if not entry.arm:
            tell(layout.arm, entry, "an arm without a name")
        if layout.seed is not None and not entry.seed:
            tell(layout.seed, entry, "a row without a seed")
        if not entry.example:
            tell(layout.key, entry, "a row without an example")
        elif (first := seen.setdefault((entry.arm, entry.seed, entry.example), entry)) is not entry:
            whose = f"arm {entry.arm!r}" + (f", {layout.seed} {entry.seed}" if entry.seed else "")
            if layout.arm == COLUMN:
                whose = f"{layout.seed} {entry.seed}" if entry.seed else "all arms"
            tell(layout.key, entry, f"example {entry.example!r} a second time in {whose} (the first: {first.place})")
        if entry.group is not None and entry.example:
            if not entry.group:
                tell(layout.group, entry, "a row without a group")
            elif (first := of_example.setdefault(entry.example, entry)).group != entry.group:
                tell(
                    layout.group,
                    entry,
                    f"example {entry.example!r} of group {entry.group!r}, and of {first.group!r} in {first.place}",
                )
        if position in read.problems:
            problems.append(f"column {entry.column!r}, {entry.place}: {read.problems[position]}")
    return problems


def _out_of_bounds(
    entries: Sequence[_Entry], values: Sequence[float | None], bounds: tuple[float, float]
) -> tuple[str, ...]:
    """One sentence about all values that the metric cannot have."""
    low, high = bounds
    wrong = [
        entry
        for entry, value in zip(entries, values, strict=True)
        if value is not None and not low - _ROUNDING <= value <= high + _ROUNDING
    ]
    if not wrong:
        return ()
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return (
        f"column {wrong[0].column!r}, {wrong[0].place}: {name_of(wrong[0].cell)}{more} out of the range of the metric, "
        f"{low:g} to {high:g}: rescale them, or say --unit {PERCENT}",
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _has(names: tuple[str, ...]) -> str:
    return "has" if len(names) == 1 else "have"
