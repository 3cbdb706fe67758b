"""A report as one file: what is in it, what may run in it, and how long it may be."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from markupsafe import Markup

from ablate.analysis.results import StudyResults, study_results
from ablate.plots.canvas import png_bytes
from ablate.reporting.blocks import Details, Figure, Heading, Prose, Table, text
from ablate.reporting.report import report_blocks
from ablate.web import page as module
from ablate.web.assets import early_script, hash_of, script, style
from ablate.web.page import page_of_blocks, report_page
from ablate.web.picture import Picture
from tests.synthetic import completed_runs, dropout_sweep, eventful_runs, optimizer_sweep, plan_of
from tests.web.test_markup import Parsed

COMMAND = ("+sweep=optimizers",)
# Of an image of three pixels by two: what a browser reads of it before it draws.
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02"


def results_of_one() -> StudyResults:
    sweep = optimizer_sweep(seeds=3)
    return study_results(plan_of(sweep), eventful_runs(sweep))


def results_of_two() -> StudyResults:
    sweeps = (optimizer_sweep(seeds=3), dropout_sweep())
    return study_results(plan_of(*sweeps), completed_runs(*sweeps))


def body_of(page: str) -> str:
    """What a reader sees, without the style and the scripts around it."""
    return page[page.index("<main") : page.index("</main>")]


def attribute(page: str, name: str) -> list[str]:
    return [unescape(value) for value in re.findall(rf' {name}="([^"]*)"', page)]


def policy_of(page: str) -> dict[str, str]:
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    return dict(part.split(" ", 1) for part in unescape(policy).split("; "))


def test_it_opens_with_the_title_the_question_and_the_answer() -> None:
    body = body_of(report_page(results_of_one(), COMMAND, {}))
    parts = ("<h1>", '<p class="question">', '<p class="answer">', "<figure", "<aside", 'id="part-verdicts"')
    places = [body.index(part) for part in parts]
    assert places == sorted(places)
    assert [body.count(part) for part in parts[:3]] == [1, 1, 1]
    assert "paired_differences" in body[body.index("<figure") : body.index("<aside")]


def test_a_study_of_several_sweeps_opens_with_its_answer_and_lists_its_sweeps() -> None:
    page = report_page(results_of_two(), COMMAND, {})
    assert re.findall(r"<(h1|p|ul|h2)\b", body_of(page))[:4] == ["h1", "p", "p", "ul"]
    assert body_of(page).index('<p class="answer">') < body_of(page).index("The sweeps, each with its answer")
    assert page.count('<p class="question">') == 2
    contents = page[page.index("<nav") : page.index("</nav>")]
    entries = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', contents)
    assert [title for name, title in entries if re.fullmatch("sweep-[a-z]+", name)] == ["optimizers", "dropout"]
    assert ("sweep-optimizers-verdicts", "Verdicts") in entries


@pytest.mark.parametrize("results", [results_of_one, results_of_two])
def test_every_link_leads_to_one_place_of_the_page(results) -> None:
    page = report_page(results(), COMMAND, {})
    names = attribute(page, "id")
    assert len(set(names)) == len(names)
    targets = attribute(page, "href")
    assert len(targets) > 5
    assert {target.removeprefix("#") for target in targets} <= set(names)


def test_everything_that_the_blocks_say_is_said() -> None:
    results = results_of_one()
    body = body_of(report_page(results, COMMAND, {}))
    read = " ".join(Parsed(body + "</main>").texts[0].split())
    for block in report_blocks(results, COMMAND):
        match block:
            case Heading(_, said) | Prose(said):
                assert " ".join(said.plain.split()) in read
            case Table(_, rows):
                assert all(" ".join(cell.plain.split()) in read for row in rows for cell in row)


def test_the_same_results_give_the_same_bytes_in_every_process() -> None:
    code = (
        "import sys; from tests.web.test_page import *\n"
        "sys.stdout.buffer.write(report_page(results_of_one(), COMMAND, {'figures/optimizers-gap.png': PNG}).encode())"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2]), "LC_ALL": "C"},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert pages == {report_page(results_of_one(), COMMAND, {"figures/optimizers-gap.png": PNG}).encode()}


# what may run in it ---------------------------------------------------------------------------------------


def test_the_policy_allows_exactly_what_stands_in_it() -> None:
    page = report_page(results_of_one(), COMMAND, {"figures/optimizers-gap.png": PNG})
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert scripts == [early_script(), script()]
    assert styles == [style()]
    assert policy_of(page) == {
        "default-src": "'none'",
        "script-src": " ".join(map(hash_of, scripts)),
        "style-src": hash_of(styles[0]),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # It holds for what follows it alone.
    assert page.index("Content-Security-Policy") < min(page.index("<style"), page.index("<script"))


def test_nothing_names_another_place_and_nothing_is_styled_or_run_by_an_attribute() -> None:
    page = report_page(results_of_two(), COMMAND, {})
    markup = page.replace(script(), "").replace(style(), "").replace(early_script(), "")
    assert not re.search(r'\b(src|href)="(?!#|data:|figures/)', markup)
    assert not re.search(r"<(link|iframe|object|embed|base|form)\b", markup)
    assert not re.search(r"<[^>]* (on\w+|style)=", markup)


@pytest.mark.parametrize("name", ['<script>alert("x")</script>', "</title><b>", "a\x1b[2Jb", "{{ 7 * 7 }}"])
def test_a_title_is_text(name: str) -> None:
    page = page_of_blocks([Heading(1, text(name))], name, {}, {})
    assert "<b>" not in page
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "49" not in body_of(page)


# images ---------------------------------------------------------------------------------------------------


def figure(number: int) -> Figure:
    return Figure(f"figures/{number}.png", f"Figure {number}")


def images(page: str) -> list[str]:
    return re.findall(r'<img src="([^"]*)"', page)


def png_of(size: int) -> bytes:
    return PNG + bytes(size)


def test_an_image_stands_in_the_page_with_its_size() -> None:
    page = page_of_blocks([figure(1)], "a", {}, {"figures/1.png": PNG})
    encoded = base64.b64encode(PNG).decode()
    assert f'<img src="data:image/png;base64,{encoded}" alt="Figure 1" width="3" height="2">' in page
    assert "Beside this page" not in page


def test_the_size_of_a_real_image_is_read() -> None:
    from matplotlib.figure import Figure as Sheet

    png = png_bytes(Sheet(figsize=(2, 1), dpi=150))
    page = page_of_blocks([figure(1)], "a", {}, {"figures/1.png": png})
    assert 'width="300" height="150"' in page


def test_what_is_no_image_is_shown_without_a_size() -> None:
    page = page_of_blocks([figure(1)], "a", {}, {"figures/1.png": b"torn"})
    assert '<img src="data:image/png;base64,dG9ybg==" alt="Figure 1">' in page


def test_images_that_make_it_too_long_lie_beside_it_and_it_says_so(monkeypatch) -> None:
    blocks = [figure(1), Details("more", (figure(2),)), figure(3), Heading(2, text("x"))]
    figures = {"figures/1.png": png_of(30_000), "figures/2.png": png_of(90_000), "figures/3.png": png_of(3_000)}
    empty = len(page_of_blocks([Heading(2, text("x"))], "a", {}, {}))
    monkeypatch.setattr(module, "MOST_BYTES", empty + 60_000)
    page = page_of_blocks(blocks, "a", {}, figures)
    assert len(page.encode()) <= empty + 60_000
    first, second, third = images(page)
    assert first.startswith("data:image/png")
    assert second == "figures/2.png"
    assert third.startswith("data:image/png")
    assert policy_of(page)["img-src"] == "data: 'self' file:"
    assert "in the folder figures/: 1 of its 3 images." in page


@pytest.mark.parametrize("room", [0, 1_000, 5_000, 20_000, 100_000])
def test_it_is_as_long_as_it_may_be_and_no_longer(monkeypatch, room: int) -> None:
    figures = {f"figures/{number}.png": png_of(3_000 + number) for number in range(12)}
    blocks = [figure(number) for number in range(12)]
    least = len(page_of_blocks(blocks, "a", {}, dict.fromkeys(figures, PNG)).encode())
    monkeypatch.setattr(module, "MOST_BYTES", least + room)
    page = page_of_blocks(blocks, "a", {}, figures)
    assert len(page.encode()) <= least + room
    left = [source for source in images(page) if source.startswith("figures/")]
    assert bool(left) == ("Beside this page" in page)
    if left:
        assert least + room - len(page.encode()) < 2 * 4_500, "there was room for one more"


def test_a_picture_takes_no_room_for_the_image_that_it_replaces() -> None:
    picture = Picture(Markup("<svg></svg>"))
    page = page_of_blocks([figure(1)], "a", {"figures/1.png": picture}, {"figures/1.png": PNG})
    assert images(page) == []
    assert "<svg></svg>" in page


def test_what_a_sweep_draws_for_a_page_stands_in_the_place_of_its_figure(monkeypatch) -> None:
    seen = []

    def draw(results):
        seen.append(results.planned.spec.name)
        return Picture(Markup("<svg>{}</svg>").format(results.planned.spec.name))

    monkeypatch.setattr(module, "pictures", lambda: {"gap": draw})
    page = report_page(results_of_two(), COMMAND, {"figures/optimizers-gap.png": PNG})
    assert seen == ["optimizers", "dropout"]
    assert page.index("<svg>optimizers</svg>") < page.index('id="sweep-dropout"') < page.index("<svg>dropout</svg>")
    assert "gap.png" not in "".join(images(page))
