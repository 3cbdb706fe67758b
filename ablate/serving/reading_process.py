"""The process that reads pictures: it alone imports TensorFlow, and the models that were asked last stay in it.

It is started by `ablate.serving.reader` with one end of a socket. It is sent the settings, then questions; it sends
back how far it is and one `Reading` for each question. It writes no file, and ends when nobody listens.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from ablate.analysis.comparison import Side
from ablate.config.runs import Settings
from ablate.core.artefacts import WEIGHTS
from ablate.core.class_names import names_of_all
from ablate.core.errors import AblateError, UsageError
from ablate.core.machine import available_cores
from ablate.core.specs import Numerics
from ablate.operations.predict import Example, Predictions, ask, example_of, photograph_in, prediction_of
from ablate.operations.restore import RestoredRun, restored, trainers_on_cpu, weighted_runs
from ablate.operations.sides import one_side
from ablate.sanitize.text import one_line
from ablate.serving.heat import image_of, layer_of
from ablate.serving.problems import problem_of
from ablate.serving.readings import News, Preparation, Question, Reading, SideReading
from ablate.serving.site import Site

if TYPE_CHECKING:
    from ablate.datasets.photographs import Pixels

__all__ = ["Models", "answered", "main"]

Say = Callable[[News], None]

# What is kept between questions. One side may have no more than these bytes of weights.
MOST_MODELS, MOST_WEIGHT_BYTES = 100, 2**30
MOST_THREADS = 4
# Of a network of a hundred layers nobody looks at each.
MOST_LAYERS = 12
MOST_CHARACTERS = 400


def main(descriptor: int) -> None:
    """Answer what comes through the socket `descriptor`; never returns."""
    os.set_inheritable(descriptor, False)
    connection: Connection[Any, Any] = Connection(descriptor)
    try:
        models = Models(connection.recv(), connection.send)
        while True:
            connection.send(answered(connection.recv(), models))
    except (EOFError, OSError):  # nobody listens any longer
        os._exit(0)


def answered(question: Question, models: Models) -> Reading:
    """What the sides make of the picture; what one of them cannot be asked, it says in words."""
    photograph = None
    if question.picture:
        try:
            photograph = photograph_in(question.picture)
        except AblateError as error:
            return Reading(problem=_sentence(str(error)), hint=error.hint)
    shown = _Shown([])
    sides = tuple(_side_read(name, question, photograph, models, shown) for name in question.sides)
    return Reading(sides, tuple(preparation for _, preparation in shown.known))


class Models:
    """The models that were asked last, of the runs of a results folder."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings, self._say = settings, say
        self._site = Site(settings.results_dir)
        self._kept: OrderedDict[str, tuple[RestoredRun, int]] = OrderedDict()
        self._has_started = False

    def side(self, name: str) -> Side:
        """The runs that a name stands for.

        Raises:
            UsageError, NoSuchArm, MissingRun, AmbiguousPrefix, LeadsOut: when it stands for none that can be opened.
        """
        make = lambda: one_side(name, self._settings.results_dir, sets_aside=False)  # noqa: E731
        side = self._site.values.get(("side", name, self._site.version_of_side(name)), make)
        for run in side.runs:
            self._site.check_run(run.record.run_id)
        return side

    def of(self, side: Side) -> list[RestoredRun]:
        """The models of a side by seed, as far as its weights were kept.

        Raises:
            UsageError: when none were, or they are too large together.
            ConfigError: when a run is made of what the user has not allowed.
            Whatever restoring raises.
        """
        known = [self._kept[key][0] for run in side.runs if (key := _key(run)) in self._kept]
        missing = [run for run in side.runs if _key(run) not in self._kept and self._has_weights(run.record.run_id)]
        if missing or not known:
            known += self._restored(replace(side, runs=tuple(missing or side.runs)))
        for run in known:
            self._kept.move_to_end(_key(run.run))
        self._forget()
        return sorted(known, key=lambda run: run.run.spec.seed)

    def _restored(self, side: Side) -> Iterator[RestoredRun]:
        self._tell(f"Loading {side.label}")
        weighted = weighted_runs(side, self._site.store)
        sizes = [sum(values.nbytes for values in each.weights.values()) for each in weighted]
        if sum(sizes) > MOST_WEIGHT_BYTES:
            raise UsageError(
                f"The weights of {side.label} take {sum(sizes) / 2**30:.1f} GB, more than are loaded at a time. "
                "Ask one of its runs, or ablate predict, which loads one after the other."
            )
        found = restored("Reading a picture", weighted, self._settings, self._trainer_of)
        for number, size in enumerate(sizes, 1):
            run = next(found)
            self._has_started = True
            self._tell(f"Loading {side.label}: {number} of {len(sizes)}")
            self._kept[_key(run.run)] = run, size
            yield run

    def _tell(self, said: str) -> None:
        self._say(News(said if self._has_started else "Starting TensorFlow", self._has_started))

    def _forget(self) -> None:
        while len(self._kept) > MOST_MODELS or sum(size for _, size in self._kept.values()) > MOST_WEIGHT_BYTES:
            self._kept.popitem(last=False)

    def _has_weights(self, run_id: str) -> bool:
        return self._site.store.has_artefact(run_id, WEIGHTS)

    @cached_property
    def _trainer_of(self) -> Any:
        return trainers_on_cpu(self._settings, Numerics("cpu", "eager", min(MOST_THREADS, available_cores())))


class _Shown:
    """The preparations of a reading, each once however many sides saw it."""

    def __init__(self, known: list[tuple[tuple[Any, ...], Preparation]]) -> None:
        self.known = known

    def number(self, run: RestoredRun, example: Example) -> int:
        """Of the preparation that a run saw."""
        key = (run.example_shape, run.run.spec.dataset.source.target)
        keys = [each for each, _ in self.known]
        if key not in keys:
            steps = tuple(image_of(values, title) for title, values in example.steps.items())
            plain = None if example.plain is None else image_of(example.plain, "plainly resized")
            self.known.append((key, Preparation(steps, plain)))
            return len(keys)
        return keys.index(key)


def _side_read(name: str, question: Question, photograph: Pixels | None, models: Models, shown: _Shown) -> SideReading:
    try:
        side = models.side(name)
        runs = models.of(side)
        if photograph is None:
            return SideReading(name)
        return _read(side, runs, question, photograph, shown)
    except Exception as error:  # a model may be made of whatever a user allows
        problem = problem_of(error)
        if problem is None:
            return SideReading(name, f"Its runs could not be asked: {type(error).__name__}: {_short(str(error))}")
        return SideReading(name, _sentence(problem.message), problem.hint)


def _read(
    side: Side, runs: Sequence[RestoredRun], question: Question, photograph: Pixels, shown: _Shown
) -> SideReading:
    example = example_of(photograph, runs[0])
    seeds = [run.run.spec.seed for run in runs]
    number = seeds.index(question.seed) if question.seed in seeds else 0
    answers = [ask(run, example, hidden=place == number) for place, run in enumerate(runs)]
    names = names_of_all([run.run.record.environment for run in runs])
    opinions = [replace(answer, hidden={}) for answer in answers]
    prediction = prediction_of(question.name, Example({}, None), opinions, names)
    layers = list(answers[number].hidden.items())
    chosen = _spread(len(layers), MOST_LAYERS)
    return SideReading(
        side.label,
        found=Predictions(side.label, len(side.runs), len(side.runs) - len(runs), (prediction,), {}),
        preparation=shown.number(runs[0], example),
        seed=seeds[number],
        layers=tuple(layer_of(*layers[place]) for place in chosen),
        layers_left_out=len(layers) - len(chosen),
    )


def _spread(count: int, most: int) -> list[int]:
    """At most so many places of `count`, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(place * (count - 1) / (most - 1)) for place in range(most)})


def _key(run: Any) -> str:
    """What a run that is trained anew no longer has."""
    return f"{run.record.run_id} {sorted((name, str(said)) for name, said in run.record.files.items())}"


def _sentence(said: str) -> str:
    """With a capital and a full stop, but for names and commands, which stay what they are."""
    first, *_ = said.split(" ", 1)
    begun = f"{said[:1].upper()}{said[1:]}" if first.isalpha() else said
    return f"{begun}." if begun[-1:].isalnum() or begun.endswith(")") else begun


def _short(said: str) -> str:
    text = one_line(said)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
