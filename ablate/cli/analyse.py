"""Verdicts on a table that was made elsewhere: one row a run, or one column an arm.

ablate analyse table.csv --metric accuracy --direction max --baseline sgd --margin 0.002
ablate analyse table.csv --arm model --key task --metric loss --direction min --margin 10% --out verdicts
ablate analyse wide.xlsx --wide --metric accuracy --unit percent
ablate analyse folds.csv --key fold --metric accuracy --folds 1:9

Of several metrics the first is the primary one. The others are adjusted among themselves, and an arm has a verdict on
them only where the primary metric is resolved for it.

ablate analyse table.csv --metric accuracy --metric loss --margin 0.01 --margin loss=10% --direction loss=min

What was understood of the table is said first, and can be overruled.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.analyse import analyse, judge_table, read_metrics
from ablate.operations.as_json import to_json
from ablate.reporting.families import scope_sentence

WORDS = "table"
WORDS_HELP = "a table as .csv, .tsv, .parquet, .xlsx, .jsonl or .json"

# The same as --json.
JSON = "json"
FORMATS = ("markdown", "latex", JSON)


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    scope = scope_sentence().replace("%", "%%")
    parser.add_argument("--arm", help="the column that names the arm (arm)")
    parser.add_argument(
        "--key",
        "--seed",
        dest="key",
        help="the column by which rows are paired: a seed, a data set, a task (seed, or the only one that fits)",
    )
    parser.add_argument(
        "--metric", action="append", help="the column of the metric; again, or with commas, for more: the first decides"
    )
    parser.add_argument("--baseline", help="the arm that the others are compared with; by default the first")
    parser.add_argument(
        "--direction",
        action="append",
        metavar="{min,max}",
        help="whether smaller or larger is better; of a further metric as in loss=min",
    )
    parser.add_argument("--status", help="a column that says completed, diverged or failed")
    parser.add_argument("--sep", help="what separates the cells of a text: a character, or tab (found)")
    parser.add_argument(
        "--wide",
        action="store_true",
        default=None,
        help="every arm has a column of its own; with --arm, every pair (found, where nothing else fits)",
    )
    parser.add_argument(
        "--unit",
        action="append",
        help="percent of numbers such as 95.1, which are read as 0.951; or another, as a name (f1=percent)",
    )
    parser.add_argument(
        "--missing", choices=("missing", "diverged"), default="missing", help="what an empty cell is (missing)"
    )
    parser.add_argument(
        "--margin",
        action="append",
        help="the smallest difference that matters, in the table's unit or as in 10%%; of a further metric loss=10%%",
    )
    parser.add_argument("--scale", choices=("raw", "log_error"), help="take differences, or ratios of errors")
    parser.add_argument("--alpha", type=float, default=0.05, help=f"the bound of an error rate (0.05). {scope}")
    parser.add_argument("--multiplicity", choices=("holm", "joint"), default="holm", help="how it is shared (holm)")
    parser.add_argument("--unpaired", action="store_true", help="compare arms as independent samples (Welch)")
    parser.add_argument(
        "--worst",
        action="append",
        help="the value that stands for a diverged run, in the metric's unit; of a further metric loss=9.9",
    )
    parser.add_argument("--examples", type=int, help="how many examples the metric, a share of them, was measured on")
    parser.add_argument(
        "--folds",
        metavar="TEST:TRAIN",
        help="the key is splits of one data set, which overlap: the ratio of test to training examples, as in 1:9 or "
        "0.25, for the correction of Nadeau and Bengio (2003)",
    )
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="what is printed (markdown)")
    parser.add_argument("--out", type=Path, help="write verdicts.md, verdicts.csv, verdicts.tex and a figure there")


def execute(invocation: Invocation, output: Output) -> int:
    options = invocation.options
    if len(invocation.words) != 1:
        raise UsageError("Which table? ablate analyse table.csv --metric COLUMN")
    tables = read_metrics(
        invocation.words[0],
        metrics=options.metric or [],
        arm=options.arm,
        key=options.key,
        status=options.status,
        sep=options.sep,
        wide=options.wide,
        unit=_by_metric(options.unit),
        missing=options.missing,
    )
    analysis = judge_table(
        tables,
        baseline=options.baseline,
        direction=_by_metric(options.direction),
        margin=_by_metric(options.margin),
        scale=options.scale,
        alpha=options.alpha,
        multiplicity=options.multiplicity,
        n_examples=options.examples,
        worst={name: _number(value) for name, value in _by_metric(options.worst).items()},
        folds=options.folds,
        unpaired=options.unpaired,
    )
    verdicts, read_as = analysis.all_verdicts, replace(analysis.table, understood=analysis.understood)
    output.say(analysis.understood)
    path = None
    if options.out is not None:
        path = analyse(verdicts, options.out, multiplicity=options.multiplicity, table=read_as)
    if options.json or (path is None and options.format == JSON):
        output.data(to_json(analysis))
    elif path is not None:
        output.result(str(path))
    else:
        # pandas is imported by now, and was not for `ablate analyse --help`.
        from ablate.reporting.tables import analysis_text

        output.result(analysis_text(verdicts, options.multiplicity, options.format, read_as.key or ""))
    return ExitCode.DONE


def _by_metric(stated: Sequence[str] | None) -> dict[str, str]:
    """Metric → what stands behind its name and a sign of equality; without these it is of no metric by name, which is
    the primary one."""
    parts = [value.rpartition("=") for value in stated or ()]
    return {name: value for name, _, value in parts}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"the worst value is a number, not {text!r}") from None
