"""How long the script of a page takes to draw curves: 200 lines of 200 points, in Chromium.

python -m tests.benchmarks.curves_page      # milliseconds: the first drawing, and with every seed; bytes of the data
"""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from ablate.analysis.curves import ArmCurves, MetricCurves, SeedCurve
from ablate.core.records import METRICS
from ablate.web.curve_data import curves_data

ARMS, SEEDS, EPOCHS, TIMES = 20, 10, 200, 9
ASSETS = files("ablate.web") / "assets"
# From the call to the end of the frame's script: uPlot draws in a microtask, which a timer follows.
MEASURE = """async (times) => {
  const settled = () => new Promise((done) => setTimeout(done));
  const timed = async (act) => {
    const start = performance.now();
    act();
    await Promise.resolve();
    await Promise.resolve();
    const spent = performance.now() - start;
    await settled();
    return spent;
  };
  const found = { first: [], seeds: [], update: [] };
  const original = document.querySelector("figure");
  const data = JSON.parse(original.querySelector("script").textContent);
  for (let time = 0; time < times; time++) {
    const figure = original.cloneNode(true);
    original.after(figure);
    found.first.push(await timed(() => ablateCurves.draw(figure)));
    const seeds = [...figure.querySelectorAll(".curves-bar label")].find((label) => label.textContent === "seeds");
    found.seeds.push(await timed(() => seeds.firstChild.click()));
    found.update.push(await timed(() => ablateCurves.update(figure, data)));
    figure.remove();
  }
  return found;
}"""


def curves() -> MetricCurves:
    values = np.random.default_rng(0).random((ARMS, SEEDS, EPOCHS)) + np.linspace(3, 1, EPOCHS)
    arms = tuple(
        ArmCurves(
            f"arm={index}",
            index == 0,
            tuple(SeedCurve(seed, tuple(line), False) for seed, line in enumerate(rows.tolist())),
            tuple(rows.mean(axis=0).tolist()),
        )
        for index, rows in enumerate(values)
    )
    return MetricCurves(METRICS["val_loss"], arms)


def main() -> None:
    from playwright.sync_api import sync_playwright

    data = json.dumps(curves_data([curves()]), separators=(",", ":"))
    style, script = (
        "".join((ASSETS / name).read_text() for name in names)
        for names in (("uPlot/uPlot.min.css", "curves.css"), ("uPlot/uPlot.iife.min.js", "curves.js"))
    )
    # Drawn by the measurement alone.
    figure = f'<figure><div class="drawn"></div><script type="application/json">{data}</script></figure>'
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        page_file.write_text(
            f"<!doctype html><meta charset=utf-8><style>{style}</style>{figure}<script>{script}</script>"
        )
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(page_file.as_uri())
        found = page.evaluate(MEASURE, TIMES)
        browser.close()
    print(f"{ARMS * SEEDS} lines of {EPOCHS} points, {len(data) / 1024:.0f} KiB of data; median of {TIMES} in ms")
    for name, times in found.items():
        print(f"{name:7} {median(times):6.1f}  [{min(times):.1f}, {max(times):.1f}]")


if __name__ == "__main__":
    main()
