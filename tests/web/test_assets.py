"""What a page is set in: bounded, of one order, and nothing in it that would end the element it stands in."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from ablate.web import assets as module
from ablate.web.assets import assets, early_script, hash_of, script, scripts, styles

OURS = [name for name in assets() if "/" not in name]


def test_what_is_vendored_comes_first_and_the_rest_by_name() -> None:
    names = list(assets())
    vendored = [name for name in names if name.startswith("uPlot/")]
    assert names == vendored + sorted(set(names) - set(vendored))
    assert {"style.css", "page.js", "theme.js"} <= set(names)


def test_a_file_more_is_a_script_more(tmp_path, monkeypatch) -> None:
    (tmp_path / "uPlot").mkdir()
    for name in (
        "uPlot/uPlot.iife.min.js",
        "uPlot/uPlot.min.css",
        "uPlot/LICENSE",
        "a.js",
        "theme.js",
        "z.js",
        "b.css",
    ):
        (tmp_path / name).write_text(f"/* {name} */\n")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    assets.cache_clear()
    try:
        assert [asset.name for asset in scripts()] == ["uPlot/uPlot.iife.min.js", "a.js", "z.js"]
        assert [asset.name for asset in styles()] == ["uPlot/uPlot.min.css", "b.css"]
        assert script() == "/* uPlot/uPlot.iife.min.js */\n/* a.js */\n/* z.js */"
        assert early_script() == "/* theme.js */"
    finally:
        assets.cache_clear()


@pytest.mark.parametrize("name", list(assets()))
def test_nothing_ends_the_element_that_it_stands_in(name: str) -> None:
    content = assets()[name].content
    assert not re.search(r"</(script|style)|<!--|<script", content, re.IGNORECASE)
    # A parser of HTML makes line feeds of these, and the hash would be that of another text.
    assert "\r" not in content
    assert "\0" not in content


@pytest.mark.parametrize("name", list(assets()))
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    content = assets()[name].content
    if name.endswith(".css"):
        assert not re.search(r"url\(|@import", content)
    else:
        assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|importScripts|eval)\s*\(|\bimport\s*\(", content)


@pytest.mark.parametrize("name", [name for name in OURS if name.endswith(".js")])
def test_our_scripts_are_one_strict_function_each(name: str) -> None:
    code = re.sub(r"^//[^\n]*\n|/\*.*?\*/", "", assets()[name].content, flags=re.MULTILINE | re.DOTALL).strip()
    assert re.match(r"\((\(\) =>|function \(\)) \{\n\s*\"use strict\";", code)
    assert code.endswith("();")


def test_the_script_of_a_page_is_small() -> None:
    assert sum(len(assets()[name].content) for name in ("page.js", "theme.js")) <= 20 * 1024
    assert len(assets()["curves.js"].content.encode()) <= 15 * 1024


def test_colours_are_variables() -> None:
    """Below the themes no colour is named but the white that images are printed on."""
    sheet = assets()["style.css"].content
    rules = sheet[sheet.index("/* type ---") :]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b|rgb\([^)]*\)", rules)) == {"#ffffff"}


def test_both_ways_to_a_dark_page_are_the_same() -> None:
    sheet = assets()["style.css"].content
    blocks = re.findall(r":root(?::not\(\[data-theme=\"light\"\]\)|\[data-theme=\"dark\"\]) \{([^}]*)\}", sheet)
    assert len(blocks) == 2
    assert blocks[0] == blocks[1]
    names = [set(re.findall(r"(--[\w-]+):", block)) for block in (blocks[0], sheet[: sheet.index("}")])]
    assert names[1] - names[0] == {"--bar", "--measure", "--mono", "--sans"}


def test_a_hash_is_that_of_a_content_security_policy() -> None:
    digest = hashlib.sha256("alert('é');".encode()).digest()
    assert hash_of("alert('é');") == f"'sha256-{base64.b64encode(digest).decode()}'"
