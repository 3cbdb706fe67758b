import numpy as np
import pytest

from ablate.datasets.arrays import Examples, RawData
from ablate.datasets.facts import dataset_facts


class Source:
    """A data set in a file, which counts how often it is read."""

    def __init__(self, file) -> None:
        self.file = file
        self.loads = 0
        self.write(np.arange(50))

    def write(self, values: np.ndarray) -> None:
        self.file.write_bytes(values.astype(np.uint8).tobytes())

    def load(self) -> RawData:
        self.loads += 1
        features = np.frombuffer(self.file.read_bytes(), np.uint8)[:, None]
        return RawData(Examples(features, np.arange(len(features)) % 5), None, 5, 1.0, (self.file,))


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path / "data.bin")


def facts(source, tmp_path, split_seed=0):
    return dataset_facts("a source", source.load, split_seed, None, cache=tmp_path / "cache")


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
