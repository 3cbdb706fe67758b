"""Arrays out of .npz archives that anybody may have written.

    read_arrays(io.BytesIO(content), most_bytes=2**30)            # name to array, in the order of the archive
    read_arrays(Path("mine.npz"), most_bytes, names=("x", "y"))   # these alone

Nothing is unpickled, and no memory is asked for before what an archive promises agrees with what it holds.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ablate.sanitize.files import regular_file
from ablate.sanitize.text import one_line

__all__ = ["Layout", "layout_of", "read_arrays"]

# Of an array: its type, its shape, and whether its first index runs fastest, as Fortran's does.
Layout = tuple[np.dtype[Any], tuple[int, ...], bool]

_SUFFIX = ".npy"
# Of the arrays of an archive, where it lacks one.
MOST_NAMED = 12
MOST_CHARACTERS = 40
# Version of an array's format → how many bytes say how long the header is, and who reads both.
_HEADERS = {(1, 0): (2, np.lib.format.read_array_header_1_0), (2, 0): (4, np.lib.format.read_array_header_2_0)}


def read_arrays(
    file: Path | IO[bytes], most_bytes: int, names: Collection[str] | None = None
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an .npz archive by name, in its order; they are to be read only.

    Args:
        most_bytes: what they may take together once they are unpacked.
        names: those that are read, in this order; None for all.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no such archive, lacks one of the names, holds Python objects, or would take more.
    """
    try:
        opened = regular_file(file) if isinstance(file, Path) else nullcontext(file)
        with opened as content, zipfile.ZipFile(content) as archive:
            members = {each.filename.removesuffix(_SUFFIX): each for each in archive.infolist()}
            wanted = [_member(members, name) for name in (members if names is None else names)]
            _check_size(wanted, most_bytes)
            return {each.filename.removesuffix(_SUFFIX): _array(archive, each) for each in wanted}
    except FileNotFoundError:
        raise
    except Exception as error:  # a broken archive can raise anything, MemoryError included
        raise ValueError(str(error) or type(error).__name__) from error


def _contents(names: Sequence[str]) -> str:
    """What an archive holds, in words, as far as one reads."""
    shown = ", ".join(one_line(name)[:MOST_CHARACTERS] for name in names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return f"there {'is' if len(names) == 1 else 'are'} {shown}{more}" if names else "it holds none"


def _member(members: dict[str, zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    if name not in members:
        raise ValueError(f"it has no array {name!r}; {_contents(list(members))}")
    if not members[name].filename.endswith(_SUFFIX):
        raise ValueError(f"{members[name].filename!r} in it is no array")
    return members[name]


def _check_size(members: Collection[zipfile.ZipInfo], most_bytes: int) -> None:
    total = sum(each.file_size for each in members)
    if total > most_bytes:
        raise ValueError(f"it would take {total:,} bytes unpacked, and {most_bytes:,} are allowed")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(member) as content:
        version = np.lib.format.read_magic(content)
        if version not in _HEADERS:
            raise ValueError(f"{member.filename!r} in it has the format {'.'.join(map(str, version))}")
        length = content.read(_HEADERS[version][0])
        kind, shape, is_fortran = layout_of(length + content.read(int.from_bytes(length, "little")), version)
        promised, held = math.prod(shape) * kind.itemsize, member.file_size - content.tell()
        if kind.hasobject:
            raise ValueError(f"{member.filename!r} in it holds Python objects, which only pickle could read")
        if promised != held:
            raise ValueError(f"{member.filename!r} in it promises {promised:,} bytes and holds {held:,}")
        return np.ndarray(shape, kind, content.read(), order="F" if is_fortran else "C")


@lru_cache(maxsize=1024)
def layout_of(header: bytes, version: tuple[int, int] = (1, 0)) -> Layout:
    """What an array's header, which begins with its own length, describes. Thousands of arrays share a few headers,
    and to parse one takes longer than to copy a small array.

    Raises:
        ValueError: when it describes none.
    """
    shape, is_fortran, kind = _HEADERS[version][1](io.BytesIO(header))
    if any(length < 0 for length in shape):
        raise ValueError(f"no array has the shape {shape}")
    return kind, shape, is_fortran
