"""What a page can answer with: made in a thread, sent by the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from ablate.core.identity import Json

__all__ = ["Answer", "Document", "Download", "Page", "Redirect"]


@dataclass(frozen=True)
class Page:
    """A page of the application.

    Attributes:
        title: what its tab says.
        template: which of `templates` it is made of.
        context: what that template shows.
        section: the path of the entry of the navigation that it belongs to.
    """

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    section: str = ""
    status: int = 200


@dataclass(frozen=True)
class Document:
    """JSON, as `to_json` of the operations gives it."""

    content: Json


@dataclass(frozen=True)
class Download:
    """A file to be kept under a name, or, `inline`, to be shown."""

    content: bytes
    name: str
    media_type: str
    inline: bool = False


@dataclass(frozen=True)
class Redirect:
    """Another address of this server says it."""

    address: str


# A response of Starlette where none of these says it, such as one that goes on for long.
Answer = Page | Document | Download | Redirect | Response
