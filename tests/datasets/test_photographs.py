"""Photographs prepared as MNIST was: whatever the photograph, the same digit comes out, where MNIST has it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from ablate.datasets import digits, image_folder, mnist
from ablate.datasets.photographs import (
    FRAMES,
    BlankPhotograph,
    Frame,
    UnfitShape,
    UnreadablePhotograph,
    cut_to_square,
    decode_photograph,
    otsu_threshold,
    plain_resize,
    prepare,
    prepare_digit,
    read_photograph,
)

PAPER, INK = 230, 40
FIVE = [(170, 20), (30, 20), (35, 110), (110, 105), (170, 140), (165, 210), (110, 250), (25, 240)]


def five(size: float = 1.0, offset: tuple[int, int] = (120, 60), paper: int = PAPER, ink: int = INK) -> Image.Image:
    """A five of 200×280 pixels times `size`, drawn with a round pen."""
    image = Image.new("L", (round(300 * size) + offset[0], round(320 * size) + offset[1]), paper)
    points = [(size * x + offset[0], size * y + offset[1]) for x, y in FIVE]
    pen = ImageDraw.Draw(image)
    pen.line(points, fill=ink, width=round(22 * size), joint="curve")
    for x, y in points:
        pen.ellipse([x - 11 * size, y - 11 * size, x + 11 * size, y + 11 * size], fill=ink)
    return image


def photograph(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"), np.float32) / 255


def saved(image: Image.Image, folder: Path, name: str = "five.png", **options: object) -> np.ndarray:
    image.save(folder / name, **options)
    return read_photograph(folder / name)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """The mean absolute difference, one of them moved by up to a pixel: a mass between two pixels can go to either."""
    moves = ((rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1))
    return min(float(np.abs(np.roll(one, move, (0, 1)) - other).mean()) for move in moves)


REFERENCE = prepare_digit(photograph(five())).example


def test_the_digit_lies_as_mnist_has_it() -> None:
    rows, columns = np.flatnonzero(REFERENCE.any(axis=1)), np.flatnonzero(REFERENCE.any(axis=0))
    assert REFERENCE.shape == (28, 28)
    assert (len(rows), len(columns)) == (20, round(20 * 167 / 252))
    assert np.abs(np.array(ndimage.center_of_mass(REFERENCE)) - 14).max() <= 0.5
    assert REFERENCE.max() > 0.95
    # Ink is light, paper is nothing: the mass is that of the strokes, antialiased or not.
    drawn = np.asarray(five()) < 128
    assert REFERENCE.sum() == pytest.approx(drawn.sum() * (20 / 252) ** 2, rel=0.05)


def test_every_step_is_kept_in_order() -> None:
    steps = prepare_digit(photograph(five())).steps
    assert list(steps) == ["grey", "ink", "cropped", "fitted in 20×20", "centred in 28×28"]
    assert steps["grey"].shape == steps["ink"].shape
    assert steps["cropped"].size < steps["ink"].size
    assert max(steps["fitted in 20×20"].shape) == 20


@pytest.mark.parametrize(
    "image",
    [
        five(offset=(10, 200)),
        five(size=0.4),
        five(size=2.3),
        five(paper=20, ink=250),
        five(paper=120, ink=60),
        Image.merge("RGB", [five(paper=200), five(paper=180, ink=20), five(paper=150, ink=90)]),
        five().convert("1"),
    ],
    ids=["elsewhere", "small", "large", "light on dark", "faint", "coloured", "black and white"],
)
def test_place_size_and_colour_do_not_matter(image: Image.Image) -> None:
    assert distance(prepare_digit(photograph(image)).example, REFERENCE) < 0.02


def test_light_that_falls_off_and_grain_do_not_matter() -> None:
    grain = np.random.default_rng(0)
    image = np.asarray(five(), np.float64)
    light = np.linspace(-50, 20, image.shape[1]) + np.linspace(-20, 20, image.shape[0])[:, None]
    noisy = Image.fromarray(np.clip(image + light + 8 * grain.standard_normal(image.shape), 0, 255).astype(np.uint8))
    assert distance(prepare_digit(photograph(noisy)).example, REFERENCE) < 0.02


def test_a_tight_crop_whose_strokes_touch_the_border() -> None:
    image = np.asarray(five())
    rows, columns = np.flatnonzero((image < 128).any(axis=1)), np.flatnonzero((image < 128).any(axis=0))
    tight = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    assert distance(prepare_digit(photograph(tight)).example, REFERENCE) < 0.01


@pytest.mark.parametrize(
    ("name", "options"), [("a.png", {}), ("a.jpg", {"quality": 40}), ("a.bmp", {}), ("a.gif", {}), ("a.webp", {})]
)
def test_file_formats(name: str, options: dict, tmp_path: Path) -> None:
    assert distance(prepare_digit(saved(five(), tmp_path, name, **options)).example, REFERENCE) < 0.015


def test_a_turned_photograph_is_turned_back(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    turned = saved(five().transpose(Image.Transpose.ROTATE_90), tmp_path, "a.jpg", exif=exif, quality=95)
    assert distance(prepare_digit(turned).example, REFERENCE) < 0.01


@pytest.mark.parametrize("ink", [0, 255], ids=["dark", "light"])
def test_ink_on_nothing(ink: int, tmp_path: Path) -> None:
    """The colour of transparent pixels, which nobody sees, is that of the ink."""
    layer = Image.new("RGBA", five().size, (ink, ink, ink, 0))
    layer.putalpha(five(paper=0, ink=255))
    assert distance(prepare_digit(saved(layer, tmp_path)).example, REFERENCE) < 0.01


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    deep = Image.fromarray(np.asarray(five(), np.uint16) * 257)
    assert distance(prepare_digit(saved(deep, tmp_path)).example, REFERENCE) < 0.005


def test_specks_go_and_strokes_that_are_apart_stay() -> None:
    image = five()
    pen = ImageDraw.Draw(image)
    for place in ((20, 20), (380, 350), (30, 370)):
        pen.rectangle([*place, place[0] + 6, place[1] + 6], fill=INK)
    assert distance(prepare_digit(photograph(image)).example, REFERENCE) < 0.005
    pen.rectangle([250, 60, 300, 90], fill=PAPER)  # a gap in the bar of the five
    apart = prepare_digit(photograph(image)).example
    assert apart[:6].sum() > 0
    assert np.flatnonzero(apart.any(axis=0))[-1] >= np.flatnonzero(REFERENCE.any(axis=0))[-1] - 1


@pytest.mark.parametrize(
    "grey",
    [
        np.ones((90, 120)),
        np.zeros((5, 5)),
        np.ones((1, 1)),
        np.linspace(0.2, 0.9, 200)[None].repeat(150, axis=0),
        0.7 + 0.05 * np.random.default_rng(0).standard_normal((200, 300)),
    ],
    ids=["white", "black", "one pixel", "slope", "grain"],
)
def test_a_blank_photograph_is_said_to_be_one(grey: np.ndarray) -> None:
    with pytest.raises(BlankPhotograph, match="nothing is written"):
        prepare_digit(np.repeat(grey[..., None], 3, axis=-1).astype(np.float32))


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n"], ids=["empty", "text", "truncated"])
def test_a_file_that_is_no_image(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "five.png").write_bytes(content)
    with pytest.raises(UnreadablePhotograph, match=r"five\.png is no image that can be read"):
        read_photograph(tmp_path / "five.png")


def test_a_missing_file_a_torn_one_and_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    five().save(tmp_path / "five.png")
    whole = (tmp_path / "five.png").read_bytes()
    (tmp_path / "torn.png").write_bytes(whole[: len(whole) // 2])
    for name in ("nowhere.png", "torn.png"):
        with pytest.raises(UnreadablePhotograph, match=name):
            read_photograph(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(UnreadablePhotograph, match="decompression bomb"):
        read_photograph(tmp_path / "five.png")


def test_what_was_sent_is_read_as_a_file_is_and_counted_before_it_is_decoded(tmp_path: Path) -> None:
    whole = saved(five(), tmp_path)
    content = (tmp_path / "five.png").read_bytes()
    pixels = five().width * five().height
    assert np.array_equal(decode_photograph(content, pixels), whole)
    torn = content[: len(content) // 2]
    with pytest.raises(UnreadablePhotograph, match=rf"{five().width} × {five().height} pixels"):
        decode_photograph(torn, pixels - 1)  # which cannot be decoded, so that nobody has tried
    with pytest.raises(UnreadablePhotograph, match="what was sent is no image"):
        decode_photograph(torn, pixels)


@pytest.mark.parametrize("colour", [False, True])
def test_an_image_for_a_folder_of_images_is_prepared_as_the_folder_is(colour: bool, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        ramp = np.linspace(0, 255, 40 * 60 * 3).reshape(40, 60, 3).astype(np.uint8)
        Image.fromarray(ramp).save(tmp_path / "set" / name / "1.png")
    learnt = image_folder.load(tmp_path, "set", size=[12, 12], colour=colour).train.features[0] / 255
    photo = read_photograph(tmp_path / "set" / "a" / "1.png")
    prepared = prepare(photo, learnt.shape, "ablate.datasets.image_folder.load")
    assert not prepared.as_digit
    assert prepared.example.reshape(learnt.shape) == pytest.approx(learnt, abs=2.5 / 255)


def test_otsu_parts_values_as_a_search_over_all_thresholds_does() -> None:
    draws = np.random.default_rng(0)
    values = np.clip(np.concatenate([draws.normal(0.1, 0.05, 4000), draws.normal(0.7, 0.1, 200)]), 0, 1)

    def within(threshold: float) -> float:
        parts = values[values <= threshold], values[values > threshold]
        return sum(len(part) * float(part.var()) for part in parts if len(part))

    found = otsu_threshold(values)
    best = min(within(threshold) for threshold in np.linspace(0, 1, 1001))
    assert within(found) == pytest.approx(best, rel=1e-3)
    assert 0.2 < found < 0.6


def test_plain_resizing_keeps_no_proportions_and_inverts_nothing() -> None:
    ramp = np.linspace(0, 1, 100, dtype=np.float32)[None, :, None] * np.ones((40, 1, 3), np.float32)
    resized = plain_resize(ramp).example
    # Centres of 28 pixels laid over 100: a ramp stays one.
    assert resized == pytest.approx(np.tile(((np.arange(28) + 0.5) * 100 / 28 - 0.5) / 99, (28, 1)), abs=1e-5)


def test_a_photograph_in_colour_is_cut_to_a_square() -> None:
    stripes = np.zeros((60, 100, 3), np.float32)
    stripes[:, 20:50, 0] = stripes[:, 50:80, 2] = 1.0
    example = cut_to_square(stripes, 6).example
    assert example.shape == (6, 6, 3)
    assert example[:, :2, 0] == pytest.approx(1.0)
    assert example[:, 4:, 2] == pytest.approx(1.0)
    assert example.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)


def test_the_shape_of_the_model_says_how_to_prepare() -> None:
    image = photograph(five())
    assert prepare(image, (28, 28, 1)).example == pytest.approx(REFERENCE)
    assert prepare(image, (14, 14)).example.shape == (14, 14)
    assert prepare(image, (32, 32, 3)).example.shape == (32, 32, 3)
    small = prepare(image, (8, 8, 1), "ablate.datasets.digits.load").example
    assert small.any(axis=1).all()
    for shape in ((784,), (28, 30, 1), (28, 28, 2), (10,)):
        with pytest.raises(UnfitShape, match="×".join(map(str, shape))):
            prepare(image, shape)


def test_the_frame_of_scikit_learn_s_digits_is_theirs() -> None:
    images = digits.load().train.features[:100, :, :, 0] / 16
    assert all(np.flatnonzero(image.any(axis=1))[[0, -1]].tolist() == [0, 7] for image in images)
    masses = np.mean([ndimage.center_of_mass(image) for image in images])
    assert masses == pytest.approx(FRAMES["ablate.datasets.digits.load"].centre, abs=0.1)


def test_a_frame_of_another_side_has_mnist_s_proportions() -> None:
    assert (Frame.of_side(28), Frame.of_side(14)) == (Frame(28, 20, 14.0), Frame(14, 10, 7.0))


@pytest.mark.needs_data
def test_images_of_mnist_come_back_as_they_were() -> None:
    images = mnist.load(Path(os.environ["ABLATE_DATA_DIR"])).train.features[:100, :, :, 0] / 255
    assert np.mean([ndimage.center_of_mass(image) for image in images]) == pytest.approx(14.0, abs=0.1)
    moved = [0.9 - 0.7 * np.pad(image, ((3, 20), (30, 5))) for image in images]
    again = [prepare_digit(np.repeat(each[..., None], 3, axis=-1).astype(np.float32)).example for each in moved]
    distances = [distance(*pair) for pair in zip(again, images, strict=True)]
    assert np.mean(distances) < 0.02
    assert np.quantile(distances, 0.9) < 0.05  # of a few, a faint end or a separate dot is taken for dirt


@pytest.mark.needs_data
def test_the_three_fives_of_the_original_become_alike() -> None:
    files = sorted((Path(os.environ["ABLATE_DATA_DIR"]) / "custom_digits").glob("*.png"))
    examples = [prepare_digit(read_photograph(file)).example for file in files]
    resized = [plain_resize(read_photograph(file)).example for file in files]
    assert len(files) == 3
    for example in examples[:2]:
        assert distance(example, examples[2]) < 0.12
    # One hand wrote the first two, in one stroke: only the pen's width differs.
    blurred = [ndimage.gaussian_filter(example, 1.0) for example in examples[:2]]
    assert distance(*blurred) < 0.01
    assert distance(*resized[:2]) > 0.04
