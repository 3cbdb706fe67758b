"""Verdicts on a table that was made elsewhere: one row a run, or one column an arm.

    verdicts = judge("table.csv", metric="accuracy", direction="max", margin="10%")
    analyse(verdicts, Path("verdicts"))

    table = read("table.xlsx", metric="score", arm="model", key="task")   # what is understood, and can be overruled
    judge_table(table, direction="max", margin=1.5).verdicts

The libraries of tables and figures are imported by the calls that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.core.errors import UsageError
from ablate.operations.as_json import document
from ablate.tables.summary import TableSummary
from ablate.verdicts.verdict import Verdict

if TYPE_CHECKING:
    from ablate.tables.grid import Grid
    from ablate.tables.table import Table

__all__ = ["Analysis", "analyse", "judge", "judge_table", "read"]


@document("analysis", version=1)
@dataclass(frozen=True)
class Analysis:
    """What a table was understood to hold, and the verdicts on its arms."""

    table: TableSummary
    verdicts: tuple[Verdict, ...]


def read(
    table: Path | str | object,
    *,
    metric: str | None = None,
    arm: str | None = None,
    key: str | None = None,
    status: str | None = None,
    sep: str | None = None,
    wide: bool | None = None,
    unit: str | None = None,
    missing: str = "missing",
) -> Table:
    """What a table holds of a metric.

    Args:
        table: a frame of pandas or polars, an Arrow table, or the path of a .csv, .tsv, .parquet, .xlsx, .jsonl.
        metric: the column that is judged; what is said without it names the columns there are.
        arm, key, status: columns; rows of equal keys are pairs, and a run with the status `diverged` or `failed` has
            no value. By default `arm` and `seed`, or what else there is one of.
        sep: what separates the cells of a text, where it is not found.
        wide: whether every arm has a column of its own, or, where `arm` is named, every pair.
        unit: `percent` of numbers that are hundredths of the metric.
        missing: what a value that is missing counts as, `missing` or `diverged`.

    Raises:
        TableProblem: when the table cannot be read, or holds what it should not.
    """
    from ablate.analysis.tidy_frame import TableProblem, grid_of_file, grid_of_frame, table_of

    source = str(table) if isinstance(table, Path | str) else ""
    grid: Grid = grid_of_file(Path(table), sep) if isinstance(table, Path | str) else grid_of_frame(table)
    if metric is None:
        raise TableProblem(f"Which metric? --metric is one of {', '.join(grid.columns)}", source=source)
    try:
        found = table_of(grid, metric=metric, arm=arm, key=key, status=status, wide=wide, unit=unit, missing=missing)
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=source) from problem
    return replace(found, source=source)


def judge_table(
    table: Table,
    *,
    baseline: str | None = None,
    direction: str | None = None,
    margin: float | str | None = None,
    scale: str | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    worst: float | None = None,
    unpaired: bool = False,
) -> Analysis:
    """A verdict for each arm but the baseline, in the order in which the arms appear.

    Args:
        table, baseline, direction, margin, scale, alpha, multiplicity, n_examples, worst, unpaired: as `judge`.

    Raises:
        TableProblem: when the table has one arm only, or does not fit what is asked of it.
    """
    from ablate.analysis.tidy_frame import TableProblem, verdicts_from_table
    from ablate.verdicts.verdict import Scale

    try:
        verdicts = verdicts_from_table(
            table,
            baseline=next(iter(table.arms)) if baseline is None else baseline,
            direction=direction,
            margin=margin,
            scale=None if scale is None else Scale(scale),
            alpha=alpha,
            multiplicity=multiplicity,
            n_examples=n_examples,
            worst=worst,
            unpaired=unpaired,
        )
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=table.source) from problem
    except ValueError as error:
        raise TableProblem(str(error), source=table.source) from error
    if not verdicts:
        raise TableProblem("there is one arm only, so nothing to compare it with", source=table.source)
    return Analysis(table.summary, verdicts)


def judge(
    table: Path | str | object,
    *,
    metric: str | None = None,
    arm: str | None = None,
    seed: str | None = None,
    key: str | None = None,
    baseline: str | None = None,
    direction: str | None = None,
    status: str | None = None,
    sep: str | None = None,
    wide: bool | None = None,
    unit: str | None = None,
    missing: str = "missing",
    margin: float | str | None = None,
    scale: str | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    worst: float | None = None,
    unpaired: bool = False,
) -> tuple[Verdict, ...]:
    """A verdict for each arm but the baseline, in the order in which the arms appear.

    Args:
        table, metric, arm, key, status, sep, wide, unit, missing: what is read, see `read`.
        seed: another word for `key`.
        baseline: the arm that the others are compared with; by default the first.
        direction: `min` or `max`; may be left out for a metric that this package knows.
        margin: the smallest difference that matters, in the unit of the table or as in `10%`.
        scale: `raw` for differences, `log_error` for ratios of errors; by default what suits the metric.
        alpha: the error allowed to all verdicts together.
        multiplicity: how it is shared among them, `holm` or `joint`.
        n_examples: how many examples the metric was measured on.
        worst: what stands for a diverged run, in the metric's unit: no better than any value of the table. Without it
            the bound of a metric that this package knows, and no verdict where it has none.
        unpaired: whether arms are independent samples even where they have equal keys. Arms without a key in common
            always are.

    Raises:
        TableProblem: when the table cannot be read, holds what it should not, has one arm only, or does not fit what
            is asked of it.
    """
    found = read(
        table,
        metric=metric,
        arm=arm,
        key=key or seed,
        status=status,
        sep=sep,
        wide=wide,
        unit=unit,
        missing=missing,
    )
    return judge_table(
        found,
        baseline=baseline,
        direction=direction,
        margin=margin,
        scale=scale,
        alpha=alpha,
        multiplicity=multiplicity,
        n_examples=n_examples,
        worst=worst,
        unpaired=unpaired,
    ).verdicts


def analyse(
    verdicts: Sequence[Verdict], folder: Path, *, multiplicity: str = "holm", table: TableSummary | None = None
) -> Path:
    """Writes verdicts.md, verdicts.csv, verdicts.tex and a figure of these verdicts; the path of the first.

    Args:
        multiplicity: as they were judged.
        table: what was understood of the table, which is said beside them.

    Raises:
        UsageError: when there is no verdict to write.
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    from ablate.reporting.tables import write_analysis

    if not verdicts:
        raise UsageError("There are no verdicts to write.")
    if table is None:
        return write_analysis(verdicts, multiplicity, folder)
    return write_analysis(verdicts, multiplicity, folder, table.key or "", table.understood)
