"""A page as HTML: its template, in the shell that reports have too, with the navigation around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

import ablate
from ablate.reporting.blocks import with_code
from ablate.sanitize.text import one_line
from ablate.serving.answers import Page
from ablate.serving.problems import Problem
from ablate.serving.routes import navigation
from ablate.web.assets import assets
from ablate.web.environment import environment
from ablate.web.markup import inline

__all__ = ["ASSETS", "Served", "fragment", "page_html", "problem_html", "served"]

HERE = Path(__file__).parent
ASSETS = "/assets/"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
EARLY = "theme.js"


def page_html(page: Page) -> str:
    """The whole document."""
    return _render(page.template, {**page.context, "title": page.title, "section": page.section})


def problem_html(problem: Problem) -> str:
    """The page in place of the one that cannot be."""
    return _render("problem.html", {"problem": problem, "title": problem.title, "section": ""})


def fragment(template: str, macro: str, *arguments: object) -> Markup:
    """What a macro of a template makes: a part of a page, for a page that changes while it is looked at."""
    module = _templates().get_template(template).module
    return Markup(getattr(module, macro)(*arguments))


@dataclass(frozen=True)
class Served:
    """A file that pages are made of."""

    content: str
    media_type: str


@cache
def served() -> Mapping[str, Served]:
    """Every style and script by its name under `/assets/`: those of reports, then the application's own."""
    own = sorted(path for path in (HERE / "assets").iterdir() if path.suffix in MEDIA_TYPES)
    texts = {
        **{name: asset.content for name, asset in assets().items()},
        **{path.name: path.read_text(encoding="utf-8") for path in own},
    }
    return {name: Served(text, MEDIA_TYPES[Path(name).suffix]) for name, text in texts.items()}


def _render(template: str, context: Mapping[str, Any]) -> str:
    around = {
        "navigation": navigation(),
        "styles": [f"{ASSETS}{name}" for name in served() if name.endswith(".css")],
        "early": f"{ASSETS}{EARLY}",
        "scripts": [f"{ASSETS}{name}" for name in served() if name.endswith(".js") and name != EARLY],
        "version": ablate.__version__,
    }
    return _templates().get_template(template).render(**{**around, **context})


@cache
def _templates() -> Environment:
    templates = environment(HERE / "templates")
    templates.filters["plain"] = lambda value: one_line(str(value))
    templates.filters["code"] = lambda said: inline(with_code(said))
    return templates
