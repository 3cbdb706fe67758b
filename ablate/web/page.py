"""A report as one file of HTML that any browser opens: its blocks, its pictures, its style and its script.

    report_page(results, ("+sweep=optimizers",), figures)       # figures: file → the bytes of its PNG

Nothing is loaded from elsewhere, and the policy at its head allows nothing but what stands in it. It opens with the
title, the question and the answer, and ends with how to make it again.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

import ablate
from ablate.analysis.results import StudyResults
from ablate.reporting.blocks import Block, Callout, Details, Figure, Heading
from ablate.reporting.figures import figure_file
from ablate.reporting.report import report_blocks
from ablate.reporting.shown_figures import figures_of_sweeps
from ablate.web.assets import early_script, hash_of, script, style
from ablate.web.contents import SECTION, Entry, with_contents
from ablate.web.environment import environment
from ablate.web.markup import image, plain, render
from ablate.web.picture import Picture
from ablate.web.pictures import pictures

__all__ = ["MOST_BYTES", "PAGE", "page_of_blocks", "report_page"]

PAGE = "report.html"
# Of a page, since it is sent by mail: images beyond it lie beside the page.
MOST_BYTES = 3_000_000


def report_page(results: StudyResults, command: Sequence[str], figures: Mapping[str, bytes]) -> str:
    """The report as one file, which ends with a newline; a function of its arguments and of the package's version.

    Args:
        command: the words after `ablate` that made the study, without places on a machine.
        figures: file of every figure, from the folder of the report → its PNG, for those that no picture replaces.
    """
    return page_of_blocks(report_blocks(results, command), results.plan.name, drawn(results), figures)


def drawn(results: StudyResults) -> dict[str, Picture]:
    """File of a figure → what the page shows in its place, where somebody draws it for a page."""
    draw = pictures()
    return {
        f"figures/{figure_file(sweep.planned.spec.name, caption.name)}": draw[caption.name](sweep)
        for sweep, figures in zip(results.sweeps, figures_of_sweeps(results), strict=True)
        for caption in figures.shown
        if caption.name in draw
    }


def page_of_blocks(
    blocks: Sequence[Block], title: str, drawn: Mapping[str, Picture], figures: Mapping[str, bytes]
) -> str:
    """Blocks as one file. Images that are not drawn stand within it, in their order, as far as they leave it below
    `MOST_BYTES`; the others are beside it, and it says so.

    Args:
        drawn: file of a figure → what is shown in its place.
        figures: file of a figure → its PNG.
    """
    named, entries = with_contents(blocks)
    page = Page(plain(title), tuple(named), entries)
    printed = [figure for figure in _figures(named) if figure.file not in drawn and figure.file in figures]
    shown = {figure.file: _image(figure, figure.file, figures[figure.file]) for figure in printed}
    # What it is without any image within it, and with the longest sentence on those beside it.
    length = len(page.written({**drawn, **shown}, _said_of(len(printed), len(printed))).encode())
    left = len(printed)
    for figure in printed:
        within = _image(figure, _data_address(figures[figure.file]), figures[figure.file])
        longer = len(within.markup) - len(shown[figure.file].markup)
        if length + longer <= MOST_BYTES:
            shown[figure.file] = within
            length, left = length + longer, left - 1
    return page.written({**drawn, **shown}, _said_of(left, len(printed)))


@dataclass(frozen=True)
class Page:
    """What is written of blocks, whatever their figures are shown as."""

    title: str
    blocks: tuple[Block, ...]
    entries: tuple[Entry, ...]

    def written(self, pictures: Mapping[str, Picture], beside: str) -> str:
        """The whole file.

        Args:
            pictures: file of a figure → what is shown in its place.
            beside: what is to be said of the images that lie beside it; empty where there are none.
        """
        is_section = (isinstance(block, Heading) and block.level >= SECTION for block in self.blocks)
        first = next((index for index, is_one in enumerate(is_section) if is_one), len(self.blocks))
        template = environment().get_template(PAGE)
        return template.render(
            title=self.title,
            policy=_policy(bool(beside)),
            # Of the package itself: neither holds what would end its element, which a test says.
            style=Markup(style()),
            early_script=Markup(early_script()),
            script=Markup(script()),
            entries=self.entries,
            opening=render(self.blocks[:first], pictures),
            beside=beside,
            sections=render(self.blocks[first:], pictures),
            version=ablate.__version__,
        )


def _policy(has_images_beside: bool) -> str:
    """Exactly the style and the scripts of this page, and images within it; beside it, only where there are some."""
    # For Chromium the folder of a file is 'self', for others only file: names it, which on a server is nothing.
    images = "data: 'self' file:" if has_images_beside else "data:"
    parts = {
        "default-src": "'none'",
        "script-src": f"{hash_of(early_script())} {hash_of(script())}",
        "style-src": hash_of(style()),
        "img-src": images,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _said_of(beside: int, images: int) -> str:
    if not beside:
        return ""
    return (
        f"Beside this page, in the folder figures/: {beside} of its {images} images. With them it would be longer than "
        f"{MOST_BYTES / 1e6:g} MB; keep that folder where this file is."
    )


# images ------------------------------------------------------------------------------------------------


def _figures(blocks: Sequence[Block]) -> Iterator[Figure]:
    """All figures, in the order in which they stand on the page."""
    for block in blocks:
        match block:
            case Figure():
                yield block
            case Details(_, content) | Callout(content):
                yield from _figures(content)


def _image(figure: Figure, source: str, png: bytes) -> Picture:
    return Picture(image(source, figure.alternative, _size(png)))


def _data_address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _size(png: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, from the header; None of what has none, which a browser shows as broken."""
    if png[12:16] != b"IHDR" or len(png) < 24:
        return None
    width, height = struct.unpack(">II", png[16:24])
    return width, height
