"""The sections of one sweep, each a function from its results to blocks, in the order of the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ablate.analysis.results import MetricSummaries, RunOutcome, SweepResults
from ablate.analysis.settings import differing_names, flatten, setting_text
from ablate.analysis.summaries import ArmSummary
from ablate.analysis.values import MISSING
from ablate.core.identity import Json, short_id
from ablate.core.plans import PlannedArm
from ablate.core.records import TEST, MetricInfo, Status
from ablate.plots.labels import scaled_title
from ablate.reporting.answer import answer_of_sweep, findings_of
from ablate.reporting.blocks import (
    Block,
    Code,
    Details,
    Figure,
    Heading,
    Inline,
    Link,
    Number,
    Part,
    Prose,
    Row,
    Text,
    joined,
    paragraph,
    strong,
    table,
    text,
)
from ablate.reporting.captions import FOREST
from ablate.reporting.ensembles import ensembles_table
from ablate.reporting.figures import Caption, figure_file
from ablate.reporting.numbers import UNDEFINED, interval, mean, number, shared_error, spread
from ablate.reporting.quantities import capitalised, probability
from ablate.reporting.replication import original_blocks
from ablate.reporting.seed_noise import FIGURE as NOISE_FIGURE, noise_blocks
from ablate.reporting.shown_figures import SweepFigures
from ablate.reporting.summary import box_blocks, judged_blocks, test_blocks
from ablate.sanitize.text import file_stem
from ablate.verdicts.divergence import Rate
from ablate.verdicts.verdict import Scale

__all__ = ["anchor_of", "sweep_section"]

MOST_LISTED_RUNS = 500
MOST_LISTED_EVENTS = 50
MOST_LISTED_ARMS = 200
RUNS_TABLE = "data/runs.csv"
# Words of a command line that say which study it is, or how it runs; the others are settings of its arms.
ABOUT_THE_STUDY = ("sweep=", "sweep.", "experiment=", "study=", "executor", "-")
CHECKSUM = re.compile(r"[0-9a-f]{64}")
# The figures that stand beside the answer.
OPENING = (FOREST, NOISE_FIGURE)
# What went wrong first.
STATUSES = (Status.FAILED.value, Status.DIVERGED.value, MISSING, Status.COMPLETED.value)


def anchor_of(sweep: str) -> str:
    """Where a link to the section of a sweep leads."""
    return f"sweep-{file_stem(sweep)}"


def sweep_section(results: SweepResults, figures: SweepFigures, command: Sequence[str], is_alone: bool) -> list[Block]:
    """One sweep: its answer, what it rests on, and what stands behind it.

    Args:
        figures: what it shows.
        command: the words after `ablate` that made the study.
        is_alone: whether it is the study's only sweep, which then needs no heading of its own.
    """
    name, is_judged = results.planned.spec.name, bool(results.verdicts or results.claims)
    return [
        *([] if is_alone else [Heading(2, text(name), anchor=anchor_of(name))]),
        *paragraph(strong(results.planned.spec.question), part=Part.QUESTION),
        *paragraph(answer_of_sweep(findings_of(results)), part=Part.ANSWER),
        *_figures(results, [caption for caption in figures.shown if caption.name in OPENING]),
        *([_part("Where the noise comes from"), *noise_blocks(results.noise)] if results.noise else []),
        *(box_blocks(results, command, is_alone) if is_judged else []),
        *original_blocks(results),
        *([_part("Verdicts"), *judged_blocks(results)] if is_judged else []),
        _part("Setup"),
        *_setup_in_words(results, command),
        *_setup(results, command),
        _part("Plan and what happened"),
        *_what_happened(results),
        _part("Results"),
        *_results(results),
        *_figures(results, [caption for caption in figures.shown if caption.name not in OPENING]),
        *_elsewhere(figures),
        *_probes(results),
        *test_blocks(results),
        *_ensembles(results),
        *_secondary(results),
        _every_run(results),
    ]


def _part(title: str) -> Heading:
    return Heading(3, text(title))


def _aim(metric: MetricInfo) -> str:
    return {"min": " (goal: lower)", "max": " (goal: higher)"}.get(metric.direction, "")


def _seeds(n: int) -> str:
    return _count(n, "seed")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


# what happened ---------------------------------------------------------------------------------------


def _what_happened(results: SweepResults) -> list[Block]:
    events = sorted(
        (outcome for outcome in _all_outcomes(results) if outcome.status != Status.COMPLETED.value),
        key=lambda outcome: STATUSES.index(outcome.status),
    )
    return [*paragraph(_counts(results)), *_events(events), *_divergences(results)]


def _divergences(results: SweepResults) -> list[Block]:
    """How often arms diverged, with exact intervals, and how each stands if that counts as the worst outcome."""
    if not results.divergences:
        return []
    rows: list[Row] = [
        [
            Code(each.arm),
            Number(_rate(each.rates.arm)),
            Number(_rate(each.rates.reference)),
            probability(each.rates.p).removeprefix("="),
            f"{each.ranks.wins} won, {each.ranks.ties} tied, {each.ranks.losses} lost",
            probability(each.ranks.p).removeprefix("="),
        ]
        for each in results.divergences
    ]
    header = ["arm", "diverged", "baseline diverged", "McNemar p", "with divergence as the worst", "sign test p"]
    note = "Over the seeds with an outcome on both sides; 95% intervals of Clopper and Pearson; both tests are exact."
    return [table(header, rows, numeric=(3, 5)), *paragraph(note)]


def _rate(rate: Rate) -> str:
    return f"{rate.count} of {rate.n} [{rate.low:.2f}, {rate.high:.2f}]"


def _counts(results: SweepResults) -> str:
    arms, seeds = len(results.planned.arms), len(results.planned.spec.seeds)
    folded = (
        f" {arms} arms map to {results.distinct_configurations} distinct configurations."
        if results.distinct_configurations < arms
        else ""
    )
    planned = f"{_count(arms, 'arm')} × {_seeds(seeds)} = {_count(arms * seeds, 'run')}"
    return f"Planned: {planned}: {_found(results.outcomes)}.{folded}{_confirming(results)}"


def _confirming(results: SweepResults) -> str:
    tried = results.confirmation
    if not tried:
        return ""
    arms, seeds = len({run.arm for run in tried}), len({run.seed for run in tried})
    beside = f"{_count(arms, 'arm')} on {seeds} fresh {'seed' if seeds == 1 else 'seeds'}"
    return f" To confirm the selected arm: {beside}, {_count(len(tried), 'run')}: {_found(tried)}."


def _found(outcomes: Sequence[RunOutcome]) -> str:
    statuses = Counter(outcome.status for outcome in outcomes)
    return ", ".join(f"{statuses[status]} {status}" for status in STATUSES if statuses[status])


def _all_outcomes(results: SweepResults) -> tuple[RunOutcome, ...]:
    return (*results.outcomes, *results.confirmation)


def _events(events: Sequence[RunOutcome]) -> list[Block]:
    if not events:
        return []
    rows: list[Row] = [
        [outcome.status, Code(outcome.arm), str(outcome.seed), _shortened(outcome.detail).strip() or UNDEFINED]
        for outcome in events[:MOST_LISTED_EVENTS]
    ]
    return [
        table(["status", "arm", "seed", "what happened"], rows, numeric=[2]),
        *_rest(len(events) - len(rows), RUNS_TABLE),
        *paragraph("Means and differences are over completed runs; a diverged run is counted, never averaged."),
    ]


def _rest(left_out: int, file: str) -> list[Block]:
    return paragraph(f"… and {left_out} more in ", Code(file), ".") if left_out else []


def _shortened(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# setup -----------------------------------------------------------------------------------------------


def _setup(results: SweepResults, command: Sequence[str]) -> list[Block]:
    arms = results.planned.arms
    flat = {arm.name: flatten(arm.settings) for arm in arms}
    differing = set(differing_names(flat.values()))
    shared = {name: value for name, value in flat[arms[0].name].items() if name not in differing}
    common = {name: value for name, value in shared.items() if not _is_unused(name, value)}
    return [
        Prose(_protocol(results)),
        *_not_default(results, command),
        *_overrides(results.planned.baseline, arms, flat),
        Details("Every setting that all arms share", (table(["setting", "value"], _grouped(common)),)),
    ]


def _not_default(results: SweepResults, command: Sequence[str]) -> list[Block]:
    """What was set for all arms, by the files of the study and on the command line."""
    # Of two words about one key the later one counts.
    words = {
        word.partition("=")[0].lstrip("+"): word for word in (*results.planned.spec.base, *_commanded(results, command))
    }
    if not words:
        return paragraph("Everything that the arms share is at ablate's defaults.")
    return paragraph("Set for all arms, the rest at ablate's defaults: ", joined(", ", map(Code, words.values())), ".")


def _commanded(results: SweepResults, command: Sequence[str]) -> list[str]:
    """The settings of all arms among the words of a command line: what varies is none, though a grid names it there."""
    varied = {"seed", *results.planned.spec.factors}
    return [
        word
        for word in command
        if not word.lstrip("+~").startswith(ABOUT_THE_STUDY) and word.lstrip("+~").partition("=")[0] not in varied
    ]


def _setup_in_words(results: SweepResults, command: Sequence[str]) -> list[Block]:
    """What the study's file says, and what of it the command line may have changed."""
    setup, changed = results.planned.spec.setup, _commanded(results, command)
    if not setup or not changed:
        return paragraph(setup)
    return paragraph(setup, " Here the command line has the last word: ", joined(", ", map(Code, changed)), ".")


def _protocol(results: SweepResults) -> Text:
    spec = results.planned.spec
    seeds = ", ".join(map(str, spec.seeds[:20])) + (", …" if len(spec.seeds) > 20 else "")
    margin = f"; margin {spec.margin}" if spec.margin is not None else ""
    reason = f" ({spec.margin_reason.strip().rstrip('.')})" if spec.margin is not None and spec.margin_reason else ""
    worst = f"; a diverged run counts as {spec.worst:g}" if spec.worst is not None else ""
    metric = text("Metric ", Code(spec.metric), f" ({results.metric.title}){margin}{reason}{worst}.")
    design = text(" Design ", Code(spec.design), ", baseline ", Code(results.baseline.arm))
    return text(metric, _scale(results), design, f", seeds {seeds}; {_shared_by_equal_seeds(results)}.")


def _scale(results: SweepResults) -> str:
    """On which scale the whole sweep compares its metric, and what of a run without errors becomes there."""
    if results.scale is Scale.RAW:
        return f" Differences are of the {results.metric.title} itself."
    half = (
        "; a run without errors counts as one with half an error"
        if results.metric.counts_examples and results.metric.split == TEST
        else ""
    )
    return f" Differences are of the {scaled_title(results.metric, results.scale)}, ratios of errors{half}."


def _shared_by_equal_seeds(results: SweepResults) -> str:
    if results.noise is not None:
        return "a part of the seed that an arm does not vary is held at one number"
    if not results.planned.spec.paired:
        return "arms are compared as independent samples, though equal seeds share what they share"
    own = ", and every seed has a split of its own" if any(arm.resplits for arm in results.planned.arms) else ""
    return f"equal seeds share initialisation, data order and split{own}"


def _is_unused(name: str, value: Json) -> bool:
    """A whole group that is null or empty. A null within a group is a choice: no patience means never to stop."""
    return "." not in name and value in (None, [], {}, "")


def _grouped(settings: Mapping[str, Json]) -> list[list[Inline]]:
    """One row for each first part of the dotted names: what stands there and what is below it."""
    groups: dict[str, list[Text]] = {}
    for name, value in settings.items():
        group, _, rest = name.partition(".")
        groups.setdefault(group, []).append(text(rest and f"{rest} ", _value(value)))
    return [[Code(group), joined(", ", parts)] for group, parts in groups.items()]


def _overrides(baseline: PlannedArm, arms: Sequence[PlannedArm], flat: Mapping[str, Mapping[str, Json]]) -> list[Block]:
    reference = flat[baseline.name]
    rows: list[Row] = [
        [Code(arm.name), "baseline" if arm.is_baseline else _changes(reference, flat[arm.name])]
        for arm in arms[:MOST_LISTED_ARMS]
    ]
    return [table(["arm", "differs from the baseline in"], rows), *_rest(len(arms) - len(rows), "data/plan.json")]


def _changes(reference: Mapping[str, Json], settings: Mapping[str, Json]) -> Text:
    names = differing_names([reference, settings])
    present = [text(f"{name} ", _value(settings[name])) for name in names if name in settings]
    # Another component has other arguments; only of the same one is it worth saying that one is gone.
    absent = [name for name in names if name not in settings and name.partition(".")[0] not in names]
    without = [text(f"without {', '.join(absent)}")] if absent else []
    return joined(", ", [*present, *without]) or text("nothing: the same configuration")


def _value(value: Json) -> Code:
    written = setting_text(value)
    return Code(short_id(written) if CHECKSUM.fullmatch(written) else _shortened(written, 60))


# results ---------------------------------------------------------------------------------------------


def _results(results: SweepResults) -> list[Block]:
    error = _error_of_all(results.summaries)
    rows: list[Row] = [
        [Code(summary.arm), *_level_cells(summary, error), _not_averaged(summary)] for summary in results.summaries
    ]
    header = ["arm", "n", "mean", "sd", "95% interval", "not averaged"]
    unit = "; means are arithmetic, in its own unit" if results.scale is Scale.LOG_ERROR else ""
    note = (
        f"{capitalised(results.metric.title)}{_aim(results.metric)}{unit}. n counts completed runs, sd is over "
        "seeds; each interval is Student's t interval of its mean, over new seeds on the same data and "
        f"this split{_of_overlapping_splits(results)}."
    )
    caption = f"{results.metric.title} by arm, over seeds"
    return [table(header, rows, range(1, len(header) - 1), caption), *paragraph(note)]


def _of_overlapping_splits(results: SweepResults) -> str:
    if not any(arm.resplits for arm in results.planned.arms):
        return ""
    return "; where every seed has a split of its own they are too narrow, for the splits overlap"


def _level_cells(summary: ArmSummary, error: float | None) -> list[str]:
    estimate = summary.estimate
    digits = [mean(estimate, error=error), spread(estimate, error), interval(estimate, error=error)]
    return [str(estimate.n), *digits]


def _error_of_all(summaries: Sequence[ArmSummary]) -> float | None:
    return shared_error(summary.estimate.se for summary in summaries)


def _not_averaged(summary: ArmSummary) -> str:
    counts = {"diverged": summary.n_diverged, "failed": summary.n_failed, "missing": summary.n_missing}
    return ", ".join(f"{n} {status}" for status, n in counts.items() if n) or UNDEFINED


def _figures(results: SweepResults, shown: Sequence[Caption]) -> list[Block]:
    name = results.planned.spec.name
    return [
        Figure(f"figures/{figure_file(name, caption.name)}", caption.alternative, text(caption.text))
        for caption in shown
    ]


def _elsewhere(figures: SweepFigures) -> list[Block]:
    """Where the figures stand that would look the same here."""
    return [
        Prose(text(f"The {figure.replace('_', ' ')} is that of ", Link(text(sweep), anchor_of(sweep)), "."))
        for figure, sweep in figures.elsewhere.items()
    ]


def _ensembles(results: SweepResults) -> list[Block]:
    return [_part("Ensembles of seeds"), *ensembles_table(results.ensembles)] if results.ensembles else []


def _probes(results: SweepResults) -> list[Block]:
    """A table turned round, since there are more quantities than arms and their names are long."""
    if not results.probes:
        return []
    header: list[Inline] = ["measured", *(Code(arm.arm) for arm in results.summaries)]
    rows: list[Row] = [[column.metric.title, *_means(column)] for column in results.probes]
    note = paragraph(
        "Means over completed seeds, of the weights that a run ended with; claims can be about each. What is measured, "
        "and how, stands in ",
        Code("ablate/probes"),
        ".",
    )
    return [table(header, rows, numeric=range(1, len(header))), *note]


def _secondary(results: SweepResults) -> list[Block]:
    if not results.secondary:
        return []
    columns = [*results.secondary, results.seconds]
    means = zip(*map(_means, columns), strict=True)
    rows: list[Row] = [[Code(arm.arm), *of_arm] for arm, of_arm in zip(results.summaries, means, strict=True)]
    header = ["arm", *(column.metric.name for column in columns)]
    note = (
        "Means over completed seeds, of the weights that a run ended with; seconds without "
        "compilation. The sweep does not ask about these metrics, and nothing was selected on them."
    )
    return [Details("Other metrics", (table(header, rows, numeric=range(1, len(header))), *paragraph(note)))]


def _means(column: MetricSummaries) -> list[str]:
    """Of each arm, with the digits of all arms."""
    error = _error_of_all(column.summaries)
    return [mean(summary.estimate, error=error) for summary in column.summaries]


def _every_run(results: SweepResults) -> Details:
    header = ["arm", "seed", "run", "status", "epochs", "best epoch", results.planned.spec.metric]
    outcomes = _all_outcomes(results)
    rows: list[Row] = [_run_row(outcome) for outcome in outcomes[:MOST_LISTED_RUNS]]
    rest = _rest(len(outcomes) - len(rows), RUNS_TABLE)
    confirming = f", {len(results.confirmation)} of them to confirm" if results.confirmation else ""
    return Details(f"Every run ({len(outcomes)}{confirming})", (table(header, rows, numeric=(1, 4, 5, 6)), *rest))


def _run_row(outcome: RunOutcome) -> list[Inline]:
    return [
        Code(outcome.arm),
        str(outcome.seed),
        Code(short_id(outcome.run_id)),
        outcome.status,
        UNDEFINED if outcome.epochs_run is None else str(outcome.epochs_run),
        UNDEFINED if outcome.best_epoch is None else str(outcome.best_epoch),
        number(outcome.value),
    ]
