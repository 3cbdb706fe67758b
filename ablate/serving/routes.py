"""What the application answers: each module in `ablate.serving.pages` says which paths are its own.

    ROUTES = (Route("/runs", runs_page, "The runs, in a table."),)
    NAV = Entry("Runs", "/runs", rank=2)

A module is found by its file; nothing else is edited for a new page.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from ablate.core.modules import modules_of
from ablate.serving import pages
from ablate.serving.answers import Answer
from ablate.serving.asked import Asked

__all__ = ["Entry", "Route", "navigation", "routes"]


@dataclass(frozen=True)
class Route:
    """A path and what answers it.

    Attributes:
        path: as Starlette writes it: `/runs/{run_id}`; `{name:path}` takes slashes too.
        answer: a function, run in a thread, or a coroutine, which stays on the event loop and must not work there.
        about: in a sentence, for the page that documents them.
        parameters: what may stand in the query: its name → what it means.
        method: GET, which serves HEAD as well, or POST.
        takes_long: whether it may take seconds, and so waits its turn apart from what is answered at once.
        is_stream: whether the answer goes on for long, so that only a page of this server may ask for it.
    """

    path: str
    answer: Callable[[Asked], Answer] | Callable[[Asked], Awaitable[Answer]]
    about: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    takes_long: bool = False
    is_stream: bool = False


@dataclass(frozen=True)
class Entry:
    """What stands in the navigation of every page; the smallest `rank` first."""

    title: str
    path: str
    rank: int


@cache
def routes() -> tuple[Route, ...]:
    """Of all pages. Those without a variable part come first, so that no other takes their path."""
    found = [route for module in _modules() for route in getattr(module, "ROUTES", ())]
    return tuple(sorted(found, key=lambda route: ("{" in route.path, route.path)))


@cache
def navigation() -> tuple[Entry, ...]:
    """The entries, in their order."""
    found = [entry for module in _modules() if (entry := getattr(module, "NAV", None)) is not None]
    return tuple(sorted(found, key=lambda entry: entry.rank))


def _modules() -> list[object]:
    return [importlib.import_module(f"{pages.__name__}.{name}") for name in modules_of(pages.__path__)]
