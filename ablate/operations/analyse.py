"""Verdicts on a table that was made elsewhere: one row a run, with columns for its arm, its seed and a metric.

    verdicts = judge("table.csv", metric="accuracy", direction="max", margin="10%")
    analyse(verdicts, Path("verdicts"))

The libraries of tables and figures are imported by the calls that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.core.errors import UsageError

if TYPE_CHECKING:
    from ablate.analysis.tidy_frame import DataFrame
    from ablate.verdicts.verdict import Verdict

__all__ = ["analyse", "judge"]


def judge(
    table: Path | str | DataFrame,
    *,
    metric: str | None = None,
    arm: str = "arm",
    seed: str = "seed",
    baseline: str | None = None,
    direction: str | None = None,
    status: str | None = None,
    margin: float | str | None = None,
    scale: str | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    n_examples: int | None = None,
    worst: float | None = None,
) -> tuple[Verdict, ...]:
    """A verdict for each arm but the baseline, in the order in which the arms appear.

    Args:
        table: a frame, or the path of a .csv, .tsv or .parquet.
        metric: the column that is judged; what is said without it names the columns there are.
        arm, seed, status: columns; equal seeds are paired, and a run with the status `diverged` or `failed` has no
            value.
        baseline: the arm that the others are compared with; by default the first.
        direction: `min` or `max`; may be left out for a metric that this package knows.
        margin: the smallest difference that matters, in the metric's unit or as in `10%`.
        scale: `raw` for differences, `log_error` for ratios of errors; by default what suits the metric.
        alpha: the error allowed to all verdicts together.
        multiplicity: how it is shared among them, `holm` or `joint`.
        n_examples: how many examples the metric was measured on.
        worst: what stands for a diverged run, in the metric's unit: no better than any value of the table. Without it
            the bound of a metric that this package knows, and no verdict where it has none.

    Raises:
        TableProblem: when the table cannot be read, holds what it should not, has one arm only, or does not fit what
            is asked of it.
    """
    from ablate.analysis.tidy_frame import TableProblem, arms_from_frame, read_table, verdicts_from_frame
    from ablate.verdicts.verdict import Scale

    frame = read_table(Path(table)) if isinstance(table, Path | str) else table
    if metric is None:
        raise TableProblem(f"Which metric? --metric is one of {', '.join(map(str, frame.columns))}")
    try:
        if baseline is None:
            baseline = next(iter(arms_from_frame(frame, metric=metric, arm=arm, seed=seed)))
        verdicts = verdicts_from_frame(
            frame,
            metric=metric,
            baseline=baseline,
            arm=arm,
            seed=seed,
            direction=direction,
            status=status,
            margin=margin,
            scale=None if scale is None else Scale(scale),
            alpha=alpha,
            multiplicity=multiplicity,
            n_examples=n_examples,
            worst=worst,
        )
        if not verdicts:
            raise TableProblem("there is one arm only, so nothing to compare it with")
    except ValueError as error:
        raise TableProblem(f"{table}: {error}" if isinstance(table, Path | str) else str(error)) from error
    return verdicts


def analyse(verdicts: Sequence[Verdict], folder: Path, *, multiplicity: str = "holm") -> Path:
    """Writes verdicts.md, verdicts.csv, verdicts.tex and a figure of these verdicts; the path of the first.

    Args:
        multiplicity: as they were judged.

    Raises:
        UsageError: when there is no verdict to write.
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    from ablate.reporting.tables import write_analysis

    if not verdicts:
        raise UsageError("There are no verdicts to write.")
    return write_analysis(verdicts, multiplicity, folder)
