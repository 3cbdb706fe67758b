"""Write trained models as files of Keras, or the histories of runs for TensorBoard.

ablate export 3fa9 --format keras --out models               models/3fa9….keras
ablate export dropout:dropout=0.1 --format h5 --out models   every seed of an arm
ablate export dropout --format tensorboard --out logs        every run of a study; then: tensorboard --logdir logs
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ablate.analysis.comparison import Side
from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.config.runs import Settings
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.restore import hushed, restored, weighted_runs
from ablate.operations.sides import ID_DIGITS, find_sides
from ablate.sanitize.text import file_stem
from ablate.storage.runs import RunStore

WORDS = "side"
WORDS_HELP = "a run (the beginning of its id), an arm as study:level, or a study"

FORMATS = ("keras", "h5", "tensorboard")
SAMPLES = 8


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, required=True, help="what is written")
    parser.add_argument("--out", type=Path, required=True, help="the folder that it is written into")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    sides = [side for word in words for side in find_sides(word, settings.results_dir)]
    if not sides:
        raise UsageError("Which run? ablate export RUN --format keras --out FOLDER")
    form, folder = invocation.options.format, invocation.options.out
    if form == "tensorboard":
        export_histories(sides, folder, output)
    else:
        export_models(sides, settings, folder, f".{form}", output)
    return ExitCode.DONE


def export_models(sides: Sequence[Side], settings: Settings, folder: Path, suffix: str, output: Output) -> None:
    """Writes a file for every completed run with weights, reads it again, and compares what both models answer.

    Raises:
        UsageError: when a side has no weights saved; files of the sides before it are there.
        DataError: when the data of a run, which says what its model takes, cannot be read.
    """
    for side in sides:
        runs = weighted_runs(side, RunStore(settings.results_dir))
        for each in restored(runs, settings):
            from ablate.exporting.models import load_model, save_model

            path = folder / f"{file_name(side, each.run.spec.seed)}{suffix}"
            save_model(each.model, path)
            try:
                loaded = load_model(path)
            except (TypeError, ValueError) as error:  # a class of the user's own, which Keras was not told of
                reason = str(error).strip().partition("\n")[0]
                raise UsageError(
                    f"{path} is written, but cannot be read without the code of its model: {reason}"
                ) from error
            draws = np.random.default_rng(0).random((SAMPLES, *each.example_shape), np.float32)
            saved, answers = (np.asarray(model(draws, training=False)) for model in (loaded, each.model))
            if not np.array_equal(saved, answers):
                raise RuntimeError(f"{path} was read again, and predicts something else than the run's model")
            output.result(str(path))


def export_histories(sides: Sequence[Side], folder: Path, output: Output) -> None:
    """Writes a folder for every run that has a history."""
    with hushed():
        from ablate.exporting.tensorboard import write_scalars

    for side in sides:
        for run in side.runs:
            own = folder / file_name(side, run.spec.seed)
            if own.exists():
                raise UsageError(f"{own} is there already, and TensorBoard would show both: remove it, or choose --out")
            if write_scalars(run.history, own):
                output.result(str(own))


def file_name(side: Side, seed: int) -> str:
    """`dropout=0.1_seed3` for a run of an arm, the beginning of its id for a run alone."""
    _, is_arm, arm = side.label.partition(":")
    return f"{file_stem(arm)}_seed{seed}" if is_arm else side.label[:ID_DIGITS]
