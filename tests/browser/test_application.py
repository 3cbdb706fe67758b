"""The application as a reader has it: from the printed address, by mouse, by keys and without a script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ablate.core.identity import short_id
from tests.browser.conftest import NARROW, WIDE
from tests.serving.conftest import make_store
from tests.serving.stored import ALONE, DAMAGED, FAILED, RUNS, SOUND

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/\?token=([\w-]+)")
TWO = "with=optimizers:adam&with=optimizers:nadam"
PAGES = (
    "/",
    "/studies/optimizers",
    "/runs",
    "/arms?metric=val_loss",
    f"/runs/{SOUND}",
    f"/runs/{FAILED}",
    "/compare",
    f"/compare?{TWO}",
    "/api",
)
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the server has printed."""
    folder = tmp_path_factory.mktemp("served")
    make_store(folder / "results")
    process = subprocess.Popen(
        [sys.executable, "-m", "ablate", "serve", "--port", "0"],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
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
def opened(printed: str, browser_page: Open) -> Open:
    """Opens a page of the application in a window that has shown the token; it may ask this server alone."""
    found = ADDRESS.fullmatch(printed)
    assert found
    origin, token = found.groups()

    def open_page(path: str = "/", **options: Any) -> Page:
        joined = "&" if "?" in path else "?"
        return browser_page(f"{origin}{path}{joined}token={token}", allowed=(origin,), **options)

    return open_page


def rows(page: Page) -> list[str]:
    return page.locator("tbody tr").all_inner_texts()


def test_the_token_leaves_the_address(opened: Open) -> None:
    page = opened("/runs?status=completed")
    assert page.url.endswith("/runs?status=completed")
    assert page.evaluate("document.cookie") == ""  # no script reads it
    page.get_by_role("link", name="Arms").click()
    assert page.locator("h1").inner_text() == "Arms"


def test_without_it_nothing_is_seen(printed: str, browser_page: Open) -> None:
    origin = printed.partition("/?")[0]
    page = browser_page(f"{origin}/runs", allowed=(origin,), expected="401")
    assert "printed" in page.locator("main").inner_text()
    assert page.locator("table").count() == 0


def test_the_answer_of_a_study_comes_once_the_page_stands(opened: Open) -> None:
    page = opened()
    page.locator(".card .answer code").first.wait_for()
    page.get_by_role("link", name="optimizers", exact=True).click()
    page.locator("[data-picture=curves].is-drawn canvas").first.wait_for()
    assert "9 of 12 runs are done" in page.locator("main").inner_text()


def test_runs_are_sorted_filtered_and_chosen(opened: Open) -> None:
    page = opened("/runs")
    page.get_by_label("Search").fill("nadam")
    page.get_by_label("Search").press("Enter")
    assert len(rows(page)) == 4
    page.get_by_role("link", name="test_accuracy").click()
    assert "sort=test_accuracy" in page.url
    assert "q=nadam" in page.url
    page.get_by_role("link", name="test_accuracy").click()
    accuracies = [float(text) for text in page.locator("tbody td:nth-child(7)").all_inner_texts() if text]
    assert accuracies == sorted(accuracies, reverse=True)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("test_loss").check()
    page.get_by_role("button", name="Show").click()
    assert page.get_by_role("columnheader", name="test_loss").count() == 1
    assert "sort=-test_accuracy" in page.url


def test_chosen_runs_are_compared(opened: Open) -> None:
    page = opened("/runs?q=nadam&status=completed")
    first, second = (short_id(run_id) for run_id in list(RUNS)[8:10])
    page.get_by_label(f"choose {first}").check()
    page.get_by_label(f"choose {second}").check()
    page.get_by_role("button", name="Compare the chosen runs").click()
    assert page.url.endswith(f"/compare?with={first}&with={second}")
    assert page.locator("h1").inner_text() == f"{first} and {second}"
    # That the data of the store is not here is said where its examples would be.
    page.get_by_text("There are no images of these examples here").wait_for()


def test_an_arm_is_opened_to_its_seeds(opened: Open) -> None:
    page = opened("/arms?metric=val_loss&aggregate=last")
    page.locator("summary", has_text="optimizer=adam").click()
    page.get_by_role("link", name="seed 2").first.click()
    assert page.locator("h1").inner_text() == f"run {short_id(list(RUNS)[2])}"


def test_a_report_is_kept_as_one_file_that_opens_alone(opened: Open, tmp_path: Path, browser_page: Open) -> None:
    page = opened(f"/compare?{TWO}")
    with page.expect_download() as kept:
        page.get_by_role("link", name="Keep as report.html").click()
    kept.value.save_as(tmp_path / "kept.html")
    alone = browser_page((tmp_path / "kept.html").as_uri())
    assert alone.locator("h1").inner_text() == page.locator("h1").inner_text()


def test_what_is_damaged_is_said(opened: Open) -> None:
    page = opened(f"/runs/{DAMAGED}", expected="404")
    assert "checksum does not match" in page.locator("main").inner_text()
    page.get_by_role("link", name="To the studies").click()
    assert page.locator("h1").inner_text() == "Studies"


def test_without_a_script_all_of_it_works(opened: Open) -> None:
    page = opened("/runs", java_script_enabled=False)
    page.get_by_label("Outcome").select_option("failed")
    page.get_by_role("button", name="Show").click()
    assert [short_id(FAILED) in row for row in rows(page)] == [True]
    page.get_by_role("link", name="Studies").click()
    # The answer, or what leads to it where nobody has asked yet.
    assert "adam" in page.locator(".answer").inner_text() or page.get_by_role("link", name="Its answer so far").count()


def test_keys_go_through_the_page(opened: Open) -> None:
    page = opened("/runs")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type(short_id(ALONE.run_id))
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    assert len(rows(page)) == 1


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways(path: str, opened: Open) -> None:
    page = opened(path, size=NARROW)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(path: str, scheme: str, size: tuple[int, int], opened: Open) -> None:
    page = opened(path, size=size, color_scheme=scheme)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then(found => found.violations.map(({id, impact, nodes}) => "
                          "[impact, id, ...nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))")  # fmt: skip
    assert [each for each in found if each[0] in ("serious", "critical")] == []


def test_it_is_dark_where_the_reader_says_so_and_stays_so(opened: Open) -> None:
    page = opened("/runs")
    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("link", name="Arms").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
