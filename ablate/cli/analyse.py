"""Verdicts on a table that was made elsewhere: one row a run, with columns for its arm, its seed and a metric.

ablate analyse table.csv --metric accuracy --direction max --baseline sgd --margin 0.002
ablate analyse table.csv --arm model --seed run --metric loss --direction min --margin 10% --out verdicts
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ablate.analysis.tidy_frame import DataFrame
    from ablate.verdicts.verdict import Verdict

WORDS = "table"
WORDS_HELP = "a table as .csv, .tsv or .parquet"

FORMATS = ("markdown", "latex", "json")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arm", default="arm", help="the column that names the arm (arm)")
    parser.add_argument("--seed", default="seed", help="the column of the seed, by which runs are paired (seed)")
    parser.add_argument("--metric", help="the column of the metric")
    parser.add_argument("--baseline", help="the arm that the others are compared with; by default the first")
    parser.add_argument("--direction", choices=("min", "max"), help="whether smaller or larger is better")
    parser.add_argument("--status", help="a column that says completed, diverged or failed")
    parser.add_argument("--margin", help="the smallest difference that matters, in the metric's unit or as in 10%%")
    parser.add_argument("--scale", choices=("raw", "log_error"), help="take differences, or ratios of errors")
    parser.add_argument("--alpha", type=float, default=0.05, help="the error allowed to all verdicts together (0.05)")
    parser.add_argument("--multiplicity", choices=("holm", "joint"), default="holm", help="how it is shared (holm)")
    parser.add_argument("--examples", type=int, help="how many examples the metric was measured on")
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="what is printed (markdown)")
    parser.add_argument("--out", type=Path, help="write verdicts.md, verdicts.csv, verdicts.tex and a figure there")


def execute(invocation: Invocation, output: Output) -> int:
    from ablate.analysis.tidy_frame import TableProblem, read_table
    from ablate.reporting.tables import analysis_text, write_analysis

    options = invocation.options
    if len(invocation.words) != 1:
        raise UsageError("Which table? ablate analyse table.csv --metric COLUMN")
    path = Path(invocation.words[0])
    try:
        frame = read_table(path)
    except TableProblem as error:
        raise UsageError(str(error)) from error
    if options.metric is None:
        raise UsageError(f"Which metric? --metric is one of {', '.join(map(str, frame.columns))}")
    try:
        verdicts = judged(frame, options)
    except TableProblem as error:
        raise UsageError(f"{path}: {error}") from error
    if not verdicts:
        raise UsageError(f"{path}: there is one arm only, so nothing to compare it with")
    if options.out is None:
        output.result(analysis_text(verdicts, options.multiplicity, options.format))
    else:
        output.result(str(write_analysis(verdicts, options.multiplicity, options.out)))
    return ExitCode.DONE


def judged(frame: DataFrame, options: argparse.Namespace) -> tuple[Verdict, ...]:
    """The verdicts that the options ask for.

    Raises:
        TableProblem: for what is wrong with the table or does not fit it.
    """
    from ablate.analysis.tidy_frame import arms_from_frame, verdicts_from_frame
    from ablate.verdicts.verdict import Scale

    baseline = options.baseline
    if baseline is None:
        baseline = next(iter(arms_from_frame(frame, metric=options.metric, arm=options.arm, seed=options.seed)))
    return verdicts_from_frame(
        frame,
        metric=options.metric,
        baseline=baseline,
        arm=options.arm,
        seed=options.seed,
        direction=options.direction,
        status=options.status,
        margin=options.margin,
        scale=None if options.scale is None else Scale(options.scale),
        alpha=options.alpha,
        multiplicity=options.multiplicity,
        n_examples=options.examples,
    )
