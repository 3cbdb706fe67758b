"""Side by side: any two or more runs, arms or studies. The address says what is compared, so it can be sent."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from markupsafe import Markup

from ablate.analysis.comparison import Comparison, Side
from ablate.config.problems import ConfigError
from ablate.core.errors import UsageError
from ablate.datasets.arrays import DataError
from ablate.operations.catalogue import indexed_studies
from ablate.operations.compare import NotComparable, compare
from ablate.operations.example_images import example_images
from ablate.operations.sides import distinct_sides
from ablate.reporting.blocks import Block, Figure, Heading, text
from ablate.serving import links
from ablate.serving.answers import Answer, Download, Page
from ablate.serving.asked import Asked
from ablate.serving.comparison_pictures import comparison_pictures, disagreements_picture, drawn_blocks
from ablate.serving.content import Content, being_made, content_of
from ablate.serving.links import PageLink
from ablate.serving.routes import Entry, Route
from ablate.serving.site import Site, Version
from ablate.serving.weights import Weighed, histograms, weight_blocks
from ablate.serving.workshop import Busy
from ablate.storage.atomic import ReadRefused, StoreError
from ablate.storage.runs import MissingArtefact, RunStore
from ablate.web.contents import with_contents
from ablate.web.markup import render
from ablate.web.page import page_of_blocks
from ablate.web.picture import Picture

__all__ = ["MOST_SIDES", "NAV", "ROUTES", "compared"]

# More beside each other nobody reads, and ten thousand would be asked for by mistake.
MOST_SIDES = 50
LONGEST_NAME = 300
# Sides whose weights are laid over each other, and what of a run they are drawn from.
MOST_WEIGHED = 10
HISTOGRAM, WEIGHTS = "weight_histogram", "figures/weights.png"
# Of the examples on which sides disagree.
MOST_IMAGES = 50
WITH = {
    "with": "a side: a study (all of its arms), an arm as study:level, or the beginning of a run id; the first is the "
    "one that the others are compared with",
    "allow": "yes: compare even what is not comparable",
}


def compare_page(asked: Asked) -> Answer:
    """The comparison; without two sides, the form that asks for them."""
    names = _names(asked)
    if not names:
        return _form(asked)
    allow = asked.value("allow") == "yes"
    try:
        made = content_of(
            asked.site.workshop,
            ("compare", tuple(names), allow),
            _version(asked.site, names),
            lambda: _content(asked.site, names, allow),
        )
    except Busy:
        raise
    except NotComparable as error:
        return _form(asked, str(error), links.of_comparison(names, allow=True), status=400)
    except UsageError as error:
        # Of one side alone the others are still to be chosen, and nothing is wrong.
        return _form(asked, str(error), status=200 if len(names) == 1 else 400)
    if made is None:
        return being_made("Side by side", "/compare", "")
    content = made.value
    return Page(
        content.title,
        "content.html",
        {
            "content": content.markup,
            "entries": content.entries,
            "links": content.links,
            "is_old": not made.is_current,
            "again": links.of_comparison(names, allow),
        },
        section="/compare",
    )


def _content(site: Site, names: list[str], allow: bool) -> Content:
    comparison = compared(site, names, allow)
    drawn = comparison_pictures(comparison, _later(comparison, names, allow))
    of_weights, picture = _weights_later(comparison, names, allow)
    blocks, entries = with_contents([*drawn_blocks(comparison, drawn), *of_weights])
    return Content(
        render(blocks, {**drawn.pictures, **picture}),
        _title(comparison),
        entries,
        links=(
            PageLink("Keep as report.html", links.of_comparison(names, allow, "/compare/report.html"), saves=True),
            PageLink("Compare others", "/compare"),
        ),
    )


def comparison_file(asked: Asked) -> Answer:
    """The same as one file to be sent."""
    comparison = compared(asked.site, _names(asked), asked.value("allow") == "yes")
    try:
        examples = _disagreements(asked.site, _names(asked), comparison)
    except (DataError, ConfigError):  # whose images are not on this machine
        examples = None
    drawn = comparison_pictures(comparison, examples)
    document = page_of_blocks(drawn_blocks(comparison, drawn), _title(comparison), drawn.pictures, {})
    return Download(document.encode(errors="replace"), "comparison.html", "text/html; charset=utf-8")


def disagreements_page(asked: Asked) -> Answer:
    """The examples that the sides disagree on, as images; the page of the comparison shows them where it can."""
    names, allow = _names(asked), asked.value("allow") == "yes"
    comparison = compared(asked.site, names, allow)
    try:
        picture, said = _disagreements(asked.site, names, comparison), "There are no images of examples to be shown."
    except (DataError, ConfigError) as error:
        picture, said = None, f"There are no images of these examples here: {error}."
    return Page(
        "Where they disagree",
        "disagreements.html",
        {
            "picture": None if picture is None else picture.markup,
            "said": said,
            "address": links.of_comparison(names, allow),
        },
        section="/compare",
    )


def weights_page(asked: Asked) -> Answer:
    """The weights of the sides; the page of the comparison shows them once it stands."""
    names, allow = _names(asked), asked.value("allow") == "yes"
    compared(asked.site, names, allow)
    return Page(
        "Their weights",
        "weights.html",
        {"content": _weights(asked.site, names), "address": links.of_comparison(names, allow)},
        section="/compare",
    )


def _weights(site: Site, names: list[str]) -> Markup:
    def made() -> Markup:
        sides = [_weighed(site.store, side) for side in distinct_sides(names, site.results_dir, sets_aside=False)]
        return render(weight_blocks(sides), {}) + histograms(sides)

    return site.values.get(("weights", tuple(names), _version(site, names)), made)


def _weighed(store: RunStore, side: Side) -> Weighed:
    """With the histograms that its runs have kept, and that say something."""
    kept = []
    for run in side.runs:
        with suppress(MissingArtefact, ReadRefused):
            arrays = store.artefact(run.record.run_id, HISTOGRAM)
            if "counts" in arrays:  # else the probe has said why it makes no sense here
                kept.append(arrays)
    return Weighed(side.runs, kept)


def _weights_later(comparison: Comparison, names: list[str], allow: bool) -> tuple[list[Block], dict[str, Picture]]:
    """The section of the weights, which is filled once the page stands; none where more sides are compared than
    lines can be told apart."""
    if len(comparison.labels) > MOST_WEIGHED:
        return [], {}
    address = links.of_comparison(names, allow, "/compare/weights")
    markup = Markup('<div data-fill="{}"><a href="{}">The weights that they ended with</a></div>')
    blocks: list[Block] = [Heading(2, text("Weights")), Figure(WEIGHTS, "the weights of each kernel, side by side")]
    return blocks, {WEIGHTS: Picture(markup.format(address, address))}


def _later(comparison: Comparison, names: list[str], allow: bool) -> Picture | None:
    """What leads to the examples that the sides disagree on. To read a data set takes longer than the rest."""
    if comparison.disagreements is None or not comparison.disagreements.examples:
        return None
    address = links.of_comparison(names, allow, "/compare/disagreements")
    return Picture(
        Markup('<div data-fill="{}"><a href="{}">These examples as images</a></div>').format(address, address)
    )


def _disagreements(site: Site, names: list[str], comparison: Comparison) -> Picture | None:
    """None where they agree, or where the examples are no images.

    Raises:
        DataError, ConfigError: where these are not on this machine.
    """
    found = comparison.disagreements
    if found is None or not found.examples:
        return None

    def drawn() -> Picture | None:
        sides = distinct_sides(names, site.results_dir, sets_aside=False)
        spec = next(
            run.spec
            for side in sides
            for run in side.runs
            if side.label == comparison.labels[0] and run.spec.seed == found.seeds[0]
        )
        indices = [example.index for example in found.examples[:MOST_IMAGES]]
        images = example_images(spec, indices, site.data_dir, site.allow_targets)
        return disagreements_picture(found, images) if images else None

    return site.values.get(("disagreements", tuple(names), _version(site, names)), drawn)


def compared(site: Site, names: list[str], allow: bool) -> Comparison:
    """The sides beside each other; kept for as long as nothing of the store has changed that they are made of.

    Raises:
        UsageError, NoSuchArm, MissingRun, AmbiguousPrefix, NotComparable, LeadsOut: when they cannot be compared.
    """
    version = _version(site, names)
    make = partial(compare, *names, results_dir=site.results_dir, allow=allow, sets_aside=False)
    return site.comparisons.get((tuple(names), allow, version), make)


def _version(site: Site, names: list[str]) -> tuple[Version, ...]:
    """Of all that the sides are made of.

    Raises:
        UsageError, MissingRun, AmbiguousPrefix, LeadsOut: when there are too many, or one cannot be read.
    """
    if not 0 < len(names) <= MOST_SIDES or any(len(name) > LONGEST_NAME for name in names):
        raise UsageError(f"A comparison has from two to {MOST_SIDES} sides.")
    return tuple(site.version_of_side(name) for name in names)


def _names(asked: Asked) -> list[str]:
    """From a form they may come in one field, a line or a space between them."""
    return list(dict.fromkeys(name for value in asked.values("with") for name in value.split()))


def _form(asked: Asked, problem: str = "", anyway: str = "", status: int = 200) -> Answer:
    known = []
    for summary in indexed_studies(asked.site.results_dir, sets_aside=False):
        try:
            plan = asked.site.line(summary.name).plan
        except StoreError:  # which the list of studies says
            continue
        arms = dict.fromkeys(arm.name for sweep in plan.sweeps for arm in sweep.arms)
        known.append((summary.name, [(arm, f"{summary.name}:{arm}") for arm in arms]))
    return Page(
        "Side by side",
        "choose_sides.html",
        {"studies": known, "chosen": _names(asked), "problem": problem, "anyway": anyway},
        section="/compare",
        status=status,
    )


def _title(comparison: Comparison) -> str:
    first, *others = comparison.labels
    return f"{first} and {others[0] if len(others) == 1 else f'{len(others)} others'}"


ROUTES = (
    Route("/compare", compare_page, "Any two or more runs, arms or studies side by side.", WITH),
    Route(
        "/compare/disagreements",
        disagreements_page,
        "The examples on which they disagree, as images.",
        WITH,
        takes_long=True,
    ),
    Route("/compare/weights", weights_page, "The weights that they ended with.", WITH, takes_long=True),
    Route("/compare/report.html", comparison_file, "The same as one file that can be sent.", WITH, takes_long=True),
)
NAV = Entry("Side by side", "/compare", rank=4)
