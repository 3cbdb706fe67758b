"""Verdicts on a table that was made elsewhere: one row a run, or one column an arm.

ablate analyse table.csv --metric accuracy --direction max --baseline sgd --margin 0.002
ablate analyse table.csv --arm model --key task --metric loss --direction min --margin 10% --out verdicts
ablate analyse wide.xlsx --wide --metric accuracy --unit percent
ablate analyse eval.csv --per-example --arm model --key example --group passage --metric correct --margin 0.02

The last is an evaluation of trained models on a benchmark: one row for each
example and model, or one column a model. Right and wrong is judged by
McNemar's exact test, scores by a paired t test, examples in groups by
clustered standard errors, and several trained models an arm (--seed) over
seeds and examples.

What was understood of the table is said first, and can be overruled.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.analyse import analyse, judge_table, read
from ablate.operations.as_json import to_json
from ablate.operations.per_example import judge_examples, read_examples, write_examples
from ablate.reporting.families import scope_sentence

WORDS = "table"
WORDS_HELP = "a table as .csv, .tsv, .parquet, .xlsx, .jsonl or .json"

# The same as --json.
JSON = "json"
FORMATS = ("markdown", "latex", JSON)
TESTS = ("t", "sign")
# What is of examples alone, and what is of runs alone.
OF_EXAMPLES = ("group", "test")
OF_RUNS = ("status", "scale", "worst", "examples")


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    scope = scope_sentence().replace("%", "%%")
    parser.add_argument("--arm", help="the column that names the arm (arm)")
    parser.add_argument(
        "--key",
        help="the column by which rows are paired: a seed, a data set, a task (seed, or the only one that fits)",
    )
    parser.add_argument(
        "--seed", help="another word for --key; with --per-example the column that tells trained models of an arm apart"
    )
    parser.add_argument(
        "--per-example", action="store_true", help="rows are examples of a benchmark, and --key names them"
    )
    parser.add_argument("--group", help="with --per-example, the column of what examples belong to: a text, a topic")
    parser.add_argument("--test", choices=TESTS, help="with --per-example, the test of scores: t, or that of signs (t)")
    parser.add_argument("--metric", help="the column of the metric")
    parser.add_argument("--baseline", help="the arm that the others are compared with; by default the first")
    parser.add_argument("--direction", choices=("min", "max"), help="whether smaller or larger is better")
    parser.add_argument("--status", help="a column that says completed, diverged or failed")
    parser.add_argument("--sep", help="what separates the cells of a text: a character, or tab (found)")
    parser.add_argument(
        "--wide",
        action="store_true",
        default=None,
        help="every arm has a column of its own; with --arm, every pair (found, where nothing else fits)",
    )
    parser.add_argument(
        "--unit", help="percent of numbers such as 95.1, which are read as 0.951; or another, as a name"
    )
    parser.add_argument(
        "--missing", choices=("missing", "diverged"), default="missing", help="what an empty cell is (missing)"
    )
    parser.add_argument("--margin", help="the smallest difference that matters, in the table's unit or as in 10%%")
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
    _refuse_strangers(options)
    if options.per_example:
        return _by_example(invocation.words[0], options, output)
    table = read(
        invocation.words[0],
        metric=options.metric,
        arm=options.arm,
        key=options.key or options.seed,
        status=options.status,
        sep=options.sep,
        wide=options.wide,
        unit=options.unit,
        missing=options.missing,
    )
    analysis = judge_table(
        table,
        baseline=options.baseline,
        direction=options.direction,
        margin=options.margin,
        scale=options.scale,
        alpha=options.alpha,
        multiplicity=options.multiplicity,
        n_examples=options.examples,
        worst=options.worst,
    )
    verdicts, read_as = analysis.verdicts, analysis.table
    output.say(read_as.understood)
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


def _refuse_strangers(options: argparse.Namespace) -> None:
    """
    Raises:
        UsageError: for an option that the kind of table has no use for.
    """
    strange = OF_RUNS if options.per_example else OF_EXAMPLES
    given = [f"--{name}" for name in strange if getattr(options, name) is not None]
    if options.per_example and options.missing != "missing":
        given.append("--missing")
    if given:
        said = "goes without" if options.per_example else "goes with"
        raise UsageError(f"{' and '.join(given)} {said} --per-example")


def _by_example(words: str, options: argparse.Namespace, output: Output) -> int:
    table = read_examples(
        words,
        metric=options.metric,
        arm=options.arm,
        key=options.key,
        group=options.group,
        seed=options.seed,
        sep=options.sep,
        wide=options.wide,
        unit=options.unit,
    )
    analysis = judge_examples(
        table,
        baseline=options.baseline,
        direction=options.direction,
        margin=options.margin,
        alpha=options.alpha,
        multiplicity=options.multiplicity,
        test=options.test or "t",
    )
    output.say(analysis.table.understood)
    path = None if options.out is None else write_examples(analysis, options.out)
    if options.json or (path is None and options.format == JSON):
        output.data(to_json(analysis))
    elif path is not None:
        output.result(str(path))
    else:
        from ablate.reporting.per_example import example_text

        output.result(example_text(analysis.rows, analysis.multiplicity, analysis.notes, options.format))
    return ExitCode.DONE
