"""A study: its report as far as it is done, made anew from the store; and the same as one file to send."""

from __future__ import annotations

from ablate.core.errors import UsageError
from ablate.core.plans import StudyPlan
from ablate.operations.catalogue import indexed_studies
from ablate.reporting.blocks import Block, Code, Heading, Row, paragraph, strong, table, text
from ablate.reporting.report import report_blocks
from ablate.sanitize.redact import public_words
from ablate.serving import links
from ablate.serving.answers import Answer, Download, Page
from ablate.serving.asked import Asked
from ablate.serving.content import Content, being_made, content_of
from ablate.serving.links import PageLink
from ablate.serving.pages.compare import MOST_SIDES
from ablate.serving.pictures import figure_png, printed_figures, study_pictures
from ablate.serving.problems import MENDING
from ablate.serving.routes import Route
from ablate.serving.site import Site, StoredStudy
from ablate.storage.runs import MissingRun
from ablate.web.contents import with_contents
from ablate.web.markup import render
from ablate.web.page import report_page

__all__ = ["ROUTES", "NoSuchFigure"]

# Damaged runs that are named one by one.
MOST_DAMAGED = 5


class NoSuchFigure(UsageError, LookupError):
    """The report has no figure of this name."""


def study_page(asked: Asked) -> Answer:
    """The report, in the shell of the application; what is known at once where it takes longer."""
    site, name = asked.site, asked.part("name")
    line = site.line(name)
    made = content_of(site.workshop, ("study", name), site.version_of(line), lambda: _content(site, name))
    if made is None:
        return _being_made(site, line.plan)
    content = made.value
    return Page(
        name,
        "content.html",
        {
            "content": content.markup,
            "entries": content.entries,
            "links": content.links,
            "notices": content.notices,
            "done": content.done,
            "planned": len(line.plan.run_ids),
            "is_old": not made.is_current,
            "again": asked.path,
        },
        section="/",
    )


def _content(site: Site, name: str) -> Content:
    study = site.study(name)
    blocks, entries = with_contents(_blocks(study))
    return Content(
        render(blocks, study_pictures(study, blocks)),
        entries=entries,
        notices=(*_damaged_runs(site, study), *(f"{each}. {MENDING}" for each in study.damaged)),
        links=tuple(_links(study.plan, bool(study.runs))),
        done=study.number_done,
    )


def _being_made(site: Site, plan: StudyPlan) -> Page:
    """What the index tells, and where more of it stands already."""
    done = next(
        (each.done for each in indexed_studies(site.results_dir, sets_aside=False) if each.name == plan.name), 0
    )
    return being_made(
        plan.name,
        "/",
        plan.question,
        done,
        len(plan.run_ids),
        [
            PageLink("Its runs", links.of_runs(study=plan.name)),
            PageLink("Means of its arms", links.of_arms(study=plan.name)),
        ],
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


def _links(plan: StudyPlan, has_runs: bool) -> list[PageLink]:
    name = plan.name
    arms = sum(len(sweep.arms) for sweep in plan.sweeps)
    return [
        PageLink("Its runs", links.of_runs(study=name)),
        PageLink("Live", links.of_live(name)),
        PageLink("Means of its arms", links.of_arms(study=name)),
        *(
            [PageLink("Its arms side by side", links.of_comparison([name]))]
            if has_runs and 1 < arms <= MOST_SIDES
            else []
        ),
        *([PageLink("Another margin", links.of_explorer(name, plan.sweeps[0].spec.name))] if has_runs else []),
        *([PageLink("Keep as report.html", links.of_report(name), saves=True)] if has_runs else []),
    ]


def _damaged_runs(site: Site, study: StoredStudy) -> list[str]:
    """What counts as missing because it is damaged, in words: the first of them, and how many more there are."""
    store = site.store
    absent = [run_id for run_id in study.plan.run_ids if run_id not in study.runs and store.folder(run_id).exists()]
    said = []
    for run_id in absent[:MOST_DAMAGED]:
        try:
            store.get(run_id)
        except MissingRun as error:
            said.append(f"{error.__cause__}, so the run counts as missing. {MENDING}")
    rest = len(absent) - MOST_DAMAGED
    return [*said, *([f"{rest:,} more runs are damaged, and count as missing. {MENDING}"] if rest > 0 else [])]


ROUTES = (
    Route("/studies/{name}", study_page, "A study: its report, as far as it is done."),
    Route("/studies/{name}/report.html", report_file, "The same as one file that can be sent.", takes_long=True),
    Route("/studies/{name}/figures/{figure}", figure, "An image of that report, as PNG.", takes_long=True),
)
