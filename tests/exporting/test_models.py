"""Models as files: what comes back predicts the same, to the last bit, and brings no code along."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from ablate.exporting._models import SUFFIXES, load_model, save_model
from ablate.models.cnn import cnn
from ablate.models.mlp import mlp
from ablate.models.resnet import resnet
from ablate.models.small_cnn import small_cnn
from ablate.models.vit import vit

BUILT = {
    "mlp": lambda: mlp((8, 8, 1), 10, hidden=[5], dropout=0.3, l2=1e-3, batch_norm=True),
    "small_cnn": lambda: small_cnn((8, 8, 1), 10, dropout=0.2, l2=1e-4),
    "cnn": lambda: cnn((8, 8, 1), 10),
    "resnet": lambda: resnet((8, 8, 3), 10, blocks=1, filters=[4, 8]),
    "vit": lambda: vit((8, 8, 1), 10, patch=4, width=12, heads=3, blocks=1),
}


def trained(model: keras.Model) -> keras.Model:
    """The model with weights that no initialiser would give, moving statistics included."""
    draws = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(draws.uniform(0.1, 0.9, weight.shape))
    return model


def answers(model: keras.Model) -> np.ndarray:
    images = np.random.default_rng(1).random((4, *model.input_shape[1:]), dtype=np.float32)
    return np.asarray(model(images, training=False))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", BUILT)
def test_a_model_that_was_saved_and_loaded_predicts_the_same(name: str, suffix: str, tmp_path: Path) -> None:
    model = trained(BUILT[name]())
    path = tmp_path / "deep" / f"{name}{suffix}"
    save_model(model, path)
    loaded = load_model(path)
    assert np.array_equal(answers(loaded), answers(model))
    assert [path.name] == [file.name for file in path.parent.iterdir()]
    assert [weight.path for weight in loaded.weights] == [weight.path for weight in model.weights]


def test_strengths_that_a_run_sets_are_kept(tmp_path: Path) -> None:
    model = BUILT["mlp"]()
    save_model(model, tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert float(loaded.get_layer("dropout_1").rate.numpy()) == pytest.approx(0.3)
    assert float(loaded.get_layer("hidden_1").kernel_regularizer.strength.numpy()) == pytest.approx(1e-3)


def test_another_format_is_refused_and_a_failure_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    model = BUILT["mlp"]()
    with pytest.raises(ValueError, match=r"ends in none of \.keras, \.h5"):
        save_model(model, tmp_path / "m.pb")

    def torn(self: keras.Model, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(keras.Model, "save", torn)
    with pytest.raises(OSError, match="No space"):
        save_model(model, tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    inputs = keras.Input((2,))
    outputs = keras.layers.Lambda(lambda values: values + 1, output_shape=(2,))(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="unsafe"):
        load_model(tmp_path / "m.keras")


def test_a_fresh_process_can_load_what_another_saved(tmp_path: Path) -> None:
    model = trained(BUILT["mlp"]())
    save_model(model, tmp_path / "m.keras")
    script = (
        "import sys, numpy as np\nfrom pathlib import Path\nfrom ablate.exporting._models import load_model\n"
        "model = load_model(Path(sys.argv[1]))\n"
        "images = np.random.default_rng(1).random((4, 8, 8, 1), dtype=np.float32)\n"
        "np.save(sys.argv[2], np.asarray(model(images, training=False)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "m.keras"), str(tmp_path / "answers.npy")]
    subprocess.run(command, check=True, capture_output=True)
    assert np.load(tmp_path / "answers.npy") == pytest.approx(answers(model), abs=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_model_that_brings_code_is_refused(suffix, tmp_path):
    mark = tmp_path / "owned"
    calls = keras.layers.Lambda(lambda values, path=str(mark): (Path(path).mkdir(), values)[1], output_shape=(3,))
    keras.Sequential([keras.Input((3,)), calls]).save(tmp_path / f"sly{suffix}")
    if mark.exists():
        mark.rmdir()  # building it calls it too
    with pytest.raises((ValueError, TypeError)):
        load_model(tmp_path / f"sly{suffix}")
    assert not mark.exists()


@pytest.mark.parametrize("module", ["os", "subprocess", "ablate.cli.command"])
def test_a_model_of_classes_that_nobody_registered_is_refused(module, tmp_path):
    path = tmp_path / "sly.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][-1].update(module=module, class_name="system", registered_name=None)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(name, content)
    with pytest.raises((ValueError, TypeError)):
        load_model(path)
