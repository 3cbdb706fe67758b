import os

import numpy as np
import pytest
from PIL import Image

from ablate.datasets import image_folder
from ablate.datasets.arrays import DataError
from ablate.datasets.checks import check
from ablate.datasets.facts import dataset_facts

GENERATOR = np.random.default_rng(0)


def draw(file, size=(28, 28), channels=1):
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = GENERATOR.integers(256, size=(*size, channels), dtype=np.uint8)
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(file)
    return pixels


@pytest.fixture
def shapes(tmp_path):
    """Two classes of two images, and what they show in the order they should be read in."""
    names = ["disc/1.png", "disc/2.png", "square/1.png", "square/2.png"]
    return tmp_path / "shapes", np.stack([draw(tmp_path / "shapes" / name) for name in names])


def test_images_that_fit_are_read_to_the_bit(shapes):
    root, pixels = shapes
    data = image_folder.load(root.parent, "shapes")
    check(data)
    np.testing.assert_array_equal(data.train.features, pixels)
    assert data.train.targets.tolist() == [0, 0, 1, 1]
    assert data.train.targets.dtype == np.int32
    assert (data.classes, data.scale, data.test) == (2, 255.0, None)


def test_train_and_test_folders_are_the_splits(shapes, tmp_path):
    root, _ = shapes
    (tmp_path / "split").mkdir()
    root.rename(tmp_path / "split" / "train")
    assert image_folder.load(tmp_path, "split").test is None
    square = draw(tmp_path / "split" / "test" / "square" / "1.png")
    draw(tmp_path / "split" / "test" / "disc" / "1.png")
    data = image_folder.load(tmp_path, "split")
    assert data.test.targets.tolist() == [0, 1]
    np.testing.assert_array_equal(data.test.features[1], square)


def test_colour_and_size_are_as_asked(tmp_path):
    pixels = draw(tmp_path / "a" / "1.png", (8, 6), channels=3)
    draw(tmp_path / "b" / "1.png", (40, 30))
    data = image_folder.load(tmp_path, ".", size=[8, 6], colour=True)
    assert data.train.features.shape == (2, 8, 6, 3)
    np.testing.assert_array_equal(data.train.features[0], pixels)
    assert image_folder.load(tmp_path, ".", size=[8, 6]).train.features.shape == (2, 8, 6, 1)


def test_an_image_of_other_proportions_is_cut_at_its_centre(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        stripes = np.repeat(np.array([0, 0, 200, 200, 0, 0], np.uint8)[None], 2, axis=0)
        Image.fromarray(stripes).save(tmp_path / name / "1.png")
    assert (image_folder.load(tmp_path, ".", size=[2, 2]).train.features == 200).all()


def test_a_photograph_is_turned_upright(tmp_path):
    pixels = GENERATOR.integers(256, size=(4, 4), dtype=np.uint8)
    turned = Image.fromarray(np.rot90(pixels))
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    for name in "ab":
        (tmp_path / name).mkdir()
        turned.save(tmp_path / name / "1.png", exif=exif)
    np.testing.assert_array_equal(image_folder.load(tmp_path, ".", size=[4, 4]).train.features[0, ..., 0], pixels)


def test_facts_notice_a_new_a_changed_and_a_removed_image(shapes, tmp_path):
    root, _ = shapes
    for path in (root, *root.rglob("*")):
        os.utime(path, ns=(0, 0))  # another time than that of any change, however coarse the clock

    def facts():
        return dataset_facts("shapes", lambda: image_folder.load(root.parent, "shapes"), 0, None, tmp_path / "cache")

    seen = [facts()]
    for change in (
        lambda: draw(root / "disc" / "3.png"),
        lambda: draw(root / "disc" / "1.png"),
        lambda: (root / "square" / "2.png").unlink(),
        lambda: draw(root / "cross" / "1.png"),
    ):
        change()
        seen.append(facts())
        assert seen[-1] == facts()
    assert len({each.digest for each in seen}) == 5
    assert [each.classes for each in seen] == [2, 2, 2, 2, 3]


def test_hidden_files_are_left_alone(shapes):
    root, pixels = shapes
    (root / ".DS_Store").write_text("x")
    (root / "disc" / ".hidden").write_text("x")
    assert len(image_folder.load(root.parent, "shapes").train) == len(pixels)


def deepest(file):
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(file)


SPOILED = {
    "a note among the images": (
        lambda root: (root / "disc" / "notes.txt").write_text("hello"),
        r"1 of 5 files cannot be read as images; .*\n- .*notes\.txt \(",
    ),
    "an empty image": (lambda root: (root / "disc" / "1.png").write_bytes(b""), r"read as images; .*\n- .*1\.png \("),
    "half an image": (lambda root: halve(root / "square" / "2.png"), r"read as images; .*\n- .*2\.png \("),
    "thirty-two bits": (lambda root: deepest(root / "disc" / "1.tif"), "more than sixteen bits"),
    "a folder of a class": (lambda root: (root / "disc" / "more").mkdir(), r"read as images; .*\n- .*more \("),
    "a note beside the classes": (
        lambda root: (root / "labels.csv").write_text("x"),
        r"is no folder of one of the classes disc, square; .*\n- labels\.csv",
    ),
    "a class without images": (lambda root: (root / "cross").mkdir(), r"holds no images of some classes; .*\n- cross"),
    "a class that is not trained on": (
        lambda root: draw(split(root) / "test" / "cross" / "1.png"),
        r"is no folder of one of the classes .*\n- cross",
    ),
    "a class that is not tested": (
        lambda root: draw(split(root) / "test" / "disc" / "1.png"),
        r"holds no images of some classes; .*\n- square",
    ),
}


def halve(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def split(root):
    (root / "train").mkdir()
    for name in ("disc", "square"):
        (root / name).rename(root / "train" / name)
    return root


@pytest.mark.parametrize(("spoil", "said"), SPOILED.values(), ids=SPOILED)
def test_what_is_no_folder_of_images_is_refused(shapes, spoil, said):
    root, _ = shapes
    spoil(root)
    with pytest.raises(DataError, match=said):
        image_folder.load(root.parent, "shapes")


@pytest.mark.parametrize("size", [[28], [28, 0], [28, 28, 3], [2.5, 28]])
def test_a_size_is_two_numbers_of_pixels(shapes, size):
    with pytest.raises(DataError, match=r"dataset\.size is"):
        image_folder.load(shapes[0].parent, "shapes", size=size)


def test_one_class_or_a_file_is_no_data_set(shapes):
    root, _ = shapes
    with pytest.raises(DataError, match="at least two classes"):
        image_folder.load(root, "disc")
    with pytest.raises(DataError, match=r"1\.png is no folder"):
        image_folder.load(root / "disc", "1.png")


def test_every_broken_file_is_named_at_once_in_both_splits(shapes):
    root = split(shapes[0])
    for name in ("disc", "square"):
        draw(root / "test" / name / "1.png")
    broken = [root / "train" / "disc" / "1.png", root / "train" / "square" / "2.png", root / "test" / "disc" / "1.png"]
    for file in broken:
        file.write_bytes(b"no image")
    with pytest.raises(DataError, match=r"^3 of 6 files cannot be read") as caught:
        image_folder.load(root.parent, "shapes")
    assert all(str(file) in str(caught.value) for file in broken)


def test_hundreds_of_broken_files_fit_on_a_screen(shapes):
    root, _ = shapes
    for number in range(300):
        (root / "disc" / f"{number:03}.jpg").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"^300 of 304 files") as caught:
        image_folder.load(root.parent, "shapes")
    lines = str(caught.value).splitlines()
    assert len(lines) < 20
    assert lines[-1] == "- and 288 more"


def test_the_folders_name_the_classes(shapes):
    root, _ = shapes
    data = image_folder.load(root.parent, "shapes")
    assert data.class_names == ("disc", "square")
    (root / "square").rename(root / "rectangle")
    renamed = image_folder.load(root.parent, "shapes")
    assert renamed.class_names == ("disc", "rectangle")
    assert renamed.digest() == data.digest()


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_sixteen_bits_are_kept(tmp_path, colour, kind):
    """Neither clipped to eight bits nor rounded to them; images of eight bits beside them have the same white."""
    values = np.array([[0, 1, 256], [300, 40_000, 65_535], [2, 3, 4]], np.uint16)
    for name in "ab":
        (tmp_path / name).mkdir()
    Image.fromarray(values).save(tmp_path / "a" / f"1.{kind}")
    Image.fromarray(np.full((3, 3), 255, np.uint8)).save(tmp_path / "b" / "1.png")
    data = image_folder.load(tmp_path, ".", size=[3, 3], colour=colour)
    check(data)
    assert data.train.features.dtype == np.float32
    for channel in range(3 if colour else 1):
        np.testing.assert_allclose(data.train.features[0, ..., channel], values / 65_535, rtol=1e-6)
    assert (data.train.features[1] == 1).all()


def test_sixteen_bits_are_resampled_as_eight_are(tmp_path):
    pixels = GENERATOR.integers(256, size=(40, 60), dtype=np.uint8)
    for root, values in (("shallow", pixels), ("deep", pixels.astype(np.uint16) * 257)):
        for name in "ab":
            (tmp_path / root / name).mkdir(parents=True)
            Image.fromarray(values).save(tmp_path / root / name / "1.png")
    shallow, deep = (image_folder.load(tmp_path, name, size=[9, 9]).train.features for name in ("shallow", "deep"))
    np.testing.assert_allclose(deep, shallow / 255, atol=1.01 / 255)
