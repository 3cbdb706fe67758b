"""Pictures read back as XML, so that tests see what a browser would be given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ablate.web.picture import Picture

__all__ = ["classes", "columns", "elements", "parsed", "places", "rows", "said", "span", "title", "words"]


def parsed(picture: Picture) -> Element:
    return ElementTree.fromstring(str(picture.markup))


def classes(element: Element) -> set[str]:
    return set(element.get("class", "").split())


def elements(within: Element, name: str, kind: str = "") -> list[Element]:
    """Those of a name, with all the classes of `kind`."""
    return [each for each in within.iter(name) if set(kind.split()) <= classes(each)]


def rows(within: Element) -> list[Element]:
    return elements(within, "details", "row")


def words(element: Element) -> str:
    """What can be read, without the titles of what is drawn."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: Element) -> Iterator[str]:
    if element.tag in ("title", "svg"):
        return
    yield element.text or ""
    for child in element:
        beside = "" if child.tag in ("wbr", "strong") else " "
        yield beside
        yield from _texts(child)
        yield beside + (child.tail or "")


def places(found: list[Element], attribute: str) -> list[float]:
    """Lengths in per cent, as shares."""
    values = [re.fullmatch(r"(-?[0-9.]+)%", each.get(attribute, "0%")) for each in found]
    return [float(value.group(1)) / 100 for value in values if value]


def span(within: Element, name: str, kind: str) -> tuple[float, float]:
    """The two ends, from left to right, of the one line or rectangle of a kind."""
    (found,) = elements(within, name, kind)
    if name == "rect":
        (start,), (width,) = places([found], "x"), places([found], "width")
        return start, start + width
    (start,), (end,) = places([found], "x1"), places([found], "x2")
    return start, end


def title(element: Element) -> str:
    found = element.find("title")
    return "" if found is None else found.text or ""


def said(row: Element) -> str:
    """The sentence that a row unfolds to."""
    (sentence,) = row.findall("p")
    return sentence.text or ""


def columns(picture: Picture) -> dict[str, list[str]]:
    """The table of the numbers: header → cells."""
    assert picture.numbers is not None
    return {
        column.title.plain: [row[position].plain for row in picture.numbers.rows]
        for position, column in enumerate(picture.numbers.columns)
    }
