"""A data set of your own, as image files in one folder a class.

    flowers/daisy/*.jpg        flowers/rose/*.jpg               a test split is drawn
    flowers/train/daisy/…      flowers/test/daisy/…             with a test split; test/ may be missing

The classes are numbered in the order of the names of their folders, which are theirs too. Hidden files are left
alone; every other file must be an image in one of the usual formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ablate.datasets.arrays import ALLOWED_OVERLAP, DataError, Examples, RawData
from ablate.datasets.files import own_path
from ablate.datasets.images import read_upright

__all__ = ["load"]

_LARGEST_VALUE = 255.0
# Modes of Pillow with more than eight bits a channel, which it would clip, not scale; those of sixteen begin with I.
_DEEP_MODES = ("I", "F")
_LARGEST_DEEP_VALUE = 65535.0
# Of what is wrong with files, in a message that fits on a screen.
_MOST_LISTED = 12
_LONGEST_REASON = 100

Pixels = npt.NDArray[Any]


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
    """uint8 [examples, height, width, 1 or 3], by class and, within it, by name of the file; float32 in [0, 1] where
    one of the images has sixteen bits a pixel.

    An image is turned as its EXIF data says, cut at the centre to the proportions of `size`, and resampled
    (bilinear, with antialiasing). Transparency is dropped. Versions of Pillow may differ in the last bits of a
    JPEG or of a resampled image, which then is other data: between machines, share PNG files of the final size.

    Args:
        path: seen from data_dir, or from the current folder where there is none.
        size: height and width, in pixels.
        colour: whether there are three channels rather than one.
        allowed_overlap: the share of the test examples that may be training examples as well.

    Raises:
        DataError: when there are no classes, classes have no images, files are no images (all of these are named, as
            far as a screen has room), or a link leads out of the folder.
    """
    fit = _fit(size, colour)
    root = own_path(path, data_dir)
    splits = _split_folders(root)
    classes = _class_names(splits[0])
    listed = [_listed(split, classes) for split in splits]
    folders = [root, *splits, *(split / name for split in splits for name in classes)]
    files = (*folders, *(file for split in listed for file, _ in split))
    inside = root.resolve()
    strays = [str(folder) for folder in folders if folder != root and _leads_out(folder, inside)]
    _refuse(strays, f"a folder is a link that leads out of {root}; put a copy of what it means in its place")
    train, *test = _read(listed, fit, inside)
    names = tuple(classes)
    return RawData(train, test[0] if test else None, len(classes), _LARGEST_VALUE, files, allowed_overlap, names)


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
    strangers = [entry.name for entry in _entries(split) if entry.name not in classes]
    _refuse(strangers, f"{split} holds what is no folder of one of the classes {_few(classes)}; move it elsewhere")
    files = {name: _entries(split / name) if (split / name).is_dir() else [] for name in classes}
    empty = [name for name in classes if not files[name]]
    _refuse(empty, f"{split} holds no images of some classes; put them there, or remove these classes everywhere")
    return [(file, number) for number, name in enumerate(classes) for file in files[name]]


def _refuse(problems: Sequence[str], what: str) -> None:
    """
    Raises:
        DataError: when there are problems, with each of them, as far as a screen has room.
    """
    if problems:
        more = [f"and {len(problems) - _MOST_LISTED:,} more"] if len(problems) > _MOST_LISTED else []
        raise DataError("\n- ".join([f"{what}:", *problems[:_MOST_LISTED], *more]))


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")


def _leads_out(path: Path, inside: Path) -> bool:
    """Whether it is a link to what is not `inside`: a folder from elsewhere must not bring a picture of this machine
    into a data set, and into reports. Of a link that leads nowhere, or in a circle, whoever reads it says so."""
    try:
        return path.is_symlink() and not path.resolve(strict=True).is_relative_to(inside)
    except (OSError, RuntimeError):  # of a circle Python before 3.13 says RuntimeError
        return False


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: dataset.path names the folder that holds one folder a class")
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _read(splits: Sequence[Sequence[tuple[Path, int]]], fit: _Fit, inside: Path) -> list[Examples]:
    """The examples of each split; in all of them pixels are of one type.

    Args:
        inside: the folder, without links, that no link may lead out of.

    Raises:
        DataError: with the files that cannot be read.
    """
    fitted: dict[Path, Pixels] = {}
    broken: list[str] = []
    for file, _ in (each for split in splits for each in split):
        try:
            if _leads_out(file, inside):
                raise ValueError("it is a link that leads out of the folder of the data: put a copy in its place")
            fitted[file] = _pixels(file, fit)
        except ValueError as error:
            broken.append(f"{file} ({str(error)[:_LONGEST_REASON]})")
    total = sum(map(len, splits))
    _refuse(broken, f"{len(broken):,} of {total:,} files cannot be read as images; mend them, or move them elsewhere")
    if any(pixels.dtype != np.uint8 for pixels in fitted.values()):
        fitted = {file: _as_shares(pixels) for file, pixels in fitted.items()}
    return [
        Examples(np.stack([fitted[file] for file, _ in split]), np.array([number for _, number in split], np.int32))
        for split in splits
    ]


def _pixels(file: Path, fit: _Fit) -> Pixels:
    """[height, width, channels]: uint8, or float32 in [0, 1] of an image with sixteen bits a pixel.

    Raises:
        ValueError: when it cannot be read, or has more bits.
    """
    upright, size = read_upright(file), (fit.width, fit.height)
    channels = 3 if fit.colour else 1
    if not upright.mode.startswith(_DEEP_MODES):
        fitted = ImageOps.fit(upright.convert("RGB" if fit.colour else "L"), size, Image.Resampling.BILINEAR)
        return np.asarray(fitted, np.uint8).reshape(fit.height, fit.width, -1)
    values = np.asarray(upright)
    if upright.mode.startswith("F") or values.min() < 0 or values.max() > _LARGEST_DEEP_VALUE:
        raise ValueError(f"mode {upright.mode}: more than sixteen bits a pixel")
    grey = Image.fromarray((values / _LARGEST_DEEP_VALUE).astype(np.float32))
    shares = np.clip(np.asarray(ImageOps.fit(grey, size, Image.Resampling.BILINEAR), np.float32), 0, 1)
    return np.repeat(shares[..., np.newaxis], channels, axis=2)


def _as_shares(pixels: Pixels) -> npt.NDArray[np.float32]:
    """float32 in [0, 1], of either type."""
    return pixels if pixels.dtype == np.float32 else pixels.astype(np.float32) / np.float32(_LARGEST_VALUE)
