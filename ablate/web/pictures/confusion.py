"""Which classes are taken for which: tables, shaded by the share of the true class that was mistaken."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from ablate.analysis.confusion import Confusion
from ablate.analysis.results import SweepResults
from ablate.core.class_names import label_of
from ablate.sanitize.text import one_line
from ablate.web.picture import Picture

__all__ = ["MOST_CLASSES", "PICTURES", "confusion", "confusion_picture"]

# Of a matrix; of more classes the mistakes that are made most often are listed.
MOST_CLASSES, MOST_MISTAKES = 40, 40
# Of the style sheet: shade-1 to shade-9.
SHADES = 9


def confusion(results: SweepResults) -> Picture:
    """The baseline's, and that of the arm which lies farthest from it."""
    return confusion_picture(results.confusions)


def confusion_picture(matrices: Sequence[Confusion]) -> Picture:
    """Tables beside each other, shaded alike: equal shades are equal shares."""
    most = max((share for each in matrices for row in _mistaken(each) for share in row), default=0.0)
    drawn = (_matrix(each, most) if each.classes <= MOST_CLASSES else _list(each) for each in matrices)
    return Picture(Markup('<div class="confusions">\n{}\n</div>').format(Markup("\n").join(drawn)))


def _mistaken(matrix: Confusion) -> list[list[float]]:
    """[true][predicted]: the share of the true class; 0 on the diagonal."""
    return [
        [0.0 if true == predicted else count / max(sum(row), 1) for predicted, count in enumerate(row)]
        for true, row in enumerate(matrix.counts)
    ]


def _matrix(matrix: Confusion, most: float) -> Markup:
    names = [one_line(label_of(number, matrix.class_names)) for number in range(matrix.classes)]
    columns = Markup().join(Markup('<th scope="col"><span>{}</span></th>').format(name) for name in names)
    rows = Markup("\n").join(
        _row(name, true, counts, shares, most)
        for true, (name, counts, shares) in enumerate(zip(names, matrix.counts, _mistaken(matrix), strict=True))
    )
    kind = "confusion is-named" if max(map(len, names)) > 3 else "confusion"
    return _scrolling(
        matrix,
        Markup(
            '<table class="{}" data-plain>\n<thead><tr><th scope="col">true ↓ predicted →</th>{}'
            '<th scope="col">examples</th></tr></thead>\n<tbody>\n{}\n</tbody></table>'
        ).format(kind, columns, rows),
        "below each count its share of the true class, in %",
    )


def _row(name: str, true: int, counts: Sequence[int], shares: Sequence[float], most: float) -> Markup:
    total = sum(counts)
    cells = Markup().join(
        _cell(count, total, _kind(true == predicted, share, most))
        for predicted, (count, share) in enumerate(zip(counts, shares, strict=True))
    )
    return Markup('<tr><th scope="row">{}</th>{}<td class="all">{}</td></tr>').format(name, cells, total)


def _kind(is_right: bool, share: float, most: float) -> str:
    """The class of a cell: the diagonal, or how much of its shade a mistake has."""
    if is_right:
        return "is-right"
    return f"shade-{math.ceil(SHADES * share / most)}" if share else "none"


def _cell(count: int, total: int, kind: str) -> Markup:
    share = Markup("<small>{}</small>").format(_percentage(count / total)) if count else Markup()
    return Markup('<td class="{}">{}{}</td>').format(kind, count, share)


def _percentage(share: float) -> str:
    """With the digits that tell rare mistakes apart; no 100 where any was made, and no 0 where one was."""
    if share < 0.00005:
        return "<0.01"
    shown = f"{100 * share:.2f}" if share < 0.0995 else f"{100 * share:.1f}"
    return ">99.9" if share < 1 and shown == "100.0" else shown


def _scrolling(matrix: Confusion, content: Markup, explained: str) -> Markup:
    """In a container of its own, which scrolls where the page is narrow, by keys too; with its title above."""
    label = one_line(matrix.label)
    runs = f"{matrix.n_runs} run{'s' if matrix.n_runs != 1 else ''}"
    wrong = f"{matrix.errors} of {matrix.examples} wrong, {100 * matrix.errors / max(matrix.examples, 1):.2f} %"
    return Markup(
        '<div class="confusion-of"><p><code>{}</code> {}, {}<br>{}</p>\n'
        '<div class="scroll" tabindex="0" role="group" aria-label="{}">{}</div></div>'
    ).format(label, runs, wrong, explained, f"Confusion matrix of {label}", content)


def _list(matrix: Confusion) -> Markup:
    """The mistakes that are made most often, the first of equal ones first; and how many of all these are."""
    wrong = [
        (count, true, predicted)
        for true, row in enumerate(matrix.counts)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    shown = sorted(wrong, key=lambda each: (-each[0], each[1:]))[:MOST_MISTAKES]
    names = matrix.class_names
    rows = Markup("\n").join(
        Markup('<tr><th scope="row">{}</th><td>{}</td><td data-numeric>{}</td><td data-numeric>{}</td></tr>').format(
            one_line(label_of(true, names)),
            one_line(label_of(predicted, names)),
            count,
            _percentage(count / sum(matrix.counts[true])),
        )
        for count, true, predicted in shown
    )
    kinds = f"{len(shown)} of {len(wrong)} kinds of mistakes among {matrix.classes} classes"
    part = f"{kinds}: {sum(count for count, *_ in shown)} of {matrix.errors} mistakes"
    return _scrolling(
        matrix,
        Markup(
            '<table>\n<thead><tr><th scope="col">true class</th><th scope="col">taken for</th>'
            '<th scope="col" data-numeric>examples</th><th scope="col" data-numeric>% of the class</th></tr></thead>\n'
            "<tbody>\n{}\n</tbody></table>"
        ).format(rows),
        part,
    )


PICTURES = {"confusion": confusion}
