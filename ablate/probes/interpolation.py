"""The loss along the straight line from the weights of one run to those of another: did two ways of training end
in one valley, or is there a ridge between them?

Goodfellow, Vinyals and Saxe (ICLR 2015) drew the line; Frankle, Dziugaite, Roy and Carbin (ICML 2020) call the
largest height of the loss above the straight line between its ends the barrier. Everything that is a weight is
interpolated, the moving averages of batch normalisation too, whose blend fits neither end; and a barrier may stand
between two runs that differ in the order of their units alone.

    line = interpolate(subject, first, second)     # of two runs of one architecture, and on the data of `subject`
    line.barrier
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ablate.probes.subject import Subject, objective
from ablate.training.step import prepare
from ablate.training.weights import assign_weights, weights_of

__all__ = ["Interpolation", "barrier", "interpolate"]

POINTS = 21
EXAMPLES = 1000

Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Interpolation:
    """float64 [POINTS] each: `positions` from 0, the first run, to 1, the second; the objective over a fixed sample of
    the training examples and over the validation examples."""

    positions: np.ndarray
    train_loss: np.ndarray
    validation_loss: np.ndarray

    @property
    def barrier(self) -> float:
        """Of the loss on the training examples."""
        return barrier(self.positions, self.train_loss)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """By the names of the attributes."""
        return {"positions": self.positions, "train_loss": self.train_loss, "validation_loss": self.validation_loss}


def barrier(positions: np.ndarray, losses: np.ndarray) -> float:
    """The largest height of the losses above the straight line between the first and the last; never below 0."""
    straight = (1 - positions) * losses[0] + positions * losses[-1]
    return float(np.max(losses - straight))


def interpolate(subject: Subject, first: Weights, second: Weights) -> Interpolation:
    """The objective at POINTS places between two sets of weights; the model has its own again afterwards.

    Args:
        first, second: weights by path, as of `ablate.training.weights`, of models that are built as the subject's is.

    Raises:
        ValueError: when the weights are those of another model.
    """
    objective_of = subject.compiled(objective)
    train = subject.sample(EXAMPLES)
    validation = prepare(subject.validation.features, subject.scale), subject.validation.targets
    positions = np.linspace(0, 1, POINTS)
    own = weights_of(subject.model)
    losses = []
    try:
        assign_weights(subject.model, first)
        assign_weights(subject.model, second)
        for position in positions:
            between = {path: (1 - position) * values + position * second[path] for path, values in first.items()}
            assign_weights(subject.model, between)
            losses.append([float(objective_of(*part)) for part in (train, validation)])
    finally:
        assign_weights(subject.model, own)
    train_loss, validation_loss = np.array(losses).T
    return Interpolation(positions, train_loss, validation_loss)
