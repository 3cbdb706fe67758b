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

import numpy as np

from ablate.records import Array

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
        dtype, shape, values_bytes = _layout(content[array_start + ARRAY.size : values_start])
        if names is None or name in names:
            # Copied, since a stretch of an archive is neither aligned nor writable.
            yield name, np.ndarray(shape, dtype, content, values_start).copy()
            left = None if left is None else left - 1
        position = values_start + values_bytes


@lru_cache(maxsize=1024)
def _layout(description: bytes) -> tuple[np.dtype[np.generic], tuple[int, ...], int]:
    """The type and shape that an array's header describes, and how many bytes its values take."""
    header = len(description).to_bytes(2, "little") + description
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(io.BytesIO(header))
    if is_fortran or dtype.hasobject:
        raise ValueError("an archive with an array of objects, or one in the order of Fortran")
    return dtype, shape, math.prod(shape) * dtype.itemsize
