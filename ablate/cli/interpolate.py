"""Did two ways of training end in one valley? The loss on the straight line between the weights of their runs.

ablate interpolate optimizers:adam optimizers:sgd            of every seed that both arms have
ablate interpolate 3fa9 81c2 --out lines                     two runs, with a figure
ablate interpolate optimizers:adam optimizers:sgd --report   in the report of the study as well
"""

from __future__ import annotations

import argparse

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option, folder
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.as_json import to_json
from ablate.operations.interpolate import interpolate
from ablate.reporting.interpolations import in_words

WORDS = "side"
WORDS_HELP = "two runs (the beginnings of their ids) or two arms as study:level, with weights kept"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--out", type=folder, help="draw a figure into this folder")
    parser.add_argument("--report", action="store_true", help="show it in the report of the study")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    if len(words) != 2:
        raise UsageError("Between which two? ablate interpolate STUDY:ARM STUDY:ARM")
    options = invocation.options
    found = interpolate(*words, settings=settings, out=options.out, report=options.report)
    if options.json:
        output.data(to_json(found))
    else:
        output.result(in_words(found.interpolations))
    for path in filter(None, (found.figure, found.report)):
        output.say(str(path))
    return ExitCode.DONE
