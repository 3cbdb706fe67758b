"""The straight lines between the runs of two arms: in one line, and as a section of the report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from ablate.analysis.interpolations import ArmInterpolations, Interpolation
from ablate.reporting.blocks import Block, Code, Figure, Heading, Prose, Row, table, text
from ablate.reporting.numbers import interval, mean, number

__all__ = ["in_one_valley", "in_words", "interpolation_file", "interpolations_section"]

# Of the loss at the higher end, above which a rise between the ends is no ripple of one valley.
SHARE_OF_A_BARRIER = 0.1
HEADER = ("between", "and", "seeds", "loss of the first", "half way", "of the second", "barrier", "95% interval")
NOTE = (
    "The training objective in inference mode over a sample of the training examples, at weights on the straight line "
    "between two runs of one seed; medians over seeds. The barrier, a mean over seeds, is the largest height above the "
    "straight line between the losses at the ends. A barrier may also stand "
    "between two runs that differ in the order of their units alone."
)


def interpolations_section(found: Sequence[ArmInterpolations]) -> list[Block]:
    """A table, a row a pair of arms, and the figure of each."""
    rows: list[Row] = [[Code(pair.first), Code(pair.second), *_cells(pair)] for pair in found]
    figures = [
        Figure(
            f"figures/{interpolation_file(pair)}",
            f"The objective on the line between the runs of {pair.first} and {pair.second}",
        )
        for pair in found
    ]
    return [
        Heading(2, text("Between two runs")),
        table(HEADER, rows, numeric=range(2, len(HEADER))),
        *(Prose(text(Code(pair.first), " and ", Code(pair.second), f" {in_one_valley(pair)}")) for pair in found),
        Prose(text(NOTE)),
        *figures,
    ]


def in_words(pair: ArmInterpolations) -> str:
    """Whether they lie in one valley, and the numbers: `adam to sgd: barrier 0.41 [0.30, 0.52] over 5 seeds; the
    objective is 0.01 and 0.08 at the ends, 0.45 half way`, in the medians of the seeds."""
    seeds, first, middle, second, barrier, bounds = _cells(pair)
    over = f"{bounds} over {seeds} seeds" if len(pair.by_seed) > 1 else "(one seed)"
    ends = f"the objective is {first} and {second} at the ends, {middle} half way"
    valley = f"{pair.first} and {pair.second} {in_one_valley(pair)}"
    return f"{valley}\n{pair.first} to {pair.second}: barrier {barrier} {over}; {ends}"


def in_one_valley(pair: ArmInterpolations) -> str:
    """What is to be said of the two, as the rest of a sentence."""
    seeds = len(pair.by_seed)
    apart = sum(_has_barrier(each) for each in pair.by_seed.values())
    rises = f"rises by more than {SHARE_OF_A_BARRIER:.0%} of the loss at its higher end"
    if seeds == 1:
        return (
            f"lie in two valleys: the loss between them {rises}."
            if apart
            else (f"lie in one valley: the loss between them never {rises}.")
        )
    if not apart:
        return f"lie in one valley: on none of {seeds} seeds the loss between them {rises}."
    if apart == seeds:
        return f"lie in two valleys: on all {seeds} seeds the loss between them {rises}."
    return f"lie in one valley on some seeds alone: on {apart} of {seeds} the loss between them {rises}."


def _has_barrier(line: Interpolation) -> bool:
    return line.barrier > SHARE_OF_A_BARRIER * max(float(line.train_loss[0]), float(line.train_loss[-1]))


def interpolation_file(pair: ArmInterpolations) -> str:
    """The file name of a pair's figure."""
    return f"line-{_plain(pair.first)}-{_plain(pair.second)}.png"


def _plain(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.=-]", "-", label.partition(":")[2] or label)


def _cells(pair: ArmInterpolations) -> list[str]:
    interpolations = [interpolation.train_loss for interpolation in pair.by_seed.values()]
    places = (0, len(interpolations[0]) // 2, -1)
    medians = [number(median(float(losses[place]) for losses in interpolations)) for place in places]
    return [str(len(interpolations)), *medians, mean(pair.barrier), interval(pair.barrier)]
