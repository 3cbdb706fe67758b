"""What a trained run, or all seeds of an arm, read in photographs of digits: prepared as MNIST was.

ablate predict 3fa9 five.jpg               one run, by the beginning of its id
ablate predict dropout:dropout=0.1 *.png   all seeds of an arm, with their mean probability
ablate predict 3fa9 five.jpg --out read    a figure of each as well: every step, probabilities, hidden units
ablate predict dropout:dropout=0.1 *.png --report    in the report of the study as well
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.analysis.photo_predictions import PhotoPrediction
from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option, folder
from ablate.core.class_names import label_of
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.as_json import to_json
from ablate.operations.predict import Predictions, predict

WORDS = "word"
WORDS_HELP = "a run (the beginning of its id) or an arm as study:level, then image files"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--out", type=folder, help="draw a figure of each image into this folder")
    parser.add_argument(
        "--report", action="store_true", help="show them in the report of the study, in place of others"
    )


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    if len(words) < 2:
        raise UsageError("Which run, and which images? ablate predict RUN IMAGE…")
    options, images = invocation.options, list(map(Path, words[1:]))
    found = predict(words[0], images, settings=settings, out=options.out, report=options.report)
    if found.unasked:
        output.say(f"{found.unasked} of {found.seeds} seeds have no weights saved, and are not asked")
    for problem in found.problems.values():
        output.problem(problem)
    if options.json:
        output.data(to_json(found))
    else:
        for prediction in found.predictions:
            output.result(line_of(prediction))
    for path in written(found):
        output.say(str(path))
    return ExitCode.DATA_PROBLEM if found.problems else ExitCode.DONE


def written(found: Predictions) -> list[Path]:
    return [*found.figures, *([found.report] if found.report is not None else [])]


def line_of(prediction: PhotoPrediction) -> str:
    """`five.png: 5 (0.960, 5 of 5 seeds)`."""
    runs = len(prediction.opinions)
    if runs == 1:
        return f"{prediction.name}: {prediction.label} ({prediction.probability:.3f})"
    agreeing = prediction.votes.get(prediction.predicted, 0)
    most = label_of(prediction.majority, prediction.class_names)
    others = f"; most of them read {most}" if prediction.majority != prediction.predicted else ""
    return f"{prediction.name}: {prediction.label} ({prediction.probability:.3f}, {agreeing} of {runs} seeds{others})"
