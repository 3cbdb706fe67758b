"""The studies: what each asks, what it has answered, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from ablate.operations.catalogue import StudySummary, indexed_studies
from ablate.reporting.answer import answer_of_study, answer_of_sweep, findings_of
from ablate.reporting.blocks import Text, text
from ablate.serving import links
from ablate.serving.answers import Answer, Page
from ablate.serving.asked import Asked
from ablate.serving.routes import Entry, Route
from ablate.serving.site import Site, StoredStudy
from ablate.storage.atomic import ReadRefused
from ablate.storage.studies import DamagedPlan, UnreadablePlan, study_names
from ablate.web.markup import inline

__all__ = ["NAV", "ROUTES"]


@dataclass(frozen=True)
class Card:
    """A study as it is listed. `answer` where it is known already; else the page asks for it once it stands."""

    summary: StudySummary
    address: str
    state: str
    tone: str
    answer: Markup


def studies_page(asked: Asked) -> Answer:
    """All of them, the last planned first."""
    site = asked.site
    found = reversed(indexed_studies(site.results_dir, sets_aside=False))
    return Page(
        "Studies",
        "studies.html",
        {
            "results_dir": site.results_dir,
            "studies": [_card(site, each) for each in found],
            "unreadable": _unreadable(site),
        },
        section="/",
    )


def answer_page(asked: Asked) -> Answer:
    """The answer of a study alone, for the list."""
    study = asked.site.study(asked.part("name"))
    return Page(
        study.plan.name,
        "answer.html",
        {"answer": inline(answer_of(study)), "address": links.of_study(study.plan.name)},
        section="/",
    )


def answer_of(study: StoredStudy) -> Text:
    """What it answers, as far as it is done; nothing where nothing is."""
    if not study.number_done:
        return text()
    found = [findings_of(sweep) for sweep in study.results.sweeps]
    return answer_of_sweep(found[0]) if len(found) == 1 else answer_of_study(found)


def _card(site: Site, summary: StudySummary) -> Card:
    """Whether it is finished; nobody waits here for what takes longer to say."""
    is_done = summary.done == summary.planned
    state, tone = ("done", "good") if is_done else ("under way", "open") if summary.done else ("planned", "alike")
    return Card(summary, links.of_study(summary.name), state, tone, _known_answer(site, summary.name))


def _known_answer(site: Site, name: str) -> Markup:
    study = site.known_study(name)
    return Markup() if study is None else inline(answer_of(study))


def _unreadable(site: Site) -> list[str]:
    """What is wrong with those that are not listed."""
    said = []
    for name in study_names(site.results_dir):
        try:
            site.line(name)
        except (UnreadablePlan, DamagedPlan, ReadRefused) as error:
            said.append(f"{error}. {error.hint}")
    return said


ROUTES = (
    Route("/", studies_page, "The studies: what each asks, what it has answered, and how far it is."),
    Route("/studies/{name}/answer", answer_page, "The answer of a study."),
)
NAV = Entry("Studies", "/", rank=1)
