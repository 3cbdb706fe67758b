"""What the runs of an arm read in photographs, as a section of the report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ablate.analysis.photo_predictions import ArmPhotoPredictions, PhotoPrediction
from ablate.core.class_names import label_of
from ablate.reporting.blocks import Block, Code, Figure, Heading, Prose, Row, table, text
from ablate.reporting.numbers import UNDEFINED
from ablate.sanitize.text import file_stem

__all__ = ["photograph_files", "photographs_section"]

HEADER = ("photograph", "prepared as MNIST was", "class: seeds", "plainly resized", "class: seeds")


def photographs_section(found: ArmPhotoPredictions) -> list[Block]:
    """A table, a row a photograph, and the figure of each."""
    seeds = len(found.predictions[0].opinions) if found.predictions else 0
    rows: list[Row] = [[Code(prediction.name), *_cells(prediction)] for prediction in found.predictions]
    note = text(
        f"Read by {seeds} seeds of ",
        Code(found.label),
        ": the class of the largest mean probability, and how many seeds predict which class. Prepared is grey, light "
        "on dark, cropped, fitted and centred by mass; plainly resized is the whole photograph at the size of an "
        "example.",
    )
    figures = [
        Figure(f"figures/{file}", f"Steps of preparing {prediction.name}, probabilities and hidden units")
        for prediction, file in zip(found.predictions, photograph_files(found), strict=True)
    ]
    return [Heading(2, text("Photographs")), table(HEADER, rows), Prose(note), *figures]


def photograph_files(found: ArmPhotoPredictions) -> list[str]:
    """The file name of each prediction's figure."""
    return [_file(number, prediction) for number, prediction in enumerate(found.predictions, start=1)]


def _file(number: int, prediction: PhotoPrediction) -> str:
    stem = file_stem(re.sub(r"[.=]", "-", prediction.name.rpartition(".")[0] or prediction.name))
    return f"photograph-{number}-{stem}.png"


def _cells(prediction: PhotoPrediction) -> list[str]:
    names = prediction.class_names
    prepared = [f"{prediction.label} ({prediction.probability:.3f})", _counts(prediction.votes, names)]
    mean = prediction.plain_probabilities
    if mean is None:
        return [*prepared, UNDEFINED, UNDEFINED]
    best = int(mean.argmax())
    plain = f"{label_of(best, names)} ({float(mean[best]):.3f})"
    return [*prepared, plain, _counts(prediction.plain_votes, names)]


def _counts(votes: Mapping[int, int], names: Sequence[str]) -> str:
    return ", ".join(f"{label_of(number, names)}: {count}" for number, count in votes.items())
