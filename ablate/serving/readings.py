"""What the process that reads pictures is asked, and what it answers: plain data, sent to and fro."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.core.identity import Json
from ablate.operations.as_json import to_json
from ablate.operations.predict import Predictions

__all__ = ["Image", "Layer", "News", "Preparation", "Question", "Reading", "SideReading"]


@dataclass(frozen=True)
class Question:
    """
    Attributes:
        sides: runs by the beginnings of their ids, or arms as `study:level`.
        picture: the bytes of an image file; empty where the models are only to be made ready.
        name: what the picture is called.
        seed: whose hidden units are shown, where a side has a run of it; else those of its first run.
    """

    sides: tuple[str, ...]
    picture: bytes = b""
    name: str = "drawing"
    seed: int | None = None


@dataclass(frozen=True)
class News:
    """How far it is. `has_started` once what takes seconds, importing TensorFlow, is over."""

    said: str
    has_started: bool


@dataclass(frozen=True)
class Image:
    """A PNG that is to be shown under a title, with its size in pixels."""

    title: str
    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Layer:
    """What the hidden units of a layer answer to the picture.

    Attributes:
        shape: of all that it answers, [*positions, units].
        shown: how many of the units are in the image, from the first.
        silent: how many of all units answer 0 everywhere.
        strongest: the largest absolute value, which has the full colour.
    """

    shape: tuple[int, ...]
    shown: int
    silent: int
    strongest: float
    image: Image

    @property
    def units(self) -> int:
        return self.shape[-1]


@dataclass(frozen=True)
class Preparation:
    """How the picture became an example: its steps, and what plain resizing would have made of it."""

    steps: tuple[Image, ...]
    plain: Image | None


@dataclass(frozen=True)
class SideReading:
    """What the runs of a side make of the picture, or why they make nothing of it.

    Attributes:
        found: as `predict` gives it, without its images; None where there is a problem or no picture.
        preparation: which of the reading's preparations it saw.
        seed: whose hidden units are shown.
        layers: the hidden layers from the input on; `layers_left_out` counts those between them that are not shown.
    """

    side: str
    problem: str = ""
    hint: str = ""
    found: Predictions | None = None
    preparation: int = 0
    seed: int | None = None
    layers: tuple[Layer, ...] = ()
    layers_left_out: int = 0

    def to_json(self) -> dict[str, Json]:
        return {
            "side": self.side,
            "problem": self.problem,
            "hint": self.hint,
            "predict": None if self.found is None else to_json(self.found),
        }


@dataclass(frozen=True)
class Reading:
    """What every side makes of the picture. `problem` says why none was asked."""

    sides: tuple[SideReading, ...] = ()
    preparations: tuple[Preparation, ...] = ()
    problem: str = ""
    hint: str = ""
