"""Arrays as small images: the steps of a preparation, and what the units of a layer answer.

A unit that is silent is transparent, and so has the colour of the page in either theme; one above zero is blue, one
below orange, the more so the farther.
"""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from ablate.serving.readings import Image, Layer

__all__ = ["MOST_CHANNELS", "MOST_UNITS", "image_of", "layer_of"]

Reals = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]

ABOVE, BELOW = (24, 128, 204), (214, 96, 8)
MOST_CHANNELS, MOST_UNITS, MOST_POSITIONS = 64, 256, 64
# Of a photograph, of a map, and of a whole layer as it is shown, in pixels.
LARGEST_STEP, LARGEST_MAP, WIDTH = 240, 32, 640
LARGEST_CELL, GAP = 32, 2
# Units beside each other are in no order: a grid a little wider than high is merely easy to look at.
WIDER = 2.0


def image_of(values: Reals, title: str) -> Image:
    """An image in [0, 1], [height, width] from black to white or [height, width, 3] in colour; a large one is made
    smaller."""
    picture = Pillow.fromarray(np.round(255 * np.clip(np.nan_to_num(values), 0, 1)).astype(np.uint8))
    picture.thumbnail((LARGEST_STEP, LARGEST_STEP), Pillow.Resampling.BOX)
    return _image(picture, title)


def layer_of(path: str, values: Reals) -> Layer:
    """What the units of a layer answer, [*positions, units]: of units without a position a square each, of feature maps
    a map each, of other positions, as those of tokens, a row each."""
    units = values.shape[-1]
    finite = np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0)
    flat = finite.reshape(-1, units)
    strongest = float(np.abs(flat).max()) if flat.size else 0.0
    shown = min(units, MOST_CHANNELS if values.ndim == 3 else MOST_UNITS)
    cells = finite[..., :shown] / (strongest or 1.0)
    match values.ndim:
        case 1:
            drawn = _tiled(cells.reshape(1, 1, shown), LARGEST_CELL)
        case 3:
            drawn = _tiled(_smaller(cells), LARGEST_MAP)
        case _:
            rows = _fewer_rows(cells.reshape(-1, shown))
            drawn = _enlarged(_coloured(rows), max(1, min(WIDTH // max(rows.shape), LARGEST_CELL)))
    silent = int(np.sum(~flat.any(axis=0)))
    return Layer(tuple(values.shape), shown, silent, strongest, _image(Pillow.fromarray(drawn), path))


def _tiled(maps: Reals, largest_cell: int) -> Bytes:
    """Maps [height, width, count] beside each other in a grid, with GAP pixels of nothing between them, each pixel of
    them as large as there is room for."""
    height, width, count = maps.shape
    columns = min(count, math.ceil(math.sqrt(WIDER * count * height / width)))
    rows = -(-count // columns)
    size = int(np.clip((WIDTH - columns) // (columns * width), 1, largest_cell))
    sheet = np.zeros((rows * (size * height + GAP) - GAP, columns * (size * width + GAP) - GAP, 4), np.uint8)
    for number in range(count):
        row, column = divmod(number, columns)
        top, left = row * (size * height + GAP), column * (size * width + GAP)
        tile = _enlarged(_coloured(maps[..., number]), size)
        sheet[top : top + size * height, left : left + size * width] = tile
    return sheet


def _coloured(cells: Reals) -> Bytes:
    """[height, width] in [-1, 1] as RGBA."""
    colours = np.where((cells >= 0)[..., np.newaxis], np.array(ABOVE, np.uint8), np.array(BELOW, np.uint8))
    strength = np.round(255 * np.abs(cells)).astype(np.uint8)
    return np.concatenate([colours, strength[..., np.newaxis]], axis=-1)


def _enlarged(picture: Bytes, times: int) -> Bytes:
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def _smaller(maps: Reals) -> Reals:
    """Maps of no more than LARGEST_MAP pixels either way, by the means of those that fall together."""
    height, width, count = maps.shape
    times = -(-max(height, width) // LARGEST_MAP)
    if times == 1:
        return maps
    size = max(1, round(width / times)), max(1, round(height / times))
    each = (Pillow.fromarray(maps[..., number].astype(np.float32)) for number in range(count))
    return np.stack([np.asarray(one.resize(size, Pillow.Resampling.BOX)) for one in each], axis=-1)


def _fewer_rows(cells: Reals) -> Reals:
    if len(cells) <= MOST_POSITIONS:
        return cells
    return np.stack([part.mean(axis=0) for part in np.array_split(cells, MOST_POSITIONS)])


def _image(picture: Pillow.Image, title: str) -> Image:
    content = BytesIO()
    picture.save(content, "PNG")
    return Image(title, content.getvalue(), picture.width, picture.height)
