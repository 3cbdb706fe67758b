"""A comparison as text, and as a folder of text and figures.

comparison_markdown(compare(sides))                  # its tables are aligned: good for a terminal too
write_comparison(compare(sides), Path("out"))        # out/comparison.md and out/figures/*.png
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ablate.analysis.comparison import Comparison, Disagreement, Disagreements, MetricComparison, Scope
from ablate.analysis.confusion import Confusion
from ablate.analysis.sweep_flags import with_those_of
from ablate.reporting.blocks import (
    Block,
    Code,
    Figure,
    Heading,
    Inline,
    Row,
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
from ablate.reporting.summary import ADJUSTMENTS
from ablate.reporting.verdicts import verdict_sentence
from ablate.stats.estimates import Estimate
from ablate.storage.atomic import write_atomically

__all__ = ["comparison_blocks", "comparison_markdown", "mismatch_text", "write_comparison"]

MOST_LISTED_EXAMPLES = 25


def comparison_markdown(comparison: Comparison, figures: Sequence[str] = ()) -> str:
    """The comparison as markdown that ends with a newline, see `comparison_blocks`."""
    return render(comparison_blocks(comparison, figures)) + "\n"


def mismatch_text(comparison: Comparison) -> str:
    """Whether the sides can be compared; if not, in which aspects they cannot. In markdown."""
    return render(_mismatches(comparison))


def comparison_blocks(comparison: Comparison, figures: Sequence[str] = ()) -> list[Block]:
    """The comparison; sides are lettered, the first is A.

    Args:
        figures: names of figures that stand in `figures/` beside the text.
    """
    return [
        Heading(1, joined(" and ", comparison.labels)),
        _sides(comparison),
        *_mismatches(comparison),
        Heading(2, text("What differs")),
        *_settings(comparison),
        Heading(2, text("Exploratory differences" if comparison.scope is Scope.EXPLORATORY else "Verdicts")),
        *_verdicts(comparison),
        Heading(2, text("Metrics")),
        *_metrics(comparison),
        *(Figure(f"figures/{name}.png", f"{name} of the sides") for name in figures),
        *_confusions(comparison.confusions),
        *_disagreements(comparison.disagreements),
    ]


def _mismatches(comparison: Comparison) -> list[Block]:
    if comparison.are_comparable:
        return paragraph("The sides share data, split, metric and numerics.")
    header = ["not the same", *_letters(comparison)]
    rows: list[Row] = [[mismatch.aspect, *map(Code, mismatch.values)] for mismatch in comparison.mismatches]
    aspects = ", ".join(mismatch.aspect for mismatch in comparison.mismatches)
    said = paragraph(strong("Not comparable as they stand"), f": the sides differ in {aspects}.")
    return [*said, table(header, rows)]


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
    return [_letter(position) for position in range(len(comparison.labels))]


def _letter(position: int) -> str:
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
    return [table(["setting", *_letters(comparison)], rows)]


def _verdicts(comparison: Comparison) -> list[Block]:
    adjustment = ADJUSTMENTS[comparison.multiplicity] if comparison.questions > 1 else ""
    flags = flag_list(with_those_of(comparison.verdicts, ()), len(comparison.verdicts))
    return [
        *paragraph("The baseline is ", Code(comparison.labels[0]), f", side A. {_scope(comparison)}"),
        bullets(verdict_sentence(verdict, adjustment) for verdict in comparison.verdicts),
        *(paragraph("What to know beside them:") if flags else []),
        *flags,
    ]


def _scope(comparison: Comparison) -> str:
    match comparison.scope:
        case Scope.STUDY:
            return "It is the study's own, and so are the rows below."
        case Scope.PAIRS:
            questions = comparison.questions
            adjusted = f"Any pair could have been chosen, so p and intervals are adjusted for all {questions} pairs"
            return f"It is not the study's. {adjusted} of its arms." if questions > 1 else "It is not the study's."
        case Scope.EXPLORATORY:
            return (
                "No study planned to compare these sides, so nothing bounds the chance of a false difference. What "
                "would decide: one study that has them as arms, on fresh seeds."
            )


def _metrics(comparison: Comparison) -> list[Block]:
    letters = _letters(comparison)
    header = ["metric", *letters, *(f"{letter} − A, paired" for letter in letters[1:])]
    rows: list[Row] = [_metric_row(metric) for metric in comparison.metrics]
    note = (
        "Means over completed seeds, with n; differences are paired by seed, with their 95% t interval and the number "
        "of pairs."
    )
    return [table(header, rows, numeric=range(1, len(header))), *paragraph(note)]


def _metric_row(metric: MetricComparison) -> list[Inline]:
    """The means with the digits of one another, and so the differences."""
    differences = metric.differences[1:]
    own_error = shared_error(estimate.se for estimate in metric.estimates)
    error = shared_error(each.se for each in differences if each is not None)
    own = [f"{mean(estimate, error=own_error)} (n={estimate.n})" for estimate in metric.estimates]
    return [Code(metric.metric.name), *own, *(_difference(each, error) for each in differences)]


def _difference(difference: Estimate | None, error: float | None) -> str:
    if difference is None or difference.mean is None:
        return UNDEFINED
    digits = f"{mean(difference, signed=True, error=error)} {interval(difference, signed=True, error=error)}"
    return f"{digits} ({difference.n})"


def _confusions(confusions: Sequence[Confusion]) -> list[Block]:
    if not confusions:
        return []
    rows: list[Row] = [
        [Code(each.label), str(each.errors), str(each.examples), str(each.n_runs)] for each in confusions
    ]
    header = ["side", "test examples wrong", "of", "runs"]
    return [Heading(2, text("Test predictions")), table(header, rows, numeric=(1, 2, 3))]


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
    header = ["example", "true class", *(f"{_letter(side)} predicts" for side in range(len(disagreements.seeds)))]
    listing = [table(header, [_example_row(example) for example in shown], numeric=(0, 1))] if shown else []
    rest = f"… and {count - len(shown)} more." if count > len(shown) else ""
    return [Heading(2, text("Where they disagree")), *paragraph(intro), *listing, *paragraph(rest)]


def _example_row(example: Disagreement) -> list[str]:
    predictions = zip(example.predictions, example.probabilities, strict=True)
    return [str(example.index), str(example.label), *(_prediction(*prediction) for prediction in predictions)]


def _prediction(predicted: int, probability: float | None) -> str:
    return str(predicted) if probability is None else f"{predicted} ({probability:.3f})"
