"""A run: its settings, what came out, how it went; all of its checksums verified when the page is opened."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from ablate.analysis.settings import setting_text
from ablate.analysis.values import metric_rank
from ablate.core.errors import UsageError
from ablate.core.identity import short_id
from ablate.core.records import RunRecord, Status
from ablate.operations.catalogue import memberships_of
from ablate.operations.show import ShownRun, show
from ablate.reporting.blocks import (
    Block,
    Code,
    CodeBlock,
    Details,
    Figure,
    Heading,
    Row,
    Text,
    Tone,
    Toned,
    paragraph,
    table,
    text,
)
from ablate.serving import links
from ablate.serving.answers import Answer, Page
from ablate.serving.asked import Asked
from ablate.serving.comparison_pictures import run_confusion, run_curves
from ablate.serving.links import PageLink
from ablate.serving.routes import Route
from ablate.serving.site import Site
from ablate.storage.runs import MissingRun
from ablate.web.contents import with_contents
from ablate.web.markup import inline, render
from ablate.web.picture import Picture

__all__ = ["ROUTES", "opened"]

PREFIX = re.compile(r"[0-9a-f]{4,64}")
# Of an exception and of what a worker had printed, the end says most.
LINES_OF_FAILURE = 60
TONES = {Status.COMPLETED: Tone.GOOD, Status.DIVERGED: Tone.BAD, Status.FAILED: Tone.BAD}
CURVES, CONFUSION = "learning_curves", "confusion"
# Epochs of a table; of longer runs it shows these many, the first and the last among them.
MOST_EPOCHS = 200


class NotTrained(UsageError, LookupError):
    """The run is planned, and has no record yet."""


def run_page(asked: Asked) -> Answer:
    """All that is stored of it."""
    shown = opened(asked.site, asked.part("run_id"))
    record = shown.run.record
    pictures = _pictures(shown)
    blocks, entries = with_contents(_blocks(shown, pictures))
    return Page(
        f"run {short_id(record.run_id)}",
        "run.html",
        {
            "outcome": inline(_outcome(record)),
            "content": render(blocks, pictures),
            "entries": entries,
            "links": _links(shown),
            "run_id": record.run_id,
            "folder": shown.folder,
            "places": [(each.title, each.seed, links.of_study(each.study)) for each in shown.memberships],
        },
        section="/runs",
    )


def opened(site: Site, prefix: str) -> ShownRun:
    """The run whose id begins so, every byte of it verified.

    Raises:
        UsageError: for what begins no id.
        NotTrained: for one that a study has planned, and that is not there yet.
        MissingRun, AmbiguousPrefix, UnreadableRecord, LeadsOut: when it cannot be opened.
    """
    if not PREFIX.fullmatch(prefix):
        raise UsageError("A run is asked for by its id, or at least four digits that it begins with.")
    try:
        run_id = site.store.find(prefix)
    except MissingRun:
        raise _not_trained(site, prefix) from None
    site.check_run(run_id)
    return show(run_id, results_dir=site.results_dir, sets_aside=False)[0]


def _not_trained(site: Site, prefix: str) -> MissingRun | NotTrained:
    for run_id, places in memberships_of(site.results_dir).items():
        if run_id.startswith(prefix):
            where = f"{places[0].title}, seed {places[0].seed}"
            return NotTrained(f"Run {short_id(run_id)} is planned ({where}) and not trained yet.")
    return MissingRun(prefix)


def _blocks(shown: ShownRun, pictures: Mapping[str, Picture]) -> list[Block]:
    record = shown.run.record
    return [
        *_failure(record),
        *_history(shown, CURVES in pictures),
        *_metrics(shown),
        *_confusion(pictures),
        Heading(2, text("Settings")),
        table(
            ["setting", "value"], [[Code(name), Code(setting_text(value))] for name, value in shown.settings.items()]
        ),
        Heading(2, text("Computed with")),
        *_provenance(shown),
    ]


def _outcome(record: RunRecord) -> Text:
    word = Toned(text(record.status.value), TONES.get(record.status, Tone.OPEN))
    said = text(word, f" after {record.epochs_run} epochs, in {record.timings.wall_seconds:.1f} s")
    if record.divergence is not None:
        where = f": epoch {record.divergence.epoch}, step {record.divergence.step} was not finite."
        return text(said, where)
    if record.evaluated_epoch:
        return text(said, f"; its metrics belong to epoch {record.evaluated_epoch}.")
    return text(said, ".")


def _failure(record: RunRecord) -> list[Block]:
    if record.failure is None:
        return []
    lines = (record.failure.traceback or record.failure.message).splitlines()
    left_out = [f"… {len(lines) - LINES_OF_FAILURE} lines before"] if len(lines) > LINES_OF_FAILURE else []
    tail = "\n".join([*left_out, *lines[-LINES_OF_FAILURE:]])
    return [
        Heading(2, text("Failure")),
        *paragraph(f"{record.failure.kind}: {record.failure.type} {record.failure.message}"),
        CodeBlock(tail),
    ]


def _pictures(shown: ShownRun) -> dict[str, Picture]:
    """Of what the run has kept."""
    label = short_id(shown.run.record.run_id)
    found = {CURVES: run_curves(shown.run, label), CONFUSION: run_confusion(shown.run, label)}
    return {file: picture for file, picture in found.items() if picture is not None}


def _confusion(pictures: Mapping[str, Picture]) -> list[Block]:
    if CONFUSION not in pictures:
        return []
    return [Heading(2, text("Test predictions")), Figure(CONFUSION, "which classes are taken for which")]


def _metrics(shown: ShownRun) -> list[Block]:
    rows: list[Row] = [[Code(name), f"{shown.metrics[name]:.4f}"] for name in sorted(shown.metrics, key=metric_rank)]
    return [Heading(2, text("Metrics")), table(["metric", "value"], rows, numeric=[1])] if rows else []


def _history(shown: ShownRun, has_curves: bool) -> list[Block]:
    """Every metric at every epoch, folded."""
    history = {name: values for name, values in shown.run.history.items() if len(values)}
    epochs = max(map(len, history.values()), default=0)
    if not epochs:
        return []
    step = max(1, -(-epochs // MOST_EPOCHS))
    chosen = sorted({*range(0, epochs, step), epochs - 1})
    names = sorted(history, key=metric_rank)
    rows: list[Row] = [
        [str(epoch + 1), *(f"{history[name][epoch]:.4g}" if epoch < len(history[name]) else "" for name in names)]
        for epoch in chosen
    ]
    numbers = table(["epoch", *map(Code, names)], rows, numeric=range(len(names) + 1))
    title = f"All {epochs} epochs" if step == 1 else f"{len(chosen)} of {epochs} epochs"
    curves = [Figure(CURVES, "every metric over the epochs")] if has_curves else []
    return [Heading(2, text("Curves")), *curves, Details(title, (numbers,))]


def _provenance(shown: ShownRun) -> list[Block]:
    rows: list[Row] = [[Code(name), Code(setting_text(value))] for name, value in shown.environment.items()]
    command = [] if shown.command is None else [CodeBlock(shlex.join(["ablate", *shown.command]), "sh")]
    return [*command, *([table(["recorded", "value"], rows)] if rows else [])]


def _links(shown: ShownRun) -> list[PageLink]:
    siblings = [links.of_runs(study=each.study, arm=each.arm.name) for each in shown.memberships[:1]]
    return [
        *(PageLink("The other seeds of its arm", address) for address in siblings),
        PageLink("Compare it with …", links.of_comparison([short_id(shown.run.record.run_id)])),
    ]


ROUTES = (
    Route("/runs/{run_id}", run_page, "A run, by its id or the beginning of it: settings, metrics, how it went."),
)
