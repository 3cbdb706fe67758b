"""A real browser that reaches nothing: Debian's Chromium, driven by Playwright, both of which may be missing.

def test_it_opens(browser_page): page = browser_page(report.as_uri())

What a page may ask for is a file, data, or the addresses that a test names; anything else fails the test, as do errors
on the console.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
WITHIN = ("file:", "data:", "blob:", "about:")
WIDE, NARROW = (1280, 900), (390, 844)


def chromium() -> str | None:
    """The browser: the one that ABLATE_CHROMIUM names, or the first that is found."""
    return os.environ.get("ABLATE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium: `make browser` says how")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("needs playwright: `make test-integrations` installs it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a window of its own: `browser_page(address, size=NARROW, color_scheme="dark")`. `allowed`
    are the beginnings of what may be asked for beside what stands in files; `expected` is a part of what it may say on
    the console."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(
        address: str, size: tuple[int, int] = WIDE, allowed: tuple[str, ...] = (), expected: str = "\0", **options: Any
    ) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, offline=not allowed, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        within = (*WITHIN, *allowed)

        def complain(problem: str) -> None:
            problems.extend([] if expected in problem else [problem])

        page.on("request", lambda asked: asked.url.startswith(within) or complain(f"asked for {asked.url}"))
        page.on("requestfailed", lambda asked: complain(f"not loaded: {asked.url[:200]}, {asked.failure}"))
        page.on("console", lambda said: said.type in ("error", "warning") and complain(said.text))
        page.on("pageerror", lambda error: complain(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
