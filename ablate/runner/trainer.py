"""The trainer of a worker: specs in, stored runs out, data sets and compiled programs kept in between.

    trainer = Trainer(data_dir=None, numerics=Numerics("cpu", "xla", 1))
    run = trainer.train(spec, progress=lambda epoch, epochs, metrics: None)
    run.record.metrics["test_accuracy"]
    model = trainer.restore(spec, run.artefacts["weights"])      # the model as the run left it

A run is a function of its spec alone: whatever the trainer trained before, the record is the same, but
for its times.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import keras
import numpy as np

from ablate.config.building import build, targets
from ablate.core.artefacts import PROBES, STEP_LOSSES, WEIGHTS
from ablate.core.class_names import entry as class_names_entry
from ablate.core.identity import canonical
from ablate.core.records import HISTORY, METRICS, VALIDATION, Divergence, RunRecord, Status, StoredRun, Timings
from ablate.core.specs import Component, Numerics, RunSpec
from ablate.datasets.arrays import DataError
from ablate.datasets.limits import limited
from ablate.datasets.splits import cut
from ablate.probes import Subject, measure
from ablate.runner.environment import describe_environment
from ablate.training import devices
from ablate.training.augmentation import unchanged
from ablate.training.feeding import Split
from ablate.training.fit import FitResult, Progress, TrainingData, evaluate, fit
from ablate.training.procedure import SUPERVISED, Arrays
from ablate.training.program import Program
from ablate.training.randomness import augment_key, initialise, stream_key
from ablate.training.settings import TrainingSettings
from ablate.training.step import Loss
from ablate.training.weights import assign_weights, weight_statistics, weights_of

__all__ = ["Trainer"]

Kept = TypeVar("Kept")


class LoadedData(NamedTuple):
    """A data set on the device, cut; `scale` is what integer features are divided by."""

    training: TrainingData
    test: Split
    example_shape: tuple[int, ...]
    outputs: int
    scale: float
    class_names: tuple[str, ...] = ()


class Trainer:
    """Trains runs one after the other in this process, all with the same `numerics`."""

    def __init__(self, data_dir: Path | None, numerics: Numerics) -> None:
        devices.configure(numerics.device, numerics.threads)
        self._data_dir = data_dir
        self._data: OrderedDict[str, LoadedData] = OrderedDict()
        self._programs: OrderedDict[str, Program] = OrderedDict()
        self._models: OrderedDict[str, keras.Model] = OrderedDict()
        self._functions: WeakKeyDictionary[Program, dict[str, Callable[..., Any]]] = WeakKeyDictionary()
        # The run whose weights a program holds for probes, with the artefacts they came from.
        self._subject: tuple[Subject, Mapping[str, Arrays]] | None = None

    def train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        """The outcome of `spec`: completed, with its raw artefacts, or diverged.

        Raises:
            DataError: when the data cannot be read, or is not the data of the spec.
            Exception: whatever the model, the optimizer or TensorFlow raises.
        """
        started = time.perf_counter()
        self._subject = None
        program, data, settings = self._started(spec)
        fitted = fit(
            program,
            data.training,
            settings,
            learning_rate=float(spec.optimizer.arguments["learning_rate"]),  # type: ignore[arg-type]
            schedule=made(spec, spec.schedule),
            seed=spec.seed_of("order"),
            salt=spec.salt,
            progress=progress,
        )
        metrics, arrays = ({}, {}) if fitted.diverged_at else final_results(program, data)
        metrics = {**metrics, **validation_metrics(fitted)}
        timings = Timings(time.perf_counter() - started, fitted.compile_seconds, fitted.epoch_seconds)
        record = _record(spec, fitted, metrics, timings, data.class_names)
        history = {HISTORY + name: np.array(values) for name, values in fitted.history.items()}
        steps = {"loss": fitted.step_losses, "objective": fitted.step_objectives}
        raw = {} if fitted.diverged_at else {WEIGHTS: weights_of(program.model), STEP_LOSSES: steps}
        return StoredRun(spec, record, {**history, **arrays}, raw)

    def restore(self, spec: RunSpec, weights: Arrays) -> keras.Model:
        """A model of its own for a run, with the weights that the run ended with.

        Args:
            weights: the artefact `weights` of the run.

        Raises:
            DataError: when the data cannot be read, or is not the data of the spec.
            ValueError: when the weights are not those of the spec's model.
        """
        model = build_model(spec, self._loaded(spec))
        assign_weights(model, weights)
        return model

    def example_shape(self, spec: RunSpec) -> tuple[int, ...]:
        """What the model of a run takes, without the axis of examples.

        Raises:
            DataError: when the data cannot be read, or is not the data of the spec.
        """
        return self._loaded(spec).example_shape

    def measure(self, spec: RunSpec, probe: str, raw: Mapping[str, Arrays]) -> Arrays:
        """The artefact of a probe over a completed run.

        Args:
            probe: a key of `ablate.core.artefacts.PROBES`.
            raw: of the run's raw artefacts those that the probe needs, or more.

        Raises:
            DataError: when the data cannot be read, or is not the data of the spec.
            KeyError: when one of them is missing.
        """
        missing = [name for name in PROBES[probe].needs if name not in raw]
        if missing:
            raise KeyError(f"{probe} is measured from {', '.join(missing)}")
        return measure(probe, self.subject(spec, raw))

    def subject(self, spec: RunSpec, raw: Mapping[str, Arrays]) -> Subject:
        """A completed run as probes see it, restored from its raw artefacts. It holds until this trainer is asked for
        anything else: its model is the program's own, so that what probes compile serves the next run."""
        if self._subject is None or self._subject[0].spec != spec or self._subject[1] is not raw:
            self._subject = (self._restored(spec, raw), raw)
        return self._subject[0]

    def _restored(self, spec: RunSpec, raw: Mapping[str, Arrays]) -> Subject:
        program, data, _ = self._started(spec)
        first_weights = weights_of(program.model)
        if WEIGHTS in raw:
            assign_weights(program.model, raw[WEIGHTS])
        return Subject(
            spec,
            program.model,
            program.learner.loss,
            data.scale,
            *data.training,
            data.test,
            raw.get(STEP_LOSSES, {}),
            first_weights,
            self._functions.setdefault(program, {}),
        )

    def _loaded(self, spec: RunSpec) -> LoadedData:
        return _kept(self._data, _data_key(spec), lambda: load_data(spec, self._data_dir))

    def _started(self, spec: RunSpec) -> tuple[Program, LoadedData, TrainingSettings]:
        """The program of the spec's shape, in the state in which this run begins, with the run's data and settings."""
        data = self._loaded(spec)
        settings: TrainingSettings = build(spec.training)
        loss = made_loss(spec)
        (clip, limit), *_ = (*settings.clip.limits.items(), (None, None))

        def compile_program() -> Program:
            return Program(
                build_model(spec, data),
                made(spec, spec.optimizer)(),
                loss,
                settings.batch_size,
                clip,
                data.scale,
                spec.numerics.engine,
                augment=unchanged if spec.augment is None else made(spec, spec.augment),
                procedure=SUPERVISED if spec.procedure is None else made(spec, spec.procedure)(),
                autograph=not all(map(is_ours, filter(None, (spec.loss, spec.augment, spec.procedure)))),
            )

        program = _kept(self._programs, f"{spec.program_id} {spec.dataset.stream}", compile_program)
        program.start(self._untrained(spec, data), limit, augment_key(spec.seed_of("masks"), spec.salt), loss)
        return program, data, settings

    def _untrained(self, spec: RunSpec, data: LoadedData) -> keras.Model:
        """The model of a spec as its run begins, for its values; nobody trains it.

        Another seed of a model of ours is drawn into the model that is at hand: building it anew takes as long as
        some ten epochs of a small data set, and makes TensorFlow prepare all its functions again. What others have
        written may draw random numbers while it is built, and is built for every run.
        """
        if not is_ours(spec.model):
            return build_model(spec, data)
        model = _kept(self._models, _model_key(spec), lambda: build_model(spec, data))
        draw(model, spec)
        return model


def _data_key(spec: RunSpec) -> str:
    """The data of a spec, how it is cut, and how it reaches the device."""
    return f"{canonical(spec.dataset.of_seed(spec.seed).to_json())} {spec.dataset.stream}"


def _model_key(spec: RunSpec) -> str:
    """What of a spec decides how its model is built."""
    return f"{canonical(spec.model.to_json())} {spec.precision} {_data_key(spec)}"


def made(spec: RunSpec, component: Component) -> Callable[..., Any]:
    """A component of the spec, ready to be called. The packages whose sources are part of the spec were
    allowed when it was planned."""
    return build(component, partial=True, allow=tuple(spec.code))


def made_loss(spec: RunSpec) -> Loss:
    """The loss of the spec: a function that knows its arguments, or an object of a class."""
    waiting: Any = made(spec, spec.loss)
    loss: Loss = waiting() if isinstance(waiting.func, type) else waiting
    return loss


def load_data(spec: RunSpec, data_dir: Path | None) -> LoadedData:
    """Reads and cuts the data of a spec and puts it on the device.

    Raises:
        DataError: when it is not the data whose digest stands in the spec.
    """
    dataset = spec.dataset
    raw = limited(made(spec, dataset.source)(data_dir=data_dir), dataset.limit)
    if raw.digest() != dataset.digest:
        raise DataError(f"the data of {dataset.source.target} changed between the plan and the run")
    parts = cut(raw, dataset.validation_fraction, dataset.validation_last, dataset.number_of_split(spec.seed))
    train, validation, test = (
        Split.of(part.features, part.targets, dataset.stream) for part in (parts.train, parts.validation, parts.test)
    )
    outputs = 1 if raw.classes is None else raw.classes
    return LoadedData(TrainingData(train, validation), test, raw.example_shape, outputs, raw.scale, raw.class_names)


def build_model(spec: RunSpec, data: LoadedData) -> keras.Model:
    """A fresh model with the weights and keys of the spec's seed, or of its parts.

    Names of layers, which key their weights, are counted anew for every model; what draws its own random
    numbers while it is built draws them from the same.
    """
    keras.utils.clear_session(free_memory=False)
    seed = spec.seed_of("initialisation")
    keras.utils.set_random_seed(stream_key(seed, spec.salt, "build") % 2**32)
    keras.config.set_dtype_policy(spec.precision)
    model: keras.Model = made(spec, spec.model)(input_shape=data.example_shape, outputs=data.outputs)
    if not model.built:  # as a subclass of keras.Model may be until its first call
        model(np.zeros((1, *data.example_shape), np.float32))
    draw(model, spec)
    return model


def draw(model: keras.Model, spec: RunSpec) -> None:
    """Gives a model the weights and keys with which the run of `spec` begins."""
    initialise(model, spec.seed_of("initialisation"), spec.salt, masks=spec.seed_of("masks"))


def is_ours(component: Component) -> bool:
    """Whether all of it comes from this package, whose models draw nothing but what `initialise` draws again."""
    own = f"{__package__.partition('.')[0]}."
    parts = (component.target, *(target for _, target in targets(dict(component.arguments))))
    return all(str(target).startswith(own) for target in parts)


def final_results(program: Program, data: LoadedData) -> tuple[dict[str, float], Arrays]:
    """Metrics of the weights that the program holds, on all splits, and what is kept of the test set. A metric
    that is not finite (a test loss can overflow where the validation loss did not) is left out."""
    test, outputs = evaluate(program, data.test)
    train, _ = evaluate(program, data.training.train)
    validation, _ = evaluate(program, data.training.validation)
    metrics = {
        **{f"test_{name}": value for name, value in test.items()},
        **{f"train_{name}": value for name, value in train.items()},
        "gap": validation["loss"] - train["loss"],
    }
    metrics = {name: value for name, value in metrics.items() if np.isfinite(value)}
    paths, statistics = weight_statistics(program.model)
    weights = {"weights/path": paths, "weights/statistics": statistics}
    return metrics, {**program.procedure.kept(program.learner, data.test, outputs), **weights}


def validation_metrics(fitted: FitResult) -> dict[str, float]:
    """Those of the evaluated epoch, which the history has as well: who asks for one number reads the record alone."""
    if fitted.evaluated_epoch is None:
        return {}
    values = {name: float(values[fitted.evaluated_epoch - 1]) for name, values in fitted.history.items()}
    return {name: value for name, value in values.items() if METRICS[name].split == VALIDATION and np.isfinite(value)}


def _record(
    spec: RunSpec, fitted: FitResult, metrics: Mapping[str, float], timings: Timings, class_names: tuple[str, ...]
) -> RunRecord:
    return RunRecord(
        run_id=spec.run_id,
        status=Status.DIVERGED if fitted.diverged_at else Status.COMPLETED,
        epochs_run=fitted.epochs_run,
        best_epoch=fitted.best_epoch,
        evaluated_epoch=fitted.evaluated_epoch,
        metrics=metrics,
        divergence=Divergence(*fitted.diverged_at) if fitted.diverged_at else None,
        timings=timings,
        environment={**describe_environment(spec.numerics), **class_names_entry(class_names)},
    )


def _kept(cache: OrderedDict[str, Kept], key: str, make: Callable[[], Kept], most: int = 2) -> Kept:
    """`cache[key]`, made if it is not there; of more than `most` values the one unused longest goes."""
    if key not in cache:
        cache[key] = make()
    cache.move_to_end(key)
    while len(cache) > most:
        cache.popitem(last=False)
    return cache[key]
