"""The weights of several sides beside each other: what each kernel ended with, and histograms where runs kept them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ablate.analysis.probe_pictures import KernelHistogram, kernel_histograms
from ablate.core.records import STATISTICS, WEIGHT_STATISTICS, Array, Status, StoredRun
from ablate.reporting.blocks import Block, Code, Row, paragraph, table
from ablate.reporting.comparison import side_letter
from ablate.reporting.numbers import number
from ablate.sanitize.text import one_line
from ablate.web.plots import Plane, plot, segments, series, value_axis
from ablate.web.rows import legend
from ablate.web.svg import element, group, line, linear, round_ticks

__all__ = ["Weighed", "histograms", "weight_blocks"]

PATHS = "weights/path"
KERNEL = "kernel"
# More plots than that nobody looks through.
MOST_KERNELS = 12
HOW_TO_KEEP = "Histograms are drawn of sides whose runs have kept them: keep=[weight_histogram]."


@dataclass(frozen=True)
class Weighed:
    """A side: its runs, and the arrays of `weight_histogram` of those that have kept it."""

    runs: Sequence[StoredRun]
    histograms: Sequence[Mapping[str, Array]]


def weight_blocks(sides: Sequence[Weighed]) -> list[Block]:
    """Every kernel, a row a side: the means over its runs of what the weights ended with."""
    found = [_statistics(side.runs) for side in sides]
    paths = dict.fromkeys(path for of_side in found for path in of_side)
    rows: list[Row] = [
        [
            Code(path) if not position else "",
            side_letter(side),
            str(len(of_side[path])),
            *(number(float(value)) for value in np.mean(of_side[path], axis=0)),
        ]
        for path in paths
        for position, (side, of_side) in enumerate((i, each) for i, each in enumerate(found) if path in each)
    ]
    if not rows:
        return paragraph("No run of these sides has statistics of its weights.")
    names = [name.replace("_", " ") for name in WEIGHT_STATISTICS]
    return [
        table(["kernel", "side", "runs", *names], rows, numeric=range(2, 3 + len(names))),
        *paragraph(
            "Each number is the mean over the completed runs of a side, of the weights that their metrics are of."
        ),
        *([] if any(side.histograms for side in sides) else paragraph(HOW_TO_KEEP)),
    ]


def histograms(sides: Sequence[Weighed]) -> Markup:
    """A plot for each kernel, a line a side; empty where no side has any."""
    named = [(side_letter(index), False, side.histograms) for index, side in enumerate(sides)]
    kernels = list(kernel_histograms(named))
    if not kernels:
        return Markup()
    letters = [name for name, _, kept in named if kept]
    signs = [(group(series(letters.index(each)), line(2, 7, 26, 7, "mean-line")), f"side {each}") for each in letters]
    plots = [_drawn(kernel, letters) for kernel in kernels[:MOST_KERNELS]]
    left_out = len(kernels) - len(plots)
    said = f"… and {left_out} more kernels." if left_out > 0 else ""
    return element(
        "div", {}, legend({}, signs), element("div", {"class": "panels is-wide"}, *plots), element("p", {}, said)
    )


def _statistics(runs: Sequence[StoredRun]) -> dict[str, list[Array]]:
    """Kernel → its statistics, of each completed run that has them."""
    found: dict[str, list[Array]] = {}
    for run in runs:
        if run.record.status is not Status.COMPLETED or PATHS not in run.arrays:
            continue
        for path, values in zip(map(str, run.arrays[PATHS]), run.arrays[STATISTICS], strict=True):
            if path.endswith(KERNEL) and np.isfinite(values).all():
                found.setdefault(path, []).append(values)
    return found


def _drawn(kernel: KernelHistogram, letters: Sequence[str]) -> Markup:
    middles = (np.array(kernel.edges[:-1]) + np.array(kernel.edges[1:])) / 2
    across = linear(kernel.edges, room=0.0)
    densities = [value for side in kernel.arms for value in side.density]
    plane = Plane(
        *value_axis([0.0, *densities], is_log=False),
        round_ticks(across, lambda value: f"{value:.6g}"),
        "weight",
    )
    marks = [
        group(
            series(letters.index(side.arm)),
            segments(
                [(across.within(float(x)), y) for x, y in zip(middles, side.density, strict=True)],
                plane,
                "mean-line",
                f"side {side.arm}, {side.n_runs} runs",
            ),
        )
        for side in kernel.arms
    ]
    path = one_line(kernel.path)
    return plot(path, plane, Markup().join(marks), f"density of the weights of {path}, a line a side")
