"""Whatever stands in the place of a file is read at once, or said to be none."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ablate.sanitize.files import NoRegularFile, oddity_of, read_file, regular_file, stands
from tests.damage import ODDITIES, refuse

WORDS = {
    "folder": "a folder",
    "empty folder": "a folder",
    "fifo": "a FIFO",
    "device": "a device",
    "loop": "in a circle",
    "dangling": "leads nowhere",
    "giant": "longer than 1,000 bytes",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_what_is_no_file_is_said(tmp_path: Path, oddity: str) -> None:
    path = tmp_path / "there"
    ODDITIES[oddity](path)
    with pytest.raises(NoRegularFile, match=WORDS[oddity]):
        read_file(path, most_bytes=1000)
    assert (oddity_of(path) == "") == (oddity == "giant")
    assert stands(path)


def test_a_socket_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("there")
        assert oddity_of(Path("there")) == "it is a socket, no file"


def test_files_and_links_to_files_are_read(tmp_path: Path) -> None:
    path, link = tmp_path / "there", tmp_path / "link"
    path.write_bytes(bytes(1000))
    link.symlink_to(path)
    assert read_file(path, most_bytes=1000) == read_file(link, most_bytes=1000) == bytes(1000)
    with regular_file(link) as file:
        assert file.read(3) == bytes(3)
    assert oddity_of(link) == ""


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert not stands(tmp_path / "nothing")
    assert not stands(tmp_path / "file" / "nothing")
    assert oddity_of(tmp_path / "nothing") == ""
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "nothing", 1)


def test_a_refusal_of_the_system_is_not_said_to_be_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "there"
    path.write_bytes(b"sound")
    refuse(monkeypatch, path, PermissionError(13, "Permission denied"))
    with pytest.raises(PermissionError):
        read_file(path, 1000)
