"""Figures are found: what a sweep has is said in one place, and drawn in another."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ablate import plots, reporting
from ablate.plots import figures, probe_pages, seed_noise
from ablate.plots.pages import pages
from ablate.reporting.captions import captions
from ablate.reporting.figures import Caption, captions_of
from tests.plots.test_probe_pages import RESULTS

CAPTIONS = """from ablate.reporting.figures import Caption

def captions(results):
    return (Caption("mine", "a plot", results.planned.spec.name),)
"""
PAGES = "DRAW = {'mine': lambda results: results}\n"


def test_every_caption_has_a_page() -> None:
    assert set(pages()) == {*figures.DRAW, *probe_pages.DRAW, *seed_noise.DRAW}
    names = [caption.name for caption in captions_of(RESULTS)]
    assert names == [*(caption.name for caption in captions(RESULTS)), *probe_pages.DRAW]


def test_a_figure_is_found(tmp_path, monkeypatch) -> None:
    for package, module, text in ((reporting, "own_captions", CAPTIONS), (plots, "own_pages", PAGES)):
        folder = tmp_path / module
        folder.mkdir()
        (folder / f"{module}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    before = captions_of(RESULTS)
    own = Caption("mine", "a plot", RESULTS.planned.spec.name)
    assert own in before
    assert pages()["mine"](RESULTS) is RESULTS
    for package, module in (("reporting", "own_captions"), ("plots", "own_pages")):
        monkeypatch.delitem(sys.modules, f"ablate.{package}.{module}")


def test_no_two_modules_draw_one_page(monkeypatch) -> None:
    monkeypatch.setitem(probe_pages.DRAW, "gap", probe_pages.reliability)
    with pytest.raises(ValueError, match="draws gap, as another does"):
        pages()


def test_captions_wait_for_no_matplotlib() -> None:
    code = "import sys, ablate.reporting.sections, ablate.reporting.probe_captions; print('matplotlib' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
