"""The margin of a sweep, to be moved: which words change, and how many seeds it would take. It is no finding."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

from markupsafe import Markup

from ablate.analysis.exploring import BadMargin, Exploration, explore_margin, is_relative
from ablate.analysis.results import SweepResults
from ablate.operations.as_json import to_json
from ablate.operations.explore import position_of
from ablate.reporting.exploration import EXPLORED, exploration_blocks
from ablate.serving import links
from ablate.serving.answers import Answer, Document, Page
from ablate.serving.asked import Asked
from ablate.serving.links import PageLink
from ablate.serving.routes import Route
from ablate.serving.site import Site, StoredStudy
from ablate.web.markup import render
from ablate.web.picture import Picture
from ablate.web.pictures.forest import paired_differences

__all__ = ["ROUTES", "explored"]

FIGURE = "explored"
# As far as the slider goes to either side of where it begins, and in how many steps.
TIMES, STEPS = 20.0, 200
# Where no margin is stated: a part of the largest difference that there is, or this.
PART, OTHERWISE = 0.5, 0.01
WITH = {
    "sweep": "the name of a sweep; the first by default",
    "margin": "in the unit of the metric, or in per cent of the error where the sweep's own is; by default as stated",
}


@dataclass(frozen=True)
class Slider:
    """Where the margin can be moved, in even steps of its logarithm, and which of them is the stated one."""

    low: float
    high: float
    steps: int
    at: int
    stated: int | None


def explore_page(asked: Asked) -> Answer:
    """The words at the margin that is asked for, beside those of the report."""
    site = asked.site
    study = site.study(asked.part("name"))
    found = explored(site, study, asked)
    number = _number(found.margin)
    stated = None if found.stated_margin is None else _number(found.stated_margin)
    is_percent = isinstance(found.margin, str)
    return Page(
        f"{study.plan.name}: margin",
        "explore.html",
        {
            "study": study.plan.name,
            "explored": found,
            "sweeps": [
                PageLink(each.spec.name, links.of_explorer(study.plan.name, each.spec.name))
                for each in study.plan.sweeps
            ],
            "number": f"{number:.6g}",
            "unit": "% of the error" if is_percent else found.metric.unit or f"in the unit of {found.metric.title}",
            "stated": None if stated is None else f"{stated:.6g}",
            "slider": _slider(number, stated, _usual(found.results)),
            "content": _content(found),
            "mark": EXPLORED,
            "address": links.of_study(study.plan.name),
        },
        section="/",
    )


def explore_document(asked: Asked) -> Answer:
    return Document(to_json(explored(asked.site, asked.site.study(asked.part("name")), asked)))


def explored(site: Site, study: StoredStudy, asked: Asked) -> Exploration:
    """What is asked for; kept for as long as nothing of the study has changed.

    Raises:
        NoSuchSweep, BadMargin: when the study has no such sweep, or that is no margin of it.
    """
    plan = study.plan
    position = position_of(plan, asked.value("sweep") or None)
    results = study.results.sweeps[position]
    margin = _margin(asked.value("margin"), results)
    make = partial(explore_margin, results, plan, study.runs, study.events, margin)
    return site.values.get(("explore", plan.name, position, margin, study.version), make)


def _margin(asked: str, results: SweepResults) -> float | str:
    """As a sweep states it. Where it is a part of the error the sign of per cent may be left out, as a field of
    numbers has none."""
    if not asked:
        stated = results.planned.spec.margin
        usual = _usual(results)
        return stated if stated is not None else f"{usual:.3g}%" if is_relative(results) else float(f"{usual:.3g}")
    if is_relative(results):
        return f"{asked.removesuffix('%').strip()}%"
    try:
        return float(asked)
    except ValueError as error:
        raise BadMargin(f"a margin of {results.metric.name} is a number above 0 in its unit, not {asked}") from error


def _usual(results: SweepResults) -> float:
    """Where the slider begins of a sweep that states none: of the size of what was found."""
    found = max((abs(verdict.diff) for verdict in results.verdicts if verdict.diff is not None), default=0.0)
    found = PART * found if math.isfinite(found) and found > 0 else OTHERWISE
    return 100 * math.expm1(min(found, 1.0)) if is_relative(results) else found


def _number(margin: float | str) -> float:
    return float(margin.strip().removesuffix("%")) if isinstance(margin, str) else margin


def _slider(number: float, stated: float | None, usual: float) -> Slider:
    """Around the stated margin; wider where the one that is asked for lies beyond."""
    middle = usual if stated is None else stated
    low, high = min(middle / TIMES, number), max(middle * TIMES, number)

    def step(value: float) -> int:
        return round(STEPS * (math.log(value) - math.log(low)) / (math.log(high) - math.log(low)))

    return Slider(low, high, STEPS, step(number), None if stated is None else step(stated))


def _content(found: Exploration) -> Markup:
    return render(exploration_blocks(found, FIGURE), {FIGURE: _forest(found)} if found.arms else {})


def _forest(found: Exploration) -> Picture:
    """That of the report, with this margin; what it calls stated is said otherwise."""
    picture = paired_differences(found.results)
    if found.is_stated:
        return picture
    return replace(picture, markup=picture.markup.replace("the stated ", "the explored "))


ROUTES = (
    Route("/studies/{name}/explore", explore_page, "The verdicts of a sweep at another margin: exploratory.", WITH),
    Route("/api/studies/{name}/explore", explore_document, "The same for programs.", WITH),
)
