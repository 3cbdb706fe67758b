"""`make bench`: measures, writes benchmarks.md and growth.png beside this file, fails below a floor.

python -m tests.benchmarks            # everything, about a quarter of an hour on two cores
python -m tests.benchmarks --quick    # fewer pairs, nothing written
python -m tests.benchmarks --only streaming    # one section again; its rows in benchmarks.md are replaced
"""

from __future__ import annotations

import argparse
import io
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.benchmarks.measurements import (
    Finding,
    GrowthPoint,
    growth,
    loop_findings,
    memory_finding,
    report_findings,
    streaming_findings,
    sweep_findings,
)

FOLDER = Path(__file__).parent
RESULT, PICTURE = "benchmarks.md", "growth.png"
GROWTH = "## How cost grows"
ROUNDS, QUICK_ROUNDS = 3, 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=(*SECTIONS, "growth"))
    options = parser.parse_args()
    if options.only == "growth":
        write((FOLDER / RESULT).read_text().partition(GROWTH)[0], list(growth()))
        return 0
    sections = SECTIONS if options.only is None else {options.only: SECTIONS[options.only]}
    findings = list(told(finding for measure in sections.values() for finding in measure(options.quick)))
    if options.only is not None and not options.quick:
        (FOLDER / RESULT).write_text(with_rows_replaced((FOLDER / RESULT).read_text(), findings))
    elif not options.quick:
        write(table(findings), list(growth()))
    return 0 if all(finding.holds for finding in findings) else 1


# Each measures with fewer rounds where it is to be quick.
SECTIONS: Mapping[str, Callable[[bool], Iterable[Finding]]] = {
    "loop": lambda quick: loop_findings(QUICK_ROUNDS if quick else ROUNDS),
    "streaming": lambda quick: streaming_findings(QUICK_ROUNDS if quick else ROUNDS),
    "sweep": lambda quick: sweep_findings(1 if quick else 2),
    "memory": lambda quick: [memory_finding()],
    "report": lambda quick: report_findings(),
}


def with_rows_replaced(text: str, findings: Sequence[Finding]) -> str:
    """The text of benchmarks.md with new rows in place of those of the same name."""
    rows = {finding.what: f"| {' | '.join(row(finding))} |" for finding in findings}
    return "\n".join(rows.get(line.removeprefix("| ").partition(" | ")[0], line) for line in text.split("\n"))


def write(found: str, points: Sequence[GrowthPoint]) -> None:
    """benchmarks.md of a text about what was found, and growth.png."""
    (FOLDER / PICTURE).write_bytes(drawn(points))
    (FOLDER / RESULT).write_text(f"{found}{GROWTH}{growth_section(points)}")


def told(findings: Iterable[Finding]) -> Iterable[Finding]:
    for finding in findings:
        print(" | ".join(row(finding)), flush=True)
        yield finding


def table(findings: Sequence[Finding]) -> str:
    machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}"
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy"))
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Contenders take turns in one run; a ratio is the median over pairs of neighbours. "
        "The data is MNIST-shaped: 54,000 images of 28×28 unless fewer are named, and a ninth as many to validate on.",
        "",
        f"On {machine}; Python {platform.python_version()}, {packages}.",
        "",
        "| what | measured | promised | spread |",
        "|---|---:|---:|---|",
        *(f"| {' | '.join(row(finding))} |" for finding in findings),
        "",
        "",
    ]
    return "\n".join(lines)


def growth_section(points: Sequence[GrowthPoint]) -> str:
    lines = [
        "",
        "",
        "Seconds of an epoch by examples and by width (13,500 examples), of a run by its epochs (6,750 examples), and "
        "of a worker by its runs (digits, 5 epochs each).",
        "",
        "| axis | size | seconds |",
        "|---|---:|---:|",
        *(f"| {point.axis} | {point.size:,} | {point.seconds:.3f} |" for point in points),
        "",
        f"![Seconds against examples, width, epochs and runs, on logarithmic axes]({PICTURE})",
        "",
    ]
    return "\n".join(lines)


def row(finding: Finding) -> tuple[str, str, str, str]:
    sign = "≥" if finding.is_floor else "≤"
    promised = "–" if finding.bound is None else f"{sign} {finding.bound:g} {finding.unit}"
    missed = "" if finding.holds else " **missed**"
    return finding.what, f"{finding.value:.1f} {finding.unit}{missed}", promised, finding.note or "–"


def drawn(points: Sequence[GrowthPoint]) -> bytes:
    names = list(dict.fromkeys(point.axis for point in points))
    figure = Figure(figsize=(3 * len(names), 3), layout="constrained")
    for ax, name in zip(figure.subplots(1, len(names)), names, strict=True):
        own = [point for point in points if point.axis == name]
        ax.loglog([point.size for point in own], [point.seconds for point in own], "o-", color="#0072B2")
        ax.set_xticks([point.size for point in own], [f"{point.size:,}" for point in own])
        ax.minorticks_off()
        ax.set_xlabel(name)
        ax.set_ylabel("seconds")
        ax.grid(True, color="0.9")
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(content)
    return content.getvalue()


if __name__ == "__main__":
    sys.exit(main())
