"""Images out of files that anybody may have made."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from ablate.sanitize.files import NoRegularFile, regular_file

__all__ = ["FORMATS", "decode_upright", "read_upright"]

# Of all that Pillow knows: some of the others start a program to be read (EPS), or unpack one file from another.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def read_upright(file: Path) -> Image.Image:
    """The first picture of an image file, turned as its EXIF data says, in the mode that it has there.

    Raises:
        ValueError: when it is no file or no image of one of FORMATS, is cut short, or has more pixels than Pillow
            thinks safe.
    """
    try:
        with regular_file(file) as content:
            return _upright(content)
    except NoRegularFile:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError("there is no such file") from error
    except OSError as error:
        raise ValueError(str(error) or type(error).__name__) from error


def decode_upright(content: bytes, most_pixels: int) -> Image.Image:
    """The same of a file that somebody has sent, and that stands nowhere.

    Raises:
        ValueError: as `read_upright`, and where it says that it has more than `most_pixels`, before any is decoded.
    """
    return _upright(BytesIO(content), most_pixels)


def _upright(content: BinaryIO, most_pixels: int | None = None) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(content, formats=FORMATS) as image:
                if most_pixels is not None and image.width * image.height > most_pixels:
                    raise ValueError(f"it has {image.width:,} × {image.height:,} pixels; {most_pixels:,} are the most")
                image.load()
                return ImageOps.exif_transpose(image)
    except UnidentifiedImageError as error:
        raise ValueError(f"it is none of {', '.join(FORMATS)}, or its beginning is broken") from error
    except Exception as error:  # a broken image can raise anything
        raise ValueError(str(error) or type(error).__name__) from error
