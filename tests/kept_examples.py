"""Runs of nobody's training with the artefacts of which reports show examples, curves and ensembles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ablate.core.records import Array, StoredRun
from tests.synthetic import dropout_sweep

SWEEP = dropout_sweep()
EXAMPLES, CLASSES = 30, 3


def with_examples(runs: Mapping[str, StoredRun]) -> dict[str, StoredRun]:
    return {run_id: replace(run, artefacts=_artefacts(run)) for run_id, run in runs.items()}


def _artefacts(run: StoredRun) -> dict[str, dict[str, Array]]:
    draws = np.random.default_rng([run.spec.seed, int(run.spec.run_id[:8], 16)])
    labels = np.random.default_rng(0).integers(0, CLASSES, EXAMPLES)
    probabilities = draws.dirichlet(np.ones(CLASSES), EXAMPLES) + 0.5 * np.eye(CLASSES)[labels]
    probabilities = (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    mistakes = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:10]
    images = np.random.default_rng(1).integers(0, 256, (EXAMPLES, 8, 8, 1)).astype(np.uint8)
    shown = {
        f"{which}/{name}": values
        for which, rows in (("random", np.arange(10)), ("mistake", mistakes))
        for name, values in (
            ("index", rows),
            ("label", labels[rows]),
            ("probability", probabilities[rows]),
            ("image", images[rows]),
        )
    }
    classes = {f"classes/{split}": np.array([5, 6, 7]) for split in ("train", "validation", "test")}
    falling = np.array([0.95, 0.9, 0.6]) - 0.02 * draws.random(3)
    return {
        "sensitivity": {
            "value/test_accuracy_shifted": np.float64(falling[1]),
            "shift/amount": np.array([0.0, 1.0, 2.0]),
            "shift/accuracy": falling,
            "rotation/amount": np.array([-15.0, 0.0, 15.0]),
            "rotation/accuracy": falling[[1, 0, 1]],
        },
        "probabilities": {"probability": probabilities, "label": labels},
        "samples": {**classes, **shown},
    }
