"""The page of a study under way in a real browser: it grows, survives the loss of its server, and stays small."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ablate.storage.epochs import EpochsSoFar, write_epochs
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from tests.browser.conftest import NARROW
from tests.cli.kept import keep
from tests.synthetic import completed_runs, failed_run, optimizer_sweep

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
RUNS = completed_runs(SWEEP)
FIRST, SECOND, RUNNING, LAST = RUNS
TOLD = 20_000
# What a browser says of a stream that ends before its page.
LOST = "net::ERR_"
Open = Callable[..., "Page"]


@contextmanager
def serving(results: Path, port: int = 0) -> Iterator[str]:
    """The address of a server that ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ablate", "serve", "--no-token", "--port", str(port), f"results_dir={results}"],
        cwd=results,
        env={**os.environ, "XDG_CACHE_HOME": str(results.parent / "cache")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture
def results(tmp_path: Path) -> Iterator[Path]:
    """One run is done, one is being trained by this process."""
    folder = tmp_path / "results"
    keep(folder, SWEEP, {FIRST: RUNS[FIRST]})
    with Leases(folder) as leases:
        assert leases.take(RUNNING)
        yield folder


def tell(folder: Path, epochs: int) -> None:
    so_far = EpochsSoFar(RUNNING, 50)
    for epoch in range(1, epochs + 1):
        so_far = so_far.with_epoch(epoch, {"val_loss": 2 / epoch, "loss": 1.5 / epoch})
    write_epochs(folder, so_far)


def wait(page: Page, expression: str) -> None:
    """By asking again: what the page asks itself would need `eval`, which its policy forbids."""
    deadline = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, page.inner_text("main")
        page.wait_for_timeout(50)


def test_it_grows_and_says_what_fails(results: Path, browser_page: Open) -> None:
    tell(results, 1)
    with serving(results) as address:
        page = browser_page(f"{address}studies/optimizers/live", allowed=(address,), expected=LOST)
        wait(page, "document.querySelector('.live-line').textContent.startsWith('Live')")
        assert page.title().startswith("1 of 4 · optimizers")
        tell(results, 7)
        wait(page, "document.body.textContent.includes('epoch 7 of 50')")
        assert "1 under way" in page.inner_text(".curves-arms")
        assert page.locator(".live-curves canvas").is_visible()
        RunStore(results).put(failed_run(RUNS[LAST].spec, "no such layer"))
        wait(page, "document.querySelector('.live-failure') !== null")
        page.click(".live-failure summary")
        assert "Traceback" in page.inner_text(".live-failure pre")
        # What was unfolded stays so, whatever else changes.
        RunStore(results).put(RUNS[SECOND])
        wait(page, "document.title.startsWith('2 of 4')")
        assert page.evaluate("document.querySelector('.live-failure').open")
        page.reload()
        wait(page, "document.querySelector('.live-line').textContent.startsWith('Live')")
        assert "2 of 4 runs" in page.inner_text("[data-part=summary]")


def test_a_server_that_goes_away_is_said_and_found_again(results: Path, browser_page: Open) -> None:
    tell(results, 1)
    with serving(results) as address:
        page = browser_page(f"{address}studies/optimizers/live", allowed=(address,), expected=LOST)
        wait(page, "document.querySelector('.live-line').textContent.startsWith('Live')")
    wait(page, "document.querySelector('.live-line').textContent.startsWith('Connection lost, trying again')")
    RunStore(results).put(RUNS[SECOND])
    port = re.search(r":(\d+)/", address)
    assert port
    with serving(results, int(port[1])):
        wait(page, "document.querySelector('.live-line').textContent.startsWith('Live')")
        wait(page, "document.title.startsWith('2 of 4')")
        assert "2 of 4 runs" in page.inner_text("[data-part=summary]")


def test_without_a_script_it_loads_itself_again(results: Path, browser_page: Open) -> None:
    tell(results, 3)
    with serving(results) as address:
        page = browser_page(f"{address}studies/optimizers/live", allowed=(address,), java_script_enabled=False)
        assert "epoch 3 of 50" in page.inner_text("main")
        assert page.locator("a", has_text="Load it now").count() == 1
        assert page.locator(".panels > *:has(svg)").count() == 2
        tell(results, 9)
        page.wait_for_selector("text=epoch 9 of 50", timeout=20_000)


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"size": NARROW}], ids=["wide", "dark", "narrow"])
def test_it_is_accessible_and_fits(results: Path, browser_page: Open, options: dict[str, Any]) -> None:
    tell(results, 5)
    RunStore(results).put(failed_run(RUNS[LAST].spec))
    with serving(results) as address:
        page = browser_page(f"{address}studies/optimizers/live", allowed=(address,), expected=LOST, **options)
        wait(page, "document.querySelector('.live-line').textContent.startsWith('Live')")
        # As the inspector would, past the policy of the page.
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        serious = [each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")]
        assert serious == [], json.dumps(found["violations"], indent=1)[:3000]
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


FAKE = """
window.told = [];
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  constructor() { super(); this.readyState = 1; window.source = this; }
  close() { this.readyState = 2; }
};
"""
REPLAY = """async ([number, kinds]) => {
  for (let index = 0; index < number; index++) {
    const kind = kinds[index % kinds.length];
    const data = kind.make.replaceAll("4242", String(index));
    window.source.dispatchEvent(new MessageEvent(kind.kind, { data, lastEventId: `e${index}` }));
    if (index % 200 === 199) await new Promise((done) => setTimeout(done));
  }
}"""


def test_a_day_of_events_leaves_its_memory_flat(results: Path, browser_page: Open) -> None:
    """Those that a server sent, replayed twenty thousand times with other numbers each: heap and nodes are as they
    were after the first thousand."""
    tell(results, 5)
    RunStore(results).put(failed_run(RUNS[LAST].spec))
    with serving(results) as address:
        kinds = []
        with httpx.stream("GET", f"{address}studies/optimizers/live/events", timeout=30) as answer:
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                elif "event" in fields:
                    data = (
                        fields["data"].replace("epoch 5 of 50", "epoch 4242 of 50").replace("0.5,0.4]", "0.5,0.4242]")
                    )
                    kinds.append({"kind": fields["event"], "make": data})
                    fields = {}
                if len(kinds) == 2:
                    break
        assert all("4242" in each["make"] for each in kinds), kinds
        page = browser_page(f"{address}api", allowed=(address,))
        page.add_init_script(FAKE)
        page.goto(f"{address}studies/optimizers/live")
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")

        def held() -> tuple[float, float]:
            session.send("HeapProfiler.collectGarbage")
            metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            return metrics["JSHeapUsedSize"], metrics["Nodes"]

        page.evaluate(REPLAY, [1000, kinds])
        heap, nodes = held()
        began = time.monotonic()
        page.evaluate(REPLAY, [TOLD, kinds])
        later_heap, later_nodes = held()
        assert f"epoch {TOLD - 2} of 50" in page.inner_text("main"), time.monotonic() - began
        assert later_heap < 1.15 * heap + 500_000
        assert later_nodes < 1.2 * nodes + 200
