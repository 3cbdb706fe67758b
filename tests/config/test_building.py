"""Building: from a component to the object, and what may be imported for it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from inspect import ismodule
from pathlib import Path
from typing import Any

import pytest
import yaml

from ablate.config.building import build, foreign_packages, is_target, locate, package_digest, spec_problems
from ablate.config.problems import ConfigError
from ablate.config.signatures import home
from ablate.core.specs import Component
from ablate.training.settings import Clip, TrainingSettings
from tests.config.support import CHECKOUT, load_run, problems, tree, write


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own package `handmade` in the current folder, with a leaf for it."""
    leaf = "_target_: handmade.nets.net\n_partial_: true\nwidth: 3\n"
    code = "def net(input_shape, outputs, width):\n    return (input_shape, outputs, width)\n"
    write(tmp_path, {"handmade/__init__.py": "", "handmade/nets.py": code, "conf/model/net.yaml": leaf})
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path  # type: ignore[misc]
    for name in [name for name in sys.modules if name.partition(".")[0] == "handmade"]:
        del sys.modules[name]


def test_a_dataclass_is_built_with_nested_fields_cast() -> None:
    described = Component("ablate.training.settings.TrainingSettings", {"epochs": 3, "clip": {"norm": 1}})
    assert build(described) == TrainingSettings(epochs=3, clip=Clip(norm=1.0))


def test_the_training_of_a_stored_spec_is_built_as_it_was() -> None:
    spec = load_run("training.epochs=3 training.early_stopping.patience=2")
    settings = build(type(spec).from_json(spec.to_json()).training)
    assert (settings.epochs, settings.early_stopping.patience) == (3, 2)


def test_a_partial_waits_for_the_rest() -> None:
    built = build(Component("ablate.training.schedules.geometric", {"decay": 0.5}), partial=True)
    assert isinstance(built, partial)
    assert built(learning_rate=1.0, epoch=2) == 0.25


def test_targets_among_the_arguments_are_built_first() -> None:
    inner = {"_target_": "ablate.training.settings.Clip", "norm": 2.0}
    built = build(Component("ablate.training.schedules.constant", {"learning_rate": {"inner": [inner]}}), partial=True)
    assert built.keywords == {"learning_rate": {"inner": [Clip(norm=2.0)]}}


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "keras.saving.load_model",
        "ablatement.x",
        "ablate",
        "ablate.core.specs.absent",
        "ablate.absent.name",
        "ablate.core.identity.json",  # a module
        "ablate.core.identity.hashlib.sha256",
        "ablate.config.building.partially",  # imported there, not of the package
        "ablate.core.identity.RUN_FORMAT",
        # Functions of both packages that somebody hostile would call.
        "ablate.cli.main",
        "ablate.cli.command.main",
        "ablate.config.building.build",
        "ablate.storage.atomic.discard",
        "ablate.datasets.files.own_path",
        "ablate.datasets.files.download",
        "ablate.runner.process.WorkerProcess",
        "ablate.runner.do_job.trainers",
        "ablate.runner.trainer.Trainer",  # the usual one, which has one name: none
        "ablate.cli.os.system",
        "ablate.runner.process.subprocess.Popen",
        "ablate.datasets.mnist.load.__globals__",
        "ablate.models.mlp.__loader__.get_data",
        "ablate.models.__builtins__.eval",
        "ablate.training.schedules.np",
        # What a module of a room imports, by itself or through a module that it imports.
        "ablate.models.mlp.keras.models.load_model",
        "ablate.models.mlp.keras.Model",
        "ablate.models.mlp.L2",
        "ablate.models.small_cnn.convolution",
        "ablate.models.mlp",  # a module
        "ablate.models.gan.Gan.call",
        "ablate.datasets.photographs.load",
        "ablate.layers.dropout.tf",
        "ablate.training.losses.Sequence",
        "ablate.training.fit.fit.fit",
        "ablate.metrics.balanced_accuracy.MetricInfo",
        "ablate.runner.cluster.PoolExecutor",
        "keras.optimizers.schedules",
        "keras.optimizers.Absent",
        "keras.layers.keras.models.load_model",
        "keras.losses.deserialize",
        "keras.losses.get",
        "keras.optimizers.deserialize",
        "keras.optimizers.schedules.deserialize",
        "keras.layers.deserialize",
        "keras.layers.Lambda",
        "keras.layers.TFSMLayer",
        "keras.layers.TorchModuleWrapper",
        "keras.src.saving.load_model",
        # What is no dotted path.
        "",
        ".",
        "ablate.models.",
        "ablate.models..mlp",
        "ablate.models.mlp.mlp\n",
        "ablate.models.mlp\0.mlp",
        "ablate.models./etc/passwd.mlp",
        f"ablate.models.{'a' * 5000}.mlp",
    ],
)
def test_other_targets_are_refused(target: str) -> None:
    with pytest.raises(ConfigError):
        locate(target)


@pytest.mark.parametrize("allow", [("os",), ("posix", "os", "ablate", "keras")])
def test_what_is_allowed_opens_no_other_door(allow: tuple[str, ...]) -> None:
    for target in (
        "ablate.cli.main",
        "keras.layers.Lambda",
        "ablate.storage.runs.os.system",
        "posixpath.join",
        "osx.system",
    ):
        with pytest.raises(ConfigError):
            locate(target, allow)


def targets(value: Any) -> Iterator[str]:
    """Every `_target_` that some YAML names, however deep."""
    if isinstance(value, dict) and value.get("_target_") is not None:
        yield value["_target_"]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from targets(item)


def test_every_leaf_of_ablate_names_what_may_be_built() -> None:
    leaves = [yaml.safe_load(path.read_text()) for path in (CHECKOUT / "conf").rglob("*.yaml")]
    named = set(targets(leaves))
    assert len(named) > 40
    assert [target for target in named if not is_target(target, ())] == []


def test_what_a_module_imports_is_refused_before_anything_is_imported(tmp_path: Path) -> None:
    leaves = {
        "model": "_target_: ablate.models.mlp.keras.models.load_model\nfilepath: other.keras\n",
        "loss": "_target_: ablate.training.losses.brie\n_partial_: true\n_task_: classification\n",
        "optimizer": "_target_: keras.optimizers.schedules\nlearning_rate: 0.1\n",
    }
    here = tree(write(tmp_path, {f"conf/{group}/sly.yaml": leaf for group, leaf in leaves.items()}))
    assert sorted(problems("model=sly loss=sly optimizer=sly", here)) == [
        ("loss._target_", "ablate.training.losses.brie", "ablate.training.losses.brier"),
        ("model._target_", "ablate.models.mlp.keras.models.load_model", None),
        ("optimizer._target_", "keras.optimizers.schedules", None),
    ]
    forged = replace(load_run("model=mlp"), model=Component("ablate.models.mlp.keras.models.load_model"))
    assert [each.key for each in spec_problems(forged, ())] == ["model._target_"]


def test_every_name_of_keras_that_is_allowed_is_found_where_it_is_defined() -> None:
    for name in ("optimizers", "optimizers.schedules", "losses", "layers"):
        module = importlib.import_module(f"keras.{name}")
        named = {f"keras.{name}.{each}": getattr(module, each) for each in dir(module) if not each.startswith("_")}
        allowed = {target: found for target, found in named.items() if is_target(target, ()) and not ismodule(found)}
        assert len(allowed) >= 6
        assert {target: home(target) for target in allowed} == {
            target: found.__module__ for target, found in allowed.items()
        }


def test_a_record_allows_nothing() -> None:
    spec = load_run("model=mlp")
    nested = {"width": [{"_target_": "posix.system", "command": "true"}]}
    forged = replace(spec, model=Component("os.system", nested), code={"os": "d" * 64, "posix": "d" * 64})
    assert [(each.key, each.value) for each in spec_problems(forged, ())] == [
        ("model._target_", "os.system"),
        ("model.width[0]._target_", "posix.system"),
    ]
    assert list(spec_problems(spec, ())) == []
    assert list(spec_problems(forged, ("os", "posix"))) == []


@pytest.mark.parametrize("key", ["_args_", "_recursive_", "_convert_"])
def test_the_ways_of_hydra_to_hide_arguments_are_refused(key: str, tmp_path: Path) -> None:
    here = tree(write(tmp_path, {"conf/model/sly.yaml": f"_target_: ablate.models.mlp.mlp\nhidden: [4]\n{key}: []\n"}))
    assert problems("model=sly", here) == [(f"model.{key}", [], None)]


def test_a_nested_target_is_refused_before_anything_is_imported(tmp_path: Path) -> None:
    nested = "{_target_: ablate.models.mlp.mlp, initializer: {_target_: os.system, command: ls}}"
    here = tree(write(tmp_path, {"conf/model/sly.yaml": nested}))
    assert ("model.initializer._target_", "os.system", None) in problems("model=sly", here)


def test_a_package_of_ones_own_must_be_allowed_and_its_code_enters_the_spec(foreign: Path) -> None:
    assert problems("model=net", tree(foreign)) == [("model._target_", "handmade.nets.net", None)]
    spec = load_run("model=net", tree(foreign, allow=("handmade",)))
    assert spec.code == {"handmade": package_digest("handmade")}
    assert build(spec.model, partial=True, allow=["handmade"])(input_shape=(2,), outputs=1) == ((2,), 1, 3)


def test_only_the_user_can_allow_a_package(foreign: Path) -> None:
    study = "sweeps: [{sweep: dropout}]\nbase: ['allow_targets=[handmade]', model=net]\n"
    write(foreign, {"experiments/sly/study.yaml": study})
    assert problems("allow_targets=[handmade] model=net", tree(foreign))[0][0] == "allow_targets"
    assert ("allow_targets", ["handmade"], None) in problems("+experiment=sly", tree(foreign))


def test_a_changed_source_is_another_run(foreign: Path) -> None:
    def run_id() -> str:
        return load_run("model=net", tree(foreign, allow=("handmade",))).run_id

    before = run_id()
    write(foreign, {"handmade/notes.txt": "no code"})
    assert run_id() == before
    write(foreign, {"handmade/nets.py": (foreign / "handmade/nets.py").read_text() + "# changed\n"})
    assert run_id() != before


def test_a_single_module_is_its_own_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"lonely.py": "x = 1\n"})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert len(package_digest("lonely")) == 64
    with pytest.raises(ConfigError):
        package_digest("there_is_no_such_package")


def test_code_of_ablate_and_keras_is_not_foreign() -> None:
    config: Any = {
        "a": {"_target_": "keras.optimizers.Adam", "b": [{"_target_": "other.thing"}]},
        "c": {"_target_": None},
    }
    assert foreign_packages(config) == {"other"}


def test_building_needs_neither_hydra_nor_tensorflow() -> None:
    script = (
        "import sys; from ablate.config import build; from ablate.core.specs import Component\n"
        "build(Component('ablate.training.settings.TrainingSettings'))\n"
        "assert not {'tensorflow', 'keras', 'hydra', 'omegaconf'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
