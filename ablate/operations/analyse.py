"""Verdicts on a table that was made elsewhere: one row a run, or one column an arm.

    verdicts = judge("table.csv", metric="accuracy", direction="max", margin="10%")
    analyse(verdicts, Path("verdicts"))

    table = read("table.xlsx", metric="score", arm="model", key="task")   # what is understood, and can be overruled
    judge_table(table, direction="max", margin=1.5).verdicts

Of several metrics the first is the primary one. The others are adjusted among themselves, and an arm has words on them
only where the primary metric is resolved for it:

    judge("table.csv", metric=["accuracy", "loss"], margin={"accuracy": 0.01, "loss": "10%"}, direction={"loss": "min"})
    judge_table(read_metrics("table.csv", metrics=["accuracy", "loss"])).others

The libraries of tables and figures are imported by the calls that need them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ablate.core.errors import UsageError
from ablate.operations.as_json import document
from ablate.tables.problems import TableProblem
from ablate.tables.summary import TableSummary
from ablate.verdicts.verdict import Verdict

if TYPE_CHECKING:
    from ablate.tables.grid import Grid
    from ablate.tables.table import Table

__all__ = ["Analysis", "MetricAnalysis", "analyse", "judge", "judge_table", "read", "read_metrics"]

Value = TypeVar("Value", str, float, float | str)
# The margin or the direction of one metric, or metric → its own. One value is that of the primary metric.
Margins: TypeAlias = float | str | Mapping[str, float | str]
Texts: TypeAlias = str | Mapping[str, str]
Numbers: TypeAlias = float | Mapping[str, float]


@dataclass(frozen=True)
class MetricAnalysis:
    """What a table was understood to hold of a metric beside the primary one, and the verdicts of that."""

    table: TableSummary
    verdicts: tuple[Verdict, ...]


@document("analysis", version=1)
@dataclass(frozen=True)
class Analysis:
    """What a table was understood to hold, and the verdicts on its arms.

    Attributes:
        understood: of all metrics, in one sentence.
        table, verdicts: of the metric, or of the primary one.
        others: of each further metric. An arm has words there only where the primary metric is resolved for it.
    """

    understood: str
    table: TableSummary
    verdicts: tuple[Verdict, ...]
    others: tuple[MetricAnalysis, ...] = ()

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Of every metric, those of the primary one first."""
        return (*self.verdicts, *(verdict for other in self.others for verdict in other.verdicts))


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
    (found,) = read_metrics(
        table,
        metrics=[] if metric is None else [metric],
        arm=arm,
        key=key,
        status=status,
        sep=sep,
        wide=wide,
        unit=unit,
        missing=missing,
    )
    return found


def read_metrics(
    table: Path | str | object,
    *,
    metrics: Sequence[str],
    arm: str | None = None,
    key: str | None = None,
    status: str | None = None,
    sep: str | None = None,
    wide: bool | None = None,
    unit: Texts | None = None,
    missing: str = "missing",
) -> tuple[Table, ...]:
    """What a table holds of each metric, the primary one first.

    Args:
        metrics: columns; a name that is none, with commas in it, is several.
        unit: that of the primary metric, or metric → its unit.
        table, arm, key, status, sep, wide, missing: as `read`.

    Raises:
        TableProblem: as `read`, and for several metrics of a table whose arms or pairs are its columns.
    """
    from ablate.analysis.tidy_frame import grid_of_file, grid_of_frame, table_of

    source = str(table) if isinstance(table, Path | str) else ""
    try:
        grid: Grid = grid_of_file(Path(table), sep) if isinstance(table, Path | str) else grid_of_frame(table)
        parts = [part.strip() for name in metrics for part in ([name] if name in grid else name.split(","))]
        names = list(dict.fromkeys(parts))
        if not names:
            raise TableProblem(f"Which metric? --metric is one of {', '.join(grid.columns)}")
        if len(names) > 1 and wide:
            raise TableProblem("a wide table has one metric, which is what all of its numbers are")
        units = _by_metric("unit", unit, names)
        found = [
            table_of(
                grid,
                metric=name,
                arm=arm,
                key=key,
                status=status,
                wide=wide if len(names) == 1 else False,
                unit=units.get(name),
                missing=missing,
                beside=names,
            )
            for name in names
        ]
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=problem.source or source) from problem
    return tuple(replace(each, source=source) for each in found)


def judge_table(
    table: Table | Sequence[Table],
    *,
    baseline: str | None = None,
    direction: Texts | None = None,
    margin: Margins | None = None,
    scale: str | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    worst: Numbers | None = None,
    folds: float | str | None = None,
    unpaired: bool = False,
) -> Analysis:
    """A verdict for each arm but the baseline, in the order in which the arms appear.

    Args:
        table: of one metric, or of several, the primary one first.
        baseline, direction, margin, scale, alpha, multiplicity, n_examples, worst, folds, unpaired: as `judge`.

    Raises:
        TableProblem: when the table has one arm only, or does not fit what is asked of it.
    """
    from ablate.analysis.tidy_frame import Asked, judge_metrics, test_to_train_of
    from ablate.verdicts.verdict import Scale

    first, *others = tables = tuple(table) if isinstance(table, Sequence) else (table,)
    names = [each.metric for each in tables]
    try:
        directions, margins = _by_metric("direction", direction, names), _by_metric("margin", margin, names)
        worsts = _by_metric("worst", worst, names)
        judged = judge_metrics(
            [
                Asked(
                    each,
                    directions.get(each.metric),
                    margins.get(each.metric),
                    Scale(scale) if scale is not None and each is first else None,
                    worst=worsts.get(each.metric),
                )
                for each in tables
            ],
            baseline=next(iter(first.arms)) if baseline is None else baseline,
            alpha=alpha,
            multiplicity=multiplicity,
            n_examples=n_examples,
            test_to_train=test_to_train_of(folds),
            unpaired=unpaired,
        )
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=first.source) from problem
    except ValueError as error:
        raise TableProblem(str(error), source=first.source) from error
    if not judged[0]:
        raise TableProblem("there is one arm only, so nothing to compare it with", source=first.source)
    own, *rest = (MetricAnalysis(each.summary, verdicts) for each, verdicts in zip(tables, judged, strict=True))
    return Analysis(first.understood_with(others), own.table, own.verdicts, tuple(rest))


def _by_metric(what: str, stated: Value | Mapping[str, Value] | None, names: Sequence[str]) -> dict[str, Value]:
    """Metric → what is stated of it; what is stated of none in particular, or of the empty name, is of the first.

    Raises:
        TableProblem: for a metric that is not judged.
    """
    if stated is None:
        return {}
    if not isinstance(stated, Mapping):
        return {names[0]: stated}
    unknown = [name for name in stated if name and name not in names]
    if unknown:
        raise TableProblem(f"a {what} is of {', '.join(names)}, and not of {', '.join(map(repr, unknown))}")
    return {name or names[0]: value for name, value in stated.items()}


def judge(
    table: Path | str | object,
    *,
    metric: str | Sequence[str] | None = None,
    arm: str | None = None,
    seed: str | None = None,
    key: str | None = None,
    baseline: str | None = None,
    direction: Texts | None = None,
    status: str | None = None,
    sep: str | None = None,
    wide: bool | None = None,
    unit: Texts | None = None,
    missing: str = "missing",
    margin: Margins | None = None,
    scale: str | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    worst: Numbers | None = None,
    folds: float | str | None = None,
    unpaired: bool = False,
) -> tuple[Verdict, ...]:
    """A verdict for each arm but the baseline, in the order in which the arms appear.

    Of several metrics the verdicts of the first, the primary one, come first; each verdict names its `metric`. The arms
    on the primary metric share their errors, and all arms on all other metrics share theirs: of these an arm has words
    only where the primary metric is resolved for it.

    Args:
        table, arm, key, status, sep, wide, missing: what is read, see `read`.
        metric: a column, or several.
        unit, direction, margin, worst: of the primary metric, or metric → its own, as in `{"loss": "10%"}`.
        seed: another word for `key`.
        baseline: the arm that the others are compared with; by default the first.
        direction: `min` or `max`; may be left out for a metric that this package knows.
        margin: the smallest difference that matters, in the unit of the table or as in `10%`.
        scale: `raw` for differences, `log_error` for ratios of errors; by default what suits the margin. Of the primary
            metric.
        alpha: the bound of an error rate in each family.
        multiplicity: how it is shared among them, `holm` or `joint`.
        n_examples: how many examples the metrics that are shares were measured on.
        worst: what stands for a diverged run, in the metric's unit: no better than any value of the table. Without it
            the bound of a metric that this package knows, and no verdict where it has none.
        unpaired: whether arms are independent samples even where they have equal keys. Arms without a key in common
            always are.
        folds: where the key is splits of one data set, the ratio of test to training examples, as in `0.25` or `1:4`:
            they overlap, and the variance is corrected for it (Nadeau and Bengio 2003). 0 where they share nothing.

    Raises:
        TableProblem: when the table cannot be read, holds what it should not, has one arm only, or does not fit what
            is asked of it.
    """
    found = read_metrics(
        table,
        metrics=[] if metric is None else [metric] if isinstance(metric, str) else metric,
        arm=arm,
        key=key or seed,
        status=status,
        sep=sep,
        wide=wide,
        unit=unit,
        missing=missing,
    )
    analysis = judge_table(
        found,
        baseline=baseline,
        direction=direction,
        margin=margin,
        scale=scale,
        alpha=alpha,
        multiplicity=multiplicity,
        n_examples=n_examples,
        worst=worst,
        folds=folds,
        unpaired=unpaired,
    )
    return analysis.all_verdicts


def analyse(
    verdicts: Sequence[Verdict], folder: Path, *, multiplicity: str = "holm", table: TableSummary | None = None
) -> Path:
    """Writes verdicts.md, verdicts.csv, verdicts.tex and a figure of these verdicts; the path of the first.

    Args:
        verdicts: of one metric, or of several, those of the primary one first.
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
