"""Arrays as small images: which pixel says what."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow

from ablate.serving.heat import ABOVE, BELOW, GAP, MOST_CHANNELS, MOST_UNITS, image_of, layer_of
from ablate.serving.readings import Image


def pixels(image: Image) -> np.ndarray:
    decoded = np.asarray(Pillow.open(BytesIO(image.png)))
    assert decoded.shape[:2] == (image.height, image.width)
    return decoded


def test_units_are_squares_in_their_order() -> None:
    layer = layer_of("hidden", np.array([0.0, 2.0, -4.0, 1.0]))
    assert (layer.shape, layer.units, layer.shown, layer.silent, layer.strongest) == ((4,), 4, 4, 1, 4.0)
    sheet = pixels(layer.image)
    side = (layer.image.width - 2 * GAP) // 3  # three columns, and one below
    assert layer.image.height == 2 * side + GAP
    places = [(0, 0), (0, 1), (0, 2), (1, 0)]
    cells = [sheet[row * (side + GAP) + side // 2, column * (side + GAP) + side // 2] for row, column in places]
    assert [cell[3] for cell in cells] == [0, 128, 255, 64]
    assert tuple(cells[1][:3]) == ABOVE
    assert tuple(cells[2][:3]) == BELOW
    assert not sheet[:, side : side + GAP, 3].any(), "nothing lies between them"


def test_feature_maps_stand_beside_each_other() -> None:
    maps = np.zeros((4, 4, 3))
    maps[1, 2, 1] = 0.5
    maps[3, 0, 2] = -1.0
    layer = layer_of("conv", maps)
    assert (layer.silent, layer.strongest) == (1, 1.0)
    sheet = pixels(layer.image)
    size = (layer.image.width - 2 * GAP) // 12
    tile = 4 * size + GAP
    assert sheet[size, tile + 2 * size].tolist() == [*ABOVE, 128]
    assert sheet[3 * size, 2 * tile].tolist() == [*BELOW, 255]
    assert np.count_nonzero(sheet[..., 3]) == 2 * size**2


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((1000,), MOST_UNITS),
        ((28, 28, 512), MOST_CHANNELS),
        ((300, 200, 8), 8),
        ((197, 768), MOST_UNITS),
        ((5, 6, 7, 8), 8),
    ],
)
def test_what_is_large_is_bounded_and_says_so(shape: tuple[int, ...], shown: int) -> None:
    layer = layer_of("large", np.random.default_rng(0).standard_normal(shape))
    assert (layer.units, layer.shown) == (shape[-1], shown)
    assert max(layer.image.width, layer.image.height) < 1500
    assert len(layer.image.png) < 1_000_000


def test_numbers_that_are_none_are_nothing() -> None:
    layer = layer_of("odd", np.array([np.nan, np.inf, 1.0]))
    assert (layer.strongest, layer.silent) == (1.0, 2)
    assert layer_of("silent", np.zeros(3)).strongest == 0.0


def test_images_keep_what_they_show() -> None:
    coarse = np.array([[0.0, 1.0], [0.5, 2.0]])
    assert pixels(image_of(coarse, "coarse")).tolist() == [[0, 255], [128, 255]]
    large = image_of(np.ones((300, 600, 3)) * [1.0, 0.0, 0.0], "photograph")
    assert (large.width, large.height) == (240, 120)
    assert (pixels(large) == [255, 0, 0]).all()
