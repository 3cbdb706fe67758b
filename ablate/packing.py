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
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ablate.records import Array

__all__ = ["pack", "unpack"]

# Of a member's own header: its size without the name and the extra field, whose lengths end it.
HEADER_BYTES = 30
NAME_AND_EXTRA_LENGTHS = struct.Struct("<HH")
# How an array begins: the magic string, the version (1.0 for all that `pack` is given) and the length of what
# describes it.
BEGINNING = struct.Struct("<6s2BH")
MAGIC = b"\x93NUMPY"


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
                np.lib.format.write_array(member, np.asarray(values, order="C"), allow_pickle=False)
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, Array]:
    """The arrays of what `pack` has written, in their order; nothing is unpickled.

    Raises:
        ValueError: for bytes that `pack` does not write.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
        return {member.filename.removesuffix(".npy"): _array(content, member) for member in members}
    except ValueError:
        raise
    except Exception as error:  # zipfile, struct and numpy each have errors of their own for bytes that make no sense
        raise ValueError(f"no archive of arrays ({type(error).__name__}: {error})") from error


def _array(content: bytes, member: zipfile.ZipInfo) -> Array:
    """A member is not compressed, so its array is a stretch of the bytes of the archive."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    lengths = NAME_AND_EXTRA_LENGTHS.unpack_from(content, member.header_offset + HEADER_BYTES - 4)
    start = member.header_offset + HEADER_BYTES + sum(lengths)
    magic, major, _, described_bytes = BEGINNING.unpack_from(content, start)
    if magic != MAGIC or major != 1:
        raise ValueError(f"{member.filename} is no array of format 1")
    values_start = start + BEGINNING.size + described_bytes
    dtype, shape, values_bytes = _layout(content[values_start - described_bytes - 2 : values_start])
    if start + member.file_size != values_start + values_bytes:
        raise ValueError(f"{member.filename} is not of the length that its header says")
    # A copy, since a stretch of an archive is neither aligned nor writable.
    return np.ndarray(shape, dtype, content, values_start).copy()


@lru_cache(maxsize=1024)
def _layout(header: bytes) -> tuple[np.dtype[np.generic], tuple[int, ...], int]:
    """The type and shape that a header describes, and how many bytes the values take."""
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(io.BytesIO(header))
    if is_fortran or dtype.hasobject:
        raise ValueError("an array of objects, or one in the order of Fortran")
    return dtype, shape, math.prod(shape) * dtype.itemsize
