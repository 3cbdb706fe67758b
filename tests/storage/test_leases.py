"""Leases: one living holder for each run, and none for the dead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ablate.sanitize.files import stands
from ablate.storage import leases as claims_module
from ablate.storage.atomic import WriteFailed
from ablate.storage.leases import DEAD_SECONDS, STALE_SECONDS, Leases, Owner, process_is_running
from tests.damage import ODDITIES

RUN = "a" * 64
HERE = Owner("here", 1, 100.0, "one")
NEIGHBOUR = Owner("here", 2, 200.0, "two")
AWAY = Owner("away", 1, 100.0, "three")


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def holder(tmp_path, me, running=(HERE, NEIGHBOUR), clock=None) -> Leases:
    return Leases(tmp_path, me, running.__contains__, clock or Clock())


def test_one_holder_at_a_time(tmp_path):
    first, second = holder(tmp_path, HERE), holder(tmp_path, NEIGHBOUR)
    assert first.owner(RUN) is None
    assert first.take(RUN)
    assert first.take(RUN)
    assert not second.take(RUN)
    assert second.owner(RUN) == HERE
    first.release(RUN)
    assert second.take(RUN)
    assert second.owner(RUN) == NEIGHBOUR


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(WriteFailed, match=f"claims/{RUN} .*No space left on device"):
        holder(tmp_path, HERE).take(RUN)


def test_two_that_look_at_once_do_not_both_take(tmp_path, monkeypatch):
    look = Leases._is_held_elsewhere

    def slow_look(leases, run_id):
        answer = look(leases, run_id)
        time.sleep(0.05)
        return answer

    monkeypatch.setattr(Leases, "_is_held_elsewhere", slow_look)
    with ThreadPoolExecutor() as pool:
        answers = pool.map(lambda me: holder(tmp_path, me).take(RUN), (HERE, NEIGHBOUR))
    assert sorted(answers) == [False, True]


def test_a_claim_that_is_given_back_at_the_moment_of_a_look_is_none(tmp_path, monkeypatch):
    opened = claims_module.open_stored

    def late(path):
        path.unlink()
        return opened(path)

    for looked in (
        lambda leases: leases.take(RUN),
        lambda leases: leases.holder(RUN) is None,
        lambda leases: not leases.is_void(RUN, now=time.time()),
        lambda leases: not leases.clear(RUN, now=time.time()),
    ):
        holder(tmp_path, HERE).take(RUN)
        with monkeypatch.context() as patched:
            patched.setattr(claims_module, "open_stored", late)
            assert looked(holder(tmp_path, NEIGHBOUR))
        (tmp_path / "claims" / RUN).unlink(missing_ok=True)


def test_a_claim_of_a_dead_process_is_void(tmp_path):
    holder(tmp_path, HERE).take(RUN)
    assert holder(tmp_path, NEIGHBOUR, running=(NEIGHBOUR,)).take(RUN)


def test_the_old_holder_leaves_a_claim_that_was_taken_over(tmp_path):
    old = holder(tmp_path, HERE)
    old.take(RUN)
    new = holder(tmp_path, NEIGHBOUR, running=(NEIGHBOUR,))
    new.take(RUN)
    old.release(RUN)
    assert new.owner(RUN) == NEIGHBOUR


def test_a_claim_of_another_host_is_void_once_it_falls_silent(tmp_path):
    away, clock = holder(tmp_path, AWAY), Clock()
    away.take(RUN)
    # Its clock may stand anywhere; only what changes between two looks counts.
    os.utime(tmp_path / "claims" / RUN, (5, 5))
    here = holder(tmp_path, HERE, clock=clock)
    assert not here.take(RUN)
    clock.seconds = STALE_SECONDS - 1
    away.touch()
    assert not here.take(RUN)
    clock.seconds = 2 * STALE_SECONDS - 2
    assert not here.take(RUN)
    clock.seconds = 2 * STALE_SECONDS - 1
    assert here.take(RUN)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": "here"}'])
def test_a_claim_that_names_nobody_is_void_once_it_is_old(tmp_path, content):
    clock = Clock()
    here = holder(tmp_path, HERE, clock=clock)
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / RUN).write_text(content)
    assert not here.take(RUN)
    clock.seconds = STALE_SECONDS
    assert here.take(RUN)


def test_beats_and_gives_everything_back(tmp_path, monkeypatch):
    monkeypatch.setattr(claims_module, "BEAT_SECONDS", 0.01)
    path = tmp_path / "claims" / RUN
    with Leases(tmp_path) as leases:
        leases.take(RUN)
        os.utime(path, (5, 5))
        time.sleep(0.2)
        assert path.stat().st_mtime > 5
    assert not path.exists()


def test_processes_are_told_apart_by_number_and_start():
    me = Owner.current()
    assert process_is_running(me)
    assert not process_is_running(replace(me, started_seconds=me.started_seconds - 60))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        owner = Owner(me.host, child.pid, started_seconds(child.pid), "")
        assert process_is_running(owner)
        child.kill()
        while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert not process_is_running(owner)
    assert not process_is_running(owner)


def started_seconds(pid) -> float:
    """Since the machine started, as the kernel counts it, in a hundredth of a second."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("hours", [-26, 1])
def test_setting_the_clock_makes_nobody_dead(monkeypatch, hours):
    me = Owner.current()
    created, booted = psutil.Process.create_time, psutil.boot_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: created(process) + 3600 * hours)
    monkeypatch.setattr(psutil, "boot_time", lambda: booted() + 3600 * hours)
    assert process_is_running(me)
    assert not process_is_running(replace(me, started_seconds=me.started_seconds - 60))


def test_a_claim_from_before_the_last_start_is_void_once_it_falls_silent(tmp_path, monkeypatch):
    """The process that has its number now may well have started as long after the boot."""
    before = Owner.current()
    monkeypatch.setattr("ablate.storage.leases.boot_id", lambda: "the next one")
    clock = Clock()
    after = Leases(tmp_path, monotonic=clock)
    Leases(tmp_path, before).take(RUN)
    assert not after.take(RUN)
    clock.seconds = STALE_SECONDS
    assert after.take(RUN)


def test_a_claim_is_whole_or_not_there_at_all(tmp_path):
    """A process dies in the middle of writing it; the next one has not to wait until it is stale."""
    code = (
        "import os, sys; from pathlib import Path; from ablate.storage.leases import Leases\n"
        "Path.write_bytes = lambda path, content: (path.open('wb').write(content[:9]), os.kill(os.getpid(), 9))\n"
        "Leases(Path(sys.argv[1])).take(sys.argv[2])"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path), RUN])
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "claims").iterdir() if path.name != ".lock"] == [".tmp-claim"]
    assert Leases(tmp_path).take(RUN)


def test_processes_that_start_in_the_same_second_get_disjoint_claims(tmp_path):
    code = (
        "import sys; from pathlib import Path; from ablate.storage.leases import Leases\n"
        "leases = Leases(Path(sys.argv[1])); input()\n"
        "print(*(run for run in 'abcdefghijklmnopqrst' if leases.take(run)), flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    takers = [subprocess.Popen(command, **pipes) for _ in range(3)]
    for taker in takers:
        taker.stdin.write("\n")
        taker.stdin.flush()
    taken = [run for taker in takers for run in taker.stdout.readline().split()]
    for taker in takers:
        taker.communicate("\n")
    assert sorted(taken) == list("abcdefghijklmnopqrst")


NOW = 1_000_000.0


def test_one_look_tells_the_dead_from_the_living(tmp_path):
    me = holder(tmp_path, HERE, running=(HERE,))
    assert me.names() == ()
    leases = {"alive": HERE, "dead": NEIGHBOUR, "away": AWAY, "silent": AWAY}
    for name, owner in leases.items():
        holder(tmp_path, owner).take(name)
        silent_seconds = 2 * DEAD_SECONDS if name == "silent" else 2 * STALE_SECONDS
        os.utime(tmp_path / "claims" / name, (NOW - silent_seconds,) * 2)
    (tmp_path / "claims" / "torn").write_text("{")
    os.utime(tmp_path / "claims" / "torn", (NOW, NOW))
    assert me.names() == ("alive", "away", "dead", "silent", "torn")
    assert [name for name in me.names() if me.is_void(name, NOW)] == ["dead", "silent"]
    assert [name for name in me.names() if me.clear(name, NOW)] == ["dead", "silent"]
    assert me.names() == ("alive", "away", "torn")
    assert not me.is_void("gone", NOW)
    assert not me.clear("gone", NOW)


@pytest.mark.parametrize(
    "damage",
    [
        {"pid": -1},
        {"pid": 0},
        {"pid": 2**80},
        {"pid": True},
        {"pid": 1.5},
        {"pid": "1"},
        {"started_seconds": "now"},
        {"started_seconds": float("nan")},
        {"started_seconds": 10**400},
        {"host": None},
        {"token": []},
        {"more": 1},
    ],
    ids=lambda damage: str(damage)[:30],
)
def test_a_claim_that_no_process_has_written_names_nobody(tmp_path, damage):
    leases = Leases(tmp_path)
    assert leases.take(RUN)
    path = tmp_path / "claims" / RUN
    path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))
    assert leases.owner(RUN) is None
    assert not leases.is_void(RUN, time.time())
    assert leases.is_void(RUN, time.time() + 2 * DEAD_SECONDS)
    assert Leases(tmp_path).holder(RUN) is None


@pytest.mark.parametrize("oddity", sorted(ODDITIES.keys() - {"giant"}))
def test_what_is_no_file_holds_no_run_and_is_kept(tmp_path, oddity):
    path = tmp_path / "claims" / RUN
    path.parent.mkdir()
    ODDITIES[oddity](path)
    leases = Leases(tmp_path)
    assert (leases.owner(RUN), leases.is_void(RUN, time.time() + 2 * DEAD_SECONDS)) == (None, False)
    leases.release(RUN)
    assert leases.take(RUN)
    assert stands(path.with_name(f"{RUN}.corrupt"))
    assert leases.names() == (RUN,)
    leases.release(RUN)
    assert not path.exists()
