"""What a trained run, or all seeds of an arm, read in photographs of digits: prepared as MNIST was.

ablate predict 3fa9 five.jpg               one run, by the beginning of its id
ablate predict dropout:dropout=0.1 *.png   all seeds of an arm, with their mean probability
ablate predict 3fa9 five.jpg --out read    a figure of each as well: every step, probabilities, hidden units
ablate predict dropout:dropout=0.1 *.png --report    in the report of the study as well
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.analysis.photo_predictions import ArmPhotoPredictions, Opinion, PhotoPrediction
from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.restore import RestoredRun, restored, weighted_runs
from ablate.operations.sides import one_side, study_of
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder

if TYPE_CHECKING:
    from ablate.config.runs import Settings
    from ablate.datasets.photographs import Pixels, Prepared

WORDS = "word"
WORDS_HELP = "a run (the beginning of its id) or an arm as study:level, then image files"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, with all probabilities")
    parser.add_argument("--out", type=Path, help="draw a figure of each image into this folder")
    parser.add_argument(
        "--report", action="store_true", help="show them in the report of the study, in place of others"
    )


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    if len(words) < 2:
        raise UsageError("Which run, and which images? ablate predict RUN IMAGE…")
    side = one_side(words[0], settings.results_dir)
    study = study_of(side) if invocation.options.report else None
    runs = weighted_runs(side, RunStore(settings.results_dir))
    if len(runs) < len(side.runs):
        output.say(f"{len(side.runs) - len(runs)} of {len(side.runs)} seeds have no weights saved, and are not asked")
    predictions, problems = read(list(map(Path, words[1:])), restored(runs, settings))
    for problem in problems.values():
        output.problem(problem)
    if invocation.options.json:
        failed = [{"image": str(path), "error": problem} for path, problem in problems.items()]
        output.data(
            {"side": side.label, "images": [prediction.to_json() for prediction in predictions], "failed": failed}
        )
    else:
        for prediction in predictions:
            output.result(line_of(prediction))
    if invocation.options.out is not None:
        for path in draw(predictions, invocation.options.out):
            output.say(str(path))
    if study is not None and predictions:
        output.say(str(report(ArmPhotoPredictions(side.label, tuple(predictions)), study, settings)))
    return ExitCode.DATA_PROBLEM if problems else ExitCode.DONE


def read(paths: Sequence[Path], runs: Iterable[RestoredRun]) -> tuple[list[PhotoPrediction], dict[Path, str]]:
    """What the runs read in the images; and of those that could not be read, why.

    Raises:
        DataError: when the models take no pictures, or the data of a run cannot be read.
        UsageError: when they tell no classes apart.
    """
    import numpy as np

    from ablate.probes.answers import class_probabilities, hidden_answers

    prepared: dict[Path, tuple[Prepared, Pixels | None]] = {}
    problems: dict[Path, str] = {}
    opinions: dict[Path, list[Opinion]] = {}
    answers: dict[Path, Mapping[str, np.ndarray]] = {}
    for number, restored_run in enumerate(runs):
        spec, model, shape = restored_run.run.spec, restored_run.model, restored_run.example_shape
        run_id = restored_run.run.record.run_id
        if number == 0:
            if restored_run.run.arrays["test/label"].dtype.kind not in "iu":
                raise UsageError(f"run {run_id[:12]} is of a regression: there are no classes to predict")
            prepared, problems = prepare_all(paths, shape, spec.dataset.source.target)
            if not prepared:
                break
        for path, (whole, plain) in prepared.items():
            images = [image for image in (whole.example, plain) if image is not None]
            batch = np.stack([image.reshape(shape) for image in images])
            probabilities = class_probabilities(model, batch)
            opinion = Opinion(run_id, spec.seed, probabilities[0], *probabilities[1:])
            opinions.setdefault(path, []).append(opinion)
            if number == 0:
                answers[path] = {name: values[0] for name, values in hidden_answers(model, batch[:1]).items()}
    predictions = [
        PhotoPrediction(path.name, whole.steps, tuple(opinions[path]), plain, answers[path])
        for path, (whole, plain) in prepared.items()
    ]
    return predictions, problems


def prepare_all(
    paths: Sequence[Path], shape: tuple[int, ...], loader: str
) -> tuple[dict[Path, tuple[Prepared, Pixels | None]], dict[Path, str]]:
    """Each image prepared, and plainly resized where its model sees grey; and what was wrong with the others.

    Raises:
        UnfitShape: when no image can be made an example of this shape.
    """
    from ablate.datasets.arrays import DataError
    from ablate.datasets.photographs import UnfitShape, plain_resize, prepare, read_photograph

    prepared: dict[Path, tuple[Prepared, Pixels | None]] = {}
    problems: dict[Path, str] = {}
    for path in dict.fromkeys(paths):
        try:
            photograph = read_photograph(path)
            whole = prepare(photograph, shape, loader)
        except UnfitShape:
            raise
        except DataError as error:
            problems[path] = str(error) if str(path) in str(error) else f"{path}: {error}"
            continue
        is_grey = whole.example.ndim == 2
        prepared[path] = whole, plain_resize(photograph, shape[0]).example if is_grey else None
    return prepared, problems


def report(found: ArmPhotoPredictions, study: str, settings: Settings) -> Path:
    """Puts the predictions into the study's folder, and so into its report; the report's path."""
    from ablate.operations.publish import publish
    from ablate.reporting.evidence import PHOTO_PREDICTIONS, pack_photo_predictions

    folder = StudyFolder(settings.results_dir, study)
    folder.write(PHOTO_PREDICTIONS, pack_photo_predictions(found))
    return publish(folder, RunStore(settings.results_dir), settings.reports_dir).report.path


def line_of(prediction: PhotoPrediction) -> str:
    """`five.png: 5 (0.960, 5 of 5 seeds)`."""
    runs = len(prediction.opinions)
    if runs == 1:
        return f"{prediction.name}: {prediction.predicted} ({prediction.probability:.3f})"
    agreeing = prediction.votes.get(prediction.predicted, 0)
    others = f"; most of them read {prediction.majority}" if prediction.majority != prediction.predicted else ""
    return (
        f"{prediction.name}: {prediction.predicted} ({prediction.probability:.3f}, {agreeing} of {runs} seeds{others})"
    )


def draw(predictions: Sequence[PhotoPrediction], folder: Path) -> list[Path]:
    """Writes a figure of each prediction, named after its image; the paths."""
    from ablate.plots.canvas import png_bytes
    from ablate.plots.pictures import photo_prediction_page
    from ablate.storage.atomic import write_atomically

    written: list[Path] = []
    for prediction in predictions:
        stem, number = Path(prediction.name).stem, 1
        path = folder / f"{stem}.png"
        while path in written:  # images of one name from several folders
            number += 1
            path = folder / f"{stem}_{number}.png"
        write_atomically(path, png_bytes(photo_prediction_page(prediction)))
        written.append(path)
    return written
