"""Reading a digit in a browser: drawn with the mouse, dropped, chosen by keys; two arms answer."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw

from tests.browser.conftest import NARROW

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/\?token=([\w-]+)")
ARMS = ("dropout=0.0", "dropout=0.1")
TRAINED = (
    *("+sweep=dropout", "study=readers", "sweep.factors={model.dropout: [0.0, 0.1]}", "sweep.seeds=2"),
    *("dataset=digits", "model.hidden=[32]", "optimizer.learning_rate=0.01", "training.epochs=15"),
    *("keep=[weights]", "executor.workers=1", "--quiet"),
)
# The process imports TensorFlow first, on a machine that may be busy.
PATIENCE = 120_000
ONE = [(0.5, 0.15), (0.5, 0.85)]
SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.6, 0.5), (0.45, 0.85)]
# How many pixels of the sheet are drawn on.
INK = """(() => {
  const sheet = document.querySelector("canvas");
  const pixels = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data;
  return pixels.filter((value, place) => place % 4 === 3 && value > 0).length;
})()"""
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server over two arms of two trained runs each."""
    folder = tmp_path_factory.mktemp("readers")
    here = {"cwd": folder, "env": {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}}
    subprocess.run([sys.executable, "-m", "ablate", *TRAINED], check=True, capture_output=True, **here)  # type: ignore[call-overload]
    process = subprocess.Popen(  # type: ignore[call-overload]
        [sys.executable, "-m", "ablate", "serve", "--port", "0"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **here,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture
def opened(printed: str, browser_page: Open) -> Open:
    found = ADDRESS.fullmatch(printed)
    assert found
    origin, token = found.groups()

    def open_page(**options: Any) -> Page:
        return browser_page(f"{origin}/digit?token={token}", allowed=(origin,), **options)

    return open_page


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    box = page.locator("canvas").bounding_box()
    assert box
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for point in at[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def answered(page: Page) -> list[str]:
    """What the cards say, once they say something else than before."""
    page.locator(".said", has_text=re.compile(r"^(Both|Of \d|Read as)")).wait_for(timeout=PATIENCE)
    return [" ".join(text.split()) for text in page.locator("[data-place=answers] .answer-card").all_inner_texts()]


def photograph(format_name: str = "JPEG") -> bytes:
    """Of a 1, light on dark, somewhere on a wide sheet."""
    image = Image.new("RGB", (640, 400), (40, 44, 42))
    ImageDraw.Draw(image).line([(430, 90), (420, 310)], fill=(235, 232, 220), width=30)
    content = BytesIO()
    image.save(content, format_name)
    return content.getvalue()


def drop(page: Page, content: bytes, name: str) -> None:
    page.evaluate(
        """([content, name]) => {
          const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], name));
          const options = { dataTransfer, bubbles: true, cancelable: true };
          const sheet = document.querySelector("canvas");
          for (const kind of ["dragover", "drop"]) sheet.dispatchEvent(new DragEvent(kind, options));
        }""",
        [base64.b64encode(content).decode(), name],
    )


def test_a_digit_that_is_drawn_is_read_by_every_seed_of_two_arms(opened: Open) -> None:
    page = opened()
    assert page.get_by_label("dropout=0.0").is_checked()
    draw(page, ONE)
    page.get_by_text("Starting").or_(page.get_by_text("Loading")).first.wait_for(timeout=PATIENCE)
    first, second = answered(page)
    for text, arm in zip((first, second), ARMS, strict=True):
        assert text.startswith(f"readers {arm}")
        assert re.search(r"mean 0\.\d{3} [12] of 2 seeds agree", text)
    probabilities = [
        float(text) for text in page.locator(".answer-card").first.locator(".bar-number").all_inner_texts()[:10]
    ]
    assert sum(probabilities) == pytest.approx(1.0, abs=0.006)
    steps = page.locator(".steps figcaption").all_inner_texts()
    assert steps[:5] == ["grey", "ink", "cropped", "fitted in 8×8", "centred in 8×8"]
    assert page.locator(".units .heat img").count() == 2
    assert all(page.evaluate("Array.from(document.images, (each) => each.complete && each.naturalWidth > 0)"))
    # Another seed's units, and what was unfolded stays so.
    page.get_by_text("Each seed").first.click()
    page.get_by_label("seed whose units are shown").focus()
    page.get_by_label("seed whose units are shown").select_option("1")
    page.locator(".units h3", has_text="seed 1").first.wait_for(timeout=PATIENCE)
    assert page.locator(".answer-card details").first.get_attribute("open") is not None
    assert page.get_by_label("seed whose units are shown").evaluate("each => each === document.activeElement")


def test_strokes_are_taken_back_by_buttons_and_keys(opened: Open) -> None:
    page = opened(expected="willReadFrequently")  # it is this test that reads
    undo, clear = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Clear")
    assert undo.is_disabled()
    assert clear.is_disabled()
    draw(page, ONE)
    one = page.evaluate(INK)
    draw(page, SEVEN)
    both = page.evaluate(INK)
    assert both > one > 0
    page.keyboard.press("Control+z")
    assert page.evaluate(INK) == one
    page.get_by_label("thickness of the pen").fill("14")
    draw(page, SEVEN)
    assert page.evaluate(INK) > both
    clear.click()
    assert page.evaluate(INK) == 0
    assert undo.is_disabled()
    assert page.locator(".answer-card").count() == 0


def test_a_photograph_is_dropped_and_another_is_chosen_by_keys(opened: Open) -> None:
    page = opened()
    drop(page, photograph(), "five.jpg")
    assert len(answered(page)) == 2
    assert page.get_by_role("img", name="The picture five.jpg").count() == 1
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Who is asked").click()
    page.get_by_label("dropout=0.1").uncheck()
    assert page.url.endswith("/digit?with=readers%3Adropout%3D0.0")
    chooser = page.get_by_label("a picture to be read")
    chooser.focus()
    with page.expect_file_chooser() as asked:
        page.keyboard.press("Space")
    asked.value.set_files([{"name": "one.png", "mimeType": "image/png", "buffer": photograph("PNG")}])
    (only,) = answered(page)
    assert only.startswith("readers dropout=0.0")
    assert page.locator(".said").inner_text().startswith("Read as ")


def test_what_is_no_picture_is_refused_in_words(opened: Open) -> None:
    page = opened()
    drop(page, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "five.svg")
    page.get_by_text("What was sent is no image that can be read").wait_for(timeout=PATIENCE)
    assert page.locator(".answer-card").count() == 0
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    draw(page, ONE)
    page.get_by_text("Choose who is asked.").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_everybody(opened: Open, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    draw(page, SEVEN)
    answered(page)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then(found => found.violations.map(({id, impact, nodes}) => "
                          "[impact, id, ...nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))")  # fmt: skip
    assert [each for each in found if each[0] in ("serious", "critical")] == []


def test_it_fits_a_telephone_where_a_finger_draws(opened: Open) -> None:
    page = opened(size=NARROW, has_touch=True)
    assert page.locator("canvas").evaluate("each => getComputedStyle(each).touchAction") == "none"
    draw(page, ONE)
    assert len(answered(page)) == 2
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]
    left, right = page.locator("[data-place=answers] .answer-card").all()
    assert left.bounding_box()["y"] == right.bounding_box()["y"], "they stand beside each other"  # type: ignore[index]


def test_without_a_script_a_picture_is_read_all_the_same(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    chooser = page.get_by_label("a picture to be read")
    chooser.set_input_files([{"name": "one.jpg", "mimeType": "image/jpeg", "buffer": photograph()}])
    page.get_by_role("button", name="Read it").click()
    page.get_by_text("What they read").wait_for(timeout=PATIENCE)
    assert page.locator(".verdict").count() == 2
