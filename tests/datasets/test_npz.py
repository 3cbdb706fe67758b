import numpy as np
import pytest

from ablate.datasets import npz
from ablate.datasets.arrays import DataError
from ablate.datasets.checks import check

GENERATOR = np.random.default_rng(0)
PIXELS = GENERATOR.integers(256, size=(20, 4, 4, 1), dtype=np.uint8)
LABELS = np.arange(20) % 3


@pytest.fixture
def archive(tmp_path):
    np.savez(
        tmp_path / "mine.npz",
        images=PIXELS,
        labels=LABELS[:, None],
        late_images=PIXELS[::-1] // 2,
        late_labels=LABELS[::-1],
        measures=GENERATOR.normal(size=(20, 3)),
        prices=GENERATOR.normal(size=20),
        notes=np.array(["not read"]),
    )
    return tmp_path / "mine.npz"


def test_classes_with_a_test_split(archive):
    data = npz.load(archive.parent, "mine.npz", "images", "labels", "late_images", "late_labels", 3, 255.0)
    check(data)
    np.testing.assert_array_equal(data.train.features, PIXELS)
    assert data.train.targets.tolist() == LABELS.tolist()
    assert data.test.targets.tolist() == LABELS[::-1].tolist()
    assert (data.classes, data.scale, data.files) == (3, 255.0, (archive,))


def test_a_regression(archive):
    data = npz.load(archive.parent, "mine.npz", "measures", "prices")
    check(data)
    assert data.train.features.dtype == data.train.targets.dtype == np.float32
    assert data.test is data.classes is None


def test_a_path_is_seen_from_data_dir_or_from_the_current_folder_or_is_absolute(archive, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = {"features": "images", "targets": "labels", "classes": 3}
    for data_dir, path in [(archive.parent, "mine.npz"), (None, "mine.npz"), (tmp_path / "elsewhere", str(archive))]:
        assert npz.load(data_dir, path, **names).train.targets.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": ""}, r"dataset\.path is empty"),
        ({"path": "yours.npz"}, r"there is no .*yours\.npz.*dataset\.path"),
        ({"features": "pictures"}, "pictures"),
        ({"test_features": "late_images"}, "name both arrays"),
        ({"test_targets": "late_labels"}, "name both arrays"),
        ({"path": "."}, "not a readable archive"),
    ],
)
def test_what_is_missing_is_named(archive, arguments, said):
    with pytest.raises(DataError, match=said):
        npz.load(archive.parent, **{"path": "mine.npz", "features": "images", "targets": "labels", **arguments})
