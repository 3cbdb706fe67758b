"""What is stored of a run, and what its numbers mean.

A `RunRecord` is the outcome of one `RunSpec`: its status, its final metrics, what failed and where it
was computed. A `StoredRun` adds the arrays: the history, the test predictions, the weight statistics.

    run = StoredRun(spec, record, arrays)
    run.history["val_loss"]           # float64, one value an epoch
    METRICS["val_loss"].direction     # "min"

Names of `arrays` (all optional: a failed run may have none; E epochs, N test examples, C classes, W weights):

    history/<metric>        float64 [E]     see METRICS
    test/label              int   [N]       true class (float64 target for regression)
    test/prediction         int   [N]       predicted class (float64 for regression)
    test/probability        float32 [N]     probability of the predicted class; absent for regression
    test/label_probability  float32 [N]     probability given to the true class; absent for regression
    test/confusion          int64 [C, C]    rows: true class, columns: predicted; absent for regression
    generated/images          uint8 [S, …]    what a generator made, as images; of generation only
    weights/path            str   [W]       path of each trainable weight
    weights/statistics      float64 [W, 6]  columns WEIGHT_STATISTICS
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy.typing as npt

from ablate.core.identity import RUN_FORMAT, Json, sha256_of_bytes
from ablate.core.specs import RunSpec
from ablate.sanitize.types import as_declared

__all__ = [
    "BUILT_IN",
    "CLASSIFICATION",
    "GENERATION",
    "METRICS",
    "REGRESSION",
    "SCHEMA_VERSION",
    "TEST",
    "TRAINING",
    "VALIDATION",
    "WEIGHT_STATISTICS",
    "Divergence",
    "Failure",
    "Guess",
    "MetricInfo",
    "RunRecord",
    "Status",
    "StoredRun",
    "Timings",
    "announce",
    "metric_info",
    "numbers_of",
    "outcome_digest",
    "same_bits",
    "twin",
    "unlike",
]

# Of the JSON of a record. Whoever raises it adds to MIGRATIONS what makes the former one of it, and a store in
# that version to tests/data/stores. A new entry of `environment` needs neither.
SCHEMA_VERSION = 2
WEIGHT_STATISTICS = ("mean", "std", "min", "max", "norm", "near_zero")
HISTORY = "history/"
STATISTICS = "weights/statistics"
# What training gave, beside the history.
_OUTCOME = ("test/prediction", "weights/path", STATISTICS)
# Before the name of each number of a probe, among the arrays of its artefact.
VALUE = "value/"
GENERATED = "generated/images"

Array = npt.NDArray[Any]


def same_bits(first: Array, second: Array) -> bool:
    """Whether two arrays are one to the last bit: type, shape and content; NaN is itself, 0.0 is not −0.0."""
    is_alike = first.dtype == second.dtype and first.shape == second.shape
    return is_alike and first.tobytes() == second.tobytes()


class Status(StrEnum):
    """How a run ended. Divergence is an outcome of the recipe; failure is an accident of its execution."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def is_outcome(self) -> bool:
        """Whether a plan counts the run as done. Failed runs are tried again."""
        return self is not Status.FAILED


class Guess(StrEnum):
    """What guessing among C classes, all alike, gives."""

    SHARE = "1 / classes"
    LOG = "log(classes)"

    def among(self, classes: int) -> float:
        return 1 / classes if self is Guess.SHARE else math.log(classes)


@dataclass(frozen=True)
class MetricInfo:
    """What a metric's number means: its facts, none of which its name tells.

    Attributes:
        title: what a reader sees.
        direction: `min` when smaller is better, `max` when larger is, and empty when neither is.
        unit: for axes and tables (`fraction`), empty for what is in units of the loss.
        task: classification, regression or generation where only runs of one of them have it, prediction where those
            of the first two have it, and empty where all have.
        measure: what is measured, whatever the examples: `val_loss` and `test_loss` are both `loss`.
        split: the examples it is measured on: training, validation or test; empty where there are none.
        is_final: whether a run has one value of it, of the evaluated weights, instead of one for each epoch.
        is_error: whether the distance to its best value is an error, of which there are parts (10 %) and a logarithm.
            It is none where a run may well be at its best (a penalty), or where there is no best (a gap).
        counts_examples: whether a value is a share of N counted examples, so that it moves in steps of 1/N.
        range: the least and the largest value there can be, either infinite.
        worst: the worst that a run which learned nothing does, a number or what guessing gives; None where unknown.
        resolution: the steps in which values move, where they do whatever the number of examples.
    """

    name: str
    title: str
    direction: str
    unit: str
    task: str = ""
    measure: str = field(default="", kw_only=True)
    split: str = field(default="", kw_only=True)
    is_final: bool = field(default=False, kw_only=True)
    is_error: bool = field(default=False, kw_only=True)
    counts_examples: bool = field(default=False, kw_only=True)
    range: tuple[float, float] = field(default=(-math.inf, math.inf), kw_only=True)
    worst: float | Guess | None = field(default=None, kw_only=True)
    resolution: float | None = field(default=None, kw_only=True)

    def is_of(self, task: str) -> bool:
        """Whether runs of `task` (classification, regression or generation) have it."""
        return self.task in ("", task) or (self.task == PREDICTION and task in (CLASSIFICATION, REGRESSION))

    @property
    def sign(self) -> int:
        """+1 when larger is better, -1 when smaller is, 0 when neither is."""
        return {"max": 1, "min": -1}.get(self.direction, 0)

    def error(self, value: float) -> float | None:
        """How far a value is from the best; where smaller is better that is the value itself. None of no error."""
        if not self.is_error:
            return None
        return value if self.sign < 0 else self.range[1] - value

    def worst_of(self, classes: int | None) -> float | None:
        """The worst that a run does which learned nothing about so many classes; None where that is unknown."""
        if isinstance(self.worst, Guess):
            return self.worst.among(classes) if classes else None
        return self.worst

    def step(self, examples: int | None) -> float | None:
        """The steps in which values of so many examples move; None where they may move by any amount."""
        return 1 / examples if self.counts_examples and examples else self.resolution


CLASSIFICATION, REGRESSION, GENERATION = "classification", "regression", "generation"
PREDICTION = "prediction"
TRAINING, VALIDATION, TEST = "training", "validation", "test"
_SIZES, _SHARES, _UP_TO_ONE = (0.0, math.inf), (0.0, 1.0), (-math.inf, 1.0)


def _loss(measure: str, title: str, unit: str = "", task: str = "", worst: Guess | None = None) -> MetricInfo:
    return MetricInfo("", title, "min", unit, task, measure=measure, is_error=True, range=_SIZES, worst=worst)


def _share(
    measure: str, title: str, direction: str, *, counts_examples: bool = False, task: str = CLASSIFICATION
) -> MetricInfo:
    return MetricInfo(
        "",
        title,
        direction,
        "fraction",
        task,
        measure=measure,
        is_error=bool(direction),
        counts_examples=counts_examples,
        range=_SHARES,
        worst=Guess.SHARE if counts_examples else None,
    )


# Of each split; the facts that all splits share.
_EVALUATED = (
    _loss("loss", "loss", worst=Guess.LOG),
    _loss("objective", "objective (loss + penalty)"),
    _share("accuracy", "accuracy", "max", counts_examples=True),
    _share("top_3_accuracy", "top-3 accuracy", "max", counts_examples=True),
    _share("macro_f1", "macro F1", "max"),
    _share("calibration_error", "expected calibration error", "min"),
    _loss("mse", "mean squared error", "squared target unit", REGRESSION),
    _loss("mae", "mean absolute error", "target unit", REGRESSION),
    _loss("huber", "Huber loss (δ = 1)", "squared target unit", PREDICTION),
    replace(_share("r2", "R²", "max", task=REGRESSION), range=_UP_TO_ONE),
    _loss("generator_loss", "loss of the generator", task=GENERATION),
    _share("discriminator_accuracy", "accuracy of the discriminator", "", task=GENERATION),
    _loss("frechet_distance", "Fréchet distance of the samples", task=GENERATION),
)
# Of the training examples only these are measured while training; the others would cost a pass of their own.
_RUNNING = ("loss", "objective", "accuracy", "mae", "generator_loss")
# Prefix of the name, how the title begins, the examples, whether it is of the evaluated weights alone.
_SPLITS = (
    ("", "training", TRAINING, False),
    ("val_", "validation", VALIDATION, False),
    ("test_", "test", TEST, True),
    ("train_", "training, inference mode,", TRAINING, True),
)
_ALONE = (
    MetricInfo("penalty", "penalty", "min", "", measure="penalty", range=_SIZES),
    MetricInfo("learning_rate", "learning rate", "", "per step", measure="learning_rate", range=_SIZES),
    MetricInfo("gradient_norm", "gradient norm of the last step", "", "", measure="gradient_norm", range=_SIZES),
    MetricInfo("gap", "generalisation gap (validation − training loss)", "min", "", measure="gap", is_final=True),
)

# What a run's own training measures. What else there is may be asked for, see `ablate.core.metrics`.
BUILT_IN: Mapping[str, MetricInfo] = {
    **{
        prefix + each.measure: replace(
            each, name=prefix + each.measure, title=f"{begins} {each.title}", split=split, is_final=is_final
        )
        for prefix, begins, split, is_final in _SPLITS
        for each in _EVALUATED
        if prefix or each.measure in _RUNNING
    },
    **{info.name: info for info in _ALONE},
}
_ANNOUNCED: dict[str, MetricInfo] = {}
# All that this process knows of, those of the user's own after the others.
METRICS: Mapping[str, MetricInfo] = ChainMap(_ANNOUNCED, dict(BUILT_IN))


def announce(info: MetricInfo) -> None:
    """Makes a metric known by its name to this process, as those are that are built in.

    Raises:
        ValueError: for the name of one of these.
    """
    if info.name in BUILT_IN:
        raise ValueError(f"{info.name} is the name of a metric that every run has")
    _ANNOUNCED[info.name] = info


def metric_info(name: str) -> MetricInfo:
    """The meaning of the metric `name`.

    Raises:
        KeyError: when no metric has that name; the message lists those that exist.
    """
    if name not in METRICS:
        raise KeyError(f"no metric is named {name!r}; there are {', '.join(sorted(METRICS))}")
    return METRICS[name]


def twin(info: MetricInfo, split: str) -> MetricInfo | None:
    """The metric of another split that measures the same in the same way; None where there is none."""
    alike = (each for each in METRICS.values() if each.measure == info.measure and each.split == split)
    return next(alike, None)


@dataclass(frozen=True)
class Divergence:
    """Where the objective, or after an epoch's last step a weight, stopped being finite: epoch and step are counted
    from 1."""

    epoch: int
    step: int


@dataclass(frozen=True)
class Failure:
    """Why a run has no outcome. `kind` is error, killed, stalled or oom; only `error` is the user's code."""

    kind: str
    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True)
class Timings:
    """Seconds on the wall. `compile_seconds` is 0 where a compiled program was reused; it is part of
    `wall_seconds`, and its cost is not in `epoch_seconds`."""

    wall_seconds: float
    compile_seconds: float = 0.0
    epoch_seconds: tuple[float, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """The outcome of one run.

    Attributes:
        best_epoch: the epoch with the best monitored value, counted from 1; None when there is none.
        evaluated_epoch: the epoch whose weights the final metrics belong to.
        metrics: final metrics of the evaluated weights: `test_*`, `train_*` (a full pass in inference
            mode), `gap`; those of each epoch are in the history.
        environment: versions, device, hashed host; what may explain a difference but is no part of
            the identity.
        run_format: the `RUN_FORMAT` of the code that trained it, under which `run_id` is the hash of the spec.
        files: of a record that was read from a store: the size and the checksum of each file beside it, by name.
    """

    run_id: str
    status: Status
    epochs_run: int = 0
    best_epoch: int | None = None
    evaluated_epoch: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    divergence: Divergence | None = None
    failure: Failure | None = None
    timings: Timings = Timings(0.0)
    environment: Mapping[str, Json] = field(default_factory=dict)
    run_format: int = RUN_FORMAT
    files: Mapping[str, Mapping[str, Json]] = field(default_factory=dict, compare=False, repr=False)

    def to_json(self) -> dict[str, Json]:
        """Without `files`, which the store knows."""
        # Field by field: to copy every value of ten thousand records takes longer than to write them.
        said = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "files"}
        parts = {
            name: dict(vars(said[name])) for name in ("divergence", "failure", "timings") if said[name] is not None
        }
        return {**said, **parts, "status": self.status.value, "schema": SCHEMA_VERSION}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunRecord:
        """The record of its JSON, in this schema or an older one; a store adds `files` to it.

        Raises:
            KeyError, TypeError, ValueError: when `data` is not the JSON of a record of a schema that is known here.
        """
        fields = migrated(data)
        fields.pop("schema")
        timings = {**fields["timings"], "epoch_seconds": tuple(fields["timings"]["epoch_seconds"])}
        divergence, failure = fields["divergence"], fields["failure"]
        return as_declared(
            cls(
                **{
                    **fields,
                    "status": Status(fields["status"]),
                    "divergence": None if divergence is None else Divergence(**divergence),
                    "failure": None if failure is None else Failure(**failure),
                    "timings": Timings(**timings),
                }
            )
        )


def migrated(data: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a record, whatever known schema it was written in, as it is written today.

    Raises:
        KeyError, ValueError: for a schema that is not known here, a later version's included.
    """
    current = dict(data)
    if current["schema"] not in (*MIGRATIONS, SCHEMA_VERSION):
        raise ValueError(f"a record of schema {current['schema']}; this version reads up to {SCHEMA_VERSION}")
    while current["schema"] != SCHEMA_VERSION:
        current = MIGRATIONS[current["schema"]](current)
    return current


def _with_run_format(data: Mapping[str, Any]) -> dict[str, Any]:
    """There was one run format as long as records did not say which."""
    return {**data, "run_format": 1, "schema": 2}


# Schema → what makes of the JSON of a record in it one in the next.
MIGRATIONS: Mapping[int, Callable[[Mapping[str, Any]], dict[str, Any]]] = {1: _with_run_format}


@dataclass(frozen=True)
class StoredRun:
    """A run as the store keeps it. `arrays` are named as this module's docstring says.

    `artefacts` are what was kept beside the record, as far as somebody asked for it: name to arrays, see
    `ablate.core.artefacts`. `stated_digest` is the `digest` of a run of which not all arrays are here any more; empty
    where nobody has kept it.
    """

    spec: RunSpec
    record: RunRecord
    arrays: Mapping[str, Array] = field(default_factory=dict)
    artefacts: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    stated_digest: str | None = None

    @cached_property
    def digest(self) -> str | None:
        """Of its outcome, see `outcome_digest`; None where too little is known of that."""
        if self.stated_digest is None:
            return outcome_digest(self.record, self.arrays)
        return self.stated_digest or None

    @property
    def probes(self) -> dict[str, float]:
        """The numbers that probes have measured, by quantity; see `ablate.core.artefacts.PROBE_QUANTITIES`."""
        return numbers_of(self.artefacts)

    def measured(self, metric: str) -> float | None:
        """The value of an open metric, see `ablate.core.metrics`; None where it has none, or was not looked up."""
        found = (each for name, each in self.artefacts.items() if name.partition("@")[0] == metric)
        value = next(found, {}).get(VALUE + metric)
        return None if value is None else float(value)

    @property
    def history(self) -> Mapping[str, Array]:
        """Metric name to its values, one an epoch, in the order in which they were recorded."""
        return {name.removeprefix(HISTORY): values for name, values in self.arrays.items() if name.startswith(HISTORY)}

    def history_of(self, metric: str) -> Array | None:
        """The values of one metric, one an epoch; None where it was not recorded."""
        return self.arrays.get(f"{HISTORY}{metric}")


def outcome_digest(record: RunRecord, arrays: Mapping[str, Array]) -> str | None:
    """What two runs have in common just when the one did what the other did: a name for history, test predictions and
    statistics of the weights, to the last bit. How long it took, where, and what the spec says have no part in it.

    None of a run without statistics of its weights, since a short history and a few predictions can be equal by
    chance; of one that diverged, which has no weights to look at, the history up to there is enough.
    """
    names = sorted(name for name in arrays if name.startswith(HISTORY) or name in _OUTCOME)
    if STATISTICS not in names and not (names and record.status is Status.DIVERGED):
        return None
    ended = f"{record.status} {record.divergence}\n".encode()
    return sha256_of_bytes(ended + b"".join(_described(name, arrays[name]) for name in names))


def _described(name: str, values: Array) -> bytes:
    return f"{name} {values.dtype.str} {values.shape}\n".encode() + values.tobytes()


def numbers_of(artefacts: Mapping[str, Mapping[str, Array]]) -> dict[str, float]:
    """The numbers that artefacts hold, by the name of the quantity or metric."""
    return {
        name.removeprefix(VALUE): float(values)
        for arrays in artefacts.values()
        for name, values in arrays.items()
        if name.startswith(VALUE)
    }


def unlike(kept: StoredRun, again: StoredRun) -> tuple[str, ...]:
    """What of a run did not come out again, to the last bit: names of arrays, or how it ended.

    Of arrays that were not kept, since a later version measures more, nothing can be said.
    """
    arrays = again.arrays
    names = (name for name, values in kept.arrays.items() if name not in arrays or not same_bits(values, arrays[name]))
    ended = () if kept.record.status is again.record.status else (again.record.status.value,)
    return (*names, *ended)
