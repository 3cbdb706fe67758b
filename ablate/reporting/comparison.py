"""A comparison as text, and as a folder of text and figures.

comparison_markdown(compare(sides))                  # its tables are aligned: good for a terminal too
write_comparison(compare(sides), Path("out"))        # out/comparison.md and out/figures/*.png
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ablate.analysis.comparison import Comparison, Disagreement, Disagreements, MetricComparison, Scope
from ablate.analysis.confusion import Confusion
from ablate.analysis.per_example import TestExamples
from ablate.analysis.sweep_flags import with_those_of
from ablate.core.class_names import label_of
from ablate.core.records import CLASSIFICATION
from ablate.reporting.answer import answer_of_verdicts
from ablate.reporting.blocks import (
    Block,
    Code,
    Figure,
    Heading,
    Row,
    Text,
    bullets,
    joined,
    paragraph,
    strong,
    table,
    text,
)
from ablate.reporting.flags import flag_list
from ablate.reporting.markdown import render
from ablate.reporting.numbers import UNDEFINED, interval, mean, shared_error
from ablate.reporting.per_example import example_table
from ablate.reporting.summary import ADJUSTMENTS
from ablate.reporting.verdicts import verdict_sentence
from ablate.stats.estimates import Estimate
from ablate.storage.atomic import write_atomically
from ablate.verdicts.example_verdict import ExampleVerdict, Reach

__all__ = ["comparison_blocks", "comparison_markdown", "mismatch_text", "side_letter", "write_comparison"]

MOST_LISTED_EXAMPLES = 25
# Sides beside each other in one table.
MOST_COLUMNS = 3
# What a run records and has been told, and errors that are of use where targets are numbers.
SETTINGS = ("learning_rate",)
FOR_TARGETS = ("huber", "mse", "mae", "r2")


def comparison_markdown(comparison: Comparison, figures: Sequence[str] = ()) -> str:
    """The comparison as markdown that ends with a newline, see `comparison_blocks`."""
    return render(comparison_blocks(comparison, figures)) + "\n"


def mismatch_text(comparison: Comparison) -> str:
    """Whether the sides can be compared; if not, in which aspects they cannot. In markdown."""
    return render(_mismatches(comparison))


def comparison_blocks(
    comparison: Comparison,
    figures: Sequence[str] = (),
    of_verdicts: Sequence[str] = (),
    of_predictions: Sequence[str] = (),
    of_disagreements: Sequence[str] = (),
) -> list[Block]:
    """The comparison; sides are lettered, the first is A.

    Args:
        figures: names of figures that stand in `figures/` beside the text, after the metrics.
        of_verdicts, of_predictions, of_disagreements: of those that stand where these are told of.
    """
    return [
        Heading(1, _title(comparison.labels)),
        *paragraph(answer_of_verdicts(comparison.verdicts)),
        _sides(comparison),
        *_mismatches(comparison),
        Heading(2, text("What differs")),
        *_settings(comparison),
        Heading(2, text("Exploratory differences" if comparison.scope is Scope.EXPLORATORY else "Verdicts")),
        *map(_figure, of_verdicts),
        *_verdicts(comparison),
        Heading(2, text("Metrics")),
        *_metrics(comparison),
        *map(_figure, figures),
        *_confusions(comparison.confusions),
        *map(_figure, of_predictions),
        *_by_example(comparison.by_example),
        *_disagreements(comparison.disagreements),
        *map(_figure, of_disagreements),
    ]


def _figure(name: str) -> Figure:
    return Figure(f"figures/{name}.png", f"{name.replace('_', ' ')} of the sides")


def _title(labels: Sequence[str]) -> Text:
    if len(labels) <= MOST_COLUMNS:
        return joined(" and ", labels)
    return text(labels[0], f" and {len(labels) - 1} others")


def _mismatches(comparison: Comparison) -> list[Block]:
    if comparison.are_comparable:
        return paragraph("The sides share data, split, metric and numerics.")
    rows: list[Row] = [
        [mismatch.aspect, letter, Code(value)]
        for mismatch in comparison.mismatches
        for letter, value in zip(_letters(comparison), mismatch.values, strict=True)
    ]
    aspects = ", ".join(mismatch.aspect for mismatch in comparison.mismatches)
    said = paragraph(strong("Not comparable as they stand"), f": the sides differ in {aspects}.")
    return [*said, table(["not the same", "side", "value"], rows)]


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write comparison.md and its figures into `folder`; the path of the text.

    Raises:
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    # Half a second of import, only where figures are asked for.
    from ablate.plots.canvas import png_bytes
    from ablate.plots.comparison import comparison_figures

    figures = comparison_figures(comparison)
    for name, figure in figures.items():
        write_atomically(folder / "figures" / f"{name}.png", png_bytes(figure))
    text = comparison_markdown(comparison, tuple(figures))
    write_atomically(folder / "comparison.md", text.encode("utf-8"))
    return folder / "comparison.md"


def _letters(comparison: Comparison) -> list[str]:
    return [side_letter(position) for position in range(len(comparison.labels))]


def side_letter(position: int) -> str:
    """A … Z, then A1 … Z1 and so on."""
    round_, letter = divmod(position, 26)
    return f"{chr(ord('A') + letter)}{round_ or ''}"


def _sides(comparison: Comparison) -> Block:
    letters = zip(_letters(comparison), comparison.labels, strict=True)
    return table(["side", "what it is"], [[letter, Code(label)] for letter, label in letters])


def _settings(comparison: Comparison) -> list[Block]:
    if not comparison.settings:
        return paragraph("Nothing but the seeds.")
    rows: list[Row] = [[Code(setting.name), *map(Code, setting.values)] for setting in comparison.settings]
    if len(comparison.labels) <= MOST_COLUMNS:
        return [table(["setting", *_letters(comparison)], rows)]
    of_sides: list[Row] = [
        [letter, joined(", ", (text(f"{each.name} ", Code(each.values[side])) for each in comparison.settings))]
        for side, letter in enumerate(_letters(comparison))
    ]
    return [table(["side", "settings"], of_sides)]


def _verdicts(comparison: Comparison) -> list[Block]:
    adjustment = ADJUSTMENTS[comparison.multiplicity] if comparison.questions > 1 else ""
    flags = flag_list(with_those_of(comparison.verdicts, ()), len(comparison.verdicts))
    return [
        *paragraph("The baseline is ", Code(comparison.labels[0]), f", side A. {_scope(comparison)}"),
        bullets(verdict_sentence(verdict, adjustment) for verdict in comparison.verdicts),
        *(paragraph("Flags raised by them:") if flags else []),
        *flags,
    ]


def _scope(comparison: Comparison) -> str:
    match comparison.scope:
        case Scope.STUDY:
            return "It is the study's baseline, and the rows below are the study's own."
        case Scope.PAIRS:
            questions = comparison.questions
            adjusted = f" Any pair could have been chosen, so p and intervals are adjusted for all {questions} pairs"
            return "It is not the study's baseline." + (f"{adjusted} of its arms." if questions > 1 else "")
        case Scope.EXPLORATORY:
            return (
                "No study planned to compare these sides, so nothing bounds the chance of a false difference. To "
                "decide it, run one study that has them as arms, on fresh seeds."
            )


def _metrics(comparison: Comparison) -> list[Block]:
    """A row a side of each metric, for a table of many sides has to fit on a page and in a terminal too."""
    header = ["metric", "side", "n", "mean", "difference from A", "95% interval", "pairs"]
    rows = [row for metric in _telling(comparison.metrics) for row in _metric_rows(metric)]
    note = (
        "Means over completed seeds; differences are paired by seed, with their 95% t interval. A metric that equals "
        "one above it is left out."
    )
    return [table(header, rows, numeric=range(2, len(header))), *paragraph(note)]


def _telling(metrics: Sequence[MetricComparison]) -> list[MetricComparison]:
    """Those that say something of this task, each once: without a regularisation there are two names for one loss."""
    is_classified = any(each.metric.task == CLASSIFICATION for each in metrics)
    found: dict[tuple[tuple[float, ...], ...], MetricComparison] = {}
    for each in metrics:
        values = tuple(estimate.values for estimate in each.estimates)
        is_zero = not any(value for of_side in values for value in of_side)
        is_strange = each.metric.name in SETTINGS or (is_classified and each.metric.measure in FOR_TARGETS)
        if not (is_zero or is_strange):
            found.setdefault(values, each)
    return list(found.values())


def _metric_rows(metric: MetricComparison) -> list[Row]:
    """The means with the digits of one another, and so the differences."""
    own_error = shared_error(estimate.se for estimate in metric.estimates)
    error = shared_error(each.se for each in metric.differences[1:] if each is not None)
    sides = enumerate(zip(metric.estimates, metric.differences, strict=True))
    return [
        [
            Code(metric.metric.name) if side == 0 else "",
            side_letter(side),
            str(estimate.n),
            mean(estimate, error=own_error),
            *_difference(difference, error),
        ]
        for side, (estimate, difference) in sides
    ]


def _difference(difference: Estimate | None, error: float | None) -> list[str]:
    """From the first side, which itself has none."""
    if difference is None or difference.mean is None:
        return [UNDEFINED] * 3
    return [
        mean(difference, signed=True, error=error),
        interval(difference, signed=True, error=error),
        str(difference.n),
    ]


def _confusions(confusions: Sequence[Confusion]) -> list[Block]:
    if not confusions:
        return []
    rows: list[Row] = [
        [Code(each.label), str(each.errors), str(each.examples), str(each.n_runs)] for each in confusions
    ]
    header = ["side", "test examples wrong", "of", "runs"]
    return [Heading(2, text("Test predictions")), table(header, rows, numeric=(1, 2, 3))]


def _by_example(found: TestExamples | None) -> list[Block]:
    """Each side beside the first on the same test examples, without words."""
    if found is None:
        return []
    lettered = [
        replace(row, verdict=replace(row.verdict, subject=side_letter(side), reference=side_letter(0)))
        for side, row in enumerate(found.rows, 1)
    ]
    adjustment = ADJUSTMENTS["holm"] if len(lettered) > 1 else ""
    intro = (
        "Both sides of a row were tested on the same examples, which pair them one by one. No study planned these "
        "comparisons, so nothing bounds the chance of a false difference."
    )
    told = [_reach(row, seeds) for row, seeds in zip(lettered, found.seeds, strict=True)]
    return [
        Heading(2, text("Example by example")),
        *paragraph(intro),
        *(block for sentence in dict.fromkeys(told) for block in paragraph(sentence)),
        example_table(lettered, adjustment, "side", "A"),
    ]


def _reach(row: ExampleVerdict, seeds: tuple[tuple[int, ...], tuple[int, ...]]) -> str:
    """Which runs a row is of, and what it speaks of beyond them."""
    ours, theirs = (", ".join(map(str, of_side)) for of_side in seeds)
    if row.reach is Reach.SEEDS_AND_EXAMPLES:
        return f"Over the seeds {ours} of both: p and interval are for new seeds and new test examples together."
    runs = f"The runs of seed {ours}" if ours == theirs else f"The run of seed {ours} of A and that of seed {theirs}"
    return (
        f"{runs} are trained models, one a side: p is that of McNemar's exact test and speaks, like the interval, of "
        "new test examples and not of models that are trained anew."
    )


def _disagreements(disagreements: Disagreements | None) -> list[Block]:
    if disagreements is None:
        return []
    seeds = ", ".join(map(str, dict.fromkeys(disagreements.seeds)))
    count = len(disagreements.examples)
    intro = (
        f"The runs of seed {seeds} disagree on {count} of {disagreements.n_examples} test examples. These are trained "
        "models, one a side: other seeds disagree on other examples."
    )
    shown = disagreements.examples[:MOST_LISTED_EXAMPLES]
    header = ["example", "true class", *(f"{side_letter(side)} predicts" for side in range(len(disagreements.seeds)))]
    names = disagreements.class_names
    numeric = (0,) if names else (0, 1)
    listing = [table(header, [_example_row(example, names) for example in shown], numeric=numeric)] if shown else []
    rest = f"… and {count - len(shown)} more." if count > len(shown) else ""
    return [Heading(2, text("Where they disagree")), *paragraph(intro), *listing, *paragraph(rest)]


def _example_row(example: Disagreement, names: Sequence[str]) -> list[str]:
    predictions = zip(example.predictions, example.probabilities, strict=True)
    read = (_prediction(label_of(predicted, names), probability) for predicted, probability in predictions)
    return [str(example.index), label_of(example.label, names), *read]


def _prediction(label: str, probability: float | None) -> str:
    return label if probability is None else f"{label} ({probability:.3f})"
