"""Say whether a new side is worse than its base by more than a margin: a gate for continuous integration.

ablate gate optimizers:adam 3fa9 --metric val_accuracy --margin 0.002
ablate gate main candidate --margin 10%      two studies: arms of one name
ablate gate base.csv new.csv --metric accuracy --direction max --margin 0.005

The exit code is 0 where it is shown not worse by more than the margin, 7 where
it is shown worse by more than that, 6 where neither is shown.
"""

from __future__ import annotations

import argparse

from ablate.analysis.gating import Outcome
from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.as_json import to_json
from ablate.operations.gate import TableOptions, gate
from ablate.reporting.gate import gate_line, gate_markdown

WORDS = "side"
WORDS_HELP = "the base and the new side: a study, an arm as study:level, the beginning of a run id, or a table"

EXIT_CODES = {
    Outcome.PASSED: ExitCode.DONE,
    Outcome.WORSE: ExitCode.SHOWN_WORSE,
    Outcome.NOT_SHOWN: ExitCode.NOT_SHOWN,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--metric", help="what must not get worse; by default what the sweeps of both sides ask")
    parser.add_argument("--margin", help="how much worse is borne, in the metric's unit or as in 10%% of the error")
    parser.add_argument("--alpha", type=float, help="the error of saying not worse, and of saying worse (0.05)")
    table = parser.add_argument_group("of tables")
    table.add_argument("--arm", help="the column that names the arm, where there is one (arm)")
    table.add_argument("--key", help="the column by which rows are pairs (seed)")
    table.add_argument("--status", help="a column that says completed, diverged or failed (status)")
    table.add_argument("--sep", help="what separates the cells of a text: a character, or tab (found)")
    table.add_argument("--wide", action="store_true", default=None, help="every arm has a column of its own (found)")
    table.add_argument(
        "--missing", choices=("missing", "diverged"), default="missing", help="what an empty cell is (missing)"
    )
    table.add_argument("--direction", choices=("min", "max"), help="whether smaller or larger is better")
    table.add_argument("--unit", help="percent, of numbers that are hundredths of the metric")
    table.add_argument("--examples", type=int, help="how many examples the metric was measured on")
    table.add_argument("--worst", type=float, help="the value that stands for a diverged run, in the metric's unit")
    table.add_argument("--unpaired", action="store_true", help="compare sides as independent samples (Welch)")
    table.add_argument(
        "--folds",
        metavar="TEST:TRAIN",
        help="the key is splits of one data set, which overlap: the ratio of test to training examples, as in 1:9 or "
        "0.25, for the correction of Nadeau and Bengio (2003)",
    )
    parser.add_argument("--markdown", action="store_true", help="print a summary for a pull request")
    parser.add_argument("--allow", action="store_true", help="compare even what is not comparable")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings()
    options = invocation.options
    if len(names) != 2:
        raise UsageError("A gate has a base and a new side: ablate gate BASE NEW --margin 0.005")
    found = gate(
        *names,
        metric=options.metric,
        margin=options.margin,
        alpha=options.alpha,
        results_dir=settings.results_dir,
        allow=options.allow,
        tables=TableOptions(
            arm=options.arm,
            key=options.key,
            direction=options.direction,
            unit=options.unit,
            n_examples=options.examples,
            worst=options.worst,
            unpaired=options.unpaired,
            folds=options.folds,
            status=options.status,
            sep=options.sep,
            wide=options.wide,
            missing=options.missing,
        ),
    )
    for sentence in found.understood:
        output.say(sentence)
    if options.json:
        output.data(to_json(found))
    else:
        output.result(gate_markdown(found) if options.markdown else gate_line(found))
    return EXIT_CODES[found.outcome]
