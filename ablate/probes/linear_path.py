"""The loss along the straight line from the weights that a run began with to those it ended with.

Goodfellow, Vinyals and Saxe, "Qualitatively Characterizing Neural Network Optimization Problems" (ICLR 2015),
section 3: where the loss only falls along this line, nothing on it had to be gone around. How training really went is
another way; and the line of a model with batch normalisation passes where its moving averages fit no weights.

Arrays: positions float64 [P], from 0, the beginning, to 1, the end; train_loss, validation_loss float64 [P], see
`ablate.probes.interpolation`.
"""

from __future__ import annotations

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.interpolation import interpolate
from ablate.probes.subject import Measured, Subject
from ablate.training.weights import weights_of

__all__ = ["FACTS", "measure"]

FACTS = ArtefactInfo(
    "linear_path",
    "loss on the straight line from the first weights to the last",
    needs=(WEIGHTS,),
    quantities=(MetricInfo("linear_path_barrier", "barrier on the line from the first weights to the last", "", ""),),
    place=50,
)


def measure(subject: Subject) -> Measured:
    """`linear_path_barrier`: the largest height of the training objective above the straight line between its ends."""
    line = interpolate(subject, subject.first_weights, weights_of(subject.model))
    return Measured({"linear_path_barrier": line.barrier}, line.to_arrays())
