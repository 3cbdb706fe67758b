"""The page on which a margin is moved: what it says, and what it makes of nonsense."""

from __future__ import annotations

import re

import pytest

from ablate.operations.as_json import to_json
from ablate.operations.explore import explore
from ablate.reporting.exploration import EXPLORED
from ablate.serving.pages.explore import STEPS, _slider
from tests.serving.conftest import Browser
from tests.serving.test_pages import text_of

PAGE = "/studies/optimizers/explore"


def values(page: str, name: str) -> list[str]:
    """Of the inputs of the form."""
    return [
        re.search(r'value="([^"]*)"', tag)[1]  # type: ignore[index]
        for tag in re.findall(r"<input[^>]*>", page)
        if f'name="{name}"' in tag
    ]


def test_it_begins_at_the_stated_margin_with_the_words_of_the_report(browser: Browser) -> None:
    page = browser().get(PAGE).text
    said = text_of(page)
    assert values(page, "margin") == ["0.01"]
    assert "The stated margin: 0.01" in said
    assert "as in the report" in said


def test_without_a_script_the_form_asks_for_another(browser: Browser) -> None:
    client = browser()
    (form,) = re.findall(r"<form .*?</form>", client.get(PAGE).text, re.DOTALL)
    assert 'method="get"' in form
    # What the script needs has no name, and is not sent.
    assert re.findall(r'name="(\w+)"', form) == ["sweep", "margin"]
    (sweep,) = values(form, "sweep")
    page = client.get(PAGE, params={"sweep": sweep, "margin": "0.3"}).text
    assert values(page, "margin") == ["0.3"]
    assert f"{EXPLORED.capitalize()}: a margin of 0.3." in text_of(page)


@pytest.mark.parametrize("margin", ["", "0.01", "0.3", "1e-300", "1e300"])
def test_the_mark_is_always_there(margin: str, browser: Browser) -> None:
    assert EXPLORED in text_of(browser().get(f"{PAGE}?margin={margin}").text)


def test_the_picture_does_not_call_an_explored_margin_stated(browser: Browser) -> None:
    page = browser().get(f"{PAGE}?margin=0.004").text
    picture = page[page.index('<div class="forest">') : page.index("</figure>")]
    assert "the stated" not in picture
    assert "the explored" in picture


def test_programs_get_what_the_operation_gives(browser: Browser, results: object) -> None:
    answer = browser().get(f"/api{PAGE}?margin=0.3").json()
    assert answer == to_json(explore("optimizers", margin=0.3, results_dir=results, sets_aside=False))  # type: ignore[arg-type]


@pytest.mark.parametrize("stated", [None, 0.01, 1e-12])
@pytest.mark.parametrize("number", [5e-324, 1e-6, 0.01, 3.0, 1e308])
def test_the_slider_holds_what_is_asked_for_and_what_was_stated(stated: float | None, number: float) -> None:
    slider = _slider(number, stated, 0.02)
    assert 0 < slider.low <= number <= slider.high
    assert 0 <= slider.at <= STEPS
    if stated is None:
        assert slider.stated is None
    else:
        assert slider.stated is not None
        assert 0 <= slider.stated <= STEPS
        assert (slider.at < slider.stated) == (number < stated) or slider.at == slider.stated
