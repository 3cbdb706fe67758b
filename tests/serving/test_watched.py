"""Server-sent events of a study: one who looks for all, what is told to whoever comes back, and an end."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ablate.serving.site import Site
from ablate.serving.watched import Watched
from ablate.storage.atomic import ReadRefused
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.kept import keep
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
RUNS = completed_runs(SWEEP)
# All waiting is a fiftieth of what it is in earnest.
PACE = 0.02


@dataclass(frozen=True)
class Told:
    """An event as a browser has it."""

    kind: str
    identity: str
    data: Any

    @property
    def done(self) -> int | None:
        return self.data.get("done")


async def read(events: AsyncIterator[str]) -> AsyncIterator[Told]:
    """By the rules of the format, the comments and the `retry` left out."""
    identity = ""
    async for text in events:
        assert text.endswith("\n\n")
        fields = dict(line.split(": ", 1) for line in text.strip("\n").split("\n"))
        identity = fields.get("id", identity)
        if "event" in fields:
            yield Told(fields["event"], identity, json.loads(fields["data"]) if fields["data"].strip() else None)


async def until(events: AsyncIterator[Told], wanted: Callable[[Told], bool]) -> list[Told]:
    """Everything up to the first that is wanted."""
    found = []
    async with asyncio.timeout(20):
        async for told in events:
            found.append(told)
            if wanted(told):
                return found
    raise AssertionError(found)


def done(number: int) -> Callable[[Told], bool]:
    return lambda told: told.kind == "state" and told.done == number


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keep(tmp_path / "results", SWEEP, {})
    return tmp_path / "results"


@pytest.fixture
def watched(folder: Path) -> Watched:
    return Watched(Site(folder), PACE)


def put(folder: Path, number: int) -> None:
    RunStore(folder).put(list(RUNS.values())[number])


def test_what_changes_is_told_and_nothing_twice(folder: Path, watched: Watched) -> None:
    async def follow() -> None:
        async with aclosing(watched.events("optimizers", "")) as stream:
            events = read(stream)
            (first,) = await until(events, done(0))
            assert "0 of 4 runs" in first.data["html"]["summary"]
            for number in range(4):
                put(folder, number)
                *_, last = await until(events, done(number + 1))
                assert f"{number + 1} of 4 runs" in last.data["html"]["summary"]
            assert last.data["over"]
            kinds = [told.kind for told in await until(events, lambda told: told.kind == "beat")]
            assert set(kinds[:-1]) <= {"curves"}
            # Nothing changes any more: only that the server is there is told.
            assert [told.kind for told in await until(events, lambda told: told.kind == "beat")] == ["beat"]

    asyncio.run(follow())


def test_whoever_comes_back_is_told_what_is_missing_by_this_server_or_the_next(folder: Path, watched: Watched) -> None:
    async def follow() -> None:
        put(folder, 0)
        async with aclosing(watched.events("optimizers", "")) as stream:
            told = await until(read(stream), lambda told: told.kind == "curves")
        last = told[-1].identity
        for server in (watched, Watched(Site(folder), PACE)):
            async with aclosing(server.events("optimizers", last)) as stream:
                assert [each.kind for each in await until(read(stream), lambda each: each.kind == "beat")] == ["beat"]
        put(folder, 1)
        for given, kinds in (
            (last, {"state", "curves"}),
            ("nonsense", {"state", "curves"}),
            ("-", {"state", "curves"}),
        ):
            async with aclosing(watched.events("optimizers", given)) as stream:
                found = await until(read(stream), lambda each: each.kind == "curves")
            assert {each.kind for each in found} == kinds
            assert found[0].done == 2
        # Of two parts only the one that is missing.
        state, _, _ = found[-1].identity.partition("-")
        async with aclosing(watched.events("optimizers", state)) as stream:
            assert [each.kind for each in await until(read(stream), lambda each: each.kind == "curves")] == ["curves"]

    asyncio.run(follow())


def test_one_looks_for_all_and_nobody_where_nobody_watches(
    folder: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    original = Watched.look
    monkeypatch.setattr(Watched, "look", lambda self, name: (looks.append(time.monotonic()), original(self, name))[1])

    async def follow() -> None:
        async def one() -> None:
            async with aclosing(watched.events("optimizers", "")) as stream:
                await until(read(stream), done(1))

        tasks = [asyncio.create_task(one()) for _ in range(30)]
        await asyncio.sleep(0.3)
        assert watched.names == ("optimizers",)
        put(folder, 0)
        await asyncio.gather(*tasks)
        assert watched.names == ()
        number = len(looks)
        await asyncio.sleep(0.5)
        assert len(looks) <= number + 1

    asyncio.run(follow())
    # Thirty that looked for themselves would have looked thirty times at least.
    assert 2 <= len(looks) < 30


def test_looking_keeps_nobody_waiting(folder: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at a slow disk takes a thread and not the event loop."""
    original = Watched.look
    monkeypatch.setattr(Watched, "look", lambda self, name: (time.sleep(1.0), original(self, name))[1])

    async def follow() -> float:
        longest = 0.0
        async with aclosing(watched.events("optimizers", "")) as stream:
            waiting = asyncio.create_task(until(read(stream), done(0)))
            while not waiting.done():
                began = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - began)
        return longest

    assert asyncio.run(follow()) < 0.8


def test_a_study_may_come_later_go_and_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    watched = Watched(Site(folder), PACE)

    def problem(said: str) -> Callable[[Told], bool]:
        return lambda told: told.kind == "state" and said in told.data["html"]["summary"]

    async def follow() -> None:
        async with aclosing(watched.events("optimizers", "")) as stream:
            events = read(stream)
            await until(events, problem("no study optimizers"))
            plans = folder / "studies" / "optimizers" / "plans.jsonl"
            plans.parent.mkdir(parents=True)
            plans.write_bytes(b'{"plan_hash": "half of a li')
            await until(events, problem("cannot be read"))
            shutil.rmtree(folder)
            keep(folder, SWEEP, {})
            await until(events, done(0))
            put(folder, 0)
            await until(events, done(1))
            shutil.rmtree(folder)
            await until(events, problem("no study optimizers"))
            keep(folder, SWEEP, RUNS)
            await until(events, done(4))

    asyncio.run(follow())


def test_a_folder_that_may_not_be_read_is_named_until_it_may(
    folder: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(study: StudyFolder) -> NoReturn:
        raise ReadRefused(study.path, "Permission denied")

    async def follow() -> None:
        with monkeypatch.context() as refused:
            refused.setattr(StudyFolder, "readable_lines", refuse)
            async with aclosing(watched.events("optimizers", "")) as stream:
                events = read(stream)
                *_, told = await until(events, lambda told: told.kind == "state")
                assert f"{folder}/studies/optimizers" in told.data["html"]["summary"]
                refused.undo()
                await until(events, done(0))

    asyncio.run(follow())


def test_what_nobody_has_foreseen_is_said_and_looked_at_again(
    folder: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original, failing = Watched.state, [True]

    def state(self: Watched, name: str) -> object:
        if failing:
            raise ZeroDivisionError(name)
        return original(self, name)

    monkeypatch.setattr(Watched, "state", state)

    async def follow() -> None:
        async with aclosing(watched.events("optimizers", "")) as stream:
            events = read(stream)
            await until(
                events, lambda told: told.kind == "state" and "mistake in ablate" in told.data["html"]["summary"]
            )
            failing.clear()
            await until(events, done(0))

    asyncio.run(follow())
    assert "ZeroDivisionError" in caplog.text
