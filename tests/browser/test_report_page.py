"""report.html as a reader has it: opened from a folder or out of a mail, with no network."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ablate.analysis.results import study_results
from ablate.publishing.writing import write_report
from ablate.web.page import MOST_BYTES, report_page
from tests import synthetic
from tests.browser.conftest import NARROW, WIDE
from tests.kept_examples import with_examples
from tests.synthetic import (
    completed_runs,
    dropout_sweep,
    eventful_runs,
    optimizer_sweep,
    plan_of,
    with_class_names,
)

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Open = Callable[..., "Page"]
EVIL = '"><img src=x onerror="window.broken=1">\u202e|`**_$&'
HOSTILE = {"adam": 0.0, "x" * 200: 0.1, EVIL: 0.2, "a=b," * 50: 0.05}
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_CHECKSUM = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two sweeps, in one of which things went wrong."""
    sweep = optimizer_sweep(seeds=4)
    runs = {**completed_runs(dropout_sweep()), **eventful_runs(sweep)}
    return write_report(plan_of(sweep, dropout_sweep()), runs, tmp_path_factory.mktemp("reports") / "two").html


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names of arms and classes that are markup, or far too long."""
    sweep = optimizer_sweep(seeds=4, optimizers=HOSTILE)
    runs = with_class_names(completed_runs(sweep), [EVIL, "y" * 200, *map(str, range(8))])
    results = study_results(plan_of(sweep), runs)
    path = tmp_path_factory.mktemp("reports") / "hostile.html"
    path.write_text(report_page(results, (EVIL,), {}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sweep = optimizer_sweep(seeds=4)
    return write_report(plan_of(sweep), completed_runs(sweep), tmp_path_factory.mktemp("reports") / "one").html


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty arms, ten seeds, twenty epochs, and images of examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "EPOCHS", 20)
        sweep = dropout_sweep(tuple(number / 25 for number in range(20)), seeds=10)
        runs = with_examples(completed_runs(sweep))
    return write_report(plan_of(sweep), runs, tmp_path_factory.mktemp("reports") / "large").html


def unfolded(page: Page) -> Locator:
    """The table of every run of the first sweep, unfolded."""
    details = page.locator("details", has_text="Every run").first
    details.locator("summary").click()
    return details.locator("table")


def column(table: Locator, number: int) -> list[str]:
    return table.locator(f"tbody tr:not([hidden]) > :nth-child({number})").all_inner_texts()


def first_number(text: str) -> float:
    """As a reader would find it."""
    found = re.search(r"[-+−]?\d*\.?\d+", text.replace("× ", ""))
    assert found
    return float(found[0].replace("−", "-"))


# opening ---------------------------------------------------------------------------------------------------


def test_it_opens_without_a_network_and_without_an_error(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    assert page.title() == "optimizers+dropout"
    assert page.locator("h1").inner_text() == "optimizers+dropout"
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def test_it_opens_alone_as_from_a_mail(one: Path, tmp_path: Path, browser_page: Open) -> None:
    alone = shutil.copy(one, tmp_path / "attachment.html")
    page = browser_page(Path(alone).as_uri())
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    # The answer and the figure are seen before anything is scrolled.
    assert page.locator(".answer").bounding_box()["y"] < WIDE[1]
    assert page.locator("figure").first.bounding_box()["y"] < WIDE[1]


def test_what_somebody_adds_to_it_does_not_run(one: Path, tmp_path: Path, browser_page: Open) -> None:
    """Were text ever to become markup, the policy is what stands behind the escaping."""
    added = "<script>document.title = 'taken'</script><img src='data:' onerror=\"document.title = 'taken'\">"
    (tmp_path / "taken.html").write_text(one.read_text().replace("</main>", f"{added}</main>"))
    page = browser_page((tmp_path / "taken.html").as_uri(), expected="")
    page.wait_for_load_state("load")
    assert page.title() == "optimizers"
    # Without the policy it would have.
    (tmp_path / "open.html").write_text(f"<title>open</title>{added}")
    page.goto((tmp_path / "open.html").as_uri())
    assert page.title() == "taken"


def test_images_beside_it_are_found(report: Path, tmp_path: Path, browser_page: Open, monkeypatch) -> None:
    from ablate.publishing.writing import _results as results_of, read_evidence
    from ablate.web import page as module

    folder = Path(shutil.copytree(report.parent, tmp_path / "beside"))
    evidence = read_evidence(folder / "data")
    figures = {f"figures/{path.name}": path.read_bytes() for path in (folder / "figures").iterdir()}
    monkeypatch.setattr(module, "MOST_BYTES", 400_000)
    monkeypatch.setattr(module, "drawn", lambda results: {})
    (folder / "report.html").write_text(module.report_page(results_of(evidence), evidence.command, figures))
    page = browser_page((folder / "report.html").as_uri())
    sources = page.evaluate("[...document.images].map(image => image.getAttribute('src').slice(0, 8))")
    assert {"figures/", "data:ima"} == set(sources)
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.locator(".beside").is_visible()


def test_it_stays_small_and_shows_all(large: Path, browser_page: Open) -> None:
    assert large.stat().st_size < MOST_BYTES
    page = browser_page(large.as_uri())
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.locator("figure").count() >= 10


# tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["click", "Enter", "Space"])
def test_a_table_is_sorted_by_mouse_and_by_keys(report: Path, browser_page: Open, key: str) -> None:
    table = unfolded(browser_page(report.as_uri()))
    title = table.locator("thead th").nth(6)
    before = column(table, 7)

    def sort() -> None:
        button = title.locator("button")
        button.click() if key == "click" else button.press(key)

    sort()
    assert title.get_attribute("aria-sort") == "ascending"
    rising = column(table, 7)
    numbers = [first_number(cell) for cell in rising if cell != "–"]
    assert numbers == sorted(numbers)
    # What has no number stands at the end, however it is sorted.
    assert rising[len(numbers) :] == ["–"] * (len(rising) - len(numbers))
    assert len(numbers) < len(rising)
    sort()
    assert title.get_attribute("aria-sort") == "descending"
    falling = column(table, 7)
    assert [first_number(cell) for cell in falling[: len(numbers)]] == sorted(numbers, reverse=True)
    assert falling[len(numbers) :] == rising[len(numbers) :]
    sort()
    assert title.get_attribute("aria-sort") is None
    assert column(table, 7) == before


def test_sorting_keeps_the_order_of_what_is_equal(report: Path, browser_page: Open) -> None:
    table = unfolded(browser_page(report.as_uri()))
    before = list(zip(column(table, 4), column(table, 3), strict=True))
    table.locator("thead th").nth(3).locator("button").click()
    assert list(zip(column(table, 4), column(table, 3), strict=True)) == sorted(before, key=lambda row: row[0])


def test_signs_ratios_and_intervals_are_sorted_as_numbers(one: Path, browser_page: Open) -> None:
    page = browser_page(one.as_uri())
    table = page.locator("#part-verdicts ~ .scroll table").first
    titles = [title.strip() for title in table.locator("thead th").all_inner_texts()]
    seen = 0
    for name in ("difference", "95% interval", "Holm p", "wins"):
        position = titles.index(name)
        table.locator("thead th").nth(position).locator("button").click()
        cells = [cell for cell in column(table, position + 1) if cell != "–"]
        numbers = [first_number(cell) for cell in cells]
        assert numbers == sorted(numbers), cells
        seen += any("−" in cell for cell in cells)
    assert seen, "is there a minus to sort by?"


def test_a_long_table_is_filtered(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    table = unfolded(page)
    bar = page.locator("details[open] .filter").first
    bar.locator("input").fill("ADAM completed")
    arms = column(table, 1)
    assert arms
    assert all("adam" in arm for arm in arms)
    assert set(column(table, 4)) == {"completed"}
    assert bar.locator("output").inner_text() == f"{len(arms)} of 24 rows"
    bar.locator("input").fill("")
    assert len(column(table, 1)) == 24


def test_a_short_table_has_no_filter(one: Path, browser_page: Open) -> None:
    page = browser_page(one.as_uri())
    short = page.evaluate(
        "[...document.querySelectorAll('.filter + .scroll')].map(each => each.querySelectorAll('tbody tr').length)"
    )
    assert short
    assert min(short) >= 8


# contents --------------------------------------------------------------------------------------------------


def test_the_contents_lead_to_sections_and_follow_the_reader(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    contents = page.locator("nav.contents")
    assert contents.locator("a[aria-current]").count() == 0
    contents.get_by_text("dropout", exact=True).click()
    heading = page.locator("#sweep-dropout")
    page.wait_for_function("document.querySelector('nav.contents [aria-current]')?.hash === '#sweep-dropout'")
    assert 0 <= heading.bounding_box()["y"] < 200
    assert contents.get_by_text("Setup", exact=True).count() == 2
    assert [part.is_visible() for part in contents.get_by_text("Setup", exact=True).all()] == [False, True]
    page.evaluate("document.getElementById('sweep-optimizers').scrollIntoView()")
    page.wait_for_function("document.querySelector('nav.contents [aria-current]')?.hash === '#sweep-optimizers'")


def test_the_contents_stay_in_sight(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    page.evaluate("window.scrollTo(0, 3000)")
    assert 0 <= page.locator("nav.contents").bounding_box()["y"] < 100


def test_on_a_telephone_the_contents_are_a_menu(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri(), size=NARROW)
    link = page.locator("nav.contents").get_by_text("dropout", exact=True)
    assert not link.is_visible()
    page.locator("nav.contents summary").click()
    link.click()
    page.wait_for_function("document.getElementById('sweep-dropout').getBoundingClientRect().top < 200")
    assert not link.is_visible()
    page.locator("nav.contents summary").click()
    page.keyboard.press("Escape")
    assert not link.is_visible()


def test_a_link_to_what_is_folded_unfolds_it(one: Path, browser_page: Open) -> None:
    page = browser_page(one.as_uri())
    page.evaluate("document.querySelector('details:not(nav details) p, main details table').id = 'within'")
    page.evaluate("location.hash = 'within'")
    page.wait_for_function("document.getElementById('within').closest('details').open")


# themes, sizes, paper ---------------------------------------------------------------------------------------


def colours(page: Page) -> tuple[str, str]:
    return tuple(
        page.evaluate("(() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor] })()")
    )


def test_it_is_dark_where_the_system_is_and_where_the_reader_says_so(one: Path, browser_page: Open) -> None:
    light, dark = (browser_page(one.as_uri(), color_scheme=scheme) for scheme in ("light", "dark"))
    assert colours(light) != colours(dark)
    light.get_by_role("button", name="Dark theme").click()
    assert colours(light) == colours(dark)
    light.reload()
    assert colours(light) == colours(dark), "the reader has to say so once"
    light.get_by_role("button", name="Light theme").click()
    assert colours(light) != colours(dark)


@pytest.mark.parametrize("size", [WIDE, (1024, 768), NARROW, (320, 640)])
@pytest.mark.parametrize("study", ["report", "hostile"])
def test_the_page_never_scrolls_sideways(
    request: pytest.FixtureRequest, browser_page: Open, study: str, size: tuple[int, int]
) -> None:
    report: Path = request.getfixturevalue(study)
    page = browser_page(report.as_uri(), size=size)
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate("window.scrollTo(1000, 0)")
    assert page.evaluate("window.scrollX") == 0


def test_tables_scroll_within_themselves_by_keys(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri(), size=NARROW)
    container = page.locator("#sweep-optimizers-verdicts ~ .scroll").first
    assert container.evaluate("each => each.scrollWidth > each.clientWidth")
    container.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("each => each.scrollLeft > 0", arg=container.element_handle())


def test_in_print_it_is_light_whole_and_without_what_is_for_screens(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri(), color_scheme="dark")
    folded = page.locator("main details:not([open])").count()
    assert folded
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details:not([open]):not(.numbers)").count() == 0
    page.emulate_media(media="print", color_scheme="dark")
    assert colours(page) == ("rgb(27, 33, 40)", "rgb(255, 255, 255)")
    for name in ("nav.contents", ".bar", ".filter"):
        assert not page.locator(name).first.is_visible()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details:not([open])").count() == folded


def test_it_is_printed_to_pages(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 5 <= sheets <= 60


def test_on_paper_long_figures_break_between_their_rows_and_others_stay_whole(
    browser_page: Open, tmp_path: Path
) -> None:
    sweep = optimizer_sweep(seeds=2, optimizers={"adam": 0.0, **{f"arm_{index}": 0.1 for index in range(30)}})
    path = tmp_path / "many.html"
    path.write_text(report_page(study_results(plan_of(sweep), completed_runs(sweep)), (), {}), encoding="utf-8")
    page = browser_page(path.as_uri())
    page.emulate_media(media="print")
    breaks = "figures => figures.map(each => getComputedStyle(each).breakInside)"
    whole = "figure:has(.confusions)"
    assert page.locator(whole).evaluate_all(breaks) == ["avoid"]
    long = page.locator(f"main figure:not({whole})")
    assert long.count() >= 4
    assert set(long.evaluate_all(breaks)) == {"auto"}
    for name in (".row", ".panels > .plot"):
        assert set(page.locator(name).evaluate_all(breaks)) == {"avoid"}


def test_the_numbers_of_a_figure_are_printed_where_they_are_unfolded(one: Path, browser_page: Open) -> None:
    page = browser_page(one.as_uri())
    page.locator("details.numbers summary").first.click()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    seen = [each.is_visible() for each in page.locator("details.numbers").all()]
    assert seen == [True, *[False] * (len(seen) - 1)]
    assert len(seen) > 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_the_high_contrast_of_a_system_pictures_have_its_colours(one: Path, browser_page: Open, scheme: str) -> None:
    page = browser_page(one.as_uri(), forced_colors="active", color_scheme=scheme)
    text, line = page.evaluate(
        """() => {
          const of = (name, what) => getComputedStyle(document.querySelector(name))[what];
          return [of("body", "color"), of(".zero, line.baseline", "stroke")];
        }"""
    )
    assert line == text
    page.locator('[data-picture="curves"]').scroll_into_view_if_needed()
    assert page.locator(".curves-chart canvas").is_visible()


def test_names_from_outside_are_text_and_nothing_else(hostile: Path, browser_page: Open) -> None:
    page = browser_page(hostile.as_uri())
    assert page.evaluate("window.broken") is None
    assert page.locator("img[src='x']").count() == 0
    assert page.get_by_role("rowheader", name=f"optimizer={EVIL}".replace("\u202e", "\\x202e")).count() >= 1
    assert page.locator(".curves-name code").count() == len(HOSTILE)


def test_without_a_script_it_says_the_same(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri(), java_script_enabled=False)
    assert page.locator("h1").is_visible()
    assert page.locator("nav.contents a").first.is_visible()
    assert page.locator("button:visible").count() == 0
    assert page.locator(".filter").count() == 0


# keyboard and screen reader ---------------------------------------------------------------------------------


def test_keys_lead_to_the_content_first(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'page-main'")


def test_what_has_the_focus_is_seen(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    for _ in range(12):
        page.keyboard.press("Tab")
        style = (
            "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth] })()"
        )
        assert page.evaluate(style) == ["solid", "3px"]


def test_a_screen_reader_finds_the_outline(report: Path, browser_page: Open) -> None:
    page = browser_page(report.as_uri())
    for role in ("banner", "main", "navigation", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("heading", level=2).count() >= 3
    assert page.get_by_role("columnheader", name="verdict").count() >= 1
    assert page.get_by_role("rowheader", name="optimizer=sgd").count() >= 1
    assert all(
        name
        for name in page.locator("figure").evaluate_all(
            "figures => figures.map(each => each.getAttribute('aria-label') || each.querySelector('img')?.alt)"
        )
    )


def test_the_vendored_axe_is_the_one_that_was_released() -> None:
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_CHECKSUM


@pytest.mark.parametrize("study", ["report", "one", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_axe_finds_nothing_serious(
    request: pytest.FixtureRequest, browser_page: Open, study: str, scheme: str, size: tuple[int, int]
) -> None:
    report: Path = request.getfixturevalue(study)
    page = browser_page(report.as_uri(), size=size, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = {
        each["id"]: [node["html"][:120] for node in each["nodes"][:3]]
        for each in found["violations"]
        if each["impact"] in ("moderate", "serious", "critical")
    }
    assert serious == {}
