"""The pictures of the application in the README, taken of a store: `python -m tests.browser.screenshots results`.

Of the study `optimizers` on MNIST, whose runs kept their weights:

    ablate +sweep=optimizers dataset=mnist sweep.seeds=3 training.epochs=3 keep=[weights,samples]
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[2] / "reports" / "screenshots"
SIZE = {"width": 1120, "height": 840}
# A five in one stroke, in shares of the sheet from its upper left corner.
STROKE = ((0.65, 0.22), (0.38, 0.22), (0.36, 0.48), (0.5, 0.44), (0.64, 0.52), (0.66, 0.66), (0.55, 0.78), (0.36, 0.76))
LONGEST_WAIT_MS = 180_000


def main(results: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "ablate", "serve", "--port", "0", f"results_dir={results}"],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
            page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
            page.goto(address)
            origin = address.partition("/?")[0]
            page.goto(f"{origin}/studies/optimizers")
            page.locator(".answer").wait_for(timeout=LONGEST_WAIT_MS)
            _keep(page, "study")
            page.goto(f"{origin}/compare?with=optimizers:adam&with=optimizers:sgd&with=optimizers:momentum")
            page.locator("figure.is-drawn canvas").first.wait_for(timeout=LONGEST_WAIT_MS)
            page.locator("#verdicts, h2:text-is('Verdicts')").first.evaluate(
                "heading => scrollBy({ top: heading.getBoundingClientRect().top - 70, behavior: 'instant' })"
            )
            _keep(page, "side_by_side")
            page.goto(f"{origin}/digit")
            _draw(page)
            page.get_by_text("How it was prepared").wait_for(timeout=LONGEST_WAIT_MS)
            _keep(page, "digit")
            browser.close()
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _draw(page: Page) -> None:
    sheet = page.locator("canvas").first.bounding_box()
    assert sheet is not None
    places = [(sheet["x"] + x * sheet["width"], sheet["y"] + y * sheet["height"]) for x, y in STROKE]
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


def _keep(page: Page, name: str) -> None:
    """As a PNG of 256 colours, half of the bytes."""
    page.wait_for_timeout(600)
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    shot.quantize(256).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
