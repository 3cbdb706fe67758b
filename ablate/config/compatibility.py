"""What the data show of a config: settings that no data set of this size, or of this task, can have.

Everything here is right by itself. Whether it fits is known only once the data set is: how many examples
there are to train and validate with, which shape they have, and whether their targets are classes or numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from inspect import signature
from typing import Any, Protocol

from ablate.config.building import TARGET, locate
from ablate.config.problems import Problem, nearest
from ablate.core.records import CLASSIFICATION, GENERATION, METRICS, REGRESSION, MetricInfo

__all__ = ["TASK", "DatasetFacts", "fit_problems", "task_of"]

# The key in which a loss says what it is for: classification, regression, generation, or null for any. A
# procedure or a model that has it is for something else than what the data set alone would call for.
TASK = "_task_"
# The key in which a leaf names the function of `ablate.models.inputs` that knows which examples it takes.
INPUT = "_input_"
MONITORS = ("early_stopping", "plateau")


class DatasetFacts(Protocol):
    """What must be known of a data set before anything is trained on it."""

    @property
    def digest(self) -> str:
        """sha256 of its decoded arrays."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example."""

    @property
    def train_examples(self) -> int:
        """How many there are for training and validation together."""

    @property
    def classes(self) -> int | None:
        """How many classes there are; None for regression."""


def fit_problems(
    config: Mapping[str, Any], facts: DatasetFacts, metric: str | None = None, open_metrics: Collection[str] = ()
) -> Iterator[Problem]:
    """What in a composed config does not fit its data set.

    Args:
        metric: what the run is measured for, where it belongs to a sweep.
        open_metrics: the names of those that a sweep may ask for beside the metrics of the task.
    """
    task = task_of(config, facts)
    yield from _size_problems(config["dataset"], config["training"]["batch_size"], facts.train_examples)
    yield from _loss_problems(config["loss"].get(TASK), config["loss"]["_target_"], task)
    yield from _model_problems(config["model"].get(TASK), config["model"]["_target_"], task)
    for root in ("model", "augment"):
        yield from _input_problems(root, config[root], facts.shape)
    for rule in MONITORS:
        yield from _metric_problems(f"training.{rule}.monitor", config["training"][rule]["monitor"], watched(task))
    if metric is not None:
        yield from _metric_problems("sweep.metric", metric, comparable(task), open_metrics)


def task_of(config: Mapping[str, Any], facts: DatasetFacts) -> str:
    """What the procedure says that it is for, else classification or regression, as the data set has it."""
    declared: str | None = config["procedure"].get(TASK)
    return declared or (REGRESSION if facts.classes is None else CLASSIFICATION)


def comparable(task: str) -> dict[str, MetricInfo]:
    """The metrics that arms can be compared by: those of the task of which more, or less, is better."""
    return {name: info for name, info in METRICS.items() if info.direction and info.is_of(task)}


def watched(task: str) -> dict[str, MetricInfo]:
    """The metrics that can be monitored: every epoch has one, and no test example takes part in it."""
    return {name: info for name, info in comparable(task).items() if not info.is_final}


def _size_problems(cut: Mapping[str, Any], batch_size: int, examples: int) -> Iterator[Problem]:
    fraction, last = cut["validation_fraction"], cut["validation_last"]
    held = round(fraction * examples) if last is None else last
    if not 0 < held < examples:
        key = "validation_fraction" if last is None else "validation_last"
        allowed = f"a part of the {examples} training examples that leaves some on both sides"
        yield Problem(f"dataset.{key}", cut[key], allowed)
    elif batch_size > examples - held:
        allowed = f"a whole number from 1 to {examples - held}, which is all training examples"
        yield Problem("training.batch_size", batch_size, allowed)


def _loss_problems(made_for: str | None, target: object, task: str) -> Iterator[Problem]:
    if made_for not in (None, task):
        caller = "procedure" if task == GENERATION else "data set"
        yield Problem("loss", target, f"a loss for {task}, which the {caller} calls for; this one is for {made_for}")


def _model_problems(made_for: str | None, target: object, task: str) -> Iterator[Problem]:
    if task == GENERATION != made_for:
        yield Problem("model", target, f"a model for {task}, which the procedure calls for, as model=gan is")
    elif made_for not in (None, task):
        yield Problem("model", target, f"a model for {task}, or the procedure of {made_for}")


def _input_problems(root: str, leaf: Mapping[str, Any], shape: Sequence[int]) -> Iterator[Problem]:
    if leaf.get(INPUT) is None:
        return
    question = locate(leaf[INPUT])
    arguments = {name: leaf[name] for name in signature(question).parameters if name in leaf}
    for name, allowed in question(input_shape=shape, **arguments).items():
        yield Problem(f"{root}.{name}", leaf[name], allowed) if name else Problem(root, leaf[TARGET], allowed)


def _metric_problems(
    key: str, name: str, allowed: Mapping[str, MetricInfo], open_metrics: Collection[str] = ()
) -> Iterator[Problem]:
    if name not in allowed:
        # What an open metric is of is not known until it is named; then this is one of them, or is refused.
        others = tuple(each for each in open_metrics if each not in (name, *allowed))
        added = f", or what conf/metric adds: {', '.join(others)}" if others else ""
        yield Problem(key, name, f"one of {', '.join(allowed)}{added}", nearest(name, (*allowed, *others)))
