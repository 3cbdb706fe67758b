"""Verdicts on anybody's table: one row a run, with a column for the arm, the seed and each metric.

frame = read_table(Path("table.csv"))
verdicts = verdicts_from_frame(frame, metric="accuracy", baseline="sgd", direction="max", margin="10%")
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ablate.analysis.values import column_info
from ablate.core.errors import AblateError
from ablate.core.records import MetricInfo, Status
from ablate.verdicts.engine import judge_arms
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Scale, Verdict

__all__ = ["DataFrame", "TableProblem", "arms_from_frame", "read_table", "verdicts_from_frame"]

DataFrame = pd.DataFrame
SEPARATORS = {".csv": ",", ".tsv": "\t"}

DIRECTIONS = ("min", "max")
LARGEST_ALPHA = 0.5


class TableProblem(AblateError, ValueError):
    """What in a table cannot be understood, with the column and the row (counted from 1) where there is one."""


def read_table(path: Path) -> DataFrame:
    """The table of a .csv, .tsv or .parquet file; text stays text, so that an empty cell (missing) is not NaN
    (diverged).

    Raises:
        TableProblem: when there is no such file, or it is no table.
    """
    if path.suffix not in (*SEPARATORS, ".parquet"):
        raise TableProblem(f"{path} is no .csv, .tsv or .parquet")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, sep=SEPARATORS[path.suffix], dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise TableProblem(f"{path} cannot be read as a table: {error}") from error


def verdicts_from_frame(
    frame: DataFrame,
    *,
    metric: str,
    baseline: str,
    arm: str = "arm",
    seed: str = "seed",
    direction: str | None = None,
    status: str | None = None,
    margin: float | str | None = None,
    scale: Scale | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    classes: int | None = None,
    resolution: float | None = None,
    worst: float | None = None,
) -> tuple[Verdict, ...]:
    """A verdict for each arm but the baseline, in the order in which they appear.

    Args:
        metric, arm, seed, status: names of columns; a row with the status `diverged` or `failed` has no value.
        direction: `min` or `max`; may be left out for a metric that this package knows.
        margin, scale, alpha, multiplicity, n_examples, classes, resolution: as in `judge_arms`. A metric that this
            package does not know counts as a fraction, which leaves an error, when larger is better and all its
            values lie in 0 … 1.
        worst: what stands for a diverged run, as in `judge_arms`; no better than any value of the column.

    Raises:
        TableProblem: for a column that is missing or holds what it should not, two rows of one arm and seed, an
            unknown baseline or direction, a margin that does not fit, or an alpha that is none.
    """
    if not 0 < alpha < LARGEST_ALPHA:
        raise TableProblem(f"alpha is above 0 and below {LARGEST_ALPHA}, not {alpha:g}")
    arms = arms_from_frame(frame, metric=metric, arm=arm, seed=seed, status=status)
    if baseline not in arms:
        raise TableProblem(f"column {arm!r}: no arm is named {baseline!r}; there are {', '.join(arms)}")
    info = _metric_info(metric, direction, arms)
    if worst is not None:
        _check_worst(worst, info, arms)
    try:
        return judge_arms(
            arms,
            baseline,
            info,
            margin=margin,
            scale=scale,
            alpha=alpha,
            multiplicity=multiplicity,
            n_examples=n_examples,
            classes=classes,
            resolution=resolution,
            worst=worst,
        )
    except TableProblem:
        raise
    except ValueError as error:
        raise TableProblem(str(error)) from error


def arms_from_frame(
    frame: DataFrame, *, metric: str, arm: str = "arm", seed: str = "seed", status: str | None = None
) -> dict[str, ArmValues]:
    """arm → its values, in the order in which the arms appear.

    A cell that is empty (None, NA or no text) is a missing value; NaN and ±inf are diverged runs. Every row is a
    planned seed of its arm.

    Raises:
        TableProblem: as `verdicts_from_frame`.
    """
    columns = [arm, seed, metric, *([] if status is None else [status])]
    for name in columns:
        if name not in frame.columns:
            raise TableProblem(f"there is no column {name!r}; there are {', '.join(map(str, frame.columns))}")
    if frame.empty:
        raise TableProblem("the table has no rows")
    arms: dict[str, _Rows] = {}
    for number, (name, label, cell, ended) in enumerate(
        zip(frame[arm], frame[seed], frame[metric], frame[status] if status else [None] * len(frame), strict=True), 1
    ):
        if _is_empty(name) or _is_nan(name):
            raise TableProblem(f"column {arm!r}, row {number}: an arm without a name")
        rows = arms.setdefault(str(name), _Rows())
        key = _seed(label, seed, number)
        if key in rows.planned:
            raise TableProblem(f"column {seed!r}, row {number}: a second row for arm {str(name)!r}, seed {key}")
        rows.add(key, _value(cell, metric, number), None if _is_empty(ended) else str(ended))
    return {name: rows.arm_values() for name, rows in arms.items()}


class _Rows:
    """The rows of one arm while the table is read."""

    def __init__(self) -> None:
        self.planned: list[int] = []
        self.values: dict[int, float] = {}
        self.diverged: list[int] = []
        self.failed: list[int] = []

    def add(self, seed: int, value: float | None, status: str | None) -> None:
        self.planned.append(seed)
        if status == Status.FAILED.value:
            self.failed.append(seed)
        elif status == Status.DIVERGED.value:
            self.diverged.append(seed)
        elif value is not None and status in (None, "", Status.COMPLETED.value):
            self.values[seed] = value

    def arm_values(self) -> ArmValues:
        return ArmValues(self.values, self.planned, self.diverged, self.failed)


def _metric_info(metric: str, direction: str | None, arms: dict[str, ArmValues]) -> MetricInfo:
    info = column_info(metric)
    if direction is not None and direction not in DIRECTIONS:
        raise TableProblem(f"direction is min or max, not {direction!r}")
    if direction is None and not info.direction:
        raise TableProblem(f"column {metric!r}: say with direction whether it should be min or max")
    values = [value for arm in arms.values() for value in arm.finite.values()]
    is_fraction = not info.unit and direction == "max" and all(0 <= value <= 1 for value in values)
    unit = "fraction" if is_fraction else info.unit
    # Its `accuracy` need not be the training accuracy that it is here, so a column keeps its own name.
    chosen = direction or info.direction
    is_error = info.is_error if chosen == info.direction else chosen == "min" or is_fraction
    bounds = (info.range[0], 1.0) if is_fraction else info.range
    return replace(info, title=metric, direction=chosen, unit=unit, is_error=is_error, range=bounds)


def _check_worst(worst: float, metric: MetricInfo, arms: dict[str, ArmValues]) -> None:
    """
    Raises:
        TableProblem: for a value that the metric cannot have, or that is better than one of a run that trained.
    """
    low, high = metric.range
    if not math.isfinite(worst) or not low <= worst <= high:
        raise TableProblem(f"the worst value is a number that {metric.title!r} can have, not {worst:g}")
    values = [metric.sign * value for arm in arms.values() for value in arm.finite.values()]
    if values and metric.sign * worst > min(values):
        found = metric.sign * min(values)
        raise TableProblem(f"the worst value is no better than any in column {metric.title!r}: {found:g} is in it")


def _is_empty(cell: Any) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, str) and not cell.strip())


def _is_nan(cell: Any) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


def _value(cell: Any, column: str, row: int) -> float | None:
    if _is_empty(cell):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        raise TableProblem(f"column {column!r}, row {row}: {cell!r} is no number") from None


def _seed(cell: Any, column: str, row: int) -> int:
    try:
        number = float(cell)
        if number == int(number):
            return int(cell) if not isinstance(cell, float | str) else int(number)
    except (TypeError, ValueError, OverflowError):
        pass
    raise TableProblem(f"column {column!r}, row {row}: {cell!r} is no whole number")
