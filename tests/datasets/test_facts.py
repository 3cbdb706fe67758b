import os

import numpy as np
import pytest

from ablate.datasets.arrays import DataError, Examples, RawData
from ablate.datasets.facts import dataset_facts
from tests.damage import ODDITIES


class Source:
    """A data set in a file, which counts how often it is read."""

    def __init__(self, file) -> None:
        self.file = file
        self.loads = 0
        self.targets = None
        self.write(np.arange(50))

    def write(self, values: np.ndarray) -> None:
        self.file.write_bytes(values.astype(np.uint8).tobytes())

    def load(self) -> RawData:
        self.loads += 1
        features = np.frombuffer(self.file.read_bytes(), np.uint8)[:, None]
        targets = np.arange(len(features)) % 5 if self.targets is None else self.targets
        return RawData(Examples(features, targets), None, 5, 1.0, (self.file,))


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path / "data.bin")


def facts(source, tmp_path, data_dir=None):
    return dataset_facts("a source", source.load, 0, data_dir, cache=tmp_path / "cache")


def test_facts_are_remembered(source, tmp_path):
    first, second = (facts(source, tmp_path) for _ in range(2))
    assert first == second
    assert source.loads == 1
    assert (first.shape, first.classes, first.train_examples, first.test_examples) == ((1,), 5, 40, 10)


def test_a_changed_file_is_read_again(source, tmp_path):
    before = facts(source, tmp_path)
    source.write(np.arange(51))
    assert facts(source, tmp_path).digest != before.digest
    assert source.loads == 2


def test_a_file_that_appears_in_data_dir_is_noticed(source, tmp_path):
    """It may be the one that should be read."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    for _ in range(2):
        facts(source, tmp_path, data_dir)
    assert source.loads == 1
    (data_dir / "data.npz").touch()
    os.utime(data_dir, ns=(0, 0))  # another time than before, however coarse the clock
    facts(source, tmp_path, data_dir)
    assert source.loads == 2


def test_what_cannot_be_trained_on_has_no_facts(source, tmp_path):
    source.write(np.zeros(50))
    source.targets = np.zeros(50, np.int32)
    for _ in range(2):
        with pytest.raises(DataError, match="nothing to learn"):
            facts(source, tmp_path)


def test_a_leak_into_the_drawn_test_split_is_found(source, tmp_path):
    source.write(np.arange(50) // 2)
    source.targets = np.arange(50) // 2 % 5
    with pytest.raises(DataError, match="test examples are training examples as well"):
        facts(source, tmp_path)


@pytest.mark.parametrize("content", ["", "{}", '{"files": [], "facts": {}}', "[1"])
def test_a_broken_cache_costs_a_reading_and_nothing_else(source, tmp_path, content):
    first = facts(source, tmp_path)
    [file] = (tmp_path / "cache").iterdir()
    file.write_text(content)
    assert facts(source, tmp_path) == first
    assert source.loads == 2


def test_a_cache_that_cannot_be_written_is_done_without(source, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert facts(source, tmp_path).train_examples == 40


def test_the_digest_is_of_the_decoded_arrays(tmp_path):
    def data(features: np.ndarray) -> RawData:
        return RawData(Examples(features, np.arange(4)), None, 4, 1.0, ())

    pixels = np.arange(4, dtype=np.uint8)[:, None]
    assert data(pixels).digest() == data(pixels.copy()).digest()
    others = [pixels.astype(np.int16), pixels.reshape(2, 2), pixels[::-1]]
    assert data(pixels).digest() not in {data(other).digest() for other in others}


@pytest.mark.parametrize("oddity", sorted(ODDITIES))
def test_what_is_no_cache_costs_a_reading(source, tmp_path, oddity):
    expected = facts(source, tmp_path)
    (file,) = (tmp_path / "cache").iterdir()
    file.unlink()
    ODDITIES[oddity](file)
    assert facts(source, tmp_path) == expected
    assert source.loads == 2
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [file.name]


def test_two_examples_leave_none_to_test_with(source, tmp_path):
    source.write(np.arange(2))
    with pytest.raises(DataError, match="of 2 examples none are left to test with"):
        facts(source, tmp_path)
