"""A data set of your own, as image files in one folder a class.

    flowers/daisy/*.jpg        flowers/rose/*.jpg               a test split is drawn
    flowers/train/daisy/…      flowers/test/daisy/…             with a test split; test/ may be missing

The classes are numbered in the order of the names of their folders. Hidden files are left alone; every other
file must be an image in one of the usual formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ablate.datasets.arrays import ALLOWED_OVERLAP, DataError, Examples, RawData
from ablate.datasets.files import own_path
from ablate.datasets.images import read_upright

__all__ = ["load"]

_LARGEST_VALUE = 255.0
# Modes of Pillow with more than eight bits a channel, which it would clip, not scale.
_DEEP_MODES = ("I", "F")


@dataclass(frozen=True)
class _Fit:
    """What every image is brought to: pixels of height and width, in colour or grey."""

    height: int
    width: int
    colour: bool


def load(
    data_dir: Path | None = None,
    path: str = "",
    size: Sequence[int] = (28, 28),
    colour: bool = False,
    allowed_overlap: float = ALLOWED_OVERLAP,
) -> RawData:
    """uint8 [examples, height, width, 1 or 3], by class and, within it, by name of the file.

    An image is turned as its EXIF data says, cut at the centre to the proportions of `size`, and resampled
    (bilinear, with antialiasing). Transparency is dropped. Versions of Pillow may differ in the last bits of a
    JPEG or of a resampled image, which then is other data: between machines, share PNG files of the final size.

    Args:
        path: seen from data_dir, or from the current folder where there is none.
        size: height and width, in pixels.
        colour: whether there are three channels rather than one.
        allowed_overlap: the share of the test examples that may be training examples as well.

    Raises:
        DataError: when there are no classes, one of them has no images, a file is no image, or a link leads out of
            the folder.
    """
    fit = _fit(size, colour)
    root = own_path(path, data_dir)
    splits = _split_folders(root)
    classes = _class_names(splits[0])
    listed = [_listed(split, classes) for split in splits]
    folders = [root, *splits, *(split / name for split in splits for name in classes)]
    files = (*folders, *(file for split in listed for file, _ in split))
    _check_links(root, files)
    train, *test = (_read(files, fit) for files in listed)
    return RawData(train, test[0] if test else None, len(classes), _LARGEST_VALUE, files, allowed_overlap)


def _fit(size: Sequence[int], colour: bool) -> _Fit:
    if len(size) != 2 or any(type(pixels) is not int or pixels < 1 for pixels in size):
        raise DataError(f"dataset.size is {size}: give height and width in pixels, as in dataset.size=[28,28]")
    return _Fit(size[0], size[1], colour)


def _split_folders(root: Path) -> list[Path]:
    """The folder of the training images, then that of the test images where there is one."""
    if not (root / "train").is_dir():
        return [root]
    return [folder for folder in (root / "train", root / "test") if folder.is_dir()]


def _class_names(folder: Path) -> list[str]:
    names = [entry.name for entry in _entries(folder) if entry.is_dir()]
    if len(names) < 2:
        raise DataError(f"{folder} needs a folder of images for each of at least two classes")
    return names


def _listed(split: Path, classes: Sequence[str]) -> list[tuple[Path, int]]:
    """Every image file of a split with the number of its class."""
    strangers = [entry for entry in _entries(split) if entry.name not in classes]
    if strangers:
        raise DataError(f"{strangers[0]} is no folder of one of the classes {', '.join(classes)}: move it elsewhere")
    return [(file, number) for number, name in enumerate(classes) for file in _images(split / name)]


def _images(folder: Path) -> list[Path]:
    files = _entries(folder) if folder.is_dir() else []
    if not files:
        raise DataError(f"{folder} holds no images: put those of the class there, or remove the class everywhere")
    return files


def _check_links(root: Path, files: Sequence[Path]) -> None:
    """A folder from elsewhere must not bring a picture of this machine into a data set, and into reports."""
    inside = root.resolve()
    for file in files:
        if file != root and file.is_symlink() and not file.resolve().is_relative_to(inside):
            raise DataError(f"{file} is a link that leads out of {root}: put a copy of what it means in its place")


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: dataset.path names the folder that holds one folder a class")
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _read(files: Sequence[tuple[Path, int]], fit: _Fit) -> Examples:
    pixels = np.stack([_pixels(file, fit) for file, _ in files])
    return Examples(pixels, np.array([number for _, number in files], np.int32))


def _pixels(file: Path, fit: _Fit) -> npt.NDArray[np.uint8]:
    """uint8 [height, width, channels]."""
    try:
        upright = read_upright(file)
        if upright.mode.startswith(_DEEP_MODES):
            raise ValueError(f"mode {upright.mode}: more than eight bits a channel")
    except ValueError as error:
        raise DataError(f"{file} is no image that can be read ({error}): mend it, or move it elsewhere") from error
    fitted = ImageOps.fit(
        upright.convert("RGB" if fit.colour else "L"), (fit.width, fit.height), Image.Resampling.BILINEAR
    )
    return np.asarray(fitted, np.uint8).reshape(fit.height, fit.width, -1)
