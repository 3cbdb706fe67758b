"""What a claim is about, as one number of each run.

    value_of(Quantity("epochs_to", "val_accuracy", 0.97))(run)     # 4.0, or math.inf where it never did
    quantity_info(quantity)                                         # title, direction and unit (ablate.core.claims)

None means that the run has no such number: it failed, or the metric was not recorded. Infinity means that it
has one beyond every number of epochs. A run that never reached a target is an outcome of its arm, as a
divergence is, and no missing value: a mean over the others would prefer the arm that gets there seldom but
fast. So it is no divergence either: such a quantity is judged by the sign test of pairs, in which a run that never got
there is behind every one that did, and two that never did are a tie.
"""

from __future__ import annotations

import math

import numpy as np

from ablate.analysis.values import Value, value_in
from ablate.core.artefacts import PROBE_QUANTITIES
from ablate.core.claims import EPOCHS_TO, FIRST_KERNEL_QUANTITIES, WEIGHT_QUANTITIES, Quantity
from ablate.core.records import METRICS, WEIGHT_STATISTICS, Array, StoredRun

__all__ = ["value_of"]


def value_of(quantity: Quantity) -> Value:
    """The function that reads the quantity of a run, in the unit of `statements.quantity_info(quantity)`.

    A metric is that of the weights that the run ended with, as in `values.metric_values`; `weight_*` and
    `first_kernel_*` are of the same weights, and so is what probes measure. A run that the probe was not kept
    of has no such number.
    """
    name = quantity.name
    if name == EPOCHS_TO:
        return lambda run: _epochs_to(run, quantity)
    if name in WEIGHT_QUANTITIES:
        return lambda run: _over_kernels(run, name.removeprefix("weight_"))
    if name in FIRST_KERNEL_QUANTITIES:
        return lambda run: _of_first_kernel(run, name.removeprefix("first_kernel_"))
    if name in METRICS:
        return value_in(name)
    if name in PROBE_QUANTITIES:
        return lambda run: run.probes.get(name)
    # epochs_run and best_epoch
    return lambda run: _number(getattr(run.record, name))


def _epochs_to(run: StoredRun, quantity: Quantity) -> float | None:
    """The first epoch, from 1, whose metric is at the threshold or on its good side; inf where none is."""
    history = run.history.get(quantity.metric)
    if history is None or quantity.threshold is None:
        return None
    sign = METRICS[quantity.metric].sign
    reached = np.flatnonzero(sign * history >= sign * quantity.threshold)
    return float(reached[0] + 1) if len(reached) else math.inf


def _over_kernels(run: StoredRun, statistic: str) -> float | None:
    """The mean over the kernels of one of their statistics: each kernel counts once, whatever its size."""
    values = _of_kernels(run, statistic)
    return float(values.mean()) if len(values) and np.isfinite(values).all() else None


def _of_first_kernel(run: StoredRun, statistic: str) -> float | None:
    values = _of_kernels(run, statistic)
    return float(values[0]) if len(values) and np.isfinite(values[0]) else None


def _of_kernels(run: StoredRun, statistic: str) -> Array:
    """One of `WEIGHT_STATISTICS` of every kernel, from the inputs on; empty where none are stored.

    Biases, scales and positions are left out: no penalty acts on them.
    """
    if "weights/path" not in run.arrays:
        return np.empty(0)
    kernels = [str(path).endswith("kernel") for path in run.arrays["weights/path"]]
    column: Array = run.arrays["weights/statistics"][kernels, WEIGHT_STATISTICS.index(statistic)]
    return column


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)
