"""Put runs, arms or studies side by side: what differs, metrics with paired differences, disagreements.

ablate compare optimizers:adam optimizers:sgd       two arms, as study:level
ablate compare 3fa9 81c2 --out side_by_side         two runs, by the beginning of their ids
ablate compare optimizers                           all arms of a study

An arm beside its study's baseline is the study's own row. Another pair of a
sweep is adjusted for all pairs of its arms. Across studies and runs there are
numbers and no verdicts.
"""

from __future__ import annotations

import argparse

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option, folder
from ablate.core.errors import ExitCode
from ablate.operations.as_json import to_json
from ablate.operations.compare import compare
from ablate.reporting.comparison import comparison_markdown, write_comparison

WORDS = "side"
WORDS_HELP = "a study, an arm as study:level, or the beginning of a run id"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--out", type=folder, help="write comparison.md with figures into this folder")
    parser.add_argument("--allow", action="store_true", help="compare even what is not comparable")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings()
    options = invocation.options
    comparison = compare(*names, results_dir=settings.results_dir, allow=options.allow)
    path = None if options.out is None else write_comparison(comparison, options.out)
    if options.json:
        output.data(to_json(comparison))
    else:
        output.result(comparison_markdown(comparison) if path is None else str(path))
    return ExitCode.DONE
