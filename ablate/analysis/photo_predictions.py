"""What the runs of an arm make of one picture, for those who print it and those who draw it.

prediction = PhotoPrediction("five.png", steps, (Opinion(run_id, seed, probabilities), …), activations)
prediction.predicted, prediction.probability       # by the mean over the runs
prediction.majority, prediction.votes              # by their votes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ablate.core.class_names import label_of
from ablate.core.records import Array

__all__ = [
    "ArmPhotoPredictions",
    "Opinion",
    "PhotoPrediction",
    "photo_predictions_from_arrays",
    "photo_predictions_to_arrays",
]

# Of an image that is only to be looked at, in pixels.
LARGEST_SIDE = 240

Reals = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Opinion:
    """One run's probabilities, [classes], of a picture, and of the same picture plainly resized where that was
    asked too."""

    run_id: str
    seed: int
    probabilities: Reals
    plain: Reals | None = None

    @property
    def predicted(self) -> int:
        return int(self.probabilities.argmax())


@dataclass(frozen=True, eq=False)
class PhotoPrediction:
    """What one run or more make of a picture.

    Attributes:
        name: of the picture, as it is shown.
        steps: title to image in [0, 1], from the photograph to the example, [height, width] or [height, width, 3].
        plain: the example that plain resizing makes of it; None where that has no meaning.
        activations: name of a layer to what its units answered in the first run, [units].
        class_names: where they are known.
    """

    name: str
    steps: Mapping[str, Reals]
    opinions: tuple[Opinion, ...]
    plain: Reals | None = None
    activations: Mapping[str, Reals] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()

    @cached_property
    def probabilities(self) -> Reals:
        """[classes], the mean over the runs."""
        mean: Reals = np.mean([opinion.probabilities for opinion in self.opinions], axis=0)
        return mean

    @cached_property
    def plain_probabilities(self) -> Reals | None:
        """[classes], the mean over the runs, of the plainly resized picture."""
        plain = [opinion.plain for opinion in self.opinions if opinion.plain is not None]
        return np.mean(plain, axis=0) if plain else None

    @property
    def predicted(self) -> int:
        return int(self.probabilities.argmax())

    @property
    def probability(self) -> float:
        """Of the class that is predicted."""
        return float(self.probabilities[self.predicted])

    @property
    def label(self) -> str:
        """The class that is predicted, by its name where it has one."""
        return label_of(self.predicted, self.class_names)

    @property
    def votes(self) -> dict[int, int]:
        """Class to how many runs predict it, the most first; of equally many the more probable first."""
        return _votes([opinion.probabilities for opinion in self.opinions], self.probabilities)

    @property
    def majority(self) -> int:
        return next(iter(self.votes))

    @property
    def plain_votes(self) -> dict[int, int]:
        plain = [opinion.plain for opinion in self.opinions if opinion.plain is not None]
        return {} if self.plain_probabilities is None else _votes(plain, self.plain_probabilities)


@dataclass(frozen=True, eq=False)
class ArmPhotoPredictions:
    """What the runs behind a label, as `study:arm`, read in several pictures."""

    label: str
    predictions: tuple[PhotoPrediction, ...]


def photo_predictions_to_arrays(found: ArmPhotoPredictions) -> dict[str, Array]:
    """The predictions as arrays for an .npz: images as uint8, thinned out where larger than LARGEST_SIDE.

    Names are <picture>/<what>/…, pictures counted from 0; read by `photo_predictions_from_arrays`.
    """
    arrays: dict[str, Array] = {"label": np.array(found.label)}
    for number, prediction in enumerate(found.predictions):
        images = {f"step/{place}/{title}": image for place, (title, image) in enumerate(prediction.steps.items())}
        if prediction.plain is not None:
            images["plain"] = prediction.plain
        own: dict[str, Array] = {
            "name": np.array(prediction.name),
            "run_id": np.array([opinion.run_id for opinion in prediction.opinions]),
            "seed": np.array([opinion.seed for opinion in prediction.opinions]),
            "probability": np.array([opinion.probabilities for opinion in prediction.opinions]),
            **{name: _small(image) for name, image in images.items()},
            **{f"units/{layer}": values.astype(np.float32) for layer, values in prediction.activations.items()},
        }
        resized = [opinion.plain for opinion in prediction.opinions if opinion.plain is not None]
        if resized:
            own["plain_probability"] = np.array(resized)
        if prediction.class_names:
            own["class_name"] = np.array(prediction.class_names)
        arrays |= {f"{number}/{name}": values for name, values in own.items()}
    return arrays


def photo_predictions_from_arrays(arrays: Mapping[str, Array]) -> ArmPhotoPredictions:
    """
    Raises:
        KeyError: when these are no arrays of `photo_predictions_to_arrays`.
    """
    count = sum(name.endswith("/name") for name in arrays)
    return ArmPhotoPredictions(
        str(arrays["label"]), tuple(_prediction(_below(arrays, f"{place}/")) for place in range(count))
    )


def _prediction(own: Mapping[str, Array]) -> PhotoPrediction:
    resized: list[Reals | None] = [None] * len(own["seed"])
    if "plain_probability" in own:
        resized = list(own["plain_probability"])
    columns = own["run_id"].tolist(), own["seed"].tolist(), own["probability"], resized
    steps = sorted(_below(own, "step/").items(), key=lambda item: int(item[0].partition("/")[0]))
    return PhotoPrediction(
        name=str(own["name"]),
        steps={name.partition("/")[2]: _image(values) for name, values in steps},
        opinions=tuple(Opinion(*values) for values in zip(*columns, strict=True)),
        plain=_image(own["plain"]) if "plain" in own else None,
        activations=_below(own, "units/"),
        class_names=tuple(map(str, own["class_name"])) if "class_name" in own else (),
    )


def _below(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _small(image: Reals) -> Array:
    step = -(-max(image.shape[:2]) // LARGEST_SIDE)
    return np.round(255 * np.clip(image[::step, ::step], 0, 1)).astype(np.uint8)


def _image(values: Array) -> Reals:
    return values.astype(np.float32) / np.float32(255)


def _votes(all_probabilities: list[Reals], mean: Reals) -> dict[int, int]:
    counts = np.bincount([int(each.argmax()) for each in all_probabilities], minlength=len(mean))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda number: (-counts[number], -mean[number]))
    return {number: int(counts[number]) for number in order}
