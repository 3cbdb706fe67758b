"""A study: its report as far as it is done, made anew from the store; and the same as one file to send."""

from __future__ import annotations

from markupsafe import Markup

from ablate.core.errors import UsageError
from ablate.reporting.blocks import Block, Code, Heading, Row, paragraph, strong, table, text
from ablate.reporting.report import report_blocks
from ablate.sanitize.redact import public_words
from ablate.serving import links
from ablate.serving.answers import Answer, Download, Page
from ablate.serving.asked import Asked
from ablate.serving.links import PageLink
from ablate.serving.pictures import figure_png, printed_figures, study_pictures
from ablate.serving.problems import MENDING
from ablate.serving.routes import Route
from ablate.serving.site import Site, StoredStudy
from ablate.storage.runs import MissingRun
from ablate.web.contents import Entry, with_contents
from ablate.web.markup import render
from ablate.web.page import report_page

__all__ = ["ROUTES", "NoSuchFigure"]


class NoSuchFigure(UsageError, LookupError):
    """The report has no figure of this name."""


def study_page(asked: Asked) -> Answer:
    """The report, in the shell of the application."""
    study = asked.site.study(asked.part("name"))

    def made() -> tuple[Markup, tuple[Entry, ...]]:
        blocks, entries = with_contents(_blocks(study))
        return render(blocks, study_pictures(study, blocks)), entries

    content, entries = asked.site.values.get(("study", study.plan.name, study.version), made)
    return Page(
        study.plan.name,
        "content.html",
        {
            "content": content,
            "entries": entries,
            "links": _links(study),
            "notices": [*_damaged_runs(asked.site, study), *(f"{each}. {MENDING}" for each in study.damaged)],
            "done": study.number_done,
            "planned": len(study.plan.run_ids),
        },
        section="/",
    )


def report_file(asked: Asked) -> Answer:
    """The report as the one file that `ablate report` writes too."""
    study = asked.site.study(asked.part("name"))
    document = report_page(study.results, _command(study), printed_figures(asked.site, study))
    return Download(document.encode(errors="replace"), f"{study.plan.name}.html", "text/html; charset=utf-8")


def figure(asked: Asked) -> Answer:
    """An image of the report."""
    name = asked.part("figure")
    study = asked.site.study(asked.part("name"))
    png = figure_png(asked.site, study, name)
    if png is None:
        raise NoSuchFigure(f"The report of {study.plan.name} has no figure {name}.")
    return Download(png, f"{name}.png", "image/png", inline=True)


def _blocks(study: StoredStudy) -> list[Block]:
    """The report; of a study without any run, what was planned."""
    if study.runs:
        return report_blocks(study.results, _command(study))
    rows: list[Row] = [
        [Code(sweep.spec.name), Code(arm.name), ", ".join(str(run.seed) for run in sweep.runs_of(arm.name))]
        for sweep in study.plan.sweeps
        for arm in sweep.arms
    ]
    return [
        Heading(1, text(study.plan.name)),
        *paragraph(strong(study.plan.question)),
        *paragraph("Nothing of it has been trained yet. This is what was planned:"),
        table(["sweep", "arm", "seeds"], rows),
    ]


def _command(study: StoredStudy) -> tuple[str, ...]:
    return tuple(public_words(study.line.argv))


def _links(study: StoredStudy) -> list[PageLink]:
    name = study.plan.name
    arms = sum(len(sweep.arms) for sweep in study.plan.sweeps)
    return [
        PageLink("Its runs", links.of_runs(study=name)),
        *([PageLink("Its arms side by side", links.of_comparison([name]))] if study.runs and arms > 1 else []),
        *([PageLink("Keep as report.html", links.of_report(name), saves=True)] if study.runs else []),
    ]


def _damaged_runs(site: Site, study: StoredStudy) -> list[str]:
    """What counts as missing because it is damaged, in words."""
    said = []
    for run_id in study.plan.run_ids:
        if run_id not in study.runs and site.store.folder(run_id).exists():
            try:
                site.store.get(run_id)
            except MissingRun as error:
                said.append(f"{error.__cause__}, so the run counts as missing. {MENDING}")
    return said


ROUTES = (
    Route("/studies/{name}", study_page, "A study: its report, as far as it is done."),
    Route("/studies/{name}/report.html", report_file, "The same as one file that can be sent."),
    Route("/studies/{name}/figures/{figure}", figure, "An image of that report, as PNG."),
)
