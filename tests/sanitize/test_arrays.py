"""Archives of arrays that anybody may have written."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ablate.sanitize.arrays import read_arrays

MOST = 2**20


class Touches:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def archive(compression: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as written:
        for name, content in members.items():
            written.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy(header: str, content: bytes = b"") -> bytes:
    padded = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode() + content


def header(shape: str, kind: str = "|u1") -> str:
    return f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}"


def read(content: bytes, names: tuple[str, ...] | None = None) -> dict[str, np.ndarray]:
    return read_arrays(io.BytesIO(content), MOST, names)


def saved(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_what_numpy_saved_is_read_as_numpy_reads_it() -> None:
    arrays = {
        "b": np.arange(6.0).reshape(2, 3).T,
        "a": np.array("text"),
        "c": np.zeros((0, 3), np.int8),
        "d": np.array(3),
    }
    found = read(saved(**arrays))
    assert list(found) == list(arrays)
    for name, values in arrays.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype
    assert list(read(saved(**arrays), ("d", "a"))) == ["d", "a"]


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    mark = tmp_path / "owned"
    objects = np.empty(1, object)
    objects[0] = Touches(mark)
    for content in (saved(x=objects), archive(x=pickle.dumps(Touches(mark)))):
        with pytest.raises(ValueError, match=r"."):
            read(content)
    assert not mark.exists()


BOMBS = {
    "zeros that unpack to more": saved(x=np.zeros(MOST + 1, np.uint8)),
    "many arrays that together are more": saved(**{f"x{n}": np.zeros(MOST // 4, np.uint8) for n in range(5)}),
    "a shape of petabytes": archive(x=npy(header("(1125899906842624,)"), b"1")),
    "a shape beyond any machine": archive(x=npy(header("(9223372036854775807, 9223372036854775807)"))),
    "a shape below zero": archive(x=npy(header("(-1,)"), b"")),
    "a shape of a hundred axes": archive(x=npy(header(f"({'1,' * 100})"), b"1")),
    "more than promised": archive(x=npy(header("(1,)"), b"123")),
    "a header that is code": archive(x=npy("__import__('os').system('true')")),
    "no array": archive(x=b"text"),
    "no archive": b"PK\x03\x04 no more",
    "nothing": b"",
    "an absent name": saved(y=np.zeros(1)),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_what_promises_more_than_it_holds_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(content, ("x",) if content is BOMBS["an absent name"] else None)


def test_a_format_of_the_future_is_named() -> None:
    with pytest.raises(ValueError, match=r"'x\.npy' in it has the format 9\.0"):
        read(archive(x=b"\x93NUMPY\x09\x00" + npy(header("(1,)"), b"1")[8:]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no .npz archive"),
        (saved(x=np.arange(9))[:-30], "a part of it is missing"),
        (archive(x=b"text"), "it is damaged"),
        (archive(zipfile.ZIP_STORED, x=npy(header("(1,)"), b"1")).replace(b"}", b"]", 1), "it is damaged"),
    ],
)
def test_what_is_wrong_is_said_in_our_words(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        read(content)
    assert "zip file" not in str(refused.value)


def test_what_is_no_file_is_said_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.npz")
    for path, said in ((tmp_path, "a folder"), (tmp_path / "x.npz", "a FIFO"), (Path("/dev/zero"), "a device")):
        with pytest.raises(ValueError, match=f"it is {said}, no file"):
            read_arrays(path, MOST)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "absent.npz", MOST)


SOUND = saved(x=np.arange(20, dtype=np.float32), y=np.array(["a", "b"]))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_archive_raises_nothing_else(changes: list[tuple[int, int]]) -> None:
    content = bytearray(SOUND)
    for place, value in changes:
        content[place] = value
    with suppress(ValueError):
        read(bytes(content))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mine.npz")
    with pytest.raises(ValueError, match="it is a FIFO, no file"):
        read_arrays(tmp_path / "mine.npz", MOST)
