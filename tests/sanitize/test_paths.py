"""What a person says of a place is read in one way, and what cannot be one is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.sanitize.paths import user_folder, user_path
from tests.damage import ODDITIES


@pytest.mark.parametrize("read", [user_path, user_folder])
def test_the_home_folder_is_meant(read: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read("~/mine") == tmp_path / "mine"
    assert read("~") == tmp_path
    assert read("mine/~") == Path("mine/~")
    assert read(".") == Path()


@pytest.mark.parametrize("read", [user_path, user_folder])
@pytest.mark.parametrize(("given", "said"), [("", "is empty"), ("~nobody-of-this-name/x", "nobody's home")])
def test_what_is_no_path_is_refused(read: Callable[[str], Path], given: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(given)


@pytest.mark.parametrize("oddity", sorted(ODDITIES.keys() - {"folder", "empty folder"}))
def test_a_file_where_a_folder_belongs_is_said(tmp_path: Path, oddity: str) -> None:
    path = tmp_path / "there"
    ODDITIES[oddity](path)
    with pytest.raises(ValueError, match=r"there, which is no folder"):
        user_folder(path)
    if oddity != "dangling":
        with pytest.raises(ValueError, match=r"there/below/it, and .*there is no folder"):
            user_folder(path / "below" / "it")


def test_a_link_to_a_folder_is_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for given in ("link", "link/below", "real", "nowhere/yet"):
        assert user_folder(tmp_path / given) == tmp_path / given
