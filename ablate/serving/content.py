"""What a page shows that may take long to make: it is made in the workshop, and the page says so meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ablate.serving.answers import Page
from ablate.serving.links import PageLink
from ablate.serving.workshop import Made, Workshop
from ablate.web.contents import Entry

__all__ = ["PATIENCE", "SECONDS_TO_RELOAD", "Content", "being_made", "content_of"]

# Whoever asks waits so many seconds for the whole page before one comes that says it is being made.
PATIENCE = 1.5
SECONDS_TO_RELOAD = 3


@dataclass(frozen=True)
class Content:
    """
    Attributes:
        entries: its contents.
        notices: what is said above it.
        done: of how many runs it is made.
    """

    markup: Markup
    title: str = ""
    entries: tuple[Entry, ...] = ()
    notices: tuple[str, ...] = ()
    links: tuple[PageLink, ...] = ()
    done: int = 0


def content_of(
    workshop: Workshop[Content], name: Hashable, version: Hashable, make: Callable[[], Content]
) -> Made[Content] | None:
    """What is made already or soon; None where it takes longer.

    Raises:
        Busy: when too much else is being made.
        Exception: what `make` raises.
    """
    return workshop.get(name, version, make, PATIENCE)


def being_made(
    title: str, section: str, said: str, done: int | None = None, planned: int = 0, links: Sequence[PageLink] = ()
) -> Page:
    """The page in place of one that takes longer; it loads itself again.

    Args:
        done, planned: how many runs there are; None where these are no study's.
    """
    counts = {} if done is None else {"done": done, "planned": planned}
    return Page(
        title,
        "being_made.html",
        {"said": said, "links": links, "reload": SECONDS_TO_RELOAD, **counts},
        section=section,
        status=202,
    )
