"""Verdicts on a table that was made elsewhere: one row a run, or one column an arm.

ablate analyse table.csv --metric accuracy --direction max --baseline sgd --margin 0.002
ablate analyse table.csv --arm model --key task --metric loss --direction min --margin 10% --out verdicts
ablate analyse wide.xlsx --wide --metric accuracy --unit percent
ablate analyse folds.csv --key fold --metric accuracy --folds 1:9

Of several metrics the first is the primary one. The others are adjusted among themselves, and an arm has a verdict on
them only where the primary metric is resolved for it.

ablate analyse table.csv --metric accuracy --metric loss --margin 0.01 --margin loss=10% --direction loss=min

ablate analyse eval.csv --per-example --arm model --key example --group passage --metric correct --margin 0.02

With --per-example it is an evaluation of trained models on a benchmark: one row
for each example and model, or one column a model. Right and wrong is judged by
McNemar's exact test, scores by a paired t test, examples in groups by
clustered standard errors, and several trained models an arm (--seed) over
seeds and examples.

What was understood of the table is said first, and can be overruled.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option, folder
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.analyse import analyse, judge_table, read_metrics
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
OF_RUNS = ("status", "scale", "worst", "examples", "folds")


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
    parser.add_argument("--status", help="a column that says completed, diverged or failed (status)")
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
    parser.add_argument("--out", type=folder, help="write verdicts.md, verdicts.csv, verdicts.tex and a figure there")


def execute(invocation: Invocation, output: Output) -> int:
    options = invocation.options
    if len(invocation.words) != 1:
        raise UsageError("Which table? ablate analyse table.csv --metric COLUMN")
    _refuse_strangers(options)
    if options.per_example:
        return _by_example(invocation.words[0], options, output)
    tables = read_metrics(
        invocation.words[0],
        metrics=options.metric or [],
        arm=options.arm,
        key=options.key or options.seed,
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


def _refuse_strangers(options: argparse.Namespace) -> None:
    """
    Raises:
        UsageError: for an option that the kind of table has no use for.
    """
    strange = OF_RUNS if options.per_example else OF_EXAMPLES
    given = [f"--{name}" for name in strange if getattr(options, name) is not None]
    if options.per_example and options.missing != "missing":
        given.append("--missing")
    if options.per_example and options.unpaired:
        given.append("--unpaired")
    if given:
        said = "goes without" if options.per_example else "goes with"
        raise UsageError(f"{' and '.join(given)} {said} --per-example")


def _by_example(words: str, options: argparse.Namespace, output: Output) -> int:
    table = read_examples(
        words,
        metric=_one(options, "metric"),
        arm=options.arm,
        key=options.key,
        group=options.group,
        seed=options.seed,
        sep=options.sep,
        wide=options.wide,
        unit=_one(options, "unit"),
    )
    analysis = judge_examples(
        table,
        baseline=options.baseline,
        direction=_one(options, "direction"),
        margin=_one(options, "margin"),
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


def _one(options: argparse.Namespace, name: str) -> str | None:
    """What was said once, where there is one metric.

    Raises:
        UsageError: where it was said again.
    """
    said: Sequence[str] = getattr(options, name) or ()
    if len(said) > 1:
        raise UsageError(f"--{name} is said once with --per-example, which judges one metric")
    return said[0] if said else None


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
