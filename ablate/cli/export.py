"""Write trained models as files of Keras, or the histories of runs for TensorBoard.

ablate export 3fa9 --format keras --out models               models/3fa9….keras
ablate export dropout:dropout=0.1 --format h5 --out models   every seed of an arm
ablate export dropout --format tensorboard --out logs        every run of a study; then: tensorboard --logdir logs

Of a run that diverged there is its history, up to there, and no model. What is left out is said.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option, folder
from ablate.core.errors import ExitCode
from ablate.operations.as_json import to_json
from ablate.operations.export import FORMATS, export

WORDS = "side"
WORDS_HELP = "a run (the beginning of its id), an arm as study:level, or a study"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--format", choices=FORMATS, required=True, help="what is written")
    parser.add_argument("--out", type=folder, required=True, help="the folder that it is written into")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings()
    options = invocation.options

    def show(path: Path) -> None:
        if not options.json:
            output.result(str(path))

    exported = export(names, settings=settings, form=options.format, out=options.out, observe=show)
    for each in exported.left_out:
        output.say(f"{each.label} {each.reason}")
    if options.json:
        output.data(to_json(exported))
    return ExitCode.DONE
