"""Verdicts on anybody's table: one row a run, with a column for the arm, the key and each metric.

verdicts = verdicts_from_frame(frame, metric="accuracy", baseline="sgd", direction="max", margin="10%")

A frame, or a table that was read by `ablate.tables`: `verdicts_from_table(table_of(frame, metric="accuracy"), …)`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import pandas as pd

from ablate.analysis.values import column_info
from ablate.core.records import MetricInfo
from ablate.core.specs import ALPHAS, is_alpha
from ablate.tables.formats import grid_of_file
from ablate.tables.frames import grid_of_frame
from ablate.tables.grid import Grid
from ablate.tables.problems import TableProblem
from ablate.tables.table import FRACTION, PERCENT, Table
from ablate.tables.understanding import understand
from ablate.verdicts.engine import PairedQuestion, arm_questions, judge_pairs
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Flag, Scale, Verdict, is_resolved

__all__ = [
    "Asked",
    "DataFrame",
    "Table",
    "TableProblem",
    "arms_from_frame",
    "counting_examples",
    "grid_of_file",
    "grid_of_frame",
    "in_unit",
    "is_fold",
    "judge_metrics",
    "metric_info",
    "refuse_examples",
    "resolution_of",
    "stated_worst",
    "table_of",
    "test_to_train_of",
    "verdicts_from_frame",
    "verdicts_from_table",
]

DataFrame = pd.DataFrame

DIRECTIONS = ("min", "max")
SHARE = "fraction"


def verdicts_from_frame(
    frame: object,
    *,
    metric: str,
    baseline: str,
    arm: str | None = None,
    seed: str | None = None,
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
    unpaired: bool = False,
) -> tuple[Verdict, ...]:
    """A verdict for each arm but the baseline, in the order in which they appear.

    Args:
        metric, arm, seed, status: names of columns, see `table_of`; a row with the status `diverged` or `failed` has no
            value.
        direction: `min` or `max`; may be left out for a metric that this package knows.
        margin, scale, alpha, multiplicity, n_examples, classes, resolution: as in `judge_arms`. A metric that this
            package does not know counts as a fraction, which leaves an error, when larger is better and all its
            values lie in 0 … 1.
        worst: what stands for a diverged run, as in `judge_arms`; no better than any value of the column.

    Raises:
        TableProblem: for a column that is missing or holds what it should not, two rows of one arm and seed, an
            unknown baseline or direction, a margin that does not fit, or an alpha that is none.
    """
    return verdicts_from_table(
        table_of(frame, metric=metric, arm=arm, key=seed, status=status),
        baseline=baseline,
        direction=direction,
        margin=margin,
        scale=scale,
        alpha=alpha,
        multiplicity=multiplicity,
        n_examples=n_examples,
        classes=classes,
        resolution=resolution,
        worst=worst,
        unpaired=unpaired,
    )


def verdicts_from_table(
    table: Table,
    *,
    baseline: str,
    direction: str | None = None,
    margin: float | str | None = None,
    scale: Scale | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    classes: int | None = None,
    resolution: float | None = None,
    worst: float | None = None,
    unpaired: bool = False,
    test_to_train: float | None = None,
) -> tuple[Verdict, ...]:
    """A verdict for each arm of a table but the baseline, see `verdicts_from_frame`.

    Args:
        margin, resolution, worst: numbers in the unit of the table: 0.5 is half a percentage point of one in percent.
            Whole numbers that are no share move in steps of 1 unless `resolution` says otherwise.
        n_examples: of a share of examples, whose values move in steps of 1/N therefore.
        unpaired: whether equal keys make no pairs. Without a key there are none.
        test_to_train: where the key is splits of one data set, see `judge_metrics`.

    Raises:
        TableProblem: as `verdicts_from_frame`.
    """
    asked = Asked(table, direction, margin, scale, resolution, worst)
    (verdicts,) = judge_metrics(
        [asked],
        baseline=baseline,
        alpha=alpha,
        multiplicity=multiplicity,
        n_examples=n_examples,
        classes=classes,
        test_to_train=test_to_train,
        unpaired=unpaired,
    )
    return verdicts


@dataclass(frozen=True)
class Asked:
    """A metric of a table, and what is asked of it, see `verdicts_from_table`."""

    table: Table
    direction: str | None = None
    margin: float | str | None = None
    scale: Scale | None = None
    resolution: float | None = None
    worst: float | None = None


def judge_metrics(
    asked: Sequence[Asked],
    *,
    baseline: str,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    classes: int | None = None,
    test_to_train: float | None = None,
    unpaired: bool = False,
) -> list[tuple[Verdict, ...]]:
    """The verdicts of each metric on each arm but the baseline; the first metric is the primary.

    The arms on the primary metric are a family. All arms on all other metrics are another, adjusted among themselves;
    of those an arm has words only where the primary metric is resolved for it, and numbers otherwise.

    Args:
        asked: one table a metric, all of the same rows.
        n_examples: of the metrics that are shares.
        test_to_train: where the key is splits of one data set, n_test/n_train, for the correction of
            `estimate_difference`; 0 where they are known to share nothing. None of a key that is called a fold leaves
            no word.
        unpaired: whether equal keys make no pairs. Without a key there are none.

    Raises:
        TableProblem: as `verdicts_from_table`, and where there is none of a share to have `n_examples`.
    """
    if not is_alpha(alpha):
        raise TableProblem(f"alpha is {ALPHAS}, not {alpha:g}")
    refuse_examples(n_examples)
    if test_to_train is not None and not 0 <= test_to_train < math.inf:
        raise TableProblem(f"the ratio of test to training examples is above 0, not {test_to_train:g}")
    arms = asked[0].table.arms
    if baseline not in arms:
        raise TableProblem(f"column {asked[0].table.arm!r}: no arm is named {baseline!r}; there are {', '.join(arms)}")
    infos = [metric_info(each.table, each.direction) for each in asked]
    if n_examples is not None and all(info.unit != SHARE for info in infos):
        raise TableProblem(
            f"column {asked[0].table.metric!r}: no share of examples, so a number of them says nothing of it; leave "
            f"out --examples, or say --unit {FRACTION} where it is one"
        )
    try:
        questions = [
            _questions(each, info, baseline, n_examples, classes, test_to_train or 0.0, unpaired)
            for each, info in zip(asked, infos, strict=True)
        ]
        first, *rest = questions
        primary = judge_pairs(first, alpha, multiplicity)
        others = judge_pairs([question for own in rest for question in own], alpha, multiplicity)
    except TableProblem:
        raise
    except ValueError as error:
        raise TableProblem(str(error)) from error
    resolved = {verdict.arm for verdict in primary if is_resolved(verdict)}
    gated = [row if row.arm in resolved else row.as_exploratory(Flag.PRIMARY_OPEN) for row in others]
    # The correction for splits that overlap is one of paired differences.
    is_unknown = test_to_train is None and is_fold(asked[0].table.key)
    rows = [
        row.as_exploratory(Flag.OTHER_SPLITS) if is_unknown or (test_to_train and row.sizes is not None) else row
        for row in (*primary, *gated)
    ]
    ends = [*accumulate(map(len, questions))]
    return [tuple(rows[start:end]) for start, end in pairwise([0, *ends])]


def _questions(
    asked: Asked,
    info: MetricInfo,
    baseline: str,
    n_examples: int | None,
    classes: int | None,
    test_to_train: float,
    unpaired: bool,
) -> list[PairedQuestion]:
    table = asked.table
    examples = n_examples if info.unit == SHARE else None
    counted = counting_examples(info, table, examples)
    return arm_questions(
        table.arms,
        baseline,
        counted,
        margin=in_unit(table, asked.margin),
        scale=asked.scale,
        n_examples=examples,
        classes=classes,
        resolution=resolution_of(table, counted, asked.resolution, examples),
        worst=stated_worst(table, asked.worst, counted),
        test_to_train=test_to_train,
        unpaired=unpaired or table.key is None,
    )


def is_fold(key: str | None) -> bool:
    """Whether a column is called as splits of one data set are."""
    return key is not None and re.search("(?<![a-z])(folds?|splits?|cv)(?![a-z])", key.lower()) is not None


def test_to_train_of(folds: float | str | None) -> float | None:
    """n_test/n_train of `0.25`, `1:4` or `1/4`; None where nothing is said.

    Raises:
        TableProblem: for what is none.
    """
    if not isinstance(folds, str):
        return folds
    test, _, train = folds.replace("/", ":").partition(":")
    try:
        return float(test) / float(train or "1")
    except (ValueError, ZeroDivisionError):
        raise TableProblem(
            f"folds have a ratio of test to training examples, such as 1:9 or 0.25, not {folds!r}"
        ) from None


def refuse_examples(n_examples: int | None) -> None:
    """
    Raises:
        TableProblem: for a number of examples on which nothing is measured.
    """
    if n_examples is not None and n_examples < 1:
        raise TableProblem(f"a metric is measured on one example or more, not on {n_examples}")


def table_of(
    table: object,
    *,
    metric: str,
    arm: str | None = None,
    key: str | None = None,
    status: str | None = None,
    wide: bool | None = None,
    unit: str | None = None,
    missing: str = "missing",
    beside: Sequence[str] = (),
) -> Table:
    """What a frame or a grid is understood to hold of a metric, see `ablate.tables.understanding.understand`.

    Raises:
        TableProblem: with all that is wrong with it, values outside of the range of a known metric included.
    """
    return understand(
        table if isinstance(table, Grid) else grid_of_frame(table),
        metric=metric,
        arm=arm,
        key=key,
        status=status,
        wide=wide,
        unit=unit,
        missing=missing,
        bounds=column_info(metric).range,
        beside=beside,
    )


def arms_from_frame(
    frame: object, *, metric: str, arm: str | None = None, seed: str | None = None, status: str | None = None
) -> dict[str, ArmValues]:
    """arm → its values, in the order in which the arms appear.

    A cell that is empty (None, NA or no text) is a missing value; NaN and ±inf are diverged runs. Every row is a
    planned seed of its arm.

    Raises:
        TableProblem: as `verdicts_from_frame`.
    """
    return dict(table_of(frame, metric=metric, arm=arm, key=seed, status=status).arms)


def metric_info(table: Table, direction: str | None) -> MetricInfo:
    """What the numbers of the table's metric mean, see `verdicts_from_frame`.

    Raises:
        TableProblem: where it is not known which direction is good.
    """
    info = column_info(table.metric)
    if direction is not None and direction not in DIRECTIONS:
        raise TableProblem(f"direction is min or max, not {direction!r}")
    if direction is None and not info.direction:
        raise TableProblem(f"column {table.metric!r}: say with direction whether it should be min or max")
    chosen = direction or info.direction
    values = _values(table)
    is_said = table.unit in (PERCENT, FRACTION)
    is_share = (
        not info.unit and all(0 <= value <= 1 for value in values) and (is_said or (chosen == "max" and not table.unit))
    )
    # Its `accuracy` need not be the training accuracy that it is here, so a column keeps its own name.
    named = replace(
        info, title=table.metric, direction=chosen, unit=SHARE if is_share or is_said else table.unit or info.unit
    )
    if chosen != info.direction:
        named = replace(named, is_error=chosen == "min" or is_share)
    return replace(named, range=(info.range[0], 1.0)) if is_share and chosen == "max" else named


def counting_examples(info: MetricInfo, table: Table, n_examples: int | None) -> MetricInfo:
    """A share of so many examples that this package does not know counts them."""
    is_known = bool(column_info(table.metric).unit)
    if n_examples is None or is_known or not all(0 <= value <= 1 for value in _values(table)):
        return info
    return replace(info, range=(0.0, 1.0), counts_examples=True)


def _values(table: Table) -> list[float]:
    return [value for arm in table.arms.values() for value in arm.finite.values()]


def stated_worst(table: Table, worst: float | None, metric: MetricInfo) -> float | None:
    """What was stated, in the unit of the metric.

    Raises:
        TableProblem: for a value that the metric cannot have, or that is better than one of a run that trained.
    """
    if worst is None:
        return None
    stated = table.in_unit(worst)
    low, high = metric.range
    if not math.isfinite(stated) or not low <= stated <= high:
        raise TableProblem(f"the worst value is a number that {metric.title!r} can have, not {worst:g}")
    values = [metric.sign * value for value in _values(table)]
    if values and metric.sign * stated > min(values):
        found = metric.sign * min(values)
        raise TableProblem(f"the worst value is no better than any in column {metric.title!r}: {found:g} is in it")
    return stated


def in_unit(table: Table, margin: float | str | None) -> float | str | None:
    """A margin in the unit of the metric; a relative one, and what is none, as it is."""
    if margin is None or table.unit != PERCENT:
        return margin
    try:
        return table.in_unit(float(margin))
    except ValueError:
        return margin


def resolution_of(table: Table, info: MetricInfo, resolution: float | None, n_examples: int | None) -> float | None:
    """The step of the metric. Of N examples that of every share is 1/N at least, though it counts none: an F1 of
    them, say. What is no share and has whole numbers alone moves by ones."""
    if resolution is not None:
        return table.in_unit(resolution)
    if info.unit == SHARE:
        return 1 / n_examples if n_examples and not info.counts_examples else None
    values = _values(table)
    return 1.0 if values and info.resolution is None and all(map(float.is_integer, values)) else None
