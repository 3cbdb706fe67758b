import gzip
import struct

import numpy as np
import pytest

from ablate.datasets import fashion_mnist, mnist
from ablate.datasets.arrays import DataError
from ablate.datasets.idx import IDX_NAMES, read_idx

GENERATOR = np.random.default_rng(0)
ARRAYS = (
    GENERATOR.integers(256, size=(20, 28, 28), dtype=np.uint8),
    np.arange(20, dtype=np.uint8) % 10,
    GENERATOR.integers(256, size=(5, 28, 28), dtype=np.uint8),
    np.arange(5, dtype=np.uint8),
)


def encoded(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder, gzipped: bool = False):
    folder.mkdir(parents=True)
    for name, array in zip(IDX_NAMES, ARRAYS, strict=True):
        content = encoded(array)
        (folder / (f"{name}.gz" if gzipped else name)).write_bytes(gzip.compress(content) if gzipped else content)
    return folder


def write_npz(file, arrays=ARRAYS):
    np.savez(file, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)))


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize(
    ("load", "folder"),
    [
        (mnist.load, "mnist"),
        (mnist.load, "MNIST/raw"),
        (fashion_mnist.load, "fashion-mnist"),
        (fashion_mnist.load, "FashionMNIST/raw"),
    ],
)
def test_four_files_are_the_data_set(tmp_path, load, folder, gzipped):
    place = write_idx(tmp_path / folder, gzipped)
    data = load(tmp_path)
    np.testing.assert_array_equal(data.train.features[..., 0], ARRAYS[0])
    np.testing.assert_array_equal(data.test.targets, ARRAYS[3])
    assert data.train.targets.dtype == np.int32
    assert data.test.features.shape == (5, 28, 28, 1)
    assert set(data.files) == {place, *place.iterdir()}


def test_the_files_and_the_archive_are_the_same_data(tmp_path):
    (tmp_path / "archive").mkdir()
    write_npz(tmp_path / "archive" / "fashion_mnist.npz")
    write_idx(tmp_path / "files" / "fashion-mnist")
    archive, files = (fashion_mnist.load(tmp_path / folder) for folder in ("archive", "files"))
    assert archive.class_names == files.class_names
    assert (archive.class_names[0], archive.class_names[9], len(archive.class_names)) == ("T-shirt", "ankle boot", 10)
    assert archive.digest() == files.digest()


def test_data_dir_comes_before_the_cache_of_keras(tmp_path, empty_keras_home):
    write_idx(empty_keras_home / "fashion-mnist", gzipped=True)
    (tmp_path / "own").mkdir()
    assert fashion_mnist.load(tmp_path / "own").files[0] == empty_keras_home / "fashion-mnist"
    write_npz(tmp_path / "own" / "fashion_mnist.npz")
    assert fashion_mnist.load(tmp_path / "own").files == (tmp_path / "own" / "fashion_mnist.npz",)


def test_digits_are_not_taken_for_clothes(tmp_path, offline, empty_keras_home):
    """The files of both sets bear the same names: where no folder tells which they are, they are left."""
    write_idx(tmp_path / "mnist")
    for name in IDX_NAMES:
        (tmp_path / name).write_bytes((tmp_path / "mnist" / name).read_bytes())
    with pytest.raises(DataError, match=r"ABLATE_DATA_DIR") as caught:
        fashion_mnist.load(tmp_path)
    assert str(empty_keras_home / "fashion-mnist" / "train-images-idx3-ubyte.gz") in str(caught.value)


def test_what_is_downloaded_is_what_keras_downloads(monkeypatch, empty_keras_home, tmp_path):
    import keras
    from keras.src.datasets import fashion_mnist as theirs

    asked = []

    def fetch(name, origin, file_hash=None, cache_subdir="datasets"):
        asked.append((name, origin, cache_subdir))
        return write_idx(tmp_path / "there", gzipped=True) / name if len(asked) == 1 else tmp_path / "there" / name

    monkeypatch.setattr(keras.utils, "get_file", fetch)
    monkeypatch.setattr(theirs, "get_file", fetch)
    ours_loaded, (theirs_loaded, _) = fashion_mnist.load(None), (theirs.load_data())
    assert sorted(asked[:4]) == sorted(asked[4:])
    np.testing.assert_array_equal(ours_loaded.train.features[..., 0], theirs_loaded[0])
    np.testing.assert_array_equal(ours_loaded.train.targets, theirs_loaded[1])


WHOLE = encoded(ARRAYS[1])
BROKEN = {
    "empty": b"",
    "a page of HTML": b"<html>",
    "cut short": WHOLE[:-1],
    "too long": WHOLE + b"\0",
    "cut in its head": WHOLE[:6],
    "of floats": WHOLE[:2] + b"\x0d" + WHOLE[3:],
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / "labels").write_bytes(content)
    with pytest.raises(DataError, match=r"labels (is|cannot).*put the (original|whole) file"):
        read_idx(tmp_path / "labels")


ZIPPED = gzip.compress(WHOLE, mtime=0)


@pytest.mark.parametrize("content", [b"", b"no gzip", ZIPPED[:-9], ZIPPED[:12] + b"x" * 40])
def test_a_broken_gzip_is_named(tmp_path, content):
    (tmp_path / "labels.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"labels\.gz"):
        read_idx(tmp_path / "labels.gz")
