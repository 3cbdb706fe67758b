"""Did two ways of training end in one valley? The loss on the straight line between the weights of their runs.

ablate interpolate optimizers:adam optimizers:sgd            of every seed that both arms have
ablate interpolate 3fa9 81c2 --out lines                     two runs, with a figure
ablate interpolate optimizers:adam optimizers:sgd --report   in the report of the study as well
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.interpolate import interpolate
from ablate.reporting.interpolations import in_words

WORDS = "side"
WORDS_HELP = "two runs (the beginnings of their ids) or two arms as study:level, with weights kept"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, with the losses along each line")
    parser.add_argument("--out", type=Path, help="draw a figure into this folder")
    parser.add_argument("--report", action="store_true", help="show it in the report of the study")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    if len(words) != 2:
        raise UsageError("Between which two? ablate interpolate STUDY:ARM STUDY:ARM")
    options = invocation.options
    found = interpolate(*words, settings=settings, out=options.out, report=options.report)
    if options.json:
        output.data(found.to_json())
    else:
        output.result(in_words(found.interpolations))
    for path in filter(None, (found.figure, found.report)):
        output.say(str(path))
    return ExitCode.DONE
