"""Jitter of the step-wise loss: how much the losses of neighbouring steps differ, beside their slow change.

The estimate is von Neumann's: the root of half the mean squared successive difference (Annals of Mathematical
Statistics 1941), which a slow trend hardly touches. It holds what the batches differ by, what dropout and
augmentation draw, and the weights' own wandering, all at once; `gradient_noise` holds the batches apart. The last
step of an epoch is left out where its batch is smaller.

Arrays: by_epoch float64 [E], mean_by_epoch float64 [E], last_losses float32 [up to SHOWN_STEPS]: the losses of the
last epoch's last full batches.
"""

from __future__ import annotations

import numpy as np

from ablate.core.artefacts import STEP_LOSSES, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.subject import Measured, NotApplicable, Subject

__all__ = ["FACTS", "measure", "successive_jitter"]

FACTS = ArtefactInfo(
    "jitter",
    "jitter of the step-wise loss",
    needs=(STEP_LOSSES,),
    quantities=(
        MetricInfo("loss_jitter", "jitter of the step-wise loss in the last epoch", "", ""),
        MetricInfo("relative_loss_jitter", "jitter of the step-wise loss ÷ its mean, last epoch", "", "fraction"),
    ),
    is_of_any_procedure=True,
    place=10,
)

SHOWN_STEPS = 400


def measure(subject: Subject) -> Measured:
    """`loss_jitter` in units of the loss, and as a share of the mean loss, of the last epoch that was run."""
    full_batches = len(subject.train.labels) // subject.batch_size
    losses = subject.step_losses["loss"][:, :full_batches]
    if losses.shape[1] < 2:
        raise NotApplicable("an epoch has fewer than two full batches")
    jitter, mean = successive_jitter(losses), losses.mean(axis=1, dtype=np.float64)
    relative = float(jitter[-1] / mean[-1]) if mean[-1] > 0 else float("nan")
    arrays = {"by_epoch": jitter, "mean_by_epoch": mean, "last_losses": losses[-1, -SHOWN_STEPS:]}
    return Measured({"loss_jitter": float(jitter[-1]), "relative_loss_jitter": relative}, arrays)


def successive_jitter(losses: np.ndarray) -> np.ndarray:
    """√(mean of (x[i+1] − x[i])² ÷ 2) along the last axis, of float [..., steps]."""
    differences = np.diff(losses.astype(np.float64), axis=-1)
    jitter: np.ndarray = np.sqrt(np.mean(differences**2, axis=-1) / 2)
    return jitter
