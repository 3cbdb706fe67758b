"""What holds for each picture that is drawn as SVG, whatever it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import ablate.web
from ablate.analysis.results import SweepResults
from ablate.plots.pages import pages
from ablate.web.picture import Picture
from ablate.web.pictures import dots, forest, grids, lines, seed_noise, slopes
from tests.analysis.test_seed_noise import RESULTS as NOISE
from tests.plots.test_figures import RESULTS
from tests.web.drawn import classes, parsed
from tests.web.pictures.test_lines import CURVES, GAINS

ASSETS = Path(ablate.web.__file__).parent / "assets"
STYLE = (ASSETS / "pictures.css").read_text()
FULL = replace(RESULTS, displacements=CURVES, ensembles=GAINS.ensembles, noise=NOISE.noise)
DRAW: dict[str, Callable[[SweepResults], Picture]] = {
    name: draw for module in (dots, forest, grids, lines, seed_noise, slopes) for name, draw in module.PICTURES.items()
}
# Of the page, and those that only name what a script or a test looks for.
ELSEWHERE = {"tone-good", "tone-bad", "tone-alike", "tone-open", "of-arm", "of-factor", "dash-0", "slopes"}


@pytest.mark.parametrize("name", sorted(DRAW))
def test_it_has_the_name_of_a_figure_a_title_and_its_numbers(name: str) -> None:
    assert name in pages()
    picture = DRAW[name](FULL)
    assert picture.numbers is not None
    assert picture.numbers.rows
    assert re.search(r'<p class="picture-title"><strong>[^<]', picture.markup)


@pytest.mark.parametrize("name", sorted(DRAW))
def test_equal_results_give_equal_bytes_and_no_style_of_its_own(name: str) -> None:
    markup = str(DRAW[name](FULL).markup)
    assert markup == str(DRAW[name](replace(FULL)).markup)
    assert not re.search(r"\s(style|fill|stroke|on\w+|id|href)=", markup)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", markup)


@pytest.mark.parametrize("name", sorted(DRAW))
def test_every_class_has_its_style(name: str) -> None:
    styled = set(re.findall(r"\.([a-z][a-z0-9-]*)", STYLE)) | ELSEWHERE
    used = set().union(*(classes(element) for element in parsed(DRAW[name](FULL)).iter()))
    assert used - styled == set()


@pytest.mark.parametrize("name", sorted(DRAW))
def test_what_is_drawn_is_an_image_with_a_title_or_passed_over(name: str) -> None:
    for svg in parsed(DRAW[name](FULL)).iter("svg"):
        if svg.get("class"):
            is_image = svg.get("role") == "img" and bool(svg.findtext("title"))
            assert is_image is not (svg.get("aria-hidden") == "true"), svg.attrib


def test_colours_are_the_variables_of_the_page_alone() -> None:
    assert not re.search(
        r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl|(?<![-\w])(black|white|red|green|blue|gr[ae]y)(?![-\w])", STYLE
    )
    known = re.compile(
        r"--(ink|muted|faint|paper|panel|line|accent|good|bad|alike|open|margin|series-([1-9]|10)|label|beside|across|mark-of)$"
    )
    assert [name for name in re.findall(r"var\((--[a-z0-9-]+)", STYLE) if not known.match(name)] == []


def test_drawing_for_a_page_waits_for_no_matplotlib() -> None:
    modules = ", ".join(module.__name__ for module in (dots, forest, grids, lines, seed_noise, slopes))
    code = f"import sys, {modules}; print(sorted({{'matplotlib', 'tensorflow'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
