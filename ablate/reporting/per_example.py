"""Verdicts over the examples of a benchmark, as sentences, as a table, and as a folder.

example_text(rows, "holm", notes, "markdown")            # or latex
write_example_analysis(rows, "holm", notes, Path("out"))  # verdicts.md, .csv, .tex and a forest plot
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ablate.reporting.answer import answer_of_verdicts
from ablate.reporting.blocks import (
    Block,
    Code,
    Figure,
    Heading,
    Inline,
    Number,
    Row,
    Table,
    Text,
    bullets,
    joined,
    paragraph,
    table,
    text,
    with_code,
)
from ablate.reporting.families import percent_of
from ablate.reporting.latex import tabular
from ablate.reporting.markdown import render
from ablate.reporting.numbers import UNDEFINED, number, shared_error
from ablate.reporting.quantities import (
    bounds,
    difference,
    interval_in_brackets,
    is_share_of_examples,
    margin,
    probability,
    shown_error,
)
from ablate.reporting.summary import adjustment_of
from ablate.reporting.words import in_capitals, with_sign
from ablate.storage.atomic import write_atomically
from ablate.verdicts.example_verdict import ExampleVerdict, Reach
from ablate.verdicts.per_example import MCNEMAR, SIGN_TEST
from ablate.verdicts.verdict import Verdict, Word

__all__ = ["FORMATS", "example_sentence", "example_table", "example_text", "reach_sentence", "write_example_analysis"]

FORMATS = ("markdown", "latex")
FOREST = "forest.png"
OPEN = (Word.INCONCLUSIVE, Word.NO_DIFFERENCE_SEEN)


def example_text(rows: Sequence[ExampleVerdict], multiplicity: str, notes: Sequence[str], form: str) -> str:
    """The verdicts, one or more, in one of `FORMATS`; in LaTeX the table alone."""
    if form == "latex":
        return tabular(example_table(rows, _adjustment(rows, multiplicity)))
    return render(_blocks(rows, multiplicity, notes))


def write_example_analysis(
    rows: Sequence[ExampleVerdict], multiplicity: str, notes: Sequence[str], folder: Path, understood: str = ""
) -> Path:
    """Write verdicts.md, verdicts.csv, verdicts.tex and forest.png into `folder`; the path of the first.

    Raises:
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    # Half a second of import each, only where a figure and a table are asked for.
    from ablate.analysis.frame import to_csv_bytes, verdict_table
    from ablate.plots.canvas import png_bytes
    from ablate.plots.forest_page import forest_page

    path, verdicts = folder / "verdicts.md", [row.verdict for row in rows]
    figure = Figure(FOREST, "Differences of every arm with intervals")
    markdown = render([*_blocks(rows, multiplicity, notes), figure, *paragraph(understood)])
    columns = verdict_table(verdicts).assign(**{name: [getattr(row, name) for row in rows] for name in _COLUMNS})
    write_atomically(folder / "verdicts.csv", to_csv_bytes(columns))
    write_atomically(folder / "verdicts.tex", f"{example_text(rows, multiplicity, notes, 'latex')}\n".encode())
    drawn = forest_page([verdicts], verdicts[0].metric.title, f"paired with {verdicts[0].reference}")
    write_atomically(folder / FOREST, png_bytes(drawn))
    write_atomically(path, f"{markdown}\n".encode())
    return path


# Beside those of a verdict.
_COLUMNS = ("reach", "n_seeds", "n_groups", "se", "df", "only_arm", "only_reference", "p_mcnemar", "examples_needed")


def _blocks(rows: Sequence[ExampleVerdict], multiplicity: str, notes: Sequence[str]) -> list[Block]:
    adjustment, first = _adjustment(rows, multiplicity), rows[0].verdict
    return [
        Heading(1, text(first.metric.title)),
        *paragraph(answer_of_verdicts([row.verdict for row in rows])),
        *paragraph("The baseline is ", Code(first.reference), "; equal examples are paired."),
        bullets(example_sentence(row, adjustment) for row in rows),
        *paragraph(reach_sentence(rows, first.alpha, multiplicity)),
        *(block for note in notes for block in paragraph(note)),
        example_table(rows, adjustment),
    ]


def _adjustment(rows: Sequence[ExampleVerdict], multiplicity: str) -> str:
    return adjustment_of([row.verdict for row in rows], multiplicity)


def reach_sentence(rows: Sequence[ExampleVerdict], alpha: float, multiplicity: str) -> str:
    """What is bounded, and over what."""
    bound = f"at most {percent_of(alpha)}"
    what = (
        f"the chance of any false verdict is {bound}"
        if multiplicity == "joint"
        else f"the chance of any false difference is {bound} and of any false equivalence {bound}"
    )
    reaches = {row.reach for row in rows}
    if reaches == {Reach.SEEDS_AND_EXAMPLES}:
        over = "over new seeds and over new examples like these"
    elif reaches == {Reach.EXAMPLES}:
        over = (
            "over new examples like these, for these trained models; it does not cover models that are trained anew, "
            "with other seeds"
        )
    else:
        over = (
            "over new examples like these, and over new seeds in the rows that have several; the others are about "
            "these trained models alone"
        )
    return f"Over all arms together {what}, {over}."


# sentences -------------------------------------------------------------------------------------------


def example_sentence(row: ExampleVerdict, adjustment: str = "Holm") -> Text:
    """One verdict: its word, the difference with its interval and p, and how many examples it is of."""
    verdict = row.verdict
    if verdict.diff is None:
        return text(Code(verdict.subject), ": there is no example on which both sides have a value.")
    details = joined("; ", _details(row, adjustment))
    found = f"{difference(verdict)} {verdict.metric.title}"
    return text(_statement(verdict), f": {found} (", details, ")", _more_examples(row), ".")


def _statement(verdict: Verdict) -> Text:
    subject = Code(verdict.subject)
    if verdict.word is None:
        return text(subject)
    word, qualifier = in_capitals(verdict.word), verdict.qualifier
    brackets = text(" (", with_code(qualifier), ")") if qualifier else text()
    match verdict.word:
        case Word.BETTER | Word.WORSE:
            by = text(f" {qualifier} of {margin(verdict)}") if qualifier.startswith("by ") else brackets
            return text(subject, " is ", word, " than the baseline", by)
        case Word.EQUIVALENT:
            return text(subject, " is ", word, f" to the baseline within ±{margin(verdict)}", brackets)
        case Word.NO_DIFFERENCE_SEEN:
            return text(subject, " shows ", word, " from the baseline", brackets)
    return text(subject, " is ", word, brackets)


def _details(row: ExampleVerdict, adjustment: str) -> list[Inline]:
    verdict = row.verdict
    interval = f"{percent_of(1 - verdict.alpha)} CI {bounds(verdict, verdict.ci_low, verdict.ci_high)}"
    return [*([interval] if verdict.ci_low is not None else []), *_p(verdict, adjustment), *_counts(row)]


def _p(verdict: Verdict, adjustment: str) -> list[Inline]:
    """Of the test that the word rests on."""
    if verdict.word is Word.EQUIVALENT:
        name, p = "equivalence p", verdict.p_tost_adj
    else:
        tests = {MCNEMAR: "McNemar's exact p", SIGN_TEST: "sign test p"}
        name, p = tests.get(verdict.test_name, "p"), verdict.p_diff_adj
    return [] if p is None else [text(f"{adjustment} {name}".lstrip(), Number(probability(p)))]


def _counts(row: ExampleVerdict) -> list[str]:
    verdict = row.verdict
    of_planned = f" of {verdict.n_planned}" if verdict.n < verdict.n_planned else ""
    counts = [f"{verdict.n}{of_planned} examples"]
    if row.n_groups is not None:
        counts.append(f"{row.n_groups} groups")
    if row.n_seeds > 1:
        counts.append(f"{row.n_seeds} seeds")
    if row.only_arm is not None:
        counts.append(f"only it is right on {row.only_arm}, only the baseline on {row.only_reference}")
    else:
        ties = f", {verdict.ties} tied" if verdict.ties else ""
        counts.append(f"ahead on {verdict.wins}{ties}")
    return counts


def _more_examples(row: ExampleVerdict) -> str | Text:
    """What would resolve an open question, by the normal approximation."""
    verdict, more = row.verdict, row.more_examples
    if verdict.word not in OPEN:
        return ""
    if verdict.margin is None:
        without = ", so ", Code(Word.EQUIVALENT.value), " cannot be said, nor how many more examples give 80% power"
        return text("; no margin is stated", *without)
    if row.se is None or verdict.test_name == SIGN_TEST:
        return ""
    if row.examples_needed is None:
        is_of_seeds = row.n_seeds > 1
        return f"; no number of examples gives 80% power for {margin(verdict)}, more seeds do" if is_of_seeds else ""
    if more:
        return f"; about {more} more examples like these give 80% power for {margin(verdict)} (normal approximation)"
    return f"; these examples had 80% power for {margin(verdict)} (normal approximation), so it may lie close to that"


# the table -------------------------------------------------------------------------------------------


def example_table(
    rows: Sequence[ExampleVerdict], adjustment: str = "Holm", subject: str = "arm", baseline: str = "the baseline"
) -> Table:
    """One row for each verdict, in their order.

    Args:
        adjustment: whose adjusted p is shown; empty for a family of one.
        subject, baseline: what a row is of, and what the side is called that it is compared with.
    """
    error = shared_error(shown_error(row.verdict) for row in rows)
    is_share = all(is_share_of_examples(row.verdict.metric) for row in rows)
    title, unit = rows[0].verdict.metric.title, ", pp" if is_share else ""
    columns: list[tuple[str, Sequence[Inline], bool]] = [
        (subject, [Code(row.verdict.subject) for row in rows], True),
        ("verdict", [with_sign(row.verdict.word) for row in rows], any(row.verdict.word for row in rows)),
        (f"{title}{', %' if is_share else ''}", [_mean(row.verdict.arm_mean, is_share, error) for row in rows], True),
        (f"of {baseline}", [_mean(row.verdict.base_mean, is_share, error) for row in rows], True),
        (f"difference{unit}", [difference(row.verdict, error).removesuffix(" pp") for row in rows], True),
        (
            f"{percent_of(1 - rows[0].verdict.alpha)} interval",
            [interval_in_brackets(row.verdict, row.verdict.ci_low, row.verdict.ci_high, error) for row in rows],
            True,
        ),
        (f"{adjustment} p".strip(), [_bare(row.verdict.p_diff_adj) for row in rows], True),
        (
            "equivalence p",
            [_bare(row.verdict.p_tost_adj) for row in rows],
            _any(row.verdict.p_tost_adj for row in rows),
        ),
        ("only it right", [_count(row.only_arm) for row in rows], _any(row.only_arm for row in rows)),
        (f"only {baseline}", [_count(row.only_reference) for row in rows], _any(row.only_arm for row in rows)),
        ("seeds", [str(row.n_seeds) for row in rows], any(row.n_seeds > 1 for row in rows)),
        ("groups", [_count(row.n_groups) for row in rows], _any(row.n_groups for row in rows)),
        ("examples", [_of_planned(row.verdict) for row in rows], True),
        (
            "more for 80% power",
            [_count(row.more_examples if row.verdict.word in OPEN else None) for row in rows],
            any(row.more_examples is not None and row.verdict.word in OPEN for row in rows),
        ),
    ]
    shown = [(header, cells) for header, cells, is_shown in columns if is_shown]
    body: list[Row] = [list(cells) for cells in zip(*(cells for _, cells in shown), strict=True)]
    texts = {subject, "verdict"}
    numeric = [position for position, (header, _) in enumerate(shown) if header not in texts]
    return table([header for header, _ in shown], body, numeric)


def _any(values: Iterable[object]) -> bool:
    return any(value is not None for value in values)


def _mean(value: float | None, is_share: bool, error: float | None) -> str:
    return number(value if value is None or not is_share else 100 * value, error)


def _bare(p: float | None) -> str:
    return probability(p).removeprefix("=").strip()


def _count(value: int | None) -> str:
    return UNDEFINED if value is None else str(value)


def _of_planned(verdict: Verdict) -> str:
    return f"{verdict.n} of {verdict.n_planned}" if verdict.n < verdict.n_planned else str(verdict.n)
