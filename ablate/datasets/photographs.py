"""Photographs of a digit, prepared as the images of MNIST were, one step after the other.

    photograph = read_photograph(Path("five.jpg"))          # float32 [height, width, 3], upright
    prepared = prepare_digit(photograph)                    # float32 [28, 28], with every step on the way
    plain_resize(photograph)                                # what a network sees without any of this

The images of MNIST were black and white, were fitted into 20×20 pixels with their proportions kept, which
gave them their grey edges, and were put into 28×28 so that the centre of their mass lies at the centre
(LeCun, Bottou, Bengio & Haffner, Proc. IEEE 1998, section III.A). Before that, what is written must be told
from what it is written on: here by the border of the picture, which is taken to be empty for the most part.

Limits: one digit a picture; shades of the paper up to a slope; no table edge, no ruled paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from ablate.datasets.arrays import DataError
from ablate.datasets.images import decode_upright, read_upright

__all__ = [
    "FRAMES",
    "MNIST_FRAME",
    "BlankPhotograph",
    "Frame",
    "Pixels",
    "Prepared",
    "UnfitShape",
    "UnreadablePhotograph",
    "cut_to_square",
    "decode_photograph",
    "otsu_threshold",
    "plain_resize",
    "prepare",
    "prepare_digit",
    "read_photograph",
]

Pixels = npt.NDArray[np.float32]

# No stroke that can be seen in a photograph is lost at this size, and all steps are quick.
LONGEST_SIDE = 800
# Of the shorter side: where the paper is looked at.
BORDER_SHARE = 0.04
# Ink this much less than the largest connected piece is dirt; the bar of a five may be apart from its belly.
SPECK_SHARE = 0.03
# Of black to white: the ink of a blank page is its grain.
LEAST_CONTRAST = 0.1
# How often the paper is fitted again without what stands out from it.
PAPER_FITS = 5
OUTLYING = 3.0
BINS = 256
# Rec. 601, as Pillow's own.
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
# Every direction counts: strokes touch at corners too.
NEIGHBOURS = np.ones((3, 3), bool)


class UnreadablePhotograph(DataError):
    """A file that is no image, or one that nobody should open."""


class UnfitShape(DataError):
    """A model takes something else than pictures."""


class BlankPhotograph(DataError):
    """An image on which nothing is written."""


@dataclass(frozen=True)
class Frame:
    """Where a data set has its digits: they fit into `box` × `box` pixels of `side` × `side`, with their centre of
    mass at pixel `centre` both ways, counted from 0."""

    side: int
    box: int
    centre: float

    @classmethod
    def of_side(cls, side: int) -> Frame:
        """MNIST's proportions."""
        return cls(side, max(1, round(side * MNIST_FRAME.box / MNIST_FRAME.side)), side / 2)


# Measured: the centres of mass of its images lie at 14.0, not at 13.5.
MNIST_FRAME = Frame(28, 20, 14.0)
# By the loader of a data set; the digits of scikit-learn fill their pictures from top to bottom.
FRAMES: Mapping[str, Frame] = {"ablate.datasets.digits.load": Frame(8, 8, 3.5)}
# The loaders whose images are what was photographed, whatever that is: grey ones of them are cut as those in colour.
AS_THEY_ARE = frozenset({"ablate.datasets.image_folder.load"})


@dataclass(frozen=True)
class Prepared:
    """An example and how it came to be.

    Attributes:
        steps: title to float32 image in [0, 1], [height, width] or [height, width, 3], in order. From the ink
            on, 1 is written and 0 is empty.
        as_digit: whether what is written was told from what it is written on.
    """

    steps: Mapping[str, Pixels]
    as_digit: bool = False

    @property
    def example(self) -> Pixels:
        """float32 [side, side], or [side, side, 3]."""
        return list(self.steps.values())[-1]


def read_photograph(path: Path) -> Pixels:
    """float32 [height, width, 3] in [0, 1], turned as its EXIF data says, its longest side LONGEST_SIDE at most.

    Transparent parts become white under dark ink, and black under light ink.

    Raises:
        UnreadablePhotograph: when it is no image that Pillow can read, or is too large to be opened safely.
    """
    return _photograph(str(path), lambda: read_upright(path))


def decode_photograph(content: bytes, most_pixels: int) -> Pixels:
    """The same of a file that somebody has sent, and that stands nowhere.

    Raises:
        UnreadablePhotograph: as `read_photograph`, and where it has more than `most_pixels`.
    """
    return _photograph("what was sent", lambda: decode_upright(content, most_pixels))


def _photograph(name: str, read: Callable[[], Image.Image]) -> Pixels:
    try:
        upright = read()
        upright = _eight_bits(upright) if upright.mode.startswith(("I", "F")) else upright
        layered = upright.convert("RGBA")
    except ValueError as error:
        raise UnreadablePhotograph(f"{name} is no image that can be read ({error})") from error
    layered.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    values: Pixels = np.asarray(layered, np.float32) / np.float32(255)
    colours, opaque = values[..., :3], values[..., 3:]
    flat: Pixels = opaque * colours + (1 - opaque) * np.float32(_backdrop(colours @ LUMINANCE, opaque[..., 0]))
    return flat


def prepare(photograph: Pixels, shape: tuple[int, ...], loader: str = "") -> Prepared:
    """A photograph [height, width, 3] as an example of a data set: grey ones of a digit, those in colour, and those of
    a folder of images, cut to a square.

    Args:
        shape: of one example; (side, side), (side, side, 1) or (side, side, 3).
        loader: the dotted name of the data set's loader, of which FRAMES may know more than its shape tells.

    Raises:
        UnfitShape: when no photograph can be made such an example.
        BlankPhotograph: when nothing is written on it.
    """
    match shape:
        case (height, width) | (height, width, 1) if height == width and loader in AS_THEY_ARE:
            return _cut_in_grey(photograph, height)
        case (height, width) | (height, width, 1) if height == width:
            return prepare_digit(photograph, FRAMES.get(loader) or Frame.of_side(height))
        case (height, width, 3) if height == width:
            return cut_to_square(photograph, height)
    raise UnfitShape(
        f"an example of its data is {'×'.join(map(str, shape))}; a photograph becomes a square, grey or in colour"
    )


def prepare_digit(photograph: Pixels, frame: Frame = MNIST_FRAME) -> Prepared:
    """The digit of a photograph [height, width, 3] as an example of `frame`.

    Raises:
        BlankPhotograph: when nothing stands out from the paper.
    """
    grey = photograph @ LUMINANCE
    ink = _ink(grey)
    cropped = _cropped(ink)
    fitted = _fitted(cropped, frame.box)
    return Prepared(
        {
            "grey": grey,
            "ink": ink,
            "cropped": cropped,
            f"fitted in {frame.box}×{frame.box}": fitted,
            f"centred in {frame.side}×{frame.side}": _centred(fitted, frame),
        },
        as_digit=True,
    )


def cut_to_square(photograph: Pixels, side: int) -> Prepared:
    """The middle of a photograph [height, width, 3] in colour, float32 [side, side, 3], with antialiasing: as
    `ablate.datasets.image_folder` prepares the images of a data set."""
    square = _middle(photograph)
    resized = np.stack([_resized(square[..., channel], side, side) for channel in range(3)], axis=-1)
    return Prepared({"upright": photograph, "cut to a square": square, f"resized to {side}×{side}": resized})


def _cut_in_grey(photograph: Pixels, side: int) -> Prepared:
    square = _middle(photograph @ LUMINANCE)
    return Prepared(
        {"upright": photograph, "cut to a square": square, f"resized to {side}×{side}": _resized(square, side, side)}
    )


def _middle(image: Pixels) -> Pixels:
    """The largest square around the centre of an image [height, width, …]."""
    height, width = image.shape[:2]
    size = min(height, width)
    top, left = (height - size) // 2, (width - size) // 2
    return image[top : top + size, left : left + size]


def plain_resize(photograph: Pixels, side: int = MNIST_FRAME.side) -> Prepared:
    """The whole photograph [height, width, 3] as grey [side, side], light as it was: bilinear between the four
    nearest pixels, without antialiasing, whatever becomes of its proportions."""
    grey = photograph @ LUMINANCE
    rows, columns = (np.clip((np.arange(side) + 0.5) * n / side - 0.5, 0, n - 1) for n in grey.shape)
    places = np.meshgrid(rows, columns, indexing="ij")
    resized: Pixels = ndimage.map_coordinates(grey, places, order=1, mode="nearest").astype(np.float32)
    return Prepared({"grey": grey, f"resized to {side}×{side}": resized})


def otsu_threshold(values: npt.NDArray[np.floating]) -> float:
    """The threshold that parts `values`, in [0, 1], into two classes of the largest variance between them (Otsu,
    IEEE Trans. Systems, Man, and Cybernetics 1979), at the edge of one of BINS bins."""
    counts, edges = np.histogram(values, bins=BINS, range=(0.0, 1.0))
    shares = counts / max(counts.sum(), 1)
    below, mean_below = np.cumsum(shares), np.cumsum(shares * (edges[:-1] + edges[1:]) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean_below[-1] * below - mean_below) ** 2 / (below * (1 - below))
    between = np.where(np.isfinite(between), between, -1.0)
    # Empty bins between the classes are all as good: the middle one keeps clear of both.
    best = np.flatnonzero(np.isclose(between, between.max(), rtol=1e-9, atol=0))
    return float(edges[best[len(best) // 2] + 1])


# reading ---------------------------------------------------------------------------------------------


def _eight_bits(image: Image.Image) -> Image.Image:
    """Of an image with more bits a channel, which Pillow would clip: 16 are scaled, other ranges are stretched."""
    values = np.asarray(image, np.float64)
    low, high = (0.0, 65535.0) if image.mode.startswith("I") and values.max() <= 65535 else (values.min(), values.max())
    scaled = (values - min(low, values.min())) / max(high - low, 1e-12)
    return Image.fromarray(np.clip(255 * scaled, 0, 255).astype(np.uint8))


def _backdrop(grey: Pixels, opaque: Pixels) -> float:
    """What transparent parts are laid on: the end of the scale that is farther from what is not transparent."""
    weight = float(opaque.sum())
    return 0.0 if weight > 0 and float((grey * opaque).sum()) / weight > 0.5 else 1.0


# ink -------------------------------------------------------------------------------------------------


def _ink(grey: Pixels) -> Pixels:
    """0 for the paper, 1 for ink, something between at the edges of strokes; specks are dropped.

    Raises:
        BlankPhotograph: when there is none.
    """
    contrast = grey - _paper(grey)
    # Strokes are rare and far from the paper, so they decide the third moment, whichever way they lie.
    contrast = contrast if float(np.sum(contrast**3)) >= 0 else -contrast
    contrast = np.clip(contrast, 0.0, 1.0)
    threshold = otsu_threshold(contrast)
    is_ink = contrast > threshold
    if not is_ink.any() or float(np.median(contrast[is_ink])) < LEAST_CONTRAST:
        raise BlankPhotograph("nothing is written on it: no part stands out from its border")
    level = float(np.median(contrast[is_ink]))
    # Half the threshold is as far into the paper as the blurred edge of a stroke reaches.
    ink = np.clip((contrast - threshold / 2) / (level - threshold / 2), 0.0, 1.0)
    kept: Pixels = np.where(ndimage.binary_dilation(_without_specks(is_ink), NEIGHBOURS), ink, 0.0).astype(np.float32)
    return kept


def _paper(grey: Pixels) -> Pixels:
    """The brightness of the paper, [height, width]: a plane through the border, ink on the border left out.

    Fitted again and again to what lies near it, as in iterated outlier rejection; a tight crop, whose strokes
    touch the border, loses them so.
    """
    height, width = grey.shape
    rows, columns = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    depth = max(1, round(BORDER_SHARE * min(height, width)))
    border = np.ones_like(grey, bool)
    border[depth : height - depth, depth : width - depth] = False
    terms = np.stack([np.ones_like(rows), rows, columns], axis=-1)
    values, design = grey[border].astype(np.float64), terms[border]
    surface = np.array([np.median(values), 0.0, 0.0])
    for _ in range(PAPER_FITS):
        residuals = np.abs(values - design @ surface)
        near = residuals <= max(OUTLYING * 1.4826 * float(np.median(residuals)), LEAST_CONTRAST / 2)
        if near.sum() < len(surface):
            break
        surface = np.linalg.lstsq(design[near], values[near], rcond=None)[0]
    paper: Pixels = (terms @ surface).astype(np.float32)
    return paper


def _without_specks(is_ink: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    pieces, count = ndimage.label(is_ink, NEIGHBOURS)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    is_large: npt.NDArray[np.bool_] = sizes >= SPECK_SHARE * sizes.max()
    return is_large[pieces]


# framing ---------------------------------------------------------------------------------------------


def _cropped(ink: Pixels) -> Pixels:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fitted(ink: Pixels, box: int) -> Pixels:
    """The ink with its longer side made `box`, its proportions kept, with antialiasing."""
    height, width = ink.shape
    scale = box / max(height, width)
    return _resized(ink, max(1, round(scale * height)), max(1, round(scale * width)))


def _resized(values: Pixels, height: int, width: int) -> Pixels:
    resized = Image.fromarray(np.asarray(values, np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(resized, np.float32), 0.0, 1.0)


def _centred(ink: Pixels, frame: Frame) -> Pixels:
    """The ink with its centre of mass where the frame has it, moved by whole pixels, and never out of the picture."""
    corner = [
        int(np.clip(round(frame.centre - mass), 0, frame.side - size))
        for mass, size in zip(ndimage.center_of_mass(ink), ink.shape, strict=True)
    ]
    centred = np.zeros((frame.side, frame.side), np.float32)
    centred[corner[0] : corner[0] + ink.shape[0], corner[1] : corner[1] + ink.shape[1]] = ink
    return centred
