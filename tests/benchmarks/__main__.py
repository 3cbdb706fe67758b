"""`make bench`: measures, writes benchmarks.md and growth.png beside this file, fails below a floor.

python -m tests.benchmarks            # everything, about half an hour on two cores
python -m tests.benchmarks --quick    # fewer pairs, nothing written
python -m tests.benchmarks --only streaming    # one section again
python -m tests.benchmarks --only arms         # one axis of growth again
"""

from __future__ import annotations

import argparse
import io
import math
import platform
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import linear_regression
from string import ascii_uppercase

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.benchmarks import history
from tests.benchmarks.findings import Finding
from tests.benchmarks.history import Measurement, elsewhere, latest, machine, remember
from tests.benchmarks.large import large_findings
from tests.benchmarks.listing import listing_findings
from tests.benchmarks.measurements import (
    AXES,
    GrowthPoint,
    growth,
    loop_findings,
    memory_finding,
    report_findings,
    streaming_findings,
    sweep_findings,
)
from tests.benchmarks.serving import serving_findings

FOLDER = Path(__file__).parent
RESULT, PICTURE = "benchmarks.md", "growth.png"
GROWTH = "## How cost grows"
ROUNDS, QUICK_ROUNDS = 3, 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=(*SECTIONS, "growth", *AXES), help="a section, or an axis of growth")
    options = parser.parse_args()
    if options.only in ("growth", *AXES):
        grow_again(AXES if options.only == "growth" else [options.only])
        return 0
    sections = SECTIONS if options.only is None else {options.only: SECTIONS[options.only]}
    findings = list(told(finding for measure in sections.values() for finding in measure(options.quick)))
    if not options.quick:
        measured = remember(history.read(), findings, machine(), date.today())
        history.write(measured)
        if options.only is None:
            write(table(measured), list(growth()))
        else:
            _, _, grown = (FOLDER / RESULT).read_text().partition(GROWTH)
            (FOLDER / RESULT).write_text(table(measured) + GROWTH + grown)
    return 0 if all(finding.holds for finding in findings) else 1


# Each measures with fewer rounds where it is to be quick.
SECTIONS: Mapping[str, Callable[[bool], Iterable[Finding]]] = {
    "loop": lambda quick: loop_findings(QUICK_ROUNDS if quick else ROUNDS),
    "streaming": lambda quick: streaming_findings(QUICK_ROUNDS if quick else ROUNDS),
    "sweep": lambda quick: sweep_findings(1 if quick else 2),
    "memory": lambda quick: [memory_finding()],
    "report": lambda quick: report_findings(),
    "large": large_findings,
    "listing": listing_findings,
    "serving": serving_findings,
}


def grow_again(axes: Iterable[str]) -> None:
    """Measures along these axes again; the points of the others stay as they are written."""
    found, _, former = (FOLDER / RESULT).read_text().partition(GROWTH)
    measured = list(growth(axes))
    points = [*points_of(former, set(AXES) - set(axes)), *measured]
    write(found, sorted(points, key=lambda point: list(AXES).index(point.axis)))


def points_of(text: str, axes: Collection[str]) -> Iterable[GrowthPoint]:
    for line in text.splitlines():
        axis, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if axis in axes:
            yield GrowthPoint(axis, int(cells[0].replace(",", "")), float(cells[1]))


def write(found: str, points: Sequence[GrowthPoint]) -> None:
    """benchmarks.md of a text about what was found, and growth.png."""
    (FOLDER / PICTURE).write_bytes(drawn(points))
    (FOLDER / RESULT).write_text(f"{found}{GROWTH}{growth_section(points)}")


def told(findings: Iterable[Finding]) -> Iterable[Finding]:
    for finding in findings:
        print(" | ".join(row(finding)), flush=True)
        yield finding


def table(measured: Sequence[Measurement]) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy"))
    rows = [(one, elsewhere(one, measured)) for one in latest(measured)]
    places = letters(measured)
    missed = [each for one, others in rows for each in (one, *others) if not each.finding.holds]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` from measured.jsonl, to which it adds what it finds. Contenders take turns in one "
        "run; a ratio is the median over pairs of neighbours. The data is MNIST-shaped: 54,000 images of 28×28 unless "
        "fewer are named, and a ninth as many to validate on. A number holds for its machine and its day; what the "
        "same was elsewhere stands beside it.",
        "",
        f"Last written with Python {platform.python_version()}, {packages}.",
        "",
        "| what | measured | promised | spread | where | elsewhere |",
        "|---|---:|---:|---|---|---|",
        *(table_row(one, others, places) for one, others in rows),
        "",
        *(f"- {letter}: {where}, {day}." for (where, day), letter in places.items()),
        "",
        *(missing_line(one) for one in missed),
        *([""] if missed else []),
        "",
    ]
    return "\n".join(lines)


def letters(measured: Sequence[Measurement]) -> dict[tuple[str, str], str]:
    """A letter for each machine and day."""
    places = dict.fromkeys((one.machine, one.day) for one in measured)
    return dict(zip(places, ascii_uppercase, strict=False))


def table_row(one: Measurement, others: Sequence[Measurement], places: Mapping[tuple[str, str], str]) -> str:
    there = [placed(other, places) for other in others]
    *cells, note = row(one.finding)
    where = places[one.machine, one.day]
    return f"| {' | '.join([*cells, note, where, ', '.join(there) or '–'])} |"


def placed(one: Measurement, places: Mapping[tuple[str, str], str]) -> str:
    spread = f" ({one.finding.note})" if one.finding.note else ""
    return f"{places[one.machine, one.day]}: {value(one.finding)}{spread}"


def missing_line(one: Measurement) -> str:
    finding = one.finding
    return f"- Missed on {one.machine}, {one.day}: {finding.what}, {value(finding)}. {finding.cause}".rstrip()


def growth_section(points: Sequence[GrowthPoint]) -> str:
    lines = [
        "",
        "",
        "Seconds of an epoch by examples and by width (13,500 examples), of a run by its epochs (6,750 examples), of a "
        "worker by its runs (digits, 5 epochs each), and of the processor for `ablate report` by arms (4 seeds each). "
        f"They grow as {', '.join(exponents(points))}, by a straight line through the logarithms.",
        "",
        "| axis | size | seconds |",
        "|---|---:|---:|",
        *(f"| {point.axis} | {point.size:,} | {point.seconds:.3f} |" for point in points),
        "",
        f"![Seconds against {', '.join(AXES)}, on logarithmic axes]({PICTURE})",
        "",
    ]
    return "\n".join(lines)


def exponents(points: Sequence[GrowthPoint]) -> list[str]:
    return [f"{axis} to the power of {exponent(own):.1f}" for axis, own in by_axis(points).items()]


def exponent(points: Sequence[GrowthPoint]) -> float:
    """Of the power of the size that the seconds are closest to."""
    sizes, seconds = (
        [math.log(value) for value in values] for values in zip(*map(size_and_seconds, points), strict=True)
    )
    return linear_regression(sizes, seconds).slope


def size_and_seconds(point: GrowthPoint) -> tuple[float, float]:
    return point.size, point.seconds


def by_axis(points: Sequence[GrowthPoint]) -> dict[str, list[GrowthPoint]]:
    return {axis: [point for point in points if point.axis == axis] for axis in dict.fromkeys(p.axis for p in points)}


def row(finding: Finding) -> tuple[str, str, str, str]:
    sign = "≥" if finding.is_floor else "≤"
    promised = "–" if finding.bound is None else f"{sign} {finding.bound:g} {finding.unit}"
    return finding.what, value(finding), promised, finding.note or "–"


def value(finding: Finding) -> str:
    return f"{finding.value:.1f} {finding.unit}{'' if finding.holds else ' **missed**'}"


def drawn(points: Sequence[GrowthPoint]) -> bytes:
    axes = by_axis(points)
    figure = Figure(figsize=(2.9 * len(axes), 3), layout="constrained")
    for ax, (name, own) in zip(figure.subplots(1, len(axes)), axes.items(), strict=True):
        ax.loglog([point.size for point in own], [point.seconds for point in own], "o-", color="#0072B2")
        for point in own:
            ax.annotate(
                f"{point.seconds:.2g}", size_and_seconds(point), (0, 6), textcoords="offset points", ha="center"
            )
        ax.set_xticks([point.size for point in own], [f"{point.size:,}" for point in own])
        ax.set_yticks([])
        ax.minorticks_off()
        ax.margins(0.18)
        ax.set_xlabel(name)
        ax.set_title(f"seconds ∝ {name}$^{{{exponent(own):.1f}}}$", size=10)
        ax.grid(True, axis="x", color="0.9")
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(content)
    return content.getvalue()


if __name__ == "__main__":
    sys.exit(main())
