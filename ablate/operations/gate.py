"""Whether a new side is worse than its base by more than a margin: what continuous integration asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.analysis.comparison import Mismatch, Side, arm_values, asked_of, mismatches
from ablate.analysis.gating import SEED, Gate, GatePair, judge_gate
from ablate.analysis.values import column_info, metric_values
from ablate.core.errors import UsageError
from ablate.core.late_changes import Premise
from ablate.core.parse_error import nearest
from ablate.core.records import VALIDATION, MetricInfo
from ablate.operations.as_json import document, shows
from ablate.operations.compare import NotComparable
from ablate.operations.request import results_folder
from ablate.operations.sides import find_sides
from ablate.verdicts.engine import ALPHA
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Flag, Scale

if TYPE_CHECKING:
    from ablate.tables.grid import Grid
    from ablate.tables.table import Table

__all__ = ["TableOptions", "gate"]

# The name that a column of arms has where none is said.
ARM = "arm"
# By what the one arm of a table without such a column is named.
FILE = "file"
# Before the names of arms, which may be the same on both sides.
BASE, NEW = "base ", "new "

shows("outcome", "metric", "margin", "alpha", "seeds_needed", "rows", "missing")(Gate)
document("gate", version=1)(Gate)


@dataclass(frozen=True)
class TableOptions:
    """How the tables of a gate are read and judged, as by `ablate.operations.analyse.judge`; of no meaning for runs of
    the store."""

    arm: str | None = None
    key: str | None = None
    direction: str | None = None
    unit: str | None = None
    n_examples: int | None = None
    worst: float | None = None
    unpaired: bool = False
    folds: float | str | None = None
    status: str | None = None
    sep: str | None = None
    wide: bool | None = None
    missing: str = "missing"


def gate(
    base: str,
    new: str,
    *,
    metric: str | None = None,
    margin: float | str | None = None,
    alpha: float | None = None,
    results_dir: Path | str | None = None,
    allow: bool = False,
    tables: TableOptions | None = None,
) -> Gate:
    """Whether `new` is shown not worse than `base` by more than the margin, shown worse, or neither.

    Both are names as `compare` takes them: a study, one of its arms, the beginning of a run id. Of two studies, arms of
    one name are put beside each other. Or both are tables, `base.csv`, or an arm of one, `runs.csv:adam`; one without a
    column for the arm holds one.

    Args:
        metric, margin, alpha: of stored runs by default what the sweeps of both sides ask. A margin is in the unit of
            the metric, or `10%` of the error.
        allow: whether to compare even what differs in its data, split, loss or numerics.

    Raises:
        NotComparable: when it does and that is not allowed.
        UsageError, NoSuchArm, MissingRun, AmbiguousPrefix, TableProblem: for a name that stands for nothing, one that
            stands on both sides, sides that have no arm in common, no known margin, or a metric that the runs do not
            have.
    """
    from ablate.tables.problems import TableProblem

    if base == new:
        raise UsageError(f"{base} stands on both sides: what is held against itself is never worse")
    paths = [_path_of(name) for name in (base, new)]
    if all(path is None for path in paths):
        return _gate_stored(base, new, metric, margin, alpha, results_folder(results_dir), allow)
    if None in paths:
        raise UsageError(
            "A gate has two tables, or two sides of the store; the runs of a study are a table too: "
            "results/studies/STUDY/runs.csv"
        )
    try:
        return _gate_tables(base, new, metric, margin, alpha, tables or TableOptions())
    except TableProblem as problem:
        source = problem.source or " and ".join(dict.fromkeys(map(str, paths)))
        raise TableProblem(*problem.problems, source=source) from problem


def _gate_stored(
    base: str,
    new: str,
    metric: str | None,
    margin: float | str | None,
    alpha: float | None,
    results: Path,
    allow: bool,
) -> Gate:
    paired, missing = _paired(find_sides(base, results), find_sides(new, results), base, new)
    sides = [side for pair in paired for side in pair]
    if not allow:
        for pair in paired:
            if found := mismatches(pair):
                raise NotComparable(_apart(pair, found))
    asked = asked_of(sides)
    column = metric or (asked.metric if asked else None)
    if column is None:
        raise UsageError("Which metric? --metric names the one that must not get worse")
    is_asked = asked is not None and column == asked.metric
    within = margin if margin is not None else asked.margin if asked is not None and is_asked else None
    _refuse_unknown(column, sides)
    pairs = [
        GatePair(
            "" if len(paired) == 1 else _arm_of(second),
            first.label,
            second.label,
            arm_values(first, column),
            arm_values(second, column),
        )
        for first, second in paired
    ]
    return _judged(
        pairs,
        column_info(column),
        within,
        scale=asked.scale if asked is not None and is_asked and margin is None else None,
        alpha=alpha if alpha is not None else asked.alpha if asked is not None else ALPHA,
        worst=asked.worst if asked is not None and is_asked else None,
        unpaired=asked is not None and not asked.paired,
        missing=missing,
        test_to_train=_of_splits(sides, column),
        changed=_changed(sides),
    )


def _changed(sides: Sequence[Side]) -> tuple[Flag, ...]:
    """What became of the seeds of their sweeps after there were results."""
    premises = [Premise.of(side.origin.sweep.spec, side.origin.events) for side in sides if side.origin is not None]
    return (
        *((Flag.POST_HOC_SEEDS,) if any(premise.added_seeds for premise in premises) else ()),
        *((Flag.WITHDRAWN_SEEDS,) if any(premise.withdrawn_seeds for premise in premises) else ()),
    )


def _of_splits(sides: Sequence[Side], column: str) -> float | None:
    """n_test/n_train where every seed has a split of its own, 0 where seeds share one; None where it is not known."""
    if all(len({run.spec.dataset.split_seed for run in side.runs}) == 1 for side in sides):
        return 0.0
    shares = {run.spec.dataset.validation_fraction for side in sides for run in side.runs}
    if len(shares) > 1 or column_info(column).split != VALIDATION:
        return None
    (share,) = shares
    return share / (1 - share)


def _judged(
    pairs: Sequence[GatePair],
    metric: MetricInfo,
    margin: float | str | None,
    *,
    scale: Scale | None = None,
    alpha: float = ALPHA,
    worst: float | None = None,
    n_examples: int | None = None,
    resolution: float | None = None,
    unpaired: bool = False,
    missing: Sequence[str] = (),
    test_to_train: float | None = 0.0,
    key: str = SEED,
    changed: Sequence[Flag] = (),
) -> Gate:
    if margin is None:
        raise UsageError(f"How much worse may {metric.name} be? --margin in its unit, or as in --margin 10%")
    try:
        return judge_gate(
            pairs,
            metric,
            margin,
            scale=scale,
            alpha=alpha,
            worst=worst,
            n_examples=n_examples,
            resolution=resolution,
            unpaired=unpaired,
            missing=missing,
            test_to_train=test_to_train,
            key=key,
            changed=changed,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


# tables ----------------------------------------------------------------------------------------------


def _path_of(name: str) -> Path | None:
    """The table that a word names, with or without one of its arms; None where it names none."""
    from ablate.tables.formats import SUFFIXES

    return next((path for path in map(Path, (name, name.rpartition(":")[0])) if path.suffix in SUFFIXES), None)


def _gate_tables(
    base: str, new: str, metric: str | None, margin: float | str | None, alpha: float | None, options: TableOptions
) -> Gate:
    from ablate.analysis.tidy_frame import (
        counting_examples,
        in_unit,
        is_fold,
        metric_info,
        refuse_examples,
        resolution_of,
        stated_worst,
        test_to_train_of,
    )
    from ablate.tables.understanding import INVENTED

    refuse_examples(options.n_examples)
    test_to_train = test_to_train_of(options.folds)
    first, of_base = _read(base, metric, options)
    # Of one arm any column would do as the key, and one that the table does not have is found again.
    found = None if first.key in INVENTED else first.key
    second, of_new = _read(new, metric, replace(options, key=options.key or found))
    if first.key and second.key and bool(first.labels) is not bool(second.labels):
        raise UsageError(f"The keys of {base} and {new} are names in one and whole numbers in the other: nothing pairs")
    if first.unit != second.unit:
        raise UsageError(
            f"{base} is in {first.unit or 'units'} and {new} in {second.unit or 'units'}: --unit says both"
        )
    both = _together(first, second)
    info = counting_examples(metric_info(both, options.direction), both, options.n_examples)
    names, missing = _names(of_base, of_new, base, new)
    pairs = [
        GatePair(
            "" if len(names) == 1 else after,
            _label(base, before),
            _label(new, after),
            both.arms[f"{BASE}{before}"],
            both.arms[f"{NEW}{after}"],
        )
        for before, after in names
    ]
    gate = _judged(
        pairs,
        info,
        in_unit(both, margin),
        alpha=ALPHA if alpha is None else alpha,
        worst=stated_worst(both, options.worst, info),
        n_examples=options.n_examples,
        resolution=resolution_of(both, info, None, options.n_examples),
        unpaired=options.unpaired or first.key is None or second.key is None,
        missing=missing,
        test_to_train=None if test_to_train is None and is_fold(first.key) else test_to_train or 0.0,
        key=first.key or "",
    )
    # One sentence is enough of two that say the same.
    told = dict.fromkeys((_understood(base, first), _understood(new, second)))
    return replace(gate, understood=tuple(told))


def _understood(name: str, table: Table) -> str:
    """What was understood of the table of a side."""
    path = _path_of(name) or Path(name)
    said = table if "" not in table.arms else replace(table, arms={path.stem: table.arms[""]}, arm=FILE)
    return f"{path}: {said.understood}"


def _read(name: str, metric: str | None, options: TableOptions) -> tuple[Table, tuple[str, ...]]:
    """The table, and those of its arms that are meant."""
    from ablate.analysis.tidy_frame import TableProblem, grid_of_file, table_of

    path = _path_of(name) or Path(name)
    arm = name.removeprefix(str(path)).removeprefix(":")
    grid = grid_of_file(path, options.sep)
    if metric is None:
        raise UsageError(f"Which metric? --metric is one of {', '.join(grid.columns)}")
    has_arms = bool(options.wide) or options.arm is not None or any(column.lower() == ARM for column in grid.columns)
    has_arms = has_arms or metric not in grid
    # Beside a column of arms there can be one of how runs ended.
    is_named = options.status is not None and not has_arms
    try:
        # Without a column for the arms, that of the metric is the values of one.
        found = table_of(
            _with_one_arm(grid, path.stem) if is_named else grid,
            metric=metric,
            arm=options.arm,
            key=options.key,
            status=options.status,
            wide=options.wide if has_arms or is_named else True,
            unit=options.unit,
            missing=options.missing,
        )
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=str(path)) from problem
    if not has_arms:
        return replace(found, arms={"": found.arms[path.stem if is_named else metric]}), ("",)
    if arm and arm not in found.arms:
        raise UsageError(f"{path} has no arm {arm}; there are {', '.join(found.arms)}")
    return found, (arm,) if arm else tuple(found.arms)


def _with_one_arm(grid: Grid, name: str) -> Grid:
    """The table with a column that says of all rows that they are of one arm: beside it one can say how runs ended."""
    return replace(grid, columns=(ARM, *grid.columns), rows=tuple((name, *row) for row in grid.rows))


def _names(
    of_base: tuple[str, ...], of_new: tuple[str, ...], base: str, new: str
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Which arm of the base is beside which of the new side; the arms of the base that have none."""
    if len(of_base) == len(of_new) == 1:
        return [(of_base[0], of_new[0])], ()
    shared = [(name, name) for name in of_base if name in of_new]
    if not shared:
        raise UsageError(f"{base} and {new} have no arm of one name; name one of each, as in runs.csv:adam")
    return shared, tuple(name for name in of_base if name not in of_new)


def _together(first: Table, second: Table) -> Table:
    """The arms of both, by keys that mean the same in both: labels that are names count in the order of the first."""
    labels = tuple(dict.fromkeys((*first.labels, *second.labels)))

    def keyed(table: Table, values: ArmValues) -> ArmValues:
        if not table.labels:
            return values
        place = {key: labels.index(label) for key, label in enumerate(table.labels)}

        def at(keys: Iterable[int]) -> tuple[int, ...]:
            return tuple(place[key] for key in keys)

        return replace(
            values,
            values={place[key]: value for key, value in values.values.items()},
            planned=at(values.planned),
            diverged=at(values.diverged),
            failed=at(values.failed),
        )

    arms = {
        f"{mark}{name}": keyed(table, values)
        for mark, table in ((BASE, first), (NEW, second))
        for name, values in table.arms.items()
    }
    return replace(first, arms=arms, labels=labels)


def _label(name: str, arm: str) -> str:
    return f"{name}:{arm}" if arm and not name.endswith(f":{arm}") else name


# sides of the store ----------------------------------------------------------------------------------


def _paired(
    bases: Sequence[Side], news: Sequence[Side], base: str, new: str
) -> tuple[list[tuple[Side, Side]], tuple[str, ...]]:
    """Each base with its new side; the names of the bases that have none."""
    if len(bases) == len(news) == 1:
        return [(bases[0], news[0])], ()
    by_arm = {_arm_of(side): side for side in news}
    paired = [(side, by_arm[_arm_of(side)]) for side in bases if _arm_of(side) in by_arm]
    if not paired:
        raise UsageError(f"{base} and {new} have no arm of one name; name one arm of each, as study:level")
    return paired, tuple(_arm_of(side) for side in bases if _arm_of(side) not in by_arm)


def _apart(pair: tuple[Side, Side], found: Sequence[Mismatch]) -> str:
    aspects = "; ".join(f"{each.aspect} ({' against '.join(each.values)})" for each in found)
    return f"{pair[1].label} and {pair[0].label} differ in {aspects}"


def _arm_of(side: Side) -> str:
    return side.label if side.origin is None else side.origin.arm.name


def _refuse_unknown(column: str, sides: Sequence[Side]) -> None:
    known = sorted({name for side in sides for run in side.runs for name in metric_values(run)})
    if known and column not in known:
        like = nearest(column, known)
        raise UsageError(
            f"The runs have no {column}{f'; did you mean {like}?' if like else '.'} They have {', '.join(known)}"
        )
