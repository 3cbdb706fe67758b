"""Files of data sets that somebody hostile made: refused in words, and no memory asked for that they do not fill."""

from __future__ import annotations

import gzip
import os
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablate.datasets import california_housing, cifar10, image_folder, mnist, npz
from ablate.datasets.arrays import DataError
from ablate.datasets.cifar10 import _content
from ablate.datasets.cifar_pickle import read_batch
from ablate.datasets.csv_table import load as load_csv
from ablate.datasets.files import offline
from ablate.datasets.idx import read_idx
from ablate.datasets.images import read_upright
from ablate.datasets.photographs import UnreadablePhotograph, read_photograph


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG whose header says what somebody wants it to say."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def saved(mode: str, suffix: str, **options: object) -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        file = folder / f"x.{suffix}"
        Image.new(mode, (6, 4), 1).save(file, **options)
        return file

    return save


def content(suffix: str, data: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / f"x.{suffix}").write_bytes(data)
        return folder / f"x.{suffix}"

    return write


REFUSED = {
    "ten billion pixels": content("png", png(100_000, 100_000)),
    "more pixels than are safe": content("png", png(10_000, 10_000)),
    "a torn PNG": content("png", png(20, 20, b"\0" * 30)),
    "no data at all": content("png", png(20, 20)),
    "a header alone": content("jpg", b"\xff\xd8\xff\xe0"),
    "PostScript": content("eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n"),
    "PostScript called a PNG": content("png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    "SVG": content("svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    "an icon": saved("RGBA", "ico"),
    "nothing": content("png", b""),
    "a folder": lambda folder: folder,
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_an_image_that_is_none_is_refused(make: Callable[[Path], Path], tmp_path: Path) -> None:
    file = make(tmp_path)
    with pytest.raises(ValueError, match=r"."):
        read_upright(file)


@pytest.mark.parametrize(
    ("make", "mode"),
    [
        (saved("P", "png"), "P"),
        (saved("CMYK", "jpg"), "CMYK"),
        (saved("I;16", "png"), "I;16"),
        (saved("1", "bmp"), "1"),
        (saved("P", "gif"), "P"),
        (saved("LA", "png"), "LA"),
    ],
)
def test_unusual_images_are_read(make: Callable[[Path], Path], mode: str, tmp_path: Path) -> None:
    assert read_upright(make(tmp_path)).mode in (mode, "L")


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match="it is a FIFO, no file"):
        read_upright(tmp_path / "pipe.png")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


ODD: dict[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a FIFO": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link that leads in a circle": loop,
    "a link that leads nowhere": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("what", ODD)
def test_what_stands_in_the_place_of_a_file_is_said_and_not_waited_for(what: str, tmp_path: Path) -> None:
    """Nor is anything fetched in its stead: a download here would fail in other words."""
    for name in ("mine.npz", "labels", "labels.gz", "1.png", "mnist.npz", "cifar10.npz", "california_housing.npz"):
        ODD[what](tmp_path / name)
    odd = rf"is {what}, no file"
    for load in (mnist.load, cifar10.load, california_housing.load):
        with offline(), pytest.raises(DataError, match=odd):
            load(tmp_path)
    for file in ("labels", "labels.gz"):
        with pytest.raises(DataError, match=odd):
            read_idx(tmp_path / file)
    with pytest.raises(DataError, match=odd):
        npz.load(tmp_path, "mine.npz")
    with pytest.raises(DataError, match=odd):
        load_csv(tmp_path, "mine.npz", "y")
    with pytest.raises(UnreadablePhotograph, match=odd):
        read_photograph(tmp_path / "1.png")


@pytest.mark.parametrize("what", ODD)
def test_odd_files_of_a_set_in_several_files_are_said(what: str, tmp_path: Path) -> None:
    for folder in ("mnist", "cifar-10-batches-py"):
        (tmp_path / folder).mkdir()
    ODD[what](tmp_path / "mnist" / "train-images-idx3-ubyte.gz")
    ODD[what](tmp_path / "cifar-10-batches-py" / "data_batch_1")
    for load in (mnist.load, cifar10.load):
        with offline(), pytest.raises(DataError, match=rf"is {what}, no file"):
            load(tmp_path)
    (tmp_path / "tar").mkdir()
    ODD[what](tmp_path / "tar" / "cifar-10-python.tar.gz")
    with offline(), pytest.raises(DataError, match=rf"is {what}, no file"):
        cifar10.load(tmp_path / "tar")


def test_a_link_out_of_the_folder_brings_nothing_in(tmp_path: Path) -> None:
    root, private = tmp_path / "flowers", tmp_path / "private"
    for folder in (root / "daisy", root / "rose", private):
        folder.mkdir(parents=True)
        Image.new("L", (4, 4), 7).save(folder / "1\n\x1b[2J.png")
    (root / "rose" / "inside.png").symlink_to(root / "daisy" / "1\n\x1b[2J.png")
    assert len(image_folder.load(None, str(root), size=[4, 4]).train) == 3
    (tmp_path / "shortcut").symlink_to(root)
    assert len(image_folder.load(None, str(tmp_path / "shortcut"), size=[4, 4]).train) == 3
    link = root / "rose" / "outside.png"
    for outside in (private / "1\n\x1b[2J.png", Path("../../private/1\n\x1b[2J.png")):
        link.symlink_to(outside)
        with pytest.raises(DataError, match="leads out of"):
            image_folder.load(None, str(root), size=[4, 4])
        link.unlink()
    for number in range(2):
        (root / "rose" / f"{number}.png").symlink_to(private / "1\n\x1b[2J.png")
    loop(root / "daisy" / "loop.png")
    (root / "daisy" / "torn.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="4 of 7 files cannot be read") as refused:
        image_folder.load(None, str(root), size=[4, 4])
    for said in ("0.png (it is a link that leads out of", "1.png (it is a link that", "in a circle", "none of BMP"):
        assert said in str(refused.value)
    tulip = root / "tulip"
    tulip.symlink_to(private)
    with pytest.raises(DataError, match="leads out of"):
        image_folder.load(None, str(root), size=[4, 4])


def idx(*lengths: int, values: bytes = b"") -> bytes:
    return bytes([0, 0, 8, len(lengths)]) + struct.pack(f">{len(lengths)}I", *lengths) + values


@pytest.mark.parametrize(
    "data",
    [
        idx(2**32 - 1, 2**32 - 1, 2**32 - 1),
        idx(2**32 - 1, values=b"1"),
        idx(2, values=b"123"),
        idx(*[1] * 255, values=b"1"),
        idx(2, 2)[:7],
        b"",
    ],
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_idx_file_that_promises_more_or_less(data: bytes, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"x{suffix}"
    file.write_bytes(gzip.compress(data) if suffix else data)
    with pytest.raises(DataError):
        read_idx(file)


def test_of_a_compressed_idx_file_no_more_is_unpacked_than_it_promises(tmp_path: Path) -> None:
    file = tmp_path / "x.gz"
    file.write_bytes(gzip.compress(idx(2, values=bytes(50_000_000)), 1))
    with pytest.raises(DataError, match="longer than it says"):
        read_idx(file)


def test_a_batch_whose_labels_stand_for_gigabytes(tmp_path: Path) -> None:
    nested: list[object] = [0]
    for _ in range(60):
        nested = [nested, nested]
    pixels = np.zeros((2, 3072), np.uint8)
    for labels in (nested, [[0]], {0: 1}, "ab"):
        with pytest.raises(DataError, match="labels"):
            read_batch(pickle.dumps({b"data": pixels, b"labels": labels}, 3), "a batch")
    with pytest.raises(DataError):
        read_batch(b"\x80\x02" + b"r\xff\xff\xff\x7f.", "a batch")  # puts into a place of two billion


def test_a_batch_that_is_too_long_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(OSError, match="more than"):
        _content((tmp_path / "x").open("rb"), "x")


@pytest.mark.parametrize(
    "data", [b"a,b\n1,\xff\n", b"a,b\n" + b"1" * 200_000 + b",2\n", b"a,b\n\x00,\x00\n", b'a,b\n"1,2\n']
)
def test_a_table_that_is_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    with pytest.raises(DataError):
        load_csv(tmp_path, "x.csv", "b")


@pytest.mark.parametrize("delimiter", ["", ",,", "\n", '"'])
def test_a_delimiter_that_is_none(delimiter: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(DataError):
        load_csv(tmp_path, "x.csv", "b", delimiter=delimiter)


def test_an_archive_of_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=np.array([{}], object), y_train=np.zeros(1))
    with pytest.raises(DataError, match="Python objects"):
        npz.load(tmp_path, "x.npz")
