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
        ({"features": "pictures"}, "no array 'pictures'; there are images, labels, late_images, .*, notes"),
        ({"test_features": "late_images"}, "name both arrays"),
        ({"test_targets": "late_labels"}, "name both arrays"),
        ({"path": "."}, "not a readable archive"),
    ],
)
def test_what_is_missing_is_named(archive, arguments, said):
    with pytest.raises(DataError, match=said):
        npz.load(archive.parent, **{"path": "mine.npz", "features": "images", "targets": "labels", **arguments})


def test_texts_are_classes_in_order_and_their_names(tmp_path):
    """Numbered over both splits, whatever the type of text and the shape of the column; numbers by their value."""
    words = np.array(["rose", "daisy", "tulip", "rose"])
    np.savez(tmp_path / "a.npz", x=np.eye(4), y=words[:, None], x_test=np.eye(4)[:2], y_test=[b"tulip", b" daisy"])
    data = npz.load(tmp_path, "a.npz", "x", "y", "x_test", "y_test", 3)
    check(data)
    assert data.class_names == ("daisy", "rose", "tulip")
    assert data.train.targets.tolist() == [1, 0, 2, 1]
    assert data.test.targets.tolist() == [2, 0]
    np.savez(tmp_path / "b.npz", x=np.eye(4), y=["10", "9", "none", "9"])
    assert npz.load(tmp_path, "b.npz", "x", "y", classes=3).class_names == ("9", "10", "none")


def test_numbers_have_no_names(archive):
    assert npz.load(archive.parent, "mine.npz", "images", "labels", classes=3).class_names == ()


@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        (["a", "b", "c", "a"], None, r"are texts \(a, b, c\): .*dataset\.classes=3"),
        (["a", "b", "c", "a"], 2, r"have 3 values, not 2 \(a, b, c\): .*dataset\.classes=3"),
        (["a", "b", "", " "], 2, "2 of the labels in .* are empty .* example 2"),
        ([b"a", b"\xff", b"a", b"b"], 2, "bytes that are no text"),
    ],
)
def test_texts_that_are_no_such_labels_are_refused_with_what_to_set(tmp_path, labels, classes, said):
    np.savez(tmp_path / "a.npz", x=np.eye(4), y=labels)
    with pytest.raises(DataError, match=said):
        npz.load(tmp_path, "a.npz", "x", "y", classes=classes)


def test_a_message_about_a_thousand_texts_is_short(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((1000, 1)), y=[f"{'long' * 50}{number}" for number in range(1000)])
    with pytest.raises(DataError) as caught:
        npz.load(tmp_path, "a.npz", "x", "y", classes=3)
    assert len(str(caught.value)) < 1000
