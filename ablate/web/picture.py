"""A picture of a page: what it is drawn with, and its numbers for whoever cannot see it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from ablate.core.identity import Json
from ablate.reporting.blocks import Table, Text

__all__ = ["Picture"]


@dataclass(frozen=True)
class Picture:
    """What stands in the place of a figure.

    Attributes:
        markup: inline SVG, a table or whatever else can be read and printed without a script.
        numbers: what the picture shows as a table, hidden from those who see the picture.
        script: which function of the script draws over `markup`, where one does: the value of `data-picture`.
        data: what that function draws.
        caption: what is said below it; where None, the caption that the figure has when it is printed.
    """

    markup: Markup
    numbers: Table | None = None
    script: str = ""
    data: Json = None
    caption: Text | None = None
