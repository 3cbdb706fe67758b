"""One of each kind, added from a temporary folder as CONTRIBUTING's "How to add" says: a file, and a leaf.

Nothing of the package is edited, the real command line uses them all, and they keep their contracts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.support import CHECKOUT, write

PACKAGE = "handmade"
# The parts of a run that one of one's own can be; each is a file of code and a leaf.
CODE = {
    "optimizers": """
import keras

class Signed(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(keras.ops.sign(gradient), variable, learning_rate)
""",
    "models": """
import keras

def linear(input_shape, outputs, scale):
    inputs = keras.Input(input_shape)
    scaled = keras.layers.Rescaling(scale, name="scaled")(keras.layers.Flatten(name="flat")(inputs))
    return keras.Model(inputs, keras.layers.Dense(outputs, name="logits")(scaled))
""",
    "losses": """
import tensorflow as tf

def shifted(targets, outputs, by):
    return by + tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=outputs)
""",
    "schedules": """
import numpy as np

def halved(learning_rate, epoch, epochs, steps):
    return np.full(steps, learning_rate / 2**epoch)
""",
    "augmentation": """
def dimmed(images, key, step, strength):
    return images * (1 - strength)
""",
    "data": """
import numpy as np

from ablate.datasets.arrays import Examples, RawData

def load(data_dir=None):
    generator = np.random.default_rng(0)
    labels = np.arange(240, dtype=np.int32) % 3
    images = generator.integers(0, 100, (240, 4, 4, 1)) + 50 * labels[:, None, None, None]
    return RawData(Examples(images.astype(np.uint8), labels), None, classes=3, scale=255.0, files=())
""",
    "trainers": """
from dataclasses import replace

from ablate.runner.trainer import Trainer

class Noting(Trainer):
    def __init__(self, data_dir, numerics, note):
        super().__init__(data_dir, numerics)
        self._note = note

    def train(self, spec, progress):
        run = super().train(spec, progress)
        return replace(run, record=replace(run.record, environment={**run.record.environment, "note": self._note}))
""",
    "metrics": """
import numpy as np

from ablate.core.records import CLASSIFICATION, Guess, MetricInfo

FACTS = MetricInfo(
    "kappa", "accuracy beyond chance", "max", "", CLASSIFICATION, is_error=True, range=(-1.0, 1.0), worst=0.0
)

def kappa(labels, predictions):
    classes = max(labels.max(), predictions.max()) + 1
    shares = [np.bincount(values, minlength=classes) / len(values) for values in (labels, predictions)]
    chance = float(shares[0] @ shares[1])
    return (np.mean(labels == predictions) - chance) / (1 - chance)
""",
    "executors": """
from dataclasses import dataclass
from pathlib import Path

from ablate.runner.inline import InlineExecutor

@dataclass(frozen=True)
class Counted(InlineExecutor):
    tally: str = "tally"

    def execute(self, todo, session):
        Path(self.tally).write_text(str(len(todo)))
        return super().execute(todo, session)
""",
}
LEAVES = {
    "optimizer/signed": "_target_: handmade.optimizers.Signed\n_variables_: [learning_rate]\nlearning_rate: 0.01\n",
    "model/linear": "_target_: handmade.models.linear\n_partial_: true\nscale: 2.0\n",
    "loss/shifted": "_target_: handmade.losses.shifted\n_partial_: true\n_task_: classification\nby: 100.0\n",
    "schedule/halved": "_target_: handmade.schedules.halved\n_partial_: true\n",
    "augment/dimmed": "_target_: handmade.augmentation.dimmed\n_partial_: true\nstrength: 0.1\n",
    "dataset/stripes": "_target_: handmade.data.load\n_partial_: true\n",
    "trainer/noting": "_target_: handmade.trainers.Noting\nnote: mine\n",
    "metric/kappa": "_target_: handmade.metrics.kappa\n_partial_: true\n",
    "executor/counted": "_target_: handmade.executors.Counted\ntally: tally\n",
    "sweep/scales": """
question: Does the scale of the images matter?
factors: {model.scale: [1.0, 2.0]}
design: grid
baseline: {model.scale: 1.0}
seeds: 2
metric: test_kappa
margin: null
""",
}
STUDY = "question: Is it all used?\nbase: [training.epochs=2, numerics.engine=graph]\nsweeps: [{sweep: scales}]\n"
CHOICES = (
    "optimizer=signed",
    "model=linear",
    "loss=shifted",
    "schedule=halved",
    "augment=dimmed",
    "dataset=stripes",
    "trainer=noting",
)
# The part of a spec → what of it is handmade.
TARGETS = {
    "optimizer": "handmade.optimizers.Signed",
    "model": "handmade.models.linear",
    "loss": "handmade.losses.shifted",
    "schedule": "handmade.schedules.halved",
    "augment": "handmade.augmentation.dimmed",
    "trainer": "handmade.trainers.Noting",
}
CONTRACTS = f"""
from ablate.testing.executors import ExecutorContract
from ablate.testing.metrics import MetricContract
from ablate.testing.scripted import Trainer
from ablate.testing.specs import tiny_spec
from ablate.testing.trainers import TrainerContract
from handmade.executors import Counted

class TestTrainer(TrainerContract):
    def spec(self):
        return tiny_spec(*{CHOICES!r}, "numerics.engine=graph", allow=["handmade"])

class TestMetric(MetricContract):
    leaf, allow = "kappa", ["handmade"]

class TestExecutor(ExecutorContract):
    scripted_trainer = "test_handmade.Trainer"

    def executor(self):
        return Counted()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a user's with their code, a leaf for each piece of it, and a study."""
    files = {f"handmade/{name}.py": text for name, text in CODE.items()}
    leaves = {f"conf/{name}.yaml": f"# Mine.\n{text}" for name, text in LEAVES.items()}
    package = {"handmade/__init__.py": "", "experiments/handmade/study.yaml": STUDY, "test_handmade.py": CONTRACTS}
    return write(tmp_path_factory.mktemp("user"), {**files, **leaves, **package})


def run(*words: str, folder: Path, package: Path = CHECKOUT) -> str:
    """What Python prints when run with these words in a folder, with the `ablate` of that package."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(package)])}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_study_is_made_of_nothing_but_ones_own(folder: Path) -> None:
    words = ("--allow-target", PACKAGE, "+experiment=handmade", *CHOICES, "executor=counted")
    assert "with 1 worker" in run("-m", "ablate", "plan", *words, folder=folder)
    run("-m", "ablate", *words, folder=folder)
    assert (folder / "tally").read_text() == "4"
    runs = [path.parent for path in folder.glob("results/runs/??/*/record.json")]
    assert len(runs) == 4
    for each in runs:
        spec, record = (json.loads((each / name).read_text()) for name in ("spec.json", "record.json"))
        assert {part: spec[part]["target"] for part in TARGETS} == TARGETS
        assert spec["dataset"]["source"]["target"] == "handmade.data.load"
        assert list(spec["code"]) == [PACKAGE]
        assert record["status"] == "completed"
        assert record["environment"]["note"] == "mine"
        assert 100 < record["metrics"]["test_loss"] < 110
        (measured,) = (each / "artefacts").iterdir()
        assert measured.name.startswith("test_kappa@")
    report = (folder / "reports/handmade/report.md").read_text()
    assert "Does the scale of the images matter?" in report
    assert "accuracy beyond chance" in report


def test_what_is_ones_own_keeps_its_contracts(folder: Path) -> None:
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_handmade.py", folder=folder)
    assert " passed" in said


# Of these kinds there is a file in the package, found by its name.
FILES = {
    "ablate/design/ends.py": '''
"""The first and the last level of each factor, the others at the baseline."""

from ablate.core.identity import canonical

TAKES = ()

def arms(space, settings):
    ends = {key: (levels[0], levels[-1]) for key, levels in space.factors.items()}
    every = [{**space.baseline, key: level} for key, levels in ends.items() for level in levels]
    distinct = {canonical(levels): levels for levels in [dict(space.baseline), *every]}
    return [(" ".join(f"{key}={level}" for key, level in levels.items()), levels) for levels in distinct.values()]
''',
    "ablate/probes/biases.py": '''
"""The largest bias in size."""

from ablate.core.artefacts import WEIGHTS, ArtefactInfo
from ablate.core.records import MetricInfo
from ablate.probes.subject import Measured

FACTS = ArtefactInfo(
    "biases",
    "biases",
    needs=(WEIGHTS,),
    quantities=(MetricInfo("largest_bias", "largest bias in size", "", ""),),
    place=500,
)

def measure(subject):
    biases = [abs(each.numpy()).max() for each in subject.model.weights if each.path.endswith("bias")]
    return Measured({"largest_bias": float(max(biases))})
''',
    "ablate/exporting/csv.py": '''
"""A history as lines of numbers."""

def write_history(history, folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "history.csv"
    path.write_text("\\n".join(",".join([name, *map(str, values)]) for name, values in history.items()))
    return (path,)
''',
}
CONTRACTS_OF_FILES = """
from ablate.testing.designs import DesignContract
from ablate.testing.probes import ProbeContract

class TestDesign(DesignContract):
    design = "ends"
    factors = {"optimizer": ("sgd", "adam", "adamw"), "model.dropout": (0.0, 0.3)}

class TestProbe(ProbeContract):
    probe = "biases"
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with a design, a probe and an export format more."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("ablate", "conf"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    write(folder, {name: text.lstrip() for name, text in FILES.items()})
    return folder


def test_a_file_of_the_package_is_found_by_its_name(copy: Path, tmp_path: Path) -> None:
    words = ("+sweep=dropout", "sweep.design=ends", "sweep.seeds=1", "sweep.claims=[]", "keep=[biases]")
    tiny = ("training.epochs=1", "model.hidden=[4]", "numerics.engine=graph", "executor=inline")
    run("-m", "ablate", *words, *tiny, folder=tmp_path, package=copy)
    assert len(list(tmp_path.glob("results/runs/??/*/artefacts/biases.npz"))) == 2
    run("-m", "ablate", "export", "dropout", "--format", "csv", "--out", "histories", folder=tmp_path, package=copy)
    (first, _) = tmp_path.glob("histories/**/history.csv")
    assert "val_loss," in first.read_text()


def test_what_a_file_of_the_package_adds_keeps_its_contract(copy: Path, tmp_path: Path) -> None:
    write(tmp_path, {"test_files.py": CONTRACTS_OF_FILES})
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_files.py", folder=tmp_path, package=copy)
    assert " passed" in said
