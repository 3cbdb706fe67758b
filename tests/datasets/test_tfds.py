"""The loader against a module with the interface of tensorflow_datasets, which is not installed for the tests."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from ablate.datasets import tfds
from ablate.datasets.arrays import DataError
from ablate.datasets.checks import check

PIXELS = np.random.default_rng(0).integers(256, size=(30, 4, 4, 1), dtype=np.uint8)
LABELS = np.arange(30, dtype=np.int64) % 3


@dataclass
class Builder:
    """A builder of one set, prepared in a folder."""

    data_dir: str
    info: SimpleNamespace

    def download_and_prepare(self) -> None:
        folder = Path(self.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "dataset_info.json").write_text("{}")
        (folder / "kmnist-train.tfrecord-00000-of-00001").write_bytes(PIXELS.tobytes())

    def as_dataset(self, split: str, batch_size: int, shuffle_files: bool, as_supervised: bool):
        assert (batch_size, shuffle_files, as_supervised) == (-1, False, True)
        rows = {"train": slice(0, 20), "test": slice(20, 30), "train[:50%]": slice(0, 10)}
        if split not in rows:
            raise ValueError(f"Unknown split {split!r}")
        return PIXELS[rows[split]], LABELS[rows[split]]


@pytest.fixture
def info():
    features = {"image": SimpleNamespace(), "label": SimpleNamespace(num_classes=3), "age": SimpleNamespace()}
    return SimpleNamespace(supervised_keys=("image", "label"), features=features)


@pytest.fixture
def library(monkeypatch, info):
    def builder(name, data_dir):
        if name != "kmnist":
            raise LookupError(f"Dataset {name} not found.\nAvailable datasets:\n\t- kmnist")
        return Builder(f"{data_dir}/kmnist/3.0.1", info)

    module = ModuleType("tensorflow_datasets")
    module.builder, module.as_numpy = builder, lambda dataset: dataset
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", module)


@pytest.mark.usefixtures("library")
class TestWithTheLibrary:
    def test_classes_and_splits_are_those_of_the_catalogue(self, tmp_path):
        data = tfds.load(tmp_path, "kmnist")
        check(data)
        np.testing.assert_array_equal(data.train.features, PIXELS[:20])
        np.testing.assert_array_equal(data.test.targets, LABELS[20:])
        assert (data.classes, data.scale) == (3, 255.0)
        folder = tmp_path / "kmnist" / "3.0.1"
        assert set(data.files) == {folder, *folder.iterdir()}

    def test_names_of_classes_are_those_of_the_catalogue(self, tmp_path, info):
        assert tfds.load(tmp_path, "kmnist").class_names == ()
        info.features["label"].names = ["o", "ki", "su"]
        assert tfds.load(tmp_path, "kmnist").class_names == ("o", "ki", "su")

    def test_a_test_split_may_be_left_to_be_drawn(self, tmp_path):
        data = tfds.load(tmp_path, "kmnist", train="train[:50%]", test="")
        assert data.test is None
        assert len(data.train) == 10

    def test_a_target_without_classes_is_a_regression(self, tmp_path, info):
        info.supervised_keys = ("image", "age")
        data = tfds.load(tmp_path, "kmnist")
        check(data)
        assert data.classes is None
        assert data.train.targets.dtype == np.float32

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"name": ""}, r"dataset\.name is empty"),
            ({"name": "kmnits"}, r"cannot give kmnits: Dataset kmnits not found\.$"),
            ({"name": "kmnist", "test": "tset"}, "cannot give kmnist: Unknown split 'tset'"),
        ],
    )
    def test_what_is_not_in_the_catalogue_is_named(self, tmp_path, arguments, said):
        with pytest.raises(DataError, match=said):
            tfds.load(tmp_path, **arguments)

    def test_a_set_without_a_target_is_refused(self, tmp_path, info):
        info.supervised_keys = None
        with pytest.raises(DataError, match="which of its features is the target"):
            tfds.load(tmp_path, "kmnist")


def test_without_the_library_its_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(DataError, match=r"pip install 'ablate\[tfds\]'"):
        tfds.load(tmp_path, "kmnist")
