"""Arrays as bytes: an uncompressed .npz in which equal arrays are equal bytes, on every machine and day.

    content = pack({"history/loss": losses})
    unpack(content)["history/loss"]

numpy's own reader takes a millisecond for the twenty small arrays of a run, most of it to parse, again and again,
the few headers that there are; a report of ten thousand runs would wait half a minute for it.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ablate.core.records import Array
from ablate.sanitize.arrays import layout_of

__all__ = ["pack", "unpack"]

# Before each member of an archive: a signature, what is of no interest, the method of compression, more of no
# interest, and the lengths of the name and of an extra field that follow. After the last: another signature.
MEMBER = struct.Struct("<4s4xH16xHH")
MEMBER_SIGNATURE, LISTED_SIGNATURE, LAST_SIGNATURE = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
# What the last signature begins, in an archive without a comment.
LAST_BYTES = 22
# How an array begins: a magic string, the version of its format (1.0 for all that `pack` is given), and the length
# of what describes it.
ARRAY = struct.Struct("<6sBxH")
ARRAY_MAGIC, ARRAY_VERSION = b"\x93NUMPY", 1
# Of which the length takes so many, the last before the description.
LENGTH_BYTES = 2


def pack(arrays: Mapping[str, Array]) -> bytes:
    """An .npz of `arrays`, in their order: equal arrays give equal bytes.

    Raises:
        ValueError: for an array of Python objects, which only pickle could write.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, values in arrays.items():
            # A ZipInfo made by hand bears the date 1980-01-01; one made by the archive bears today's.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                array = np.asarray(values, order="C")
                member.write(_described(array.dtype, array.shape) + array.tobytes())
    return buffer.getvalue()


@lru_cache(maxsize=1024)
def _described(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """How an array of this type and shape begins: one header serves many arrays of every run."""
    if dtype.hasobject:
        raise ValueError("object arrays, which only pickle could write, are not kept")
    header = io.BytesIO()
    about = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, about)
    return header.getvalue()


def unpack(content: bytes, names: Collection[str] | None = None) -> dict[str, Array]:
    """The arrays of what `pack` has written, in their order; nothing is unpickled.

    Args:
        names: those that are wanted; None for all. What comes after the last of them is not looked at.

    Raises:
        ValueError: for bytes that `pack` does not write.
    """
    try:
        return dict(_members(content, names))
    except ValueError:
        raise
    except Exception as error:  # struct and numpy each have errors of their own for bytes that make no sense
        raise ValueError(f"no archive of arrays ({type(error).__name__}: {error})") from error


def _members(content: bytes, names: Collection[str] | None) -> Iterator[tuple[str, Array]]:
    if not content[-LAST_BYTES:].startswith(LAST_SIGNATURE):
        raise ValueError("no archive of arrays, or one that is cut off")
    position, left = 0, None if names is None else len(names)
    while left != 0 and content[position : position + 4] not in (LISTED_SIGNATURE, LAST_SIGNATURE):
        signature, compression, name_bytes, extra_bytes = MEMBER.unpack_from(content, position)
        if signature != MEMBER_SIGNATURE or compression != zipfile.ZIP_STORED:
            raise ValueError("no archive of arrays, or a compressed one")
        name_start = position + MEMBER.size
        array_start = name_start + name_bytes + extra_bytes
        name = content[name_start : name_start + name_bytes].decode().removesuffix(".npy")
        magic, version, described_bytes = ARRAY.unpack_from(content, array_start)
        if magic != ARRAY_MAGIC or version != ARRAY_VERSION:
            raise ValueError(f"{name} in the archive is no array of format {ARRAY_VERSION}")
        values_start = array_start + ARRAY.size + described_bytes
        dtype, shape, is_fortran = layout_of(content[values_start - described_bytes - LENGTH_BYTES : values_start])
        if is_fortran or dtype.hasobject:
            raise ValueError(f"{name} in the archive holds objects, or is in the order of Fortran")
        values_end = values_start + math.prod(shape) * dtype.itemsize
        if values_end > len(content):
            raise ValueError(f"{name} in the archive promises more bytes than there are")
        if names is None or name in names:
            # Copied, since a stretch of an archive is neither aligned nor writable.
            yield name, np.ndarray(shape, dtype, content, values_start).copy()
            left = None if left is None else left - 1
        position = values_end
