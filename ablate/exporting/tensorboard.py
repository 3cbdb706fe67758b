"""The history of a run as scalars for TensorBoard, which need not be installed to write them.

Training and validation stand in a folder each, as the callback of Keras has them, so that TensorBoard draws
both on one chart: `loss` and `val_loss` become the tag `loss` of the runs `train` and `validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from ablate.core.records import METRICS, VALIDATION

__all__ = ["write_history"]

# How TensorBoard knows a tensor for a point of a curve.
_SCALARS = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"), data_class="DATA_CLASS_SCALAR"
)


def write_history(history: Mapping[str, np.ndarray], folder: Path) -> tuple[Path, ...]:
    """One point an epoch, counted from 1, for every metric; the event files that were written.

    What lies in the folder stays, and TensorBoard would show both: write each run into a folder of its own.

    Args:
        history: metric to values, [epochs].
    """
    splits: dict[str, dict[str, np.ndarray]] = {"train": {}, "validation": {}}
    for name, values in history.items():
        info = METRICS[name]
        splits["validation" if info.split == VALIDATION else "train"][info.measure] = values
    return tuple(_write(metrics, folder / split) for split, metrics in splits.items() if metrics)


def _write(metrics: Mapping[str, np.ndarray], folder: Path) -> Path:
    before = set(folder.glob("events.*"))
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        for name, values in metrics.items():
            for epoch, value in enumerate(values, start=1):
                tf.summary.write(name, tf.constant(value, tf.float32), step=epoch, metadata=_SCALARS)
    writer.close()
    (written,) = set(folder.glob("events.*")) - before
    return written
