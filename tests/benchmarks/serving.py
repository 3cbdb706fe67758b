"""How soon `ablate serve` shows ten thousand runs: from the start of the process to the printed address, from there to
the first page, and then fifty pages a second over a loopback connection, asked by another process for some seconds.

A page is asked for when its time has come, whether or not those before it are there, and its latency counts from then:
a server that falls behind shows it. Of the processor the server has what the client leaves it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from unittest.mock import patch

import httpx

from ablate.storage.runs import RunStore
from tests.benchmarks.findings import Finding, quiet_environment
from tests.benchmarks.large import spent_by
from tests.benchmarks.listing import write_records
from tests.benchmarks.many_runs import write_study

__all__ = ["serving_findings"]

SEEDS = 20
RUNS, QUICK_RUNS = 10_000, 1_000
START_SECONDS, FIRST_SECONDS = 2.0, 0.3
STARTS = 3
PAGES_A_SECOND, SECONDS, QUICK_SECONDS = 50, 5, 2
# Of the client; more than a server that falls behind could use.
CONNECTIONS = 32
LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class Served:
    """A server that runs: where, since when, and with which process."""

    origin: str
    seconds_to_address: float
    process: int


def serving_findings(is_quick: bool) -> Iterator[Finding]:
    runs = QUICK_RUNS if is_quick else RUNS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_records(write_study(folder, runs // SEEDS, SEEDS), folder / "results")
        with patch.dict(os.environ, XDG_CACHE_HOME=str(folder / "cache")):
            spent_by(["-m", "ablate", "list"], folder)
            yield from _starts(folder, runs, FIRST_SECONDS)
            with _served(folder) as served:
                yield from _load(served, _pages(folder), runs, QUICK_SECONDS if is_quick else SECONDS)


def _starts(folder: Path, runs: int, bound: float) -> Iterator[Finding]:
    found = []
    for _ in range(STARTS):
        with _served(folder) as served:
            processor = _processor_seconds(served.process)
            began = time.perf_counter()
            httpx.get(f"{served.origin}/runs", timeout=LONGEST_SECONDS).raise_for_status()
            found.append((served.seconds_to_address, processor, time.perf_counter() - began))
    address, processor, first = (min(column) for column in zip(*found, strict=True))
    worst = max(each[0] for each in found), max(each[2] for each in found)
    load = f"load {os.getloadavg()[0]:.1f}"
    note = f"{worst[0]:.2f} s at worst of {STARTS}; {processor:.2f} s of the processor, {load}"
    yield Finding(f"`ablate serve`, {runs:,} stored runs, to the address", address, "s", START_SECONDS, False, note)
    note = f"{worst[1]:.2f} s at worst of {STARTS}, {load}"
    yield Finding(f"`ablate serve`, {runs:,} stored runs, first page of runs", first, "s", bound, False, note)


def _load(served: Served, pages: Sequence[str], runs: int, seconds: int) -> Iterator[Finding]:
    asking = [sys.executable, "-m", __name__, served.origin, str(seconds), json.dumps(pages)]
    before = _processor_seconds(served.process)
    began = time.perf_counter()
    done = subprocess.run(asking, env=quiet_environment(), capture_output=True, text=True, check=True)
    spent = (_processor_seconds(served.process) - before) / (time.perf_counter() - began)
    latencies, wrong = json.loads(done.stdout)
    assert not wrong, f"{wrong} pages were not shown"
    cuts = quantiles(latencies, n=100, method="inclusive")
    what = f"{PAGES_A_SECOND} pages a second for {seconds} s, {runs:,} stored runs"
    note = f"{len(latencies)} pages, {spent:.0%} of a core, load {os.getloadavg()[0]:.1f}"
    for percent in (50, 95, 99):
        yield Finding(f"{what}: latency, {percent}th percentile", cuts[percent - 1] * 1000, "ms", None, False, note)


def _pages(folder: Path) -> list[str]:
    """What people look at, in turn: the studies, pages of the runs, an arm's runs, a run."""
    store = RunStore(folder / "results", sets_aside=False)
    run_ids = [run_id for run_id in list(store.ids())[:400] if _is_sound(store, run_id)][:5]
    return [
        "/",
        "/runs",
        "/runs?page=7&sort=-test_accuracy",
        "/assets/style.css",
        *(f"/runs/{run_id}" for run_id in run_ids),
        "/runs?status=completed&where=optimizer%3Dadam",
    ]


def _is_sound(store: RunStore, run_id: str) -> bool:
    """Of each arm one run is whole, see `write_records`."""
    try:
        store.get(run_id)
    except LookupError:
        return False
    return True


@contextmanager
def _served(folder: Path) -> Iterator[Served]:
    command = [sys.executable, "-m", "ablate", "serve", "--port", "0", "--no-token"]
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=quiet_environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            yield Served(address.rstrip("/"), time.perf_counter() - began, process.pid)
        finally:
            process.terminate()


def _processor_seconds(process: int) -> float:
    """Of all its threads, so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ask(origin: str, seconds: int, pages: Sequence[str]) -> tuple[list[float], int]:
    """Seconds that each page took from when it was due, and how many were not shown. The client's side."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    with httpx.Client(base_url=origin, limits=limits, timeout=LONGEST_SECONDS) as client:
        began = time.perf_counter() + 0.1

        def ask(number: int) -> tuple[float, bool]:
            due = began + number / PAGES_A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            is_shown = client.get(pages[number % len(pages)]).status_code == 200
            return time.perf_counter() - due, is_shown

        with ThreadPoolExecutor(CONNECTIONS) as threads:
            found = list(threads.map(ask, range(PAGES_A_SECOND * seconds)))
    return [latency for latency, _ in found], sum(not is_shown for _, is_shown in found)


if __name__ == "__main__":
    print(json.dumps(_ask(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]))))
