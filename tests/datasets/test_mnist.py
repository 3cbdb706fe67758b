import os
from pathlib import Path

import numpy as np
import pytest

from ablate.datasets import files, mnist
from ablate.datasets.arrays import DataError

GENERATOR = np.random.default_rng(0)
ARRAYS = {
    "x_train": GENERATOR.integers(256, size=(20, 28, 28), dtype=np.uint8),
    "y_train": np.arange(20, dtype=np.uint8) % 10,
    "x_test": GENERATOR.integers(256, size=(5, 28, 28), dtype=np.uint8),
    "y_test": np.arange(5, dtype=np.uint8),
}


def test_it_is_read_from_data_dir(tmp_path):
    np.savez(tmp_path / "mnist.npz", **ARRAYS)
    data = mnist.load(tmp_path)
    np.testing.assert_array_equal(data.train.features[..., 0], ARRAYS["x_train"])
    assert data.train.features.shape == (20, 28, 28, 1)
    assert data.test.targets.tolist() == [0, 1, 2, 3, 4]
    assert data.test.targets.dtype == np.int32
    assert data.files == (tmp_path / "mnist.npz",)


def test_it_is_found_in_the_cache_of_keras_when_data_dir_has_none(tmp_path, empty_keras_home):
    empty_keras_home.mkdir(parents=True)
    np.savez(empty_keras_home / "mnist.npz", **ARRAYS)
    assert mnist.load(None).files == mnist.load(tmp_path).files == (empty_keras_home / "mnist.npz",)


def test_without_file_and_network_the_error_says_where_to_put_it(offline, empty_keras_home):
    with pytest.raises(DataError, match="ABLATE_DATA_DIR") as caught:
        mnist.load(None)
    assert str(empty_keras_home) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated", b"<html>not found</html>"])
def test_a_broken_archive_is_named(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mnist\.npz is not a readable archive"):
        mnist.load(tmp_path)


def test_an_archive_without_its_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=ARRAYS["x_train"])
    with pytest.raises(DataError, match="y_train"):
        mnist.load(tmp_path)


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "mnist.npz", **{**ARRAYS, "y_test": np.array([object()], dtype=object)})
    with pytest.raises(DataError):
        mnist.load(tmp_path)


def test_a_data_dir_that_is_no_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="not a folder"):
        files.locate("mnist.npz", tmp_path / "missing")


@pytest.mark.needs_data
def test_the_real_thing():
    data = mnist.load(Path(os.environ["ABLATE_DATA_DIR"]))
    assert data.train.features.shape == (60_000, 28, 28, 1)
    assert np.bincount(data.train.targets).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert len(data.test) == 10_000
