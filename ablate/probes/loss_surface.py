"""The loss around the weights that a run ended with, along two random directions.

Li, Xu, Taylor, Studer and Goldstein, "Visualizing the Loss Landscape of Neural Nets" (NeurIPS 2018), section 4:
each filter of a direction (the weights that lead to one unit) is scaled to the norm of the model's own filter, so
that a step of 1 changes every filter by its own size, whatever its scale; biases and the scales of normalisation
stay as they are. The objective is taken in inference mode over a fixed sample of EXAMPLES training examples at
POINTS × POINTS places from −1 to 1. Two directions of many thousands are a picture and no proof.

Arrays: positions float64 [POINTS], loss float32 [POINTS, POINTS]: rows are the first direction.
"""

from __future__ import annotations

import itertools

import numpy as np

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.subject import Measured, NotApplicable, Subject, objective

__all__ = ["FACTS", "filter_normalised", "measure"]

FACTS = ArtefactInfo(
    "loss_surface",
    "loss along two random directions",
    needs=(WEIGHTS,),
    quantities=(MetricInfo("surface_rise", "rise of the loss half a filter norm away", "", ""),),
    place=40,
)

EXAMPLES = 500
POINTS = 17
HALF = POINTS // 4


def measure(subject: Subject) -> Measured:
    """`surface_rise`: by how much the objective rises from the middle to half a step along either direction, the
    mean of four places."""
    weights = [variable.numpy() for variable in subject.model.trainable_variables]
    if not any(values.ndim > 1 for values in weights):
        raise NotApplicable("the model has no filters")
    directions = [
        [filter_normalised(generator.standard_normal(values.shape), values) for values in weights]
        for generator in (subject.generator("loss_surface", number) for number in ("first", "second"))
    ]
    positions = np.linspace(-1, 1, POINTS)
    loss = losses_around(subject, weights, directions, positions)
    middle = POINTS // 2
    beside = [loss[middle + row, middle + column] for row, column in ((HALF, 0), (-HALF, 0), (0, HALF), (0, -HALF))]
    rise = float(np.mean(beside, dtype=np.float64) - loss[middle, middle])
    return Measured({"surface_rise": rise}, {"positions": positions, "loss": loss})


def filter_normalised(direction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`direction`, float [..., units], with each unit's part scaled to the norm of its weights; 0 for a vector."""
    if weights.ndim < 2:
        return np.zeros(weights.shape, np.float32)
    axes = tuple(range(weights.ndim - 1))
    norms = np.sqrt(np.sum(weights.astype(np.float64) ** 2, axis=axes) / np.sum(direction**2, axis=axes))
    return (direction * norms).astype(np.float32)


def losses_around(
    subject: Subject, weights: list[np.ndarray], directions: list[list[np.ndarray]], positions: np.ndarray
) -> np.ndarray:
    """float32 [positions, positions]; the model has its own weights again afterwards."""
    examples = subject.sample(EXAMPLES)
    objective_of = subject.compiled(objective)
    variables = subject.model.trainable_variables
    parts = list(zip(variables, weights, *directions, strict=True))
    losses = np.empty((len(positions), len(positions)), np.float32)
    try:
        for (row, down), (column, right) in itertools.product(enumerate(positions), repeat=2):
            for variable, middle, first, second in parts:
                variable.assign(middle + np.float32(down) * first + np.float32(right) * second)
            losses[row, column] = objective_of(*examples)
    finally:
        for variable, middle in zip(variables, weights, strict=True):
            variable.assign(middle)
    return losses
