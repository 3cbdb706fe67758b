"""A sweep that another process trains, seen by a real server that reads the same folder, by its stream of events."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.test_server import served

WORDS = (
    "+sweep=dropout",
    "study=live",
    "dataset=digits",
    "sweep.seeds=2",
    "training.epochs=250",
    "model.hidden=[8]",
    "executor.workers=1",
    "sweep.factors={model.dropout: [0.0, 0.3]}",
    "sweep.claims=[]",
)


@contextmanager
def sweep(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "ablate", *WORDS]
    process = subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def events(client: httpx.Client, last: str = "") -> Iterator[tuple[str, str, Any]]:
    """Kind, id and data of each."""
    headers = {"last-event-id": last} if last else {}
    with client.stream("GET", "/studies/live/live/events", headers=headers, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        identity = last
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "event" in fields:
                identity = fields.get("id", identity)
                yield fields["event"], identity, json.loads(fields["data"]) if fields["data"].strip() else {}
                fields = {}


def longest(curves: dict[str, Any]) -> int:
    """How many epochs the longest curve under way has."""
    under_way = (
        [seed for arm in curves["metrics"][0]["arms"] for seed in arm["seeds"] if seed.get("live")]
        if curves["metrics"]
        else []
    )
    return max((len(seed["values"]) for seed in under_way), default=0)


def test_a_sweep_of_another_process_is_watched_to_its_end(tmp_path: Path) -> None:
    """Asked before there is anything; the connection is lost in the middle, and taken up where it was lost."""
    with (
        served("--no-token", f"results_dir={tmp_path / 'results'}", folder=tmp_path) as (server, address),
        sweep(tmp_path) as training,
    ):
        seen: list[int] = []
        grown: list[int] = []
        last = ""
        with httpx.Client(base_url=address) as client:
            for is_lost_on_the_way in (True, False):
                is_over = False
                for kind, identity, data in events(client, last):
                    last = identity
                    if kind == "state" and "done" in data:
                        seen.append(data["done"])
                        is_over = data["over"]
                    if kind == "curves":
                        grown.append(longest(data))
                    if (is_lost_on_the_way and seen[-1:] >= [1]) or (is_over and kind == "beat"):
                        break
            assert training.wait(60) == 0
            # Whoever knows the last id knows all.
            kind, _, _ = next(events(client, last))
            assert kind == "beat"
            page = client.get("/studies/live/live").text
        assert seen == sorted(seen)
        assert seen[-1] == 4
        assert max(grown) > 1, "no run was seen to grow"
        assert "4 of 4 runs" in re.sub(r"<[^>]*>", "", page)
        assert "all of it has been tried" in page
        # With a stream open the server ends all the same, and says nothing of it.
        with httpx.Client(base_url=address) as client:
            told = events(client)
            next(told)
            server.send_signal(signal.SIGINT)
            out, errors = server.communicate(timeout=20)
        assert server.returncode == 130
        assert "Traceback" not in out + errors
        assert "ERROR" not in out + errors


def test_the_stream_is_for_pages_of_this_server(results: Path, tmp_path: Path) -> None:
    with served("--no-token", f"results_dir={results}", folder=tmp_path) as (_, address):
        path = f"{address}studies/optimizers/live/events"
        assert httpx.get(path, headers={"origin": "http://evil.example"}).status_code == 403
        assert httpx.get(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert httpx.head(path).status_code == 200
        before = os.listdir(results)  # noqa: PTH208
        with (
            httpx.Client(base_url=address) as client,
            client.stream("GET", "/studies/optimizers/live/events") as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            assert next(answer.iter_lines()) == "retry: 2000"
        assert os.listdir(results) == before  # noqa: PTH208


@pytest.mark.parametrize("script", ["live.js", "explore.js"])
def test_the_scripts_are_served(script: str, results: Path, tmp_path: Path) -> None:
    with served("--no-token", f"results_dir={results}", folder=tmp_path) as (_, address):
        assert httpx.get(f"{address}assets/{script}").status_code == 200
