"""Disks that are full, over a quota or read-only, for real: what was finished is kept, the message names what could
not be written, and the same command goes on when there is room again."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ablate.storage.runs import RunStore
from tests.runner.lives import TABLES, Undisturbed, left_behind, output, results, scripted_life, start, stored
from tests.runner.scripted import tried


def mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The results folder as a disk of its own, with room for a few runs."""
    disk = tmp_path / "results"
    disk.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=100k", "tmpfs", disk)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only the superuser can mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_costs_what_did_not_fit(undisturbed: Undisturbed, tmp_path: Path, small_disk: Path) -> None:
    with start(scripted_life, tmp_path, 2) as life:
        pass
    assert life.exitcode == 4
    *_, message, advice = output(tmp_path).splitlines()
    assert message.startswith(f"cannot write {small_disk}")
    assert message.endswith(" bytes needed): No space left on device")
    assert advice == "What was finished before is kept; the same command goes on from here."
    assert "Traceback" not in output(tmp_path)
    assert left_behind(tmp_path) == []
    done = stored(tmp_path)
    assert 0 < len(done) < undisturbed.runs
    assert list(RunStore(small_disk).present(done)) == done
    mount("-o", "remount,size=4m", small_disk)
    with start(scripted_life, tmp_path, 2) as life:
        pass
    assert life.exitcode == 0
    assert results(tmp_path) == undisturbed.results
    assert {Counter(tried(tmp_path))[run_id] for run_id in done} == {1}


def test_a_read_only_disk_is_read_and_named(tmp_path: Path, small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    mount("-o", "remount,size=4m", small_disk)
    with start(scripted_life, tmp_path, 1) as life:
        pass
    assert life.exitcode == 0
    gone, torn, *sound = stored(tmp_path)
    store = RunStore(small_disk)
    shutil.rmtree(store.folder(gone))
    (store.folder(torn) / "record.json").write_bytes(b"{")
    mount("-o", "remount,ro", small_disk)
    assert list(store.present([torn, *sound])) == sound
    assert "it cannot be set aside: Read-only file system" in caplog.text
    before = len(output(tmp_path))
    with start(scripted_life, tmp_path, 1) as life:
        pass
    assert life.exitcode == 4
    said = output(tmp_path)[before:]
    assert f"cannot write {small_disk}" in said
    assert "Read-only file system" in said
    assert "internal error" not in said
    assert left_behind(tmp_path) == []


def limited_life(folder: Path, workers: int, heartbeat_seconds: float) -> int:
    """No file of it may become larger than 4 kB, which the runs are not and some tables are."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
    return scripted_life(folder, workers, heartbeat_seconds)


def test_tables_that_do_not_fit_leave_those_of_before(undisturbed: Undisturbed, tmp_path: Path) -> None:
    with start(scripted_life, tmp_path, 2) as life:
        pass
    assert life.exitcode == 0
    tables = tmp_path / "results" / "studies" / "rates"
    old = {name: f"{name} as it was".encode() for name in TABLES}
    for name, content in old.items():
        (tables / name).write_bytes(content)
    with start(limited_life, tmp_path, 2) as life:
        pass
    assert life.exitcode == 4
    assert f"cannot write {tables}" in output(tmp_path)
    assert "File too large" in output(tmp_path)
    made = {name: undisturbed.results[f"results/studies/rates/{name}"] for name in TABLES}
    assert all((tables / name).read_bytes() in (old[name], made[name]) for name in TABLES)
    assert list(tables.glob(".tmp-*")) == []
    with start(scripted_life, tmp_path, 2) as life:
        pass
    assert results(tmp_path) == undisturbed.results
