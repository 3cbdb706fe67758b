"""A model, a loss and a schedule of one's own, from a folder with nothing but them, through the real command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FILES = {
    "handmade/__init__.py": "",
    "handmade/nets.py": """
import keras

def linear(input_shape, outputs, scale):
    inputs = keras.Input(input_shape)
    scaled = keras.layers.Rescaling(scale, name="scaled")(keras.layers.Flatten(name="flat")(inputs))
    return keras.Model(inputs, keras.layers.Dense(outputs, name="logits")(scaled))
""",
    "handmade/rules.py": """
import tensorflow as tf

def shifted(targets, outputs, by):
    return by + tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=outputs)

def halved(learning_rate, epoch):
    return learning_rate / 2**epoch
""",
    "conf/config.yaml": "allow_targets: [handmade]\n",
    "conf/model/linear.yaml": "_target_: handmade.nets.linear\n_partial_: true\nscale: 2.0\n",
    "conf/loss/shifted.yaml": "_target_: handmade.rules.shifted\n_partial_: true\nby: 1000.0\n",
    "conf/schedule/halved.yaml": """
_target_: ablate.training.schedules.per_epoch
_partial_: true
rule: {_target_: handmade.rules.halved, _partial_: true}
""",
}
# What the console script does: unlike `python -m`, it does not put the current folder on the path.
CONSOLE_SCRIPT = "import sys; sys.path.remove(''); from ablate.cli import main; sys.exit(main(sys.argv[1:]))"
WORDS = ["model=linear", "loss=shifted", "schedule=halved", "training.epochs=3", "optimizer.learning_rate=0.02"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_code_of_ones_own_is_found_trained_in_a_worker_and_part_of_the_spec(folder):
    command = [sys.executable, "-c", CONSOLE_SCRIPT, *WORDS, "executor.workers=1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (record,) = (json.loads(path.read_text()) for path in folder.glob("results/runs/??/*/record.json"))
    (spec,) = (json.loads(path.read_text()) for path in folder.glob("results/runs/??/*/spec.json"))
    (arrays,) = (np.load(path) for path in folder.glob("results/runs/??/*/arrays.npz"))
    assert list(spec["code"]) == ["handmade"]
    assert record["status"] == "completed"
    assert 1000 < record["metrics"]["test_loss"] < 1001
    assert record["metrics"]["test_accuracy"] > 0.8
    assert arrays["history/learning_rate"].tolist() == [0.02, 0.01, 0.005]
