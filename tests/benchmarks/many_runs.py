"""Studies of thousands of runs that nobody trained: what the command line plans, and a store that holds its runs.

    study = write_study(folder, arms=500, seeds=20)     # folder/conf/sweep/large.yaml, folder/results
    write_runs(study, folder / "results")               # ids, files and bytes as of runs that were trained

python -m tests.benchmarks.many_runs FOLDER ARMS SEEDS      # both

Every run has the arrays, metrics and sizes of one that was trained on digits; its numbers are drawn from a generator
keyed by its id. Nothing is forced to the disk, so that ten thousand runs are there in half a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ablate.core.identity import Json
from ablate.core.plans import StudyPlan
from ablate.core.records import Array, RunRecord, Status, StoredRun, Timings
from ablate.core.specs import RunSpec, Study
from ablate.storage.runs import RunStore, encode
from ablate.storage.studies import StudyFolder
from tests.requests import study as study_of

__all__ = ["NAME", "WORDS", "stored_run", "write_runs", "write_study"]

NAME = "large"
WORDS = (f"+sweep={NAME}",)
OPTIMIZERS = ("sgd", "momentum", "rmsprop", "adam", "adamw")
DROPOUTS = 10
EPOCHS, CLASSES, TEST_EXAMPLES = 30, 10, 360
MEASURED = ("loss", "objective", "accuracy", "top_3_accuracy", "macro_f1", "calibration_error", "huber")
ENVIRONMENT: dict[str, Json] = {
    **dict.fromkeys(("ablate", "python", "tensorflow", "keras", "numpy", "ml_dtypes"), "2.21.0"),
    "platform": "Linux x86_64",
    "host": "5bce98f73f3e",
    "cpu": "AMD EPYC",
    "cores": 2,
    "variables": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "numerics": {"device": "cpu", "engine": "xla", "threads": 1},
    "argv": ["+sweep=large"],
    "git": {"ablate": {"commit": 40 * "a", "patch": None}},
}
LAYERS = ("hidden_1/kernel", "hidden_1/bias", "logits/kernel", "logits/bias")


def write_study(folder: Path, arms: int, seeds: int) -> Study:
    """A grid of `arms` arms, a multiple of 50, as a sweep in `folder/conf`; what `ablate` in `folder` plans of it."""
    path = folder / "conf" / "sweep" / f"{NAME}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(leaf(arms, seeds))
    study = study_of(*WORDS, folder=folder)
    StudyFolder(folder / "results", NAME).record_plan(StudyPlan.of(study), WORDS)
    return study


def leaf(arms: int, seeds: int) -> str:
    dropouts = [round(0.05 * step, 2) for step in range(DROPOUTS)]
    penalties = [float(f"{step}e-5") for step in range(arms // (DROPOUTS * len(OPTIMIZERS)))]
    return f"""\
question: Which optimizer needs which dropout and which penalty?
factors:
  optimizer: [{", ".join(OPTIMIZERS)}]
  model.dropout: {dropouts}
  model.l2: {penalties}
design: grid
baseline: {{optimizer: adam, model.dropout: 0.0, model.l2: 0.0}}
seeds: {seeds}
metric: val_loss
margin: 10%
margin_reason: A tenth of the loss is the least for which one would leave the optimizer one knows.
"""


def write_runs(study: Study, results_dir: Path) -> None:
    """A completed run for every spec of the study, of which every fourth arm is a little worse."""
    store = RunStore(results_dir)
    for position, spec in enumerate(study.run_specs().values()):
        run = stored_run(spec, 0.002 * (position // len(study.sweeps[0].spec.seeds) % 4))
        folder = store.folder(spec.run_id)
        folder.mkdir(parents=True)
        for name, content in encode(run).items():
            (folder / name).write_bytes(content)


def stored_run(spec: RunSpec, quality: float = 0.0) -> StoredRun:
    """A completed run of a classification of digits whose validation loss ends near 0.1 + `quality`."""
    random = np.random.default_rng([spec.seed, int(spec.run_id[:8], 16)])
    level = 0.1 + quality + 0.004 * random.standard_normal()
    history = history_of(level, random)
    best = int(np.argmin(history["val_loss"])) + 1
    labels = np.random.default_rng(0).integers(0, CLASSES, TEST_EXAMPLES).astype(np.uint8)
    is_right = random.random(TEST_EXAMPLES) > 0.5 * level
    predictions = np.where(is_right, labels, random.integers(0, CLASSES, TEST_EXAMPLES)).astype(np.uint8)
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    accuracy = float(np.mean(predictions == labels))
    finals = {f"{split}_{name}": level + 0.01 * random.random() for split in ("test", "train") for name in MEASURED}
    evaluated = {name: float(values[best - 1]) for name, values in history.items() if name.startswith("val_")}
    record = RunRecord(
        run_id=spec.run_id,
        status=Status.COMPLETED,
        epochs_run=EPOCHS,
        best_epoch=best,
        evaluated_epoch=best,
        metrics={**finals, **evaluated, "test_accuracy": accuracy, "gap": 0.01 * random.random()},
        timings=Timings(3.0 + random.random(), 0.0, tuple(0.1 + 0.01 * random.random(EPOCHS))),
        environment=ENVIRONMENT,
    )
    arrays: dict[str, Array] = {
        **{f"history/{name}": values for name, values in history.items()},
        "test/label": labels,
        "test/prediction": predictions,
        "test/probability": random.uniform(0.5, 1.0, TEST_EXAMPLES).astype(np.float32),
        "test/label_probability": random.uniform(0.2, 1.0, TEST_EXAMPLES).astype(np.float32),
        "test/confusion": confusion,
        "weights/path": np.array(LAYERS),
        "weights/statistics": random.standard_normal((len(LAYERS), 6)),
    }
    return StoredRun(spec, record, arrays)


def history_of(level: float, random: np.random.Generator) -> dict[str, Array]:
    """Falling curves of everything that is measured at the end of an epoch."""
    falling = np.exp(-np.arange(EPOCHS) / 4)
    names = ("loss", "objective", "accuracy", *(f"val_{name}" for name in MEASURED))
    curves = {name: level + falling + 0.002 * np.abs(random.standard_normal(EPOCHS)) for name in names}
    constants = {"penalty": np.zeros(EPOCHS), "learning_rate": np.full(EPOCHS, 0.001)}
    return {**curves, **constants, "gradient_norm": random.random(EPOCHS)}


def main() -> None:
    folder, (arms, seeds) = Path(sys.argv[1]), map(int, sys.argv[2:])
    write_runs(write_study(folder, arms, seeds), folder / "results")


if __name__ == "__main__":
    main()
