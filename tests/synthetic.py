"""Studies that nobody trained: plans and stored runs with known numbers, for the tests of what comes after.

Every number is drawn from a generator keyed by arm and seed, so a study is the same however much of it is
asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ablate.core.class_names import entry
from ablate.core.plans import StudyPlan
from ablate.core.records import Divergence, Failure, RunRecord, Status, StoredRun, Timings
from ablate.core.specs import Arm, Component, DatasetSpec, Numerics, RunSpec, Study, Sweep, SweepSpec

EPOCHS = 12
CLASSES = 10
TEST_EXAMPLES = 120

OPTIMIZERS = {"sgd": 0.01, "momentum": 0.01, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001, "nadam": 0.001}


def run_spec(optimizer: str = "adam", learning_rate: float = 0.001, seed: int = 0, dropout: float = 0.0) -> RunSpec:
    return RunSpec(
        dataset=DatasetSpec(Component("ablate.datasets.digits.load"), "d1" * 32, 0.1, None, 0),
        model=Component("ablate.models.mlp.mlp", {"hidden": [128], "activation": "relu", "dropout": dropout}),
        optimizer=Component(f"keras.optimizers.{optimizer}", {"learning_rate": learning_rate}),
        schedule=Component("ablate.training.schedules.constant"),
        loss=Component("ablate.training.losses.cross_entropy"),
        augment=None,
        training=Component("ablate.training.settings.TrainingSettings", {"epochs": EPOCHS, "batch_size": 32}),
        precision="float32",
        seed=seed,
        salt=0,
        numerics=Numerics("cpu", "xla", 1),
    )


def optimizer_sweep(seeds: int = 8, optimizers: Mapping[str, float] = OPTIMIZERS, **fields: Any) -> Sweep:
    """Optimizers against adam; `fields` replace fields of the sweep's spec."""
    spec = SweepSpec(
        name="optimizers",
        question="Which optimizer reaches the lowest validation loss on handwritten digits?",
        factors={"optimizer": tuple(optimizers)},
        design="one_factor",
        baseline={"optimizer": "adam"},
        seeds=tuple(range(seeds)),
        metric="val_loss",
        margin=0.01,
        margin_reason="A hundredth of a nat is about one digit in a thousand.",
    )
    arms = tuple(
        Arm(f"optimizer={name}", {"optimizer": name}, name == "adam", run_spec(name, rate))
        for name, rate in optimizers.items()
    )
    return Sweep(replace(spec, **fields), arms)


def dropout_sweep(rates: Sequence[float] = (0.0, 0.3), seeds: int = 3) -> Sweep:
    spec = SweepSpec(
        name="dropout",
        question="How much dropout does the network need?",
        factors={"model.dropout": tuple(rates)},
        design="one_factor",
        baseline={"model.dropout": rates[0]},
        seeds=tuple(range(seeds)),
        metric="test_accuracy",
    )
    arms = tuple(
        Arm(f"dropout={rate}", {"model.dropout": rate}, rate == rates[0], run_spec(dropout=rate)) for rate in rates
    )
    return Sweep(spec, arms)


def study(*sweeps: Sweep) -> Study:
    return Study("+".join(sweep.spec.name for sweep in sweeps), sweeps[0].spec.question, sweeps)


def plan_of(*sweeps: Sweep) -> StudyPlan:
    return StudyPlan.of(study(*sweeps))


def completed_run(spec: RunSpec, quality: float = 0.0) -> StoredRun:
    """A run whose best validation loss is near 0.1 + `quality`; equal seeds share part of their noise."""
    shared, own = np.random.default_rng([spec.seed]), np.random.default_rng([spec.seed, int(spec.run_id[:8], 16)])
    epochs = np.arange(EPOCHS)
    level = 0.1 + quality + 0.01 * shared.standard_normal() + 0.004 * own.standard_normal()
    val_loss = level + 2.0 * np.exp(-epochs / 1.5) + 0.002 * np.abs(own.standard_normal(EPOCHS))
    loss = 2.2 * np.exp(-epochs / 1.6) + 0.02 + 0.001 * own.standard_normal(EPOCHS)
    best = int(np.argmin(val_loss)) + 1
    labels = np.random.default_rng(0).integers(0, CLASSES, TEST_EXAMPLES)
    predictions = np.where(own.random(TEST_EXAMPLES) < 0.5 * level, own.integers(0, CLASSES, TEST_EXAMPLES), labels)
    accuracy = float(np.mean(predictions == labels))
    return StoredRun(
        spec,
        RunRecord(
            run_id=spec.run_id,
            status=Status.COMPLETED,
            epochs_run=EPOCHS,
            best_epoch=best,
            evaluated_epoch=best,
            metrics={"test_loss": level + 0.02, "test_accuracy": accuracy, "train_loss": 0.02, "gap": level - 0.02},
            timings=Timings(3.0 + own.random(), 1.0, tuple((0.1 + 0.01 * own.random(EPOCHS)).tolist())),
            environment={"host": "3f5a", "versions": {"tensorflow": "2.21.0", "keras": "3.15.0"}},
        ),
        {
            "history/loss": loss,
            "history/val_loss": val_loss,
            "history/val_accuracy": 1 - 0.5 * val_loss,
            "history/learning_rate": np.full(EPOCHS, 0.001),
            "test/label": labels,
            "test/prediction": predictions,
            "test/probability": own.uniform(0.5, 1.0, TEST_EXAMPLES).astype(np.float32),
            "test/label_probability": own.uniform(0.2, 1.0, TEST_EXAMPLES).astype(np.float32),
        },
    )


def with_weights(run: StoredRun, std: float) -> StoredRun:
    """The run with statistics of two kernels, whose standard deviations average to `std`, and of a bias."""
    paths = np.array(["hidden/kernel", "hidden/bias", "logits/kernel"])
    statistics = np.array([[0.0, each, -1.0, 1.0, 10 * each, 0.1] for each in (0.5 * std, 7.0, 1.5 * std)])
    return replace(run, arrays={**run.arrays, "weights/path": paths, "weights/statistics": statistics})


def diverged_run(spec: RunSpec, epoch: int = 4) -> StoredRun:
    """A run whose objective became infinite in `epoch`, with what it had recorded before."""
    whole = completed_run(spec)
    history = {name: values[: epoch - 1] for name, values in whole.arrays.items() if name.startswith("history/")}
    record = replace(
        whole.record,
        status=Status.DIVERGED,
        epochs_run=epoch - 1,
        best_epoch=epoch - 1 or None,
        evaluated_epoch=None,
        metrics={},
        divergence=Divergence(epoch, 17),
    )
    return StoredRun(spec, record, history)


def failed_run(spec: RunSpec, message: str = "the layer | has `no` <b>weights</b>\nat all") -> StoredRun:
    failure = Failure("error", "ValueError", message, "Traceback (most recent call last):\n…")
    return StoredRun(spec, RunRecord(spec.run_id, Status.FAILED, failure=failure, timings=Timings(0.5)))


QUALITIES = {"sgd": 0.12, "momentum": 0.02, "rmsprop": 0.005, "adam": 0.0, "adamw": -0.002, "nadam": 0.001}


def with_class_names(runs: Mapping[str, StoredRun], names: Sequence[str]) -> dict[str, StoredRun]:
    """The runs as they are recorded where the data names its classes."""
    return {
        run_id: replace(run, record=replace(run.record, environment={**run.record.environment, **entry(names)}))
        for run_id, run in runs.items()
    }


def completed_runs(*sweeps: Sweep) -> dict[str, StoredRun]:
    """A completed run for every spec of the sweeps."""
    return {
        spec.run_id: completed_run(spec, QUALITIES.get(spec.optimizer.target.rpartition(".")[2], 0.0))
        for sweep in sweeps
        for spec in sweep.run_specs()
    }


def eventful_runs(sweep: Sweep) -> dict[str, StoredRun]:
    """The sweep's runs, but its first arm has diverged at seed 1, failed at seed 2 and has no seed 0."""
    runs = completed_runs(sweep)
    missing, diverged, failed = (sweep.arms[0].spec.with_seed(seed) for seed in range(3))
    del runs[missing.run_id]
    return runs | {diverged.run_id: diverged_run(diverged), failed.run_id: failed_run(failed)}
