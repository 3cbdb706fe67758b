"""Files that appear whole or not at all, and texts that know when they were damaged."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import example, given, settings, strategies as st

from ablate.core.identity import canonical, sha256_of_bytes
from ablate.storage.atomic import (
    CORRUPT,
    SUPERSEDED,
    Damaged,
    WriteFailed,
    discard,
    is_set_aside,
    sealed_text,
    set_aside,
    unseal,
    write_atomically,
    write_pieces,
)

# Halves of pairs of UTF-16 among it: what Python makes of a word of the command line that is no UTF-8.
TEXTS = st.text(st.characters(exclude_categories=()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def test_replaces_a_file_and_makes_its_folder(tmp_path):
    path = tmp_path / "new" / "table.csv"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_a_refused_write_leaves_the_old_file_and_names_what_it_needed(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_atomically(path, b"first")

    def refuse(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    message = rf"cannot write {path} \(6 bytes needed\): No space left on device"
    with pytest.raises(WriteFailed, match=message) as caught:
        write_atomically(path, b"second")
    assert (caught.value.path, caught.value.bytes_needed) == (path, 6)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.dictionaries(TEXTS.filter(lambda key: key != "checksum"), JSON, max_size=4))
@example({"argv": "\udcff", "more": [2**70, -0.0, 5e-324, 0.1 + 0.2]})
def test_unseals_what_was_sealed(data):
    sealed = sealed_text(data)
    assert list(json.loads(sealed))[-1] == "checksum"
    same = json.loads(sealed)
    for text in (sealed, f"{sealed}\n".encode(), json.dumps(same, indent=2, ensure_ascii=False), canonical(same)):
        assert canonical(unseal(text)) == canonical(data)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"checksum": 3}', b"\xff", '{"a": 1, "checksum": "00"}'])
def test_refuses_what_was_not_sealed(text):
    with pytest.raises(Damaged):
        unseal(text)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_refuses_numbers_that_are_none_though_the_checksum_is_right(number):
    text = f'{{"losses":[{number}]}}'
    with pytest.raises(Damaged):
        unseal(f'{text[:-1]},"checksum":"{sha256_of_bytes(text.encode())}"}}')


def test_refuses_a_changed_value():
    sealed = sealed_text({"epoch": 3, "loss": 0.25})
    for text in (sealed, json.dumps(json.loads(sealed), indent=2)):
        with pytest.raises(Damaged, match="checksum does not match"):
            unseal(text.replace("3", "4", 1))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.data())
def test_refuses_whatever_byte_was_changed(drawn):
    sealed = sealed_text({"epoch": 3, "metrics": {"loss": 0.25, "accuracy": 1.0}, "name": "é"}).encode()
    position = drawn.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:position] + bytes([drawn.draw(st.integers(0, 255))]) + sealed[position + 1 :]
    if changed != sealed:
        with pytest.raises(Damaged):
            unseal(changed)


def test_discards_a_file_a_folder_and_a_link_but_not_where_it_leads(tmp_path):
    kept = tmp_path / "kept"
    write_atomically(kept / "a", b"1")
    write_atomically(tmp_path / "folder" / "b", b"2")
    write_atomically(tmp_path / "file", b"3")
    (tmp_path / "link").symlink_to(kept)
    for name in ("folder", "file", "link"):
        discard(tmp_path / name)
    assert list(tmp_path.rglob("*")) == [kept, kept / "a"]
    with pytest.raises(WriteFailed):
        discard(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["a.npz", "plans.jsonl", "corrupt", "a.corrupted", "a.corrupt-x"])
@pytest.mark.parametrize("suffix", [CORRUPT, SUPERSEDED])
def test_tells_what_was_set_aside_by_its_name(tmp_path, name, suffix):
    for _ in range(2):
        write_atomically(tmp_path / name, b"")
        assert not is_set_aside(tmp_path / name)
        assert is_set_aside(set_aside(tmp_path / name, suffix))


def test_pieces_make_one_file_and_an_equal_one_is_left_alone(tmp_path):
    path = tmp_path / "study" / "history.csv"
    assert write_pieces(path, iter([b"a,b\n", b"1,2\n"]))
    written = path.stat()
    assert not write_pieces(path, [b"a,b\n1,2\n"])
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert write_pieces(path, [b"a,b\n", b"1,3\n"])
    assert path.read_bytes() == b"a,b\n1,3\n"
    assert [each.name for each in path.parent.iterdir()] == ["history.csv"]


def test_what_stops_between_two_pieces_leaves_the_former_file(tmp_path):
    def pieces():
        yield b"half"
        raise KeyboardInterrupt

    path = tmp_path / "history.csv"
    write_atomically(path, b"former")
    with pytest.raises(KeyboardInterrupt):
        write_pieces(path, pieces())
    assert (path.read_bytes(), len(list(tmp_path.iterdir()))) == (b"former", 1)


def test_pieces_that_the_file_system_refuses_are_an_error_that_names_the_file(tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(WriteFailed, match="taken"):
        write_pieces(tmp_path / "taken" / "history.csv", [b""])
