"""A margin that is moved in a real browser: by mouse, by keys and by number, and words that follow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import NARROW
from tests.browser.test_live import AXE, serving
from tests.cli.kept import keep
from tests.synthetic import completed_runs, optimizer_sweep

if TYPE_CHECKING:
    from playwright.sync_api import Page

SWEEP = optimizer_sweep(
    seeds=5, optimizers={"adam": 0.001, "sgd": 0.01, "nadam": 0.001}, claims=("nadam ~ adam on val_loss",)
)
ABORTED = "net::ERR_ABORTED"
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("explored") / "results"
    keep(folder, SWEEP, completed_runs(SWEEP))
    with serving(folder) as found:
        yield found


@pytest.fixture
def opened(address: str, browser_page: Open) -> Open:
    def open_page(**options: Any) -> Page:
        # An answer that a further step of the slider makes needless is not waited for.
        return browser_page(f"{address}studies/optimizers/explore", allowed=(address,), expected=ABORTED, **options)

    return open_page


def until(page: Page, said: str) -> str:
    deadline = time.monotonic() + 20
    while said not in (text := page.inner_text("[data-part=explored]")):
        assert time.monotonic() < deadline, text
        page.wait_for_timeout(50)
    return text


def test_words_follow_the_number_the_keys_and_the_way_back(opened: Open) -> None:
    page = opened()
    number, slider = page.locator("input[type=number]"), page.locator("input[type=range]")
    assert "as in the report" in page.inner_text("[data-part=explored]")
    number.fill("0.5")
    text = until(page, "a margin of 0.5.")
    assert "optimizer=sgd from worse" in text
    assert page.url.endswith("margin=0.5")
    assert "read" in page.inner_text("[data-explore-line]")
    at = slider.evaluate("element => Number(element.value)")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    until(page, "Explored, not stated beforehand")
    assert slider.evaluate("element => Number(element.value)") == at - 1
    assert float(number.input_value()) < 0.5
    page.click("[data-stated]")
    until(page, "as in the report")
    assert number.input_value() == "0.01"
    assert page.locator("[data-stated]").is_hidden()
    assert page.locator(".forest").count() == 1


def test_a_slider_that_is_dragged_ends_with_the_words_of_where_it_stopped(opened: Open) -> None:
    page = opened()
    box = page.locator("input[type=range]").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    for step in range(1, 20):
        page.mouse.move(box["x"] + box["width"] * (0.5 + step / 42), middle)
    page.mouse.up()
    number = page.locator("input[type=number]").input_value()
    assert float(number) > 0.02
    until(page, f"a margin of {float(number):.6g}.")


def test_no_margin_is_said_and_the_words_stay(opened: Open) -> None:
    page = opened()
    page.locator("input[type=number]").fill("0")
    deadline = time.monotonic() + 10
    while "above 0" not in page.inner_text("[data-explore-line]") or not page.is_visible("[data-explore-line]"):
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    assert "as in the report" in page.inner_text("[data-part=explored]")


def test_without_a_script_the_form_does_it(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator("input[type=range]").is_hidden()
    page.locator("input[type=number]").fill("0.5")
    page.click("form[data-explore] button[type=submit]")
    assert "a margin of 0.5." in page.inner_text("[data-part=explored]")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"size": NARROW}], ids=["wide", "dark", "narrow"])
def test_it_is_accessible_and_fits(opened: Open, options: dict[str, Any]) -> None:
    page = opened(**options)
    page.locator("input[type=number]").fill("0.5")
    until(page, "a margin of 0.5.")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    serious = [each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")]
    assert serious == [], json.dumps(found["violations"], indent=1)[:3000]
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
