"""Verdicts on a table that was made elsewhere: one row a run, with columns for its arm, its seed and a metric.

ablate analyse table.csv --metric accuracy --direction max --baseline sgd --margin 0.002
ablate analyse table.csv --arm model --seed run --metric loss --direction min --margin 10% --out verdicts
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.analyse import analyse, judge
from ablate.operations.as_json import to_json
from ablate.reporting.families import scope_sentence

WORDS = "table"
WORDS_HELP = "a table as .csv, .tsv or .parquet"

# The same as --json.
JSON = "json"
FORMATS = ("markdown", "latex", JSON)


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    scope = scope_sentence().replace("%", "%%")
    parser.add_argument("--arm", default="arm", help="the column that names the arm (arm)")
    parser.add_argument("--seed", default="seed", help="the column of the seed, by which runs are paired (seed)")
    parser.add_argument("--metric", help="the column of the metric")
    parser.add_argument("--baseline", help="the arm that the others are compared with; by default the first")
    parser.add_argument("--direction", choices=("min", "max"), help="whether smaller or larger is better")
    parser.add_argument("--status", help="a column that says completed, diverged or failed")
    parser.add_argument("--margin", help="the smallest difference that matters, in the metric's unit or as in 10%%")
    parser.add_argument("--scale", choices=("raw", "log_error"), help="take differences, or ratios of errors")
    parser.add_argument("--alpha", type=float, default=0.05, help=f"the bound of an error rate (0.05). {scope}")
    parser.add_argument("--multiplicity", choices=("holm", "joint"), default="holm", help="how it is shared (holm)")
    parser.add_argument("--worst", type=float, help="the value that stands for a diverged run, in the metric's unit")
    parser.add_argument("--examples", type=int, help="how many examples the metric was measured on")
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="what is printed (markdown)")
    parser.add_argument("--out", type=Path, help="write verdicts.md, verdicts.csv, verdicts.tex and a figure there")


def execute(invocation: Invocation, output: Output) -> int:
    options = invocation.options
    if len(invocation.words) != 1:
        raise UsageError("Which table? ablate analyse table.csv --metric COLUMN")
    verdicts = judge(
        invocation.words[0],
        metric=options.metric,
        arm=options.arm,
        seed=options.seed,
        baseline=options.baseline,
        direction=options.direction,
        status=options.status,
        margin=options.margin,
        scale=options.scale,
        alpha=options.alpha,
        multiplicity=options.multiplicity,
        n_examples=options.examples,
        worst=options.worst,
    )
    path = None if options.out is None else analyse(verdicts, options.out, multiplicity=options.multiplicity)
    if options.json or (path is None and options.format == JSON):
        output.data(to_json(verdicts))
    elif path is not None:
        output.result(str(path))
    else:
        # pandas is imported by now, and was not for `ablate analyse --help`.
        from ablate.reporting.tables import analysis_text

        output.result(analysis_text(verdicts, options.multiplicity, options.format))
    return ExitCode.DONE
