"""Verdicts on an evaluation, example by example: one row for each example and arm, or one column an arm.

table = read_examples("eval.csv", metric="correct", arm="model", key="example", group="passage")
judged = judge_examples(table, margin=0.02)
judged.rows[0].verdict.word, judged.rows[0].p_mcnemar
write_examples(judged, Path("verdicts"))
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.operations.as_json import document
from ablate.tables.examples import ExampleSummary
from ablate.verdicts.example_verdict import ExampleVerdict

if TYPE_CHECKING:
    from ablate.tables.examples import ExampleTable

__all__ = ["ExampleAnalysis", "judge_examples", "read_examples", "write_examples"]


@document("per_example", version=1)
@dataclass(frozen=True)
class ExampleAnalysis:
    """What a table of examples was understood to hold, the verdicts on its arms, and what to know beside them."""

    table: ExampleSummary
    multiplicity: str
    notes: tuple[str, ...]
    rows: tuple[ExampleVerdict, ...]


def read_examples(
    table: Path | str | object,
    *,
    metric: str | None = None,
    arm: str | None = None,
    key: str | None = None,
    group: str | None = None,
    seed: str | None = None,
    sep: str | None = None,
    wide: bool | None = None,
    unit: str | None = None,
) -> ExampleTable:
    """What a table holds of a metric, example by example.

    Args:
        table: a frame of pandas or polars, an Arrow table, or the path of a .csv, .tsv, .parquet, .xlsx, .jsonl.
        metric: the column of right and wrong, or of a score; of a wide table what its values are.
        arm, key: columns that name the arms and the examples; by default `arm` and `example`.
        group: a column that says which examples belong together.
        seed: a column that says which of several trained models of its arm a row is of.
        sep, wide, unit: see `ablate.operations.analyse.read`.

    Raises:
        TableProblem: when the table cannot be read, or holds what it should not.
    """
    from ablate.analysis.tidy_frame import TableProblem, grid_of_file, grid_of_frame
    from ablate.analysis.values import column_info
    from ablate.tables.examples import understand_examples

    source = str(table) if isinstance(table, Path | str) else ""
    grid = grid_of_file(Path(table), sep) if isinstance(table, Path | str) else grid_of_frame(table)
    if metric is None:
        raise TableProblem(f"Which metric? --metric is one of {', '.join(grid.columns)}", source=source)
    bounds = column_info(metric).range
    try:
        found = understand_examples(
            grid, metric=metric, arm=arm, key=key, group=group, seed=seed, wide=wide, unit=unit, bounds=bounds
        )
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=source) from problem
    return replace(found, source=source)


def judge_examples(
    table: ExampleTable,
    *,
    baseline: str | None = None,
    direction: str | None = None,
    margin: float | str | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    test: str = "t",
) -> ExampleAnalysis:
    """A verdict for each arm but the baseline, in the order in which the arms appear.

    Args:
        baseline: the arm that the others are compared with; by default the first.
        direction: `min` or `max`; may be left out for right and wrong, of which right is better.
        margin: the smallest difference that matters, in the unit of the table.
        alpha, multiplicity: the error allowed to all verdicts together, and how it is shared, `holm` or `joint`.
        test: of the difference of scores, `t` or `sign`.

    Raises:
        TableProblem: when the table has one arm only, or does not fit what is asked of it.
    """
    from ablate.analysis.per_example import judge_example_table
    from ablate.analysis.tidy_frame import TableProblem

    if len(table.arms) < 2:
        raise TableProblem("there is one arm only, so nothing to compare it with", source=table.source)
    if test == "sign" and margin is not None:
        raise TableProblem("a sign test knows no sizes, so that a margin has no part in it", source=table.source)
    try:
        judged = judge_example_table(
            table,
            baseline=next(iter(table.arms)) if baseline is None else baseline,
            direction=direction,
            margin=margin,
            alpha=alpha,
            multiplicity=multiplicity,
            test=test,
        )
    except TableProblem as problem:
        raise TableProblem(*problem.problems, source=table.source) from problem
    return ExampleAnalysis(table.summary, multiplicity, judged.notes, judged.rows)


def write_examples(analysis: ExampleAnalysis, folder: Path) -> Path:
    """Writes verdicts.md, verdicts.csv, verdicts.tex and a figure of these verdicts; the path of the first.

    Raises:
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    from ablate.reporting.per_example import write_example_analysis

    return write_example_analysis(
        analysis.rows, analysis.multiplicity, analysis.notes, folder, analysis.table.understood
    )
