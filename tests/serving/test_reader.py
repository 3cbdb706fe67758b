"""Asking the process that reads pictures: what it may do wrong, when it ends, who has to wait. Here it pretends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ablate.config.runs import Settings
from ablate.core.specs import Component
from ablate.serving.reader import Busy, Limits, Reader, State, Step
from ablate.serving.readings import Question

# It does as the name of the picture says, and answers with that name.
PRETENDS = """
import os, sys, time
from multiprocessing.connection import Connection
from ablate.runner.die_with_parent import die_with
die_with(int(sys.argv[2]))
from ablate.serving.readings import News, Reading
link = Connection(int(sys.argv[1]))
link.recv()
while True:
    name = link.recv().name
    link.send(News("Starting TensorFlow", has_started=False))
    if name == "killed":
        os.kill(os.getpid(), 11)
    if name == "ends":
        os._exit(3)
    if name.startswith("sleeps"):
        time.sleep(float(name.split()[1]))
    link.send(News("Loading", has_started=True))
    link.send(Reading(problem=name))
"""
PATIENCE = 60.0
USUAL = Limits()
Make = Callable[..., Reader]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Make]:
    made: list[Reader] = []
    settings = Settings(tmp_path / "results", tmp_path / "reports", None, Component("a.b", {}))

    def make(limits: Limits = USUAL, command: str = PRETENDS) -> Reader:
        made.append(Reader(settings, limits, command))
        return made[-1]

    yield make
    for each in made:
        each.close()


def question(name: str) -> Question:
    return Question(("study:arm",), b"picture", name)


def until(condition: Callable[[], object], said: str = "it never came to that") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, said
        time.sleep(0.01)


def answer(reader: Reader, name: str) -> State:
    return final(reader, reader.ask(question(name)))


def final(reader: Reader, number: str) -> State:
    until(lambda: state(reader, number).step.is_last)
    return state(reader, number)


def state(reader: Reader, number: str) -> State:
    found = reader.state(number)
    assert found is not None
    return found


def test_one_process_answers_one_question_after_the_other(reader: Make) -> None:
    asking = reader()
    assert asking.pid is None, "nobody has asked yet"
    began = time.monotonic()
    numbers = [asking.ask(question(f"sleeps 0.{number}")) for number in (2, 1)]
    assert time.monotonic() - began < 1.0, "to ask waits for nothing"
    until(lambda: state(asking, numbers[0]).step is Step.STARTING)
    until(lambda: "TensorFlow" in state(asking, numbers[1]).said, "who waits is told what is being done")
    readings = [final(asking, number).reading for number in numbers]
    assert [each and each.problem for each in readings] == ["sleeps 0.2", "sleeps 0.1"]
    first = asking.pid
    answer(asking, "again")
    assert asking.pid == first
    assert asking.state("nonsense") is None


@pytest.mark.parametrize(("name", "how"), [("killed", "was killed by SIGSEGV"), ("ends", "ended with code 3")])
def test_a_process_that_crashes_costs_its_question_and_the_next_starts_another(
    reader: Make, name: str, how: str
) -> None:
    asking = reader()
    found = answer(asking, name)
    assert (found.step, found.reading) == (Step.FAILED, None)
    assert how in found.said
    assert answer(asking, "well").step is Step.DONE


def test_what_takes_too_long_is_given_up_and_its_process_ended(reader: Make) -> None:
    asking = reader(Limits(answer_seconds=30.0))
    answer(asking, "quick")
    pid = asking.pid
    assert pid is not None
    asking._limits = Limits(answer_seconds=0.3)
    found = answer(asking, "sleeps 600")
    assert found.step is Step.FAILED
    assert "0.3 seconds" in found.said
    assert not psutil.pid_exists(pid)
    asking._limits = Limits()
    assert answer(asking, "well").step is Step.DONE


def test_an_idle_process_is_ended_and_comes_back(reader: Make) -> None:
    asking = reader(Limits(idle_seconds=0.3))
    answer(asking, "well")
    until(lambda: asking.pid is None, "it was never ended")
    assert answer(asking, "well again").step is Step.DONE


def test_one_that_has_grown_too_large_is_ended_once_it_has_answered(reader: Make) -> None:
    asking = reader(Limits(resident_bytes=1))
    assert answer(asking, "well").step is Step.DONE
    assert asking.pid is None
    assert answer(asking, "well again").step is Step.DONE


def test_the_queue_has_an_end_and_whoever_asks_again_takes_their_own_place(reader: Make) -> None:
    asking = reader(Limits(waiting=2))
    busy = asking.ask(question("sleeps 600"), "first page")
    until(lambda: state(asking, busy).step is Step.STARTING)
    earlier = asking.ask(question("earlier"), "second page")
    asking.ask(question("another"), "third page")
    with pytest.raises(Busy, match="2 pictures are waiting"):
        asking.ask(question("one too many"), "fourth page")
    asking.ask(question("later"), "second page")
    assert state(asking, earlier).step is Step.REPLACED


def test_the_last_answers_alone_are_remembered(reader: Make) -> None:
    asking = reader(Limits(remembered=2))
    numbers = [asking.ask(question(str(number))) for number in range(3)]
    final(asking, numbers[-1])
    asking.ask(question("one more"))
    assert asking.state(numbers[0]) is None


def test_closing_ends_the_process_in_the_middle_of_a_question(reader: Make) -> None:
    asking = reader()
    number = asking.ask(question("sleeps 600"))
    until(lambda: state(asking, number).step is Step.STARTING and asking.pid is not None)
    pid = asking.pid
    assert pid is not None
    asking.close()
    assert not psutil.pid_exists(pid)
    with pytest.raises(Busy):
        asking.ask(question("too late"))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone does that")
def test_no_process_outlives_a_server_that_was_killed(tmp_path: Path) -> None:
    """A child of a child: pytest itself has to go on."""
    script = (
        "import sys, time; from pathlib import Path; from ablate.config.runs import Settings;"
        "from ablate.core.specs import Component; from ablate.serving.reader import Reader;"
        "from ablate.serving.readings import Question; here = Path(sys.argv[1]);"
        "reader = Reader(Settings(here, here, None, Component('a.b', {})), command=sys.argv[2]);"
        "reader.ask(Question(('a:b',), b'', 'sleeps 600'))\n"
        "while reader.pid is None: time.sleep(0.01)\n"
        "print(reader.pid, flush=True); time.sleep(600)"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), PRETENDS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    server.send_signal(signal.SIGKILL)
    server.communicate()
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
