"""Read my digit: what the runs of an arm, or of several, make of a drawing or of a photograph.

The page asks under `/api/readings`, which answers at once how far the process is that reads (`ablate.serving.reader`),
and is shown under `/digit/{number}` what came out.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from anyio import to_thread
from starlette.responses import JSONResponse

from ablate.analysis.photo_predictions import PhotoPrediction
from ablate.core.artefacts import WEIGHTS
from ablate.core.class_names import label_of
from ablate.core.errors import AblateError, UsageError
from ablate.core.identity import Json
from ablate.sanitize.text import one_line
from ablate.serving.answers import Answer, Document, Page, Redirect
from ablate.serving.asked import Asked
from ablate.serving.forms import fields_of
from ablate.serving.problems import Problem
from ablate.serving.reader import Busy, Reader, State
from ablate.serving.readings import Image, Layer, Question, Reading, SideReading
from ablate.serving.routes import Entry, Route
from ablate.serving.site import Site
from ablate.storage.studies import PlanLine, study_names

__all__ = ["NAV", "ROUTES"]

# Beside each other on a screen; each takes a model for each of its seeds.
MOST_SIDES = 12
CHOSEN_AT_FIRST = 4
LONGEST_NAME, LONGEST_FILE_NAME = 300, 80
# Classes with a bar each; of more, those that are most probable to any side.
MOST_CLASSES = 12
WITH = {"with": "who is asked: an arm as study:level, or the beginning of a run id; several times for several"}
LARGEST_SEED = 2**63 - 1

Reals = npt.NDArray[np.floating]


class NoReading(UsageError, LookupError):
    """Nobody has asked that, or long ago."""

    @property
    def hint(self) -> str:
        return "The last pictures alone are remembered. Ask again on the page that reads them."


def digit_page(asked: Asked) -> Answer:
    """Where one draws; `with` in the address says who is asked."""
    studies = list(_studies(asked.site))
    kept = [arm.side for study in studies for arm in study.arms if arm.has_weights]
    named = _names(asked)
    chosen = named or kept[:CHOSEN_AT_FIRST]
    return Page(
        "Read my digit",
        "digit.html",
        {
            "studies": [study for study in studies if study.has_weights],
            "bare": [study for study in studies if not study.has_weights],
            "chosen": chosen,
            "others": " ".join(name for name in chosen if name not in kept),
            "results_dir": asked.site.results_dir,
        },
        section="/digit",
    )


async def ask(asked: Asked) -> Answer:
    """Takes the bytes of an image file as they are, which stand in memory alone."""
    seed = asked.number("seed", 0, 0, LARGEST_SEED) if asked.value("seed") else None
    question = _question(_names(asked), await asked.request.body(), asked.value("name"), seed)
    reader = _reader(asked.site)
    try:
        number = reader.ask(question, asked.value("asker")[:LONGEST_NAME])
    except Busy as error:
        return JSONResponse(Problem(429, str(error), error.hint).to_json(), 429)
    return _document(number, _state(reader, number))


async def ask_by_form(asked: Asked) -> Answer:
    """The same where there is no script: a form, whose file stands in memory alone as well."""
    kind, body = asked.request.headers.get("content-type", ""), await asked.request.body()
    fields = await to_thread.run_sync(fields_of, kind, body)
    names = dict.fromkeys(name for each in fields if each.name == "with" for name in each.text.split())
    file = next((each for each in fields if each.name == "picture" and each.content), None)
    if file is None:
        raise UsageError("Choose a picture that is to be read.")
    return Redirect(f"/digit/{_reader(asked.site).ask(_question(list(names), file.content, file.file_name, None))}")


def _question(sides: Sequence[str], picture: bytes, name: str, seed: int | None) -> Question:
    """
    Raises:
        UsageError: when nobody is asked, or too many.
    """
    if not 0 < len(sides) <= MOST_SIDES or any(len(name) > LONGEST_NAME for name in sides):
        raise UsageError(f"Choose who is asked: from one arm, or run, to {MOST_SIDES}.")
    return Question(tuple(sides), picture, one_line(name)[:LONGEST_FILE_NAME] or "drawing", seed)


async def state(asked: Asked) -> Answer:
    """How far it is, and what came out."""
    number = asked.part("number")
    return _document(number, _state(_reader(asked.site), number))


def reading_page(asked: Asked) -> Answer:
    """What came out, to be looked at; the page that asks takes it over."""
    found = _state(_reader(asked.site), asked.part("number"))
    if not found.step.is_last:
        return Page("Read my digit", "reading.html", {"waiting": found.said or found.step.value}, section="/digit")
    return Page(
        "What they read", "reading.html", _shown(found.reading or Reading(problem=found.said)), section="/digit"
    )


def _reader(site: Site) -> Reader:
    if site.reader is None:
        raise UsageError("This server reads no pictures.")
    return site.reader


def _state(reader: Reader, number: str) -> State:
    found = reader.state(number)
    if found is None:
        raise NoReading("There is no such reading.")
    return found


def _document(number: str, found: State) -> Document:
    reading = found.reading or Reading()
    content: dict[str, Json] = {
        "kind": "reading",
        "version": 1,
        "number": number,
        "step": found.step.value,
        "is_over": found.step.is_last,
        "said": found.said,
        "problem": reading.problem,
        "hint": reading.hint,
        "sides": [side.to_json() for side in reading.sides],
    }
    return Document(content)


def _names(asked: Asked) -> list[str]:
    """From a form they may come in one field, a space between them."""
    return list(dict.fromkeys(name for value in asked.values("with") for name in value.split()))


# who can be asked ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Arm:
    title: str
    side: str
    has_weights: bool


@dataclass(frozen=True)
class _Study:
    """A study with its arms, and the command that keeps the weights of its runs."""

    name: str
    arms: tuple[_Arm, ...]
    command: str

    @property
    def has_weights(self) -> bool:
        return any(arm.has_weights for arm in self.arms)


def _studies(site: Site) -> Iterator[_Study]:
    """Those whose plans can be read, the last planned first."""
    lines = []
    for name in study_names(site.results_dir):
        try:
            lines.append(site.line(name))
        except AblateError:  # the page of the studies says what is wrong with it
            continue
    for line in sorted(lines, key=lambda line: line.planned_at, reverse=True):
        yield _study(line, site)


def _study(line: PlanLine, site: Site) -> _Study:
    runs: dict[str, list[str]] = {}
    for run in line.plan.runs:
        runs.setdefault(run.arm, []).append(run.run_id)
    store, name = site.store, line.plan.name
    arms = tuple(
        _Arm(arm, f"{name}:{arm}", any(store.has_artefact(run_id, WEIGHTS) for run_id in dict.fromkeys(run_ids)))
        for arm, run_ids in runs.items()
    )
    # A key is given once; what else was kept is in the store already.
    words = [word for word in line.argv if not word.startswith("keep=")]
    return _Study(name, arms, f"ablate {shlex.join([*words, f'keep=[{WEIGHTS}]'])}")


# what came out ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bar:
    """A class with its probability; `plain` is that of the picture without its preparation."""

    label: str
    probability: float
    plain: float | None
    is_best: bool


@dataclass(frozen=True)
class _Seed:
    seed: int
    run_id: str
    label: str
    probability: float
    agrees: bool
    bars: tuple[_Bar, ...]


@dataclass(frozen=True)
class _Side:
    """A side as its card shows it."""

    reading: SideReading
    prediction: PhotoPrediction
    seeds: tuple[_Seed, ...]
    bars: tuple[_Bar, ...]
    left_out: str

    @property
    def agreeing(self) -> int:
        return self.prediction.votes.get(self.prediction.predicted, 0)

    @property
    def votes(self) -> list[tuple[str, int]]:
        names = self.prediction.class_names
        return [(label_of(number, names), count) for number, count in self.prediction.votes.items()]

    @property
    def plain(self) -> tuple[str, float] | None:
        """What is read without the preparation."""
        values = self.prediction.plain_probabilities
        if values is None:
            return None
        best = int(values.argmax())
        return label_of(best, self.prediction.class_names), float(values[best])


def _shown(reading: Reading) -> dict[str, object]:
    sides = [_side(each) for each in reading.sides if each.found is not None]
    refused = [each for each in reading.sides if each.found is None]
    reasons = {(each.problem, each.hint) for each in refused}
    # A picture on which nothing is written is nobody's fault but its own.
    together = reasons.pop() if not sides and len(reasons) == 1 else None
    seeds = sorted({seed.seed for side in sides for seed in side.seeds})
    return {
        "problem": reading.problem or (together[0] if together else ""),
        "hint": reading.hint or (together[1] if together else ""),
        "sides": sides,
        "refused": [] if together else refused,
        "preparations": [
            (preparation, [side.reading.side for side in sides if side.reading.preparation == number])
            for number, preparation in enumerate(reading.preparations)
        ],
        "seeds": seeds,
        "chosen_seed": sides[0].reading.seed if sides else None,
        "address_of": _address_of,
        "said_of": _said_of,
    }


def _side(reading: SideReading) -> _Side:
    assert reading.found is not None
    (prediction,) = reading.found.predictions
    mean = prediction.probabilities
    classes = _shown_classes(mean)
    left_out = len(mean) - len(classes)
    rest = 1.0 - float(sum(mean[number] for number in classes))
    return _Side(
        reading,
        prediction,
        tuple(
            _Seed(
                opinion.seed,
                opinion.run_id,
                label_of(opinion.predicted, prediction.class_names),
                float(opinion.probabilities[opinion.predicted]),
                opinion.predicted == prediction.predicted,
                _bars(opinion.probabilities, None, classes, prediction.class_names),
            )
            for opinion in prediction.opinions
        ),
        _bars(mean, prediction.plain_probabilities, classes, prediction.class_names),
        f"{left_out} further classes have {rest:.3f} together" if left_out else "",
    )


def _shown_classes(probabilities: Reals) -> list[int]:
    """All in their order, or of many the most probable first."""
    numbers = list(range(len(probabilities)))
    if len(numbers) <= MOST_CLASSES:
        return numbers
    most_probable = np.argsort(-probabilities, kind="stable")[:MOST_CLASSES]
    return [int(number) for number in most_probable]


def _bars(probabilities: Reals, plain: Reals | None, classes: Sequence[int], names: Sequence[str]) -> tuple[_Bar, ...]:
    best = int(probabilities.argmax())
    return tuple(
        _Bar(
            label_of(number, names),
            float(probabilities[number]),
            None if plain is None else float(plain[number]),
            number == best,
        )
        for number in classes
    )


def _address_of(image: Image) -> str:
    """The image within the page."""
    return f"data:image/png;base64,{b64encode(image.png).decode()}"


def _said_of(layer: Layer) -> str:
    """What a layer's image shows, as text."""
    *positions, units = layer.shape
    place = "×".join(map(str, positions))
    match positions:
        case []:
            what = f"{units} units"
        case [_, _]:
            what = f"{units} maps of {place}"
        case _:
            what = f"{units} units at {place} positions"
    first = f", the first {layer.shown} shown" if layer.shown < units else ""
    return f"{what}{first}; {layer.silent} silent, strongest {layer.strongest:.3g}"


_PARAMETERS: Mapping[str, str] = {
    **WITH,
    "name": "what the picture is called",
    "seed": "whose hidden units are shown on its page",
    "asker": "any word of your own: what you asked under it before and still wait for gives way",
}
ROUTES = (
    Route("/digit", digit_page, "Draw a digit, or drop a photograph, and see what runs make of it.", WITH),
    Route(
        "/digit", ask_by_form, "Has a picture read that a form has sent, and leads to what comes out.", method="POST"
    ),
    Route("/digit/{number}", reading_page, "What came out of one reading."),
    Route(
        "/api/readings",
        ask,
        "Has a picture read, the bytes of an image file; answers at once with a number under which to ask on.",
        _PARAMETERS,
        method="POST",
    ),
    Route("/api/readings/{number}", state, "How far a reading is, and, as `ablate predict --json`, what came out."),
)
NAV = Entry("Read my digit", "/digit", rank=6)
