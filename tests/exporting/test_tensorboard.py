"""Event files, read back record by record as TensorBoard does."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import tensorflow as tf

from ablate.exporting.tensorboard import write_history

HISTORY = {
    "loss": np.array([0.9, 0.5, 0.25]),
    "accuracy": np.array([0.5, 0.75, 0.875]),
    "val_loss": np.array([0.8, 0.6, np.inf]),
}


def points(file: Path) -> dict[str, list[tuple[int, float]]]:
    found = defaultdict(list)
    for record in tf.data.TFRecordDataset(str(file)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == "scalars"
            found[value.tag].append((event.step, float(tf.make_ndarray(value.tensor))))
    return dict(found)


def test_every_epoch_of_every_metric_is_a_point_in_the_folder_of_its_split(tmp_path: Path) -> None:
    train, validation = write_history(HISTORY, tmp_path / "run")
    assert (train.parent, validation.parent) == (tmp_path / "run" / "train", tmp_path / "run" / "validation")
    assert points(train) == {
        "loss": [(1, float(np.float32(0.9))), (2, 0.5), (3, 0.25)],
        "accuracy": [(1, 0.5), (2, 0.75), (3, 0.875)],
    }
    assert points(validation) == {"loss": [(1, float(np.float32(0.8))), (2, float(np.float32(0.6))), (3, np.inf)]}


def test_a_history_without_validation_has_no_such_folder(tmp_path: Path) -> None:
    assert len(write_history({"loss": HISTORY["loss"]}, tmp_path)) == 1
    assert not (tmp_path / "validation").exists()
    assert write_history({}, tmp_path / "nothing") == ()
