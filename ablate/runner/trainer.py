"""The trainer of a worker: specs in, stored runs out, data sets and compiled programs kept in between.

    trainer = Trainer(data_dir=None, numerics=Numerics("cpu", "xla", 1))
    run = trainer.train(spec, progress=lambda epoch, epochs, metrics: None)
    run.record.metrics["test_accuracy"]

A run is a function of its spec alone: whatever the trainer trained before, the record is the same, but
for its times.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import keras
import numpy as np

from ablate.config import build
from ablate.datasets.arrays import DataError, RawData
from ablate.datasets.splits import cut
from ablate.identity import canonical
from ablate.records import HISTORY, Divergence, RunRecord, Status, StoredRun, Timings
from ablate.runner.environment import describe_environment
from ablate.specs import Component, Numerics, RunSpec
from ablate.training import devices
from ablate.training.augmentation import unchanged
from ablate.training.feeding import Split
from ablate.training.fit import FitResult, Progress, TrainingData, evaluate, fit
from ablate.training.metrics import confusion_matrix, softmax
from ablate.training.program import Program
from ablate.training.randomness import augment_key, initialise, stream_key
from ablate.training.settings import TrainingSettings
from ablate.training.weights import weight_statistics

__all__ = ["Trainer"]

Arrays = Mapping[str, np.ndarray]
Kept = TypeVar("Kept")


class LoadedData(NamedTuple):
    """A data set on the device, cut; `scale` is what integer features are divided by."""

    training: TrainingData
    test: Split
    example_shape: tuple[int, ...]
    outputs: int
    scale: float


class Trainer:
    """Trains runs one after the other in this process, all with the same `numerics`."""

    def __init__(self, data_dir: Path | None, numerics: Numerics) -> None:
        devices.configure(numerics.device, numerics.threads)
        self._data_dir = data_dir
        self._data: OrderedDict[str, LoadedData] = OrderedDict()
        self._programs: OrderedDict[str, Program] = OrderedDict()

    def train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        """The outcome of `spec`: completed, or diverged.

        Raises:
            DataError: when the data cannot be read, or is not the data of the spec.
            Exception: whatever the model, the optimizer or TensorFlow raises.
        """
        started = time.perf_counter()
        data = _kept(self._data, _data_key(spec), lambda: load_data(spec, self._data_dir))
        settings: TrainingSettings = build(spec.training)
        program = self._started_program(spec, data, settings)
        fitted = fit(
            program,
            data.training,
            settings,
            learning_rate=float(spec.optimizer.arguments["learning_rate"]),  # type: ignore[arg-type]
            schedule=made(spec, spec.schedule),
            seed=spec.seed,
            salt=spec.salt,
            progress=progress,
        )
        metrics, arrays = ({}, {}) if fitted.diverged_at else final_results(program, data)
        timings = Timings(time.perf_counter() - started, fitted.compile_seconds, fitted.epoch_seconds)
        record = _record(spec, fitted, metrics, timings)
        history = {HISTORY + name: np.array(values) for name, values in fitted.history.items()}
        return StoredRun(spec, record, {**history, **arrays})

    def _started_program(self, spec: RunSpec, data: LoadedData, settings: TrainingSettings) -> Program:
        """The program of the spec's shape, in the state in which this run begins."""
        model = build_model(spec, data)
        (clip, limit), *_ = (*settings.clip.limits.items(), (None, None))

        def compile_program() -> Program:
            optimizer, loss = made(spec, spec.optimizer)(), made(spec, spec.loss)
            augment = unchanged if spec.augment is None else made(spec, spec.augment)
            return Program(model, optimizer, loss, settings.batch_size, clip, data.scale, spec.numerics.engine, augment)

        program = _kept(self._programs, spec.program_id + _data_key(spec), compile_program)
        program.start(model, limit, augment_key(spec.seed, spec.salt))
        return program


def _data_key(spec: RunSpec) -> str:
    """The data of a spec and how it reaches the device: what a program's shapes depend on."""
    return f"{canonical(spec.dataset.to_json())} {spec.dataset.stream}"


def made(spec: RunSpec, component: Component) -> Callable[..., Any]:
    """A component of the spec, ready to be called. The packages whose sources are part of the spec were
    allowed when it was planned."""
    return build(component, partial=True, allow=tuple(spec.code))


def load_data(spec: RunSpec, data_dir: Path | None) -> LoadedData:
    """Reads and cuts the data of a spec and puts it on the device.

    Raises:
        DataError: when it is not the data whose digest stands in the spec.
    """
    dataset = spec.dataset
    raw: RawData = made(spec, dataset.source)(data_dir=data_dir)
    if raw.digest() != dataset.digest:
        raise DataError(f"the data of {dataset.source.target} changed between the plan and the run")
    parts = cut(raw, dataset.validation_fraction, dataset.validation_last, dataset.split_seed)
    train, validation, test = (
        Split.of(part.features, part.targets, dataset.stream) for part in (parts.train, parts.validation, parts.test)
    )
    outputs = 1 if raw.classes is None else raw.classes
    return LoadedData(TrainingData(train, validation), test, raw.example_shape, outputs, raw.scale)


def build_model(spec: RunSpec, data: LoadedData) -> keras.Model:
    """A fresh model with the weights and keys of the spec's seed.

    Names of layers, which key their weights, are counted anew for every model; what draws its own random
    numbers while it is built draws them from the seed as well.
    """
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(stream_key(spec.seed, spec.salt, "build") % 2**32)
    keras.config.set_dtype_policy(spec.precision)
    model: keras.Model = made(spec, spec.model)(input_shape=data.example_shape, outputs=data.outputs)
    initialise(model, spec.seed, spec.salt)
    return model


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
    return metrics, {**test_predictions(data.test.labels, outputs), **weights}


def test_predictions(labels: np.ndarray, outputs: np.ndarray) -> Arrays:
    """The arrays `test/…` of `ablate.records`, for labels [N] and outputs [N, outputs]."""
    if not np.issubdtype(labels.dtype, np.integer):
        return {"test/label": labels.astype(np.float64), "test/prediction": outputs[:, 0].astype(np.float64)}
    probabilities = softmax(outputs)
    predicted = probabilities.argmax(axis=1)
    rows = np.arange(len(labels))
    small = np.uint8 if outputs.shape[1] <= 256 else np.int32
    return {
        "test/label": labels.astype(small),
        "test/prediction": predicted.astype(small),
        "test/probability": probabilities[rows, predicted].astype(np.float32),
        "test/label_probability": probabilities[rows, labels].astype(np.float32),
        "test/confusion": confusion_matrix(labels, predicted, outputs.shape[1]),
    }


def _record(spec: RunSpec, fitted: FitResult, metrics: Mapping[str, float], timings: Timings) -> RunRecord:
    return RunRecord(
        run_id=spec.run_id,
        status=Status.DIVERGED if fitted.diverged_at else Status.COMPLETED,
        epochs_run=fitted.epochs_run,
        best_epoch=fitted.best_epoch,
        evaluated_epoch=fitted.evaluated_epoch,
        metrics=metrics,
        divergence=Divergence(*fitted.diverged_at) if fitted.diverged_at else None,
        timings=timings,
        environment={**describe_environment(), "numerics": asdict(spec.numerics)},
    )


def _kept(cache: OrderedDict[str, Kept], key: str, make: Callable[[], Kept], most: int = 2) -> Kept:
    """`cache[key]`, made if it is not there; of more than `most` values the one unused longest goes."""
    if key not in cache:
        cache[key] = make()
    cache.move_to_end(key)
    while len(cache) > most:
        cache.popitem(last=False)
    return cache[key]
