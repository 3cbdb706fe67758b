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
from ablate.serving.content import Content, being_made, content_of
from ablate.serving.links import PageLink
from ablate.serving.routes import Entry, Route
from ablate.serving.site import Site, StoredStudy
from ablate.storage.atomic import StoreError
from ablate.storage.studies import study_names
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
    readable = {each.name: each for each in indexed_studies(site.results_dir, sets_aside=False)}
    problems = {name: _problem(site, name, name in readable) for name in study_names(site.results_dir)}
    found = reversed([each for name, each in readable.items() if not problems.get(name)])
    return Page(
        "Studies",
        "studies.html",
        {
            "results_dir": site.results_dir,
            "is_there": site.results_dir.is_dir(),
            "studies": [_card(site, each) for each in found],
            "unreadable": [said for said in problems.values() if said],
        },
        section="/",
    )


def answer_page(asked: Asked) -> Answer:
    """The answer of a study alone, for the list."""
    site, name = asked.site, asked.part("name")
    site.line(name)  # which looks whether there is such a study

    def answered() -> Content:
        return Content(inline(answer_of(site.study(name))))

    made = content_of(site.workshop, *_key(site, name), answered)
    if made is None:
        return being_made(name, "/", "", links=[PageLink("The study", links.of_study(name))])
    said = made.value.markup
    return Page(name, "answer.html", {"answer": said, "address": links.of_study(name)}, section="/")


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
    known = site.workshop.known(*_key(site, name))
    return Markup() if known is None else known.markup


def _key(site: Site, name: str) -> tuple[tuple[str, str], str]:
    """What the answer of a study is kept under, and what it depends on."""
    return ("answer", name), site.at_a_glance(name)


def _problem(site: Site, name: str, is_readable: bool) -> str:
    """What is wrong with a study, in words; nothing where it can be opened."""
    try:
        site.check_study(name)
        if not is_readable:
            site.line(name)
    except StoreError as error:
        return f"{error}. {error.hint}"
    return ""


ROUTES = (
    Route("/", studies_page, "The studies: what each asks, what it has answered, and how far it is."),
    Route("/studies/{name}/answer", answer_page, "The answer of a study."),
)
NAV = Entry("Studies", "/", rank=1)
