"""Pictures of examples: how a photograph becomes one, what a network makes of it, how its units answer.

png_bytes(photo_prediction_page(prediction))
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ablate.analysis.photo_predictions import PhotoPrediction
from ablate.core.class_names import label_of
from ablate.core.identity import short_id
from ablate.plots.canvas import DIVERGED, INK, SUBJECT, house_figure, house_style
from ablate.plots.labels import class_labels

__all__ = ["draw_activations", "draw_image", "draw_probabilities", "parts_of", "photo_prediction_page"]

Reals = npt.NDArray[np.floating]

# Units beside each other are in no order: a grid a little wider than high is merely easy to look at.
WIDER = 2.0
MOST_LAYERS = 3
MOST_CLASSES_WITH_NUMBERS = 20
_ANSWERS = LinearSegmentedColormap.from_list("answers", [DIVERGED, "#FFFFFF", SUBJECT])


def draw_image(image: Reals, ax: Axes, title: str = "") -> Axes:
    """An image in [0, 1], [height, width] from black to white or [height, width, 3] in colour."""
    grey = {"cmap": "gray", "vmin": 0.0, "vmax": 1.0} if image.ndim == 2 else {}
    ax.imshow(np.clip(image, 0.0, 1.0), interpolation="nearest", **grey)  # type: ignore[arg-type]
    ax.set_title(title, size=8.5)
    ax.tick_params(length=0, labelbottom=False, labelleft=False)
    ax.spines[:].set(visible=True, color="#B0B0B0")
    return ax


def draw_probabilities(
    series: Mapping[str, Reals], ax: Axes, truth: int | None = None, names: Sequence[str] = ()
) -> Axes:
    """Bars of the probability of every class, [classes], one colour for each of the series, which is filled for
    the first and an outline for the others; the largest of each is written beside its bar.

    Args:
        truth: the true class, whose label is bold; None where nobody knows.
        names: of the classes, where they are known.
    """
    classes = len(next(iter(series.values())))
    height = 0.8 / len(series)
    for index, (label, probabilities) in enumerate(series.items()):
        places = np.arange(classes) + (index - (len(series) - 1) / 2) * height
        looks = {"color": SUBJECT} if index == 0 else {"facecolor": "white", "edgecolor": DIVERGED, "linewidth": 1.1}
        ax.barh(places, probabilities, height=height, label=label, **looks)
        best = int(np.argmax(probabilities))
        value = float(probabilities[best])
        ax.text(min(value, 1.0) + 0.02, float(places[best]), f"{value:.3f}", va="center", size=8.5, color=INK)
    step = -(-classes // MOST_CLASSES_WITH_NUMBERS)
    ax.set_yticks(range(0, classes, step), class_labels(range(0, classes, step), names))
    for number, tick in zip(range(0, classes, step), ax.get_yticklabels(), strict=True):
        tick.set_fontweight("bold" if number == truth else "normal")
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.16), xticks=[0, 0.25, 0.5, 0.75, 1], xlabel="probability", ylabel="class")
    ax.grid(axis="x", which="major")
    ax.set_axisbelow(True)
    if len(series) > 1:
        ax.legend(loc="lower right")
    return ax


def draw_activations(values: Reals, ax: Axes, title: str = "") -> Axes:
    """The answers of a layer's units, [units], row by row from the first: white is silent, blue and red are as far
    above and below zero as the strongest goes."""
    units = len(values)
    columns = min(units, math.ceil(math.sqrt(WIDER * units)))
    rows = -(-units // columns)
    cells = np.full(rows * columns, np.nan)
    cells[:units] = values
    strongest = float(np.abs(values).max()) or 1.0
    ax.imshow(cells.reshape(rows, columns), cmap=_ANSWERS, vmin=-strongest, vmax=strongest, interpolation="nearest")
    ax.set_xticks(np.arange(0.5, columns - 1), minor=True)
    ax.set_yticks(np.arange(0.5, rows - 1), minor=True)
    ax.grid(which="minor", color="#E8E8E8", linewidth=0.5)
    ax.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    ax.spines[:].set(visible=True, color="#B0B0B0")
    ax.set_title(f"{title}\n{int(np.sum(values == 0))} of {units} silent, largest {np.max(values):.3g}", size=8.5)
    return ax


def photo_prediction_page(prediction: PhotoPrediction) -> Figure:
    """The steps from the photograph to the example, the probabilities of the classes, and the hidden layers."""
    with house_style():
        return _photo_prediction_page(prediction)


def _photo_prediction_page(prediction: PhotoPrediction) -> Figure:
    layers = list(prediction.activations.items())[-MOST_LAYERS:]
    figure, (above, below) = house_figure(
        f"{prediction.name} is read as {prediction.label}", _in_words(prediction), 6.0, [1.0, 1.9]
    )
    images = [*prediction.steps.items(), *([] if prediction.plain is None else [("plainly resized", prediction.plain)])]
    for ax, (title, image) in zip(parts_of(above, 1, len(images)), images, strict=True):
        draw_image(image, ax, title)
    bars, *grids = parts_of(below, 1, 1 + bool(layers), (1.0, 1.15)[: 1 + bool(layers)])
    series = {"prepared": prediction.probabilities}
    if prediction.plain_probabilities is not None:
        series["plainly resized"] = prediction.plain_probabilities
    draw_probabilities(series, bars, names=prediction.class_names)
    if grids:
        for ax, (layer, values) in zip(parts_of(grids[0], len(layers), 1), layers, strict=True):
            draw_activations(values, ax, layer)
    return figure


def _in_words(prediction: PhotoPrediction) -> str:
    runs = len(prediction.opinions)
    if runs == 1:
        return (
            f"Run {short_id(prediction.opinions[0].run_id)}, seed {prediction.opinions[0].seed}; as MNIST was prepared"
        )
    names = prediction.class_names
    plain = f"; plainly resized: {_counts(prediction.plain_votes, names)}" if prediction.plain_votes else ""
    units = f"; units of seed {prediction.opinions[0].seed}" if prediction.activations else ""
    return f"Mean probability of {runs} seeds. Prepared: {_counts(prediction.votes, names)}{plain}{units}"


def _counts(votes: Mapping[int, int], names: Sequence[str]) -> str:
    read = ((label_of(number, names), count) for number, count in votes.items())
    return ", ".join(f"{count} read{'s' if count == 1 else ''} {label}" for label, count in read)


def parts_of(ax: Axes, rows: int, columns: int, widths: Sequence[float] | None = None) -> list[Axes]:
    """Axes in the place of one, row by row."""
    figure, place = ax.figure, ax.get_subplotspec()
    assert place is not None
    ax.remove()
    grid = place.subgridspec(rows, columns, width_ratios=widths)
    return [figure.add_subplot(grid[row, column]) for row in range(rows) for column in range(columns)]
