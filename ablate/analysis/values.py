"""The numbers of one run, by the names of the columns that hold them.

metric_values(run)["val_loss"]         # the validation loss of the weights that the run ended with
metric_values(run)["val_loss.best"]    # at its best epoch; .last at its last
values_by_seed(runs, value_in("val_loss"))    # {0: 0.11, 1: 0.12}, completed runs only
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from ablate.core.artefacts import is_of_metric
from ablate.core.plans import PlannedSweep
from ablate.core.records import (
    BUILT_IN,
    HISTORY,
    METRICS,
    TEST,
    TRAINING,
    VALIDATION,
    MetricInfo,
    RunRecord,
    Status,
    StoredRun,
    twin,
)
from ablate.core.specs import PlannedRun

__all__ = [
    "MISSING",
    "Digests",
    "Runs",
    "Value",
    "arrays_behind",
    "column_info",
    "history_metric",
    "is_of_every_arm",
    "metric_of",
    "metric_rank",
    "metric_values",
    "status_of",
    "stored",
    "training_metric",
    "value_in",
    "values_by_seed",
]

Runs = Mapping[str, StoredRun]
Value = Callable[[StoredRun], float | None]

MISSING = "missing"
_METRIC_ORDER = {name: position for position, name in enumerate(METRICS)}


def metric_of(column: str) -> str:
    """The metric whose value the column holds: `val_loss` for `val_loss.best`."""
    return column.removesuffix(".best").removesuffix(".last")


def column_info(column: str) -> MetricInfo:
    """What the numbers of a column mean; a metric that `METRICS` does not know keeps its name and no more."""
    name = metric_of(column)
    # Told apart by hand: most names are known, and it would take longer to make what stands for the others.
    known = METRICS.get(name)
    return MetricInfo(name, name, "", "") if known is None else known


def history_metric(metric: str) -> str:
    """The metric to draw over the epochs when the question is about `metric`: the validation twin of a
    final metric, the validation loss where there is none, as of the gap."""
    info = column_info(metric)
    if not info.is_final:
        return metric
    found = twin(info, VALIDATION)
    return "val_loss" if found is None else found.name


def training_metric(metric: str) -> str:
    """The metric of the training examples, epoch by epoch, beside one of the validation examples; itself, where it is
    none of these or has no such twin."""
    info = column_info(metric)
    found = twin(info, TRAINING) if info.split == VALIDATION else None
    return metric if found is None else found.name


def metric_values(run: StoredRun) -> dict[str, float]:
    """Column name to value.

    A metric's own name holds its value for the weights that the run ended with (those of the best epoch
    where they were restored, else the last ones); `.best` and `.last` are its values at the best and the
    last epoch. A run without such an epoch has no such column.
    """
    epochs = {suffix: epoch for suffix, epoch in _epochs(run.record).items() if epoch is not None and epoch >= 1}
    found = {
        name + suffix: float(history[epoch - 1])
        for name, history in run.history.items()
        for suffix, epoch in epochs.items()
        if epoch <= len(history)
    }
    measured = {name.partition("@")[0] for name in run.artefacts if is_of_metric(name)}
    values = {name: value for name in sorted(measured) if (value := run.measured(name)) is not None}
    return {**found, **run.record.metrics, **values}


def _epochs(record: RunRecord) -> dict[str, int | None]:
    """Suffix of a column → the epoch whose values it holds."""
    return {"": record.evaluated_epoch, ".best": record.best_epoch, ".last": record.epochs_run}


def metric_rank(name: str) -> tuple[int, str]:
    """The sorting key that puts metrics in the order of `METRICS`, unknown ones last, by name."""
    return _METRIC_ORDER.get(name, len(_METRIC_ORDER)), name


def status_of(runs: Runs, run_id: str) -> str:
    """completed, diverged, failed or missing."""
    return runs[run_id].record.status.value if run_id in runs else MISSING


def stored(runs: Runs, planned: Iterable[PlannedRun]) -> list[StoredRun]:
    """The runs among `planned` that exist, in their order."""
    return [runs[run.run_id] for run in planned if run.run_id in runs]


def is_of_every_arm(probe: str, sweep: PlannedSweep, runs: Runs) -> bool:
    """Whether `probe` was asked of each arm with a completed run. Where an arm shares its runs with another sweep, that
    alone may have asked, and a picture of it would compare nothing."""
    completed = [
        [run for run in stored(runs, sweep.runs_of(arm.name)) if run.record.status is Status.COMPLETED]
        for arm in sweep.arms
    ]
    return all(any(probe in run.artefacts for run in of_arm) for of_arm in completed if of_arm)


def value_in(column: str) -> Value:
    """The function that reads `column` of a run, as `metric_values` has it; None where the run has no such value."""
    name = metric_of(column)
    suffix = column.removeprefix(name)

    def read(run: StoredRun) -> float | None:
        if column in run.record.metrics:
            return run.record.metrics[column]
        if name not in BUILT_IN:
            return run.measured(name)
        history, epoch = run.history_of(name), _epochs(run.record)[suffix]
        return None if history is None or epoch is None or not 1 <= epoch <= len(history) else float(history[epoch - 1])

    return read


class Digests(Mapping[int, str | None]):
    """Seed → digest of its run, made once it is asked for: of nearly all runs it never is."""

    def __init__(self, runs: Mapping[int, StoredRun]) -> None:
        self._runs = runs

    def __getitem__(self, seed: int) -> str | None:
        run = self._runs[seed]
        # A run is itself, whatever it has kept.
        return run.digest or run.record.run_id

    def __iter__(self) -> Iterator[int]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)


def arrays_behind(column: str, record: RunRecord) -> frozenset[str]:
    """The names of the arrays of a run that its value in a column, and what is said of it, depends on beside its
    record."""
    history = () if column in record.metrics else (f"{HISTORY}{metric_of(column)}",)
    tested = ("test/label", "test/prediction") if column_info(column).split == TEST else ()
    return frozenset((*history, *tested))


def values_by_seed(runs: Iterable[StoredRun], value_of: Value) -> dict[int, float]:
    """Seed to value of the completed runs that have a finite one.

    This is the declared rule for diverged runs: what one reached before it diverged is no result of its
    recipe, so it enters no mean; it is counted beside each (`ArmSummary.n_diverged`).
    """
    values = {run.spec.seed: value_of(run) for run in runs if run.record.status is Status.COMPLETED}
    return {seed: value for seed, value in values.items() if value is not None and math.isfinite(value)}
