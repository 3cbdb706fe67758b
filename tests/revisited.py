"""A sweep that puts a document to the test, with runs that nobody trained, for the tests of what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ablate.core.records import StoredRun
from ablate.core.specs import Conclusion, Original, Sweep
from tests.synthetic import completed_runs, optimizer_sweep

CLAIMS = (
    "momentum > adam on val_loss",
    "sgd > adam on val_loss",
    "adamw < adam on val_loss",
    "sgd < momentum on val_loss",
    "sgd > value 0.2 on val_loss",
)
ORIGINAL = Original(
    source="Task07 | optimizers",
    found="Adam was fast.",
    dataset="digits",
    numbers={"val_loss": {"sgd": 0.22, "optimizer=adam": 0.5}, "best_epoch": {"adamw": 12.0}},
)
CONCLUSIONS = (
    Conclusion("SGD is slow", claims=("sgd > adam on val_loss",)),
    Conclusion("SGD is above a fifth", claims=("sgd > value 0.2 on val_loss",)),
    Conclusion(
        "AdamW is best, <b>by far</b>", stated="0.07", claims=("adamw < adam on val_loss", "sgd > adam on val_loss")
    ),
    Conclusion("SGD beats momentum", claims=("sgd < momentum on val_loss",)),
    Conclusion("It escapes minima", not_tested="no minimum is measured"),
)


def revisiting_sweep(seeds: int = 6, **fields: object) -> Sweep:
    """Losses near 0.22 for sgd, 0.12 for momentum, 0.1 for the others."""
    said = {"claims": CLAIMS, "setup": "Ten at once.", "original": ORIGINAL, "conclusions": CONCLUSIONS}
    return optimizer_sweep(seeds=seeds, **{**said, **fields})


def clear_runs(sweep: Sweep) -> dict[str, StoredRun]:
    """The synthetic runs with little noise of their own: SGD's loss is clearly the largest, and adamw's differs
    from adam's by nothing but noise."""
    level = {"optimizer=sgd": 0.22, "optimizer=momentum": 0.12}
    runs = completed_runs(sweep)
    for arm in sweep.arms:
        for seed in sweep.spec.seeds:
            run = runs[arm.spec.with_seed(seed).run_id]
            noise = 0.002 * np.random.default_rng([seed, len(arm.name)]).standard_normal()
            history = np.linspace(2.0, level.get(arm.name, 0.1) + noise, 12)
            record = replace(run.record, best_epoch=12, evaluated_epoch=12)
            runs[run.spec.run_id] = replace(run, record=record, arrays={**run.arrays, "history/val_loss": history})
    return runs
