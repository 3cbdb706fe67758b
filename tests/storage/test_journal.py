"""Journals: additions of several processes, none of them lost or glued to a torn line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ablate.storage.journal import Journal


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "new" / "log.jsonl")


def test_begins_empty_and_keeps_the_order(journal):
    assert journal.entries() == ()
    for number in range(3):
        journal.append({"z": number, "a": "é\n"})
    assert journal.entries() == tuple({"z": number, "a": "é\n"} for number in range(3))
    assert list(journal.entries()[0]) == ["z", "a"]
    assert journal.path.read_text().count("\n") == 3


@pytest.mark.parametrize("cut", [1, 2, 20])
def test_a_torn_last_line_is_set_aside_before_the_next_addition(journal, caplog, cut):
    journal.append({"n": 1})
    journal.append({"n": 2})
    content = journal.path.read_bytes()
    torn = content[:-cut]
    journal.path.write_bytes(torn)
    kept = ({"n": 1}, {"n": 2}) if cut == 1 else ({"n": 1},)
    assert journal.entries() == kept
    journal.append({"n": 3})
    assert journal.entries() == (*kept, {"n": 3})
    aside = journal.path.with_name("log.jsonl.corrupt")
    assert aside.exists() == (cut > 1)
    assert not aside.exists() or aside.read_bytes() == torn.splitlines()[1] + b"\n"


def test_a_damaged_line_in_the_middle_costs_that_line_alone(journal, caplog):
    for number in range(3):
        journal.append({"n": number})
    journal.path.write_text(journal.path.read_text().replace('"n": 1', '"n": 7'))
    assert journal.entries() == ({"n": 0}, {"n": 2})
    assert "log.jsonl, line 2 is damaged (its checksum does not match)" in caplog.text
    journal.append({"n": 3})
    caplog.clear()
    assert journal.entries() == ({"n": 0}, {"n": 2}, {"n": 3})
    assert caplog.text == ""


def test_processes_that_add_at_once_lose_nothing(journal):
    code = (
        "import sys; from pathlib import Path; from ablate.storage.journal import Journal\n"
        "for number in range(20): Journal(Path(sys.argv[1])).append({'by': sys.argv[2], 'n': number})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(journal.path), name]) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    for name in "ab":
        assert [entry["n"] for entry in journal.entries() if entry["by"] == name] == list(range(20))


def test_says_which_lines_are_damaged_and_moves_them_when_told(journal, caplog):
    for number in range(3):
        journal.append({"n": number})
    journal.path.write_text(journal.path.read_text().replace('"n": 1', '"n": 7'))
    before = journal.path.read_bytes()
    assert journal.damaged() == ((2, "its checksum does not match"),)
    assert (journal.path.read_bytes(), caplog.text) == (before, "")
    journal.repair()
    assert journal.damaged() == ()
    assert journal.entries() == ({"n": 0}, {"n": 2})
    aside = journal.path.with_name("log.jsonl.corrupt")
    assert aside.read_bytes() == before.splitlines()[1] + b"\n"
    repaired = journal.path.stat().st_mtime_ns
    journal.repair()
    assert journal.path.stat().st_mtime_ns == repaired


def test_what_is_no_file_is_told_once(journal):
    journal.path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(journal.path)
    assert journal.damaged() == ((1, "it is a FIFO, no file"),)
