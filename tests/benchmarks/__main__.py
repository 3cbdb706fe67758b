"""`make bench`: measures, writes benchmarks.md and growth.png beside this file, fails below a floor.

python -m tests.benchmarks            # everything, about a quarter of an hour on two cores
python -m tests.benchmarks --quick    # fewer pairs, nothing written
"""

from __future__ import annotations

import argparse
import io
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.benchmarks.measurements import Finding, GrowthPoint, growth, loop_findings, memory_finding, sweep_findings

FOLDER = Path(__file__).parent
RESULT, PICTURE = "benchmarks.md", "growth.png"
GROWTH = "## How cost grows"
ROUNDS, QUICK_ROUNDS = 3, 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--growth", action="store_true")
    options = parser.parse_args()
    if options.growth:
        write((FOLDER / RESULT).read_text().partition(GROWTH)[0], list(growth()))
        return 0
    findings = list(told(all_findings(options.quick)))
    if not options.quick:
        write(table(findings), list(growth()))
    return 0 if all(finding.holds for finding in findings) else 1


def all_findings(quick: bool) -> Iterator[Finding]:
    yield from loop_findings(QUICK_ROUNDS if quick else ROUNDS)
    yield from sweep_findings(1 if quick else 2)
    yield memory_finding()


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
