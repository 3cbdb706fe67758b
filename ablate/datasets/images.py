"""Images out of files that anybody may have made."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from ablate.sanitize.files import NoRegularFile, regular_file

__all__ = ["FORMATS", "read_upright"]

# Of all that Pillow knows: some of the others start a program to be read (EPS), or unpack one file from another.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def read_upright(file: Path) -> Image.Image:
    """The first picture of an image file, turned as its EXIF data says, in the mode that it has there.

    Raises:
        ValueError: when it is no file or no image of one of FORMATS, is cut short, or has more pixels than Pillow
            thinks safe.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with regular_file(file) as content, Image.open(content, formats=FORMATS) as image:
                image.load()
                return ImageOps.exif_transpose(image)
    except NoRegularFile:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError("there is no such file") from error
    except UnidentifiedImageError as error:
        raise ValueError(f"it is none of {', '.join(FORMATS)}, or its beginning is broken") from error
    except Exception as error:  # a broken image can raise anything
        raise ValueError(str(error) or type(error).__name__) from error
