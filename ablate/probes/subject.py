"""What a probe sees, what it gives back, and what several probes do alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ablate.core.specs import RunSpec
from ablate.training.feeding import Split
from ablate.training.randomness import stream_key
from ablate.training.step import Loss, prepare, total_penalty

__all__ = ["Measured", "NotApplicable", "Subject", "objective"]

SAMPLE = "sample"


class NotApplicable(Exception):
    """The probe makes no sense of this run; the message says why. It will make none another time."""


@dataclass(frozen=True)
class Measured:
    """What a probe found: its numbers by quantity, and arrays for pictures by name."""

    values: Mapping[str, float]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """A completed run: its model with the weights it ended with, and what it was trained by.

    Attributes:
        loss: (targets, outputs) to float32 [batch], the data loss.
        scale: what integer features are divided by.
        step_losses: the artefact of this name; empty where only the weights were kept.
        first_weights: those that the run began with, by path.
        functions: what probes have compiled for runs of this program; see `compiled`.
    """

    spec: RunSpec
    model: keras.Model
    loss: Loss
    scale: float
    train: Split
    validation: Split
    test: Split
    step_losses: Mapping[str, np.ndarray] = field(default_factory=dict)
    first_weights: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def batch_size(self) -> int:
        return int(self.spec.training.arguments["batch_size"])  # type: ignore[arg-type]

    def generator(self, *purpose: str) -> np.random.Generator:
        """Random numbers of a stream of its own, keyed by the run's seed and salt."""
        key = stream_key(self.spec.seed, self.spec.salt, "probe", *purpose)
        return np.random.Generator(np.random.Philox(key=key))

    def sample(self, most: int) -> tuple[tf.Tensor, tf.Tensor]:
        """At most so many training examples, features as the model takes them, and their targets. They are the same
        for every arm of a seed, and those of a smaller sample are the first of a larger one."""
        examples = len(self.train.labels)
        chosen = self.generator(SAMPLE).permutation(examples)[:most]
        features, targets = (tf.gather(values, chosen) for values in (self.train.features, self.train.targets))
        return prepare(features, self.scale), targets

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function(model, loss, *tensors)` of module level as a graph over the tensors, traced once for all runs of
        a program."""
        name = f"{function.__module__}.{function.__qualname__}"
        if name not in self.functions:
            self.functions[name] = tf.function(partial(function, self.model, self.loss))
        return self.functions[name]


def objective(model: keras.Model, loss: Loss, features: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """What training minimises, in inference mode: the mean loss of prepared examples, and the penalty. So dropout
    and augmentation take no part, and batch normalisation has its moving averages."""
    return tf.reduce_mean(loss(targets, model(features, training=False))) + total_penalty(model)
