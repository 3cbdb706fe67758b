"""What a trained run, or all seeds of an arm, read in photographs of digits: prepared as the data they learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.analysis.photo_predictions import ArmPhotoPredictions, Opinion, PhotoPrediction
from ablate.config.runs import Settings
from ablate.core.class_names import names_of_all
from ablate.core.errors import UsageError
from ablate.core.identity import Json, short_id
from ablate.operations.as_json import document, shows
from ablate.operations.restore import RestoredRun, restored, weighted_runs
from ablate.operations.sides import one_side, study_of
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder

if TYPE_CHECKING:
    from ablate.datasets.photographs import Pixels, Prepared

__all__ = ["Predictions", "UnreadImage", "predict"]

shows("run_id", "seed", "predicted", "probabilities")(Opinion)
# Neither its steps nor what the units answered, which are pictures.
shows(
    "image=name",
    "predicted",
    "class_name=label",
    "probability",
    "majority",
    "votes",
    "probabilities",
    "plainly_resized=plain_probabilities",
    "runs=opinions",
)(PhotoPrediction)


@dataclass(frozen=True)
class UnreadImage:
    """An image that could not be read, and why."""

    image: Path
    error: str


@document("predict", version=2)
@shows("side", "seeds", "unasked", "images=predictions", "failed", "figures", "report")
@dataclass(frozen=True, eq=False)
class Predictions:
    """What was read, and where it is shown.

    Attributes:
        side: the run or the arm that was asked.
        seeds, unasked: how many runs it has, and how many of them were not asked, for their weights were not kept.
        predictions: of each image that could be read, in the order in which they were given.
        problems: each other image → what is wrong with it.
        figures: the file of each reading; none unless they were asked for.
        report: the study's report, if they were put into it.
    """

    side: str
    seeds: int
    unasked: int
    predictions: tuple[PhotoPrediction, ...]
    problems: Mapping[Path, str]
    figures: tuple[Path, ...] = ()
    report: Path | None = None

    @property
    def failed(self) -> tuple[UnreadImage, ...]:
        return tuple(UnreadImage(image, error) for image, error in self.problems.items())


def predict(
    name: str, images: Sequence[Path], *, settings: Settings, out: Path | None = None, report: bool = False
) -> Predictions:
    """Asks the runs what they read in each image. TensorFlow is imported by this call, for seconds.

    Args:
        name: a run by the beginning of its id, or an arm as `study:level`.
        out: a folder into which a figure of each image is drawn.
        report: whether to show them in the report of the arm's study, in place of others.

    Raises:
        UsageError: when the name is not that of a run or an arm, when no weights of it were kept, when it tells no
            classes apart, or for a report of a run by itself.
        NoSuchArm, MissingRun, AmbiguousPrefix: when there is no such run or arm, or more than one.
        ConfigError: when a run is made of what the user has not allowed.
        TrainerLacks: when what trained the runs restores no models.
        DataError: when the model takes no pictures, or the data of a run cannot be read.
        WriteFailed: when the file system refuses a figure or the report.
    """
    side = one_side(name, settings.results_dir)
    study = study_of(side) if report else None
    runs = weighted_runs(side, RunStore(settings.results_dir))
    predictions, problems = _read(images, restored("ablate predict", runs, settings))
    return Predictions(
        side=side.label,
        seeds=len(side.runs),
        unasked=len(side.runs) - len(runs),
        predictions=predictions,
        problems=problems,
        figures=_draw(predictions, out) if out is not None else (),
        report=_publish(ArmPhotoPredictions(side.label, predictions), study, settings)
        if study and predictions
        else None,
    )


def _read(paths: Sequence[Path], runs: Iterable[RestoredRun]) -> tuple[tuple[PhotoPrediction, ...], dict[Path, str]]:
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
    environments: list[Mapping[str, Json]] = []
    for number, restored_run in enumerate(runs):
        spec, model, shape = restored_run.run.spec, restored_run.model, restored_run.example_shape
        run_id = restored_run.run.record.run_id
        environments.append(restored_run.run.record.environment)
        if number == 0:
            if restored_run.run.arrays["test/label"].dtype.kind not in "iu":
                raise UsageError(f"run {short_id(run_id)} is of a regression: there are no classes to predict")
            prepared, problems = _prepare_all(paths, shape, spec.dataset.source.target)
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
    names = names_of_all(environments)
    predictions = tuple(
        PhotoPrediction(path.name, whole.steps, tuple(opinions[path]), plain, answers[path], names)
        for path, (whole, plain) in prepared.items()
    )
    return predictions, problems


def _prepare_all(
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


def _publish(found: ArmPhotoPredictions, study: str, settings: Settings) -> Path:
    """Puts the predictions into the study's folder, and so into its report; the report's path."""
    from ablate.operations.publish import publish
    from ablate.publishing.evidence import PHOTO_PREDICTIONS, pack_photo_predictions

    folder = StudyFolder(settings.results_dir, study)
    folder.write(PHOTO_PREDICTIONS, pack_photo_predictions(found))
    return publish(folder, RunStore(settings.results_dir), settings.reports_dir).report.path


def _draw(predictions: Sequence[PhotoPrediction], folder: Path) -> tuple[Path, ...]:
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
    return tuple(written)
