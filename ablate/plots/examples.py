"""Pages of test examples: some as a run reads them, its surest mistakes, and how often each class occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate.analysis.examples import Example, ShownExamples
from ablate.plots.canvas import DIVERGED, INK, PALETTE, house_figure, house_style
from ablate.plots.labels import class_labels, label_classes
from ablate.plots.pictures import draw_image

__all__ = ["class_page", "draw_class_counts", "draw_example", "mistakes_page", "random_page"]

ACROSS = 5
INCHES_A_ROW = 2.0


def draw_example(example: Example, ax: Axes, names: Sequence[str] = ()) -> Axes:
    """Its image, with what it is read as and how surely; red where that is wrong.

    Args:
        names: of the classes, where they are known: then what an example is stands on a line of its own.
    """
    if example.image is not None:
        draw_image(example.image, ax)
    is_right = example.predicted == example.label
    read, label = class_labels((example.predicted, example.label), names)
    between = "\n" if names else " "
    truth = "" if is_right else f",{between}is {label}"
    ax.set_title(f"{read} ({example.confidence:.3f}){truth}", size=9, color=INK if is_right else DIVERGED)
    return ax


def draw_class_counts(classes: Mapping[str, Sequence[int]], ax: Axes, names: Sequence[str] = ()) -> Axes:
    """Bars of the share of each class in every split, one colour a split; the number of examples in the legend."""
    width = 0.8 / len(classes)
    for index, (split, counts) in enumerate(classes.items()):
        total = sum(counts)
        places = np.arange(len(counts)) + (index - (len(classes) - 1) / 2) * width
        shares = np.array(counts) / max(total, 1)
        ax.bar(places, shares, width=width, color=PALETTE[index], label=f"{split} ({total:,} examples)")
    longest = max(map(len, classes.values()))
    label_classes(ax, range(0, longest, -(-longest // 20)), names)
    ax.set(xlabel="class", ylabel="share of the examples")
    ax.grid(axis="y", which="major")
    ax.set_axisbelow(True)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=len(classes))
    return ax


def random_page(shown: ShownExamples) -> Figure:
    title = "Test examples drawn at random, as the baseline reads them"
    return _examples_page(shown.random, title, shown)


def mistakes_page(shown: ShownExamples) -> Figure:
    return _examples_page(shown.mistakes, "The mistakes that the baseline is surest of", shown)


def class_page(shown: ShownExamples) -> Figure:
    height = 4.2 if shown.class_names else 3.4  # names take room below
    with house_style():
        figure, (ax,) = house_figure("How often each class occurs", "Share of the examples of each split", height)
        draw_class_counts(shown.classes, ax, shown.class_names)
        return figure


def _examples_page(examples: Sequence[Example], title: str, shown: ShownExamples) -> Figure:
    subtitle = f"{shown.arm}, seed {shown.seed}: class it predicts, with its probability"
    rows = -(-len(examples) // ACROSS)
    with house_style():
        height = INCHES_A_ROW * rows
        figure, axes = house_figure(title, subtitle, height, [1.0] * rows, ACROSS, filled=len(examples))
        for ax, example in zip(axes, examples, strict=True):
            draw_example(example, ax, shown.class_names)
        return figure
