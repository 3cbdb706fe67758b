import io
import os
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from ablate.datasets import cifar10, npz
from ablate.datasets.arrays import DataError
from ablate.datasets.cifar_pickle import read_batch

NAMES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def short_text(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode()


def published(pixels: np.ndarray, labels: list[int]) -> bytes:
    """A batch as Python 2 wrote the published ones: protocol 2, byte strings, numpy's old module."""
    rows, columns = pixels.shape
    shape = b"M" + struct.pack("<H", rows) + b"M" + struct.pack("<H", columns) + b"\x86"
    kind = b"cnumpy\ndtype\n" + short_text("u1") + b"K\x00K\x01\x87R(K\x03" + short_text("|") + b"NNN"
    kind += b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    content = b"T" + struct.pack("<I", pixels.size) + pixels.tobytes()
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + short_text("b") + b"\x87R"
    array += b"(K\x01" + shape + kind + b"\x89" + content + b"tb"
    classes = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + short_text("labels") + classes + short_text("data") + array + b"u."


def batches(count: int = 4) -> dict[str, bytes]:
    generator = np.random.default_rng(0)
    return {
        name: published(generator.integers(256, size=(count, 3072), dtype=np.uint8), generator.integers(10, size=count))
        for name in NAMES
    }


def write_folder(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def write_tar(file: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def test_the_imitation_is_what_a_trusting_unpickler_and_keras_would_read(tmp_path, recwarn):
    """The oracle: numpy's own reconstruction, which the reader never calls."""
    content = batches()["test_batch"]
    trusted = pickle.loads(content, encoding="bytes")
    images, labels = read_batch(content, "a batch")
    np.testing.assert_array_equal(images, trusted[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    assert labels.tolist() == trusted[b"labels"]


@pytest.mark.parametrize("protocol", [3, 4])
def test_batches_that_a_newer_numpy_has_written_are_read(protocol):
    pixels = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)
    images, labels = read_batch(pickle.dumps({b"data": pixels, b"labels": [3, 4]}, protocol), "a batch")
    assert images[1, 2, 3].tolist() == [pixels[1, channel * 1024 + 2 * 32 + 3] for channel in range(3)]
    assert labels.tolist() == [3, 4]


PATH_KEYS = ["cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py"]
ARCHIVES = ["cifar-10-python.tar.gz", "cifar-10-batches-py.tar.gz", "cifar-10-batches-py-target_archive"]


def test_folder_and_archive_under_all_their_names_are_the_same_data(tmp_path):
    contents = batches()
    for number, place in enumerate(PATH_KEYS):
        write_folder(tmp_path / f"folder{number}" / place, contents)
    for number, name in enumerate(ARCHIVES):
        (tmp_path / f"archive{number}").mkdir()
        write_tar(tmp_path / f"archive{number}" / name, contents)
    loaded = [cifar10.load(folder) for folder in sorted(tmp_path.glob("*[0-9]"))]
    assert len({data.digest() for data in loaded}) == 1
    assert loaded[0].train.features.shape == (20, 32, 32, 3)
    assert loaded[0].test.targets.dtype == np.int32
    assert len(loaded) == 5


def test_the_layout_of_keras_comes_first_and_labels_may_be_a_column(tmp_path):
    write_folder(tmp_path / "cifar-10-batches-py", {})
    images = np.random.default_rng(1).integers(256, size=(20, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(20)[:, None] % 10
    np.savez(tmp_path / "cifar10.npz", x_train=images, y_train=labels, x_test=images[:5], y_test=labels[:5])
    data = cifar10.load(tmp_path)
    assert data.train.targets.tolist() == (np.arange(20) % 10).tolist()
    assert data.files == (tmp_path / "cifar10.npz",)
    # As the file batches.meta of the original archive has them.
    assert data.class_names == (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    )


def test_what_is_downloaded_is_what_keras_downloads(offline, asked_by_keras, tmp_path):
    from keras.src.datasets import cifar10 as theirs

    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz"):
        cifar10.load(None)
    ((name, origin, file_hash, _),) = offline
    asked = asked_by_keras(theirs)
    assert (origin, file_hash) == (asked["origin"], asked["file_hash"])
    # Under the name that it is given it is found again.
    assert cifar10.load(write_tar(tmp_path / name, batches()).parent).train.targets.shape == (20,)


@pytest.mark.parametrize("spoil", [lambda content: content[:-500], lambda content: b"", lambda content: b"not a tar"])
def test_a_broken_archive_is_named(tmp_path, spoil):
    file = write_tar(tmp_path / "cifar-10-python.tar.gz", batches())
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz is not the whole archive"):
        cifar10.load(tmp_path)


def test_an_archive_or_folder_without_one_of_its_batches_is_named(tmp_path):
    contents = batches()
    del contents["data_batch_3"]
    write_folder(tmp_path / "cifar-10-batches-py", contents)
    with pytest.raises(DataError, match="data_batch_3"):
        cifar10.load(tmp_path)
    (tmp_path / "archive").mkdir()
    write_tar(tmp_path / "archive" / "cifar-10-python.tar.gz", contents)
    with pytest.raises(DataError, match="data_batch_3"):
        cifar10.load(tmp_path / "archive")


def test_a_batch_that_is_no_file_is_not_waited_for(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    write_folder(folder, batches())
    (folder / "data_batch_2").unlink()
    os.mkfifo(folder / "data_batch_2")
    with pytest.raises(DataError, match="it is a FIFO, no file"):
        cifar10.load(tmp_path)


PIXELS = np.zeros((2, 3072), np.uint8)


class Touches:
    """Pickles as a call of `function`; of os.system it would leave a file behind."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def old_instance(command: str) -> bytes:
    """The INST instruction of protocol 0, which calls as it looks up."""
    return f"(S'{command}'\nios\nsystem\n.".encode()


HOSTILE = {
    "os.system": lambda mark: pickle.dumps(Touches(os.system, f"touch {mark}"), 2),
    "os.system in protocol 4": lambda mark: pickle.dumps(Touches(os.system, f"touch {mark}"), 4),
    "os.system beside a sound batch": lambda mark: pickle.dumps(
        {b"data": PIXELS, b"labels": [0, 1], b"filenames": Touches(os.system, f"touch {mark}")}, 3
    ),
    "eval": lambda mark: pickle.dumps(Touches(eval, f"open({str(mark)!r}, 'w')"), 2),
    "an instance of protocol 0": lambda mark: old_instance(f"touch {mark}"),
    "a name with dots": lambda mark: b"\x80\x04\x8c\x05numpy\x8c\x0fos.system.ndarray\x93.",
    "numpy's own loader": lambda mark: pickle.dumps(Touches(np.load, str(mark)), 2),
    "a persistent object": lambda mark: b"\x80\x02K\x01Q.",
    "a registered extension": lambda mark: b"\x80\x02\x82\x01.",
    "a state for a class": lambda mark: b"\x80\x02cnumpy\nndarray\n}U\x05stateK\x01sb.",
}


@pytest.mark.parametrize("write", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_batch_calls_nothing(tmp_path, write):
    mark = tmp_path / "was_here"
    with pytest.raises(DataError, match="is no batch of CIFAR-10"):
        read_batch(write(mark), "a batch")
    assert not mark.exists()


WRONG = {
    "cut short": published(PIXELS, [0, 1])[:-10],
    "pixels of another type": pickle.dumps({b"data": PIXELS.astype(np.float32), b"labels": [0, 1]}, 3),
    "pixels in columns": pickle.dumps({b"data": np.asfortranarray(PIXELS), b"labels": [0, 1]}, 3),
    "too few labels": published(PIXELS, [0]),
    "no labels": pickle.dumps({b"data": PIXELS}, 3),
    "no dictionary": pickle.dumps([1, 2], 3),
    "labels are texts": pickle.dumps({b"data": PIXELS, b"labels": ["cat", "dog"]}, 3),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_batch_is_refused(content):
    with pytest.raises(DataError, match=r"^data_batch_2 of there is no batch of CIFAR-10"):
        read_batch(content, "data_batch_2 of there")


@pytest.mark.needs_data
def test_the_subset_is_read_as_its_leaf_says():
    data = npz.load(
        Path(os.environ["ABLATE_DATA_DIR"]),
        "cifar10_subset.npz",
        test_features="x_test",
        test_targets="y_test",
        classes=10,
        scale=255.0,
    )
    assert data.train.features.shape == (8000, 32, 32, 3)
    assert np.unique(data.test.targets).tolist() == list(range(10))
