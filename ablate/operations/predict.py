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
from ablate.core.records import Array
from ablate.operations.as_json import document, shows
from ablate.operations.restore import RestoredRun, restored, weighted_runs
from ablate.operations.sides import one_side, study_of
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder

if TYPE_CHECKING:
    from ablate.datasets.photographs import Pixels

__all__ = [
    "Answer",
    "Example",
    "Predictions",
    "UnreadImage",
    "ask",
    "example_of",
    "photograph_in",
    "predict",
    "prediction_of",
]

# What a telephone takes has fifty million; of more than these nobody but an attacker sends a digit.
MOST_SENT_PIXELS = 64_000_000

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


@dataclass(frozen=True, eq=False)
class Example:
    """A photograph as a model takes it.

    Attributes:
        steps: title to image, from the photograph to the example, see `Prepared`.
        plain: what plain resizing makes of it; None where that has no meaning.
    """

    steps: Mapping[str, Pixels]
    plain: Pixels | None

    @property
    def image(self) -> Pixels:
        return list(self.steps.values())[-1]


@dataclass(frozen=True, eq=False)
class Answer:
    """What one run makes of an example. `hidden` is the path of a layer to what its units answer,
    [*positions, units]; empty where nobody asked for it."""

    opinion: Opinion
    hidden: Mapping[str, Array]


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
    examples: dict[Path, Example] = {}
    problems: dict[Path, str] = {}
    answers: dict[Path, list[Answer]] = {}
    environments: list[Mapping[str, Json]] = []
    for number, run in enumerate(runs):
        environments.append(run.run.record.environment)
        if number == 0:
            examples, problems = _examples_of(paths, run)
            answers = {path: [] for path in examples}
            if not examples:
                break
        for path, example in examples.items():
            answers[path].append(ask(run, example, hidden=number == 0))
    names = names_of_all(environments)
    predictions = tuple(prediction_of(path.name, example, answers[path], names) for path, example in examples.items())
    return predictions, problems


def _examples_of(paths: Sequence[Path], run: RestoredRun) -> tuple[dict[Path, Example], dict[Path, str]]:
    """Each image as the model of a run takes it; and what was wrong with the others.

    Raises:
        UnfitShape: when no image can be made an example of it.
        UsageError: when it tells no classes apart.
    """
    from ablate.datasets.arrays import DataError
    from ablate.datasets.photographs import UnfitShape, read_photograph

    examples: dict[Path, Example] = {}
    problems: dict[Path, str] = {}
    for path in dict.fromkeys(paths):
        try:
            examples[path] = example_of(read_photograph(path), run)
        except UnfitShape:
            raise
        except DataError as error:
            problems[path] = str(error) if str(path) in str(error) else f"{path}: {error}"
    return examples, problems


# one picture, one run --------------------------------------------------------------------------------


def photograph_in(content: bytes) -> Pixels:
    """The photograph, float32 [height, width, 3], of an image file that somebody has sent. It is written nowhere.

    Raises:
        UnreadablePhotograph: when it is no image, or has more than MOST_SENT_PIXELS, which are counted before any is
            decoded.
    """
    from ablate.datasets.photographs import decode_photograph

    return decode_photograph(content, MOST_SENT_PIXELS)


def example_of(photograph: Pixels, run: RestoredRun) -> Example:
    """A photograph [height, width, 3] prepared as the data that a run learnt from.

    Raises:
        UnfitShape: when no photograph can be made an example of that data.
        BlankPhotograph: when nothing is written on it.
        UsageError: when the run tells no classes apart.
    """
    from ablate.datasets.photographs import plain_resize, prepare

    if run.run.arrays["test/label"].dtype.kind not in "iu":
        raise UsageError(f"run {short_id(run.run.record.run_id)} is of a regression: there are no classes to predict")
    prepared = prepare(photograph, run.example_shape, run.run.spec.dataset.source.target)
    plain = plain_resize(photograph, run.example_shape[0]).example if prepared.as_digit else None
    return Example(prepared.steps, plain)


def ask(run: RestoredRun, example: Example, *, hidden: bool) -> Answer:
    """What a run makes of an example of its data; `hidden` asks for what its hidden units answer as well."""
    import numpy as np

    from ablate.probes.answers import class_probabilities, hidden_maps

    images = [image for image in (example.image, example.plain) if image is not None]
    batch = np.stack([image.reshape(run.example_shape) for image in images])
    probabilities = class_probabilities(run.model, batch)
    opinion = Opinion(run.run.record.run_id, run.run.spec.seed, probabilities[0], *probabilities[1:])
    return Answer(opinion, hidden_maps(run.model, batch[0]) if hidden else {})


def prediction_of(
    name: str, example: Example, answers: Sequence[Answer], class_names: tuple[str, ...]
) -> PhotoPrediction:
    """What the runs of an arm make of a picture together; the units are those of the first that was asked for them."""
    maps = next((answer.hidden for answer in answers if answer.hidden), {})
    return PhotoPrediction(
        name,
        example.steps,
        tuple(answer.opinion for answer in answers),
        example.plain,
        {path: values.mean(axis=tuple(range(values.ndim - 1))) for path, values in maps.items()},
        class_names,
    )


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
