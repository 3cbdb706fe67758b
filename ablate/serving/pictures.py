"""The figures of a page: drawn for it where somebody does, and else the image that a report on paper has.

An image is drawn when a browser asks for it, one at a time, and kept: Matplotlib takes a second for each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from markupsafe import Markup

from ablate.analysis.results import StudyResults
from ablate.reporting.blocks import Block, Callout, Details, Figure
from ablate.reporting.figures import figure_file
from ablate.reporting.interpolations import interpolation_file
from ablate.reporting.photo_predictions import photograph_files
from ablate.reporting.shown_figures import figures_of_sweeps
from ablate.serving import links
from ablate.serving.site import Site, StoredStudy
from ablate.web.markup import plain
from ablate.web.page import drawn
from ablate.web.picture import Picture

__all__ = ["figure_png", "printed_figures", "study_pictures"]

FOLDER, SUFFIX = "figures/", ".png"
# Matplotlib draws for one thread at a time.
_drawing = threading.Lock()


def study_pictures(study: StoredStudy, blocks: Sequence[Block]) -> dict[str, Picture]:
    """File of every figure of a study's report → what its page shows."""
    on_page = drawn(study.results)
    return {figure.file: on_page.get(figure.file) or _image(study.plan.name, figure) for figure in _figures(blocks)}


def figure_png(site: Site, study: StoredStudy, name: str) -> bytes | None:
    """A figure by its name, which is that of its file; None where the report has none of that name."""
    file = f"{FOLDER}{name}{SUFFIX}"
    draw = _drawings(study.results).get(file)
    return None if draw is None else site.values.get((study.plan.name, study.version, file), partial(_drawn, draw))


def printed_figures(site: Site, study: StoredStudy) -> Mapping[str, bytes]:
    """File → image, of all that the page does not draw itself."""
    on_page = drawn(study.results)
    return {
        file: site.values.get((study.plan.name, study.version, file), partial(_drawn, draw))
        for file, draw in _drawings(study.results).items()
        if file not in on_page
    }


def _drawn(draw: Callable[[], bytes]) -> bytes:
    with _drawing:
        return draw()


def _drawings(results: StudyResults) -> dict[str, Callable[[], bytes]]:
    # Half a second of import, for those alone who look at one.
    from ablate.plots.canvas import png_bytes
    from ablate.plots.interpolations import interpolation_page
    from ablate.plots.pages import pages
    from ablate.plots.pictures import photo_prediction_page

    drawn_by, photographs = pages(), results.photo_predictions
    return {
        **{
            f"{FOLDER}{figure_file(sweep.planned.spec.name, caption.name)}": partial(
                lambda draw, sweep: png_bytes(draw(sweep)), drawn_by[caption.name], sweep
            )
            for sweep, figures in zip(results.sweeps, figures_of_sweeps(results), strict=True)
            for caption in figures.shown
        },
        **{
            f"{FOLDER}{file}": partial(lambda each: png_bytes(photo_prediction_page(each)), prediction)
            for file, prediction in (
                zip(photograph_files(photographs), photographs.predictions, strict=True) if photographs else ()
            )
        },
        **{
            f"{FOLDER}{interpolation_file(pair)}": partial(lambda each: png_bytes(interpolation_page(each)), pair)
            for pair in results.interpolations
        },
    }


def _figures(blocks: Sequence[Block]) -> Iterator[Figure]:
    for block in blocks:
        match block:
            case Figure():
                yield block
            case Details(_, content) | Callout(content):
                yield from _figures(content)


def _image(study: str, figure: Figure) -> Picture:
    name = figure.file.removeprefix(FOLDER).removesuffix(SUFFIX)
    image = Markup('<div class="image"><img src="{}" alt="{}" loading="lazy"></div>')
    return Picture(image.format(links.of_figure(study, name), plain(figure.alternative)))
