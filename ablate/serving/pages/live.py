"""A study while it is being trained, here, in another terminal, or on another machine that shares the folder."""

from __future__ import annotations

from markupsafe import Markup

from ablate.core.errors import UsageError
from ablate.operations.as_json import to_json
from ablate.reporting.blocks import Figure, text
from ablate.serving import links
from ablate.serving.answers import Answer, Document, Page
from ablate.serving.asked import Asked
from ablate.serving.event_stream import EventStream
from ablate.serving.links import PageLink
from ablate.serving.live import LiveState
from ablate.serving.routes import Route
from ablate.serving.shell import fragment
from ablate.serving.watched import FRAGMENTS, TEMPLATE, Watched
from ablate.web.markup import render
from ablate.web.picture import Picture
from ablate.web.pictures.curves import curves_picture

__all__ = ["ROUTES"]

FIGURE = "curves"
MOST_OF_AN_ID = 100
NOTHING_ENDED = Markup('<p class="note">No run has ended yet.</p>')


def live_page(asked: Asked) -> Answer:
    """One look, which a script goes on from; without a script the page loads itself again."""
    state = asked.site.lasting(Watched).state(asked.part("name"))
    return Page(
        f"{state.done} of {state.planned} · {state.study}",
        "live.html",
        {
            "state": state,
            "parts": {name: fragment(TEMPLATE, name, state) for name in FRAGMENTS},
            "curves": _figure(state),
            "events": f"{links.of_live(state.study)}/events",
            "links": [
                PageLink("Its report, as far as it is", links.of_study(state.study)),
                PageLink("Its runs", links.of_runs(study=state.study)),
            ],
        },
        section="/",
    )


def live_document(asked: Asked) -> Answer:
    return Document(to_json(asked.site.lasting(Watched).standing(asked.part("name"))))


async def events(asked: Asked) -> Answer:
    """The same as it changes, as server-sent events; of a study that is not there yet from when it is."""
    name = asked.part("name")
    last = asked.request.headers.get("last-event-id") or asked.value("last")
    if len(last) > MOST_OF_AN_ID:
        raise UsageError("That is no id of an event.")
    asked.site.check_name(name)
    return EventStream(asked.site.lasting(Watched).events(name, last))


def _figure(state: LiveState) -> Markup:
    """The script draws it; without one, and on paper, stands what has ended."""
    curves = state.curves
    printed = curves_picture(curves.ended).markup if curves.ended else NOTHING_ENDED
    figure = Figure(FIGURE, "Learning curves", text())
    return render([figure], {FIGURE: Picture(printed, script="curves", data=dict(curves.data))})


ROUTES = (
    Route("/studies/{name}/live", live_page, "A study while it is being trained."),
    Route("/api/studies/{name}/live", live_document, "How far a study is, as `ablate watch --json`."),
    Route(
        "/studies/{name}/live/events",
        events,
        "The same as server-sent events: `state`, `curves` and, so that nobody waits in vain, `beat`.",
        {"last": "the id of the last event that was seen, for whoever cannot send it as Last-Event-ID"},
        is_stream=True,
    ),
)
