"""The same for programs: the JSON that the verbs print with --json, and the page that says where it is."""

from __future__ import annotations

from ablate.operations.as_json import to_json
from ablate.operations.catalogue import catalogue
from ablate.operations.load import load
from ablate.operations.pages import Aggregate, arms_page
from ablate.serving.answers import Answer, Document, Page
from ablate.serving.asked import Asked
from ablate.serving.pages.arms import LAST_EPOCHS, MOST_EPOCHS, PER_PAGE, QUERY
from ablate.serving.pages.compare import WITH, compared
from ablate.serving.pages.run import opened
from ablate.serving.pages.runs import MOST_PAGES
from ablate.serving.routes import Entry, Route, routes

__all__ = ["NAV", "ROUTES"]

ARMS = {key: said for key, said in QUERY.items() if key not in ("q", "study")}
WHERE = {"where": "a filter as `ablate list` takes it: status=failed, study=optimizers, model.dropout=0.3"}


def studies(asked: Asked) -> Answer:
    return Document(to_json(catalogue(results_dir=asked.site.results_dir, sets_aside=False)))


def study(asked: Asked) -> Answer:
    name = asked.part("name")
    asked.site.study(name)  # which looks for links that lead out
    return Document(to_json(load(name, results_dir=asked.site.results_dir, sets_aside=False)))


def runs(asked: Asked) -> Answer:
    words = ("runs", *asked.filters())
    return Document(to_json(catalogue(*words, results_dir=asked.site.results_dir, sets_aside=False)))


def arms(asked: Asked) -> Answer:
    site, at = asked.site, asked.number("page", 1, 1, MOST_PAGES)
    metric, aggregate = asked.value("metric"), asked.value("aggregate", Aggregate.EVALUATED.value)
    last_epochs = asked.number("k", LAST_EPOCHS, 1, MOST_EPOCHS)
    offset = (at - 1) * PER_PAGE
    found = arms_page(
        site.results_dir,
        asked.filters(),
        metric,
        aggregate,
        last_epochs,
        asked.value("sort"),
        offset,
        PER_PAGE,
        site.store,
    )
    return Document(to_json(found))


def run(asked: Asked) -> Answer:
    return Document(to_json(opened(asked.site, asked.part("run_id"))))


def compare(asked: Asked) -> Answer:
    return Document(to_json(compared(asked.site, asked.values("with"), asked.value("allow") == "yes")))


def documentation(asked: Asked) -> Answer:
    """Made of what the routes say of themselves."""
    declared = routes()
    return Page(
        "API",
        "api.html",
        {
            "documents": [route for route in declared if route.path.startswith("/api/")],
            "pages": [route for route in declared if not route.path.startswith("/api")],
            "origin": f"{asked.request.url.scheme}://{asked.request.headers['host']}",
        },
        section="/api",
    )


ROUTES = (
    Route("/api", documentation, "This page."),
    Route("/api/studies", studies, "The studies and how far each is, as `ablate list --json`."),
    Route("/api/studies/{name}", study, "A study: its plan, and the records of its runs.", takes_long=True),
    Route(
        "/api/runs", runs, "The runs that agree with all filters, as `ablate list runs --json`.", WHERE, takes_long=True
    ),
    Route("/api/arms", arms, "The arms over their seeds, a page of them.", ARMS),
    Route("/api/runs/{run_id}", run, "A run, by the beginning of its id, as `ablate show --json`."),
    Route("/api/compare", compare, "Sides beside each other, as `ablate compare --json`.", WITH, takes_long=True),
)
NAV = Entry("API", "/api", rank=90)
