"""`make bench`: measures, writes benchmarks.md and growth.png beside this file, fails below a floor.

python -m tests.benchmarks            # everything, about half an hour on two cores
python -m tests.benchmarks --quick    # fewer pairs, nothing written
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.benchmarks.measurements import Finding, GrowthPoint, growth, loop_findings, memory_finding, sweep_findings

FOLDER = Path(__file__).parent
ROUNDS, QUICK_ROUNDS = 5, 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    rounds = QUICK_ROUNDS if quick else ROUNDS
    findings = list(told(loop_findings(rounds)))
    findings += told(sweep_findings(1 if quick else 3))
    findings += told([memory_finding()])
    if not quick:
        points = list(growth())
        (FOLDER / "growth.png").write_bytes(drawn(points))
        (FOLDER / "benchmarks.md").write_text(report(findings, points))
    return 0 if all(finding.holds for finding in findings) else 1


def told(findings: Iterable[Finding]) -> Iterable[Finding]:
    for finding in findings:
        print(" | ".join(row(finding)), flush=True)
        yield finding


def report(findings: Sequence[Finding], points: Sequence[GrowthPoint]) -> str:
    machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}"
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy"))
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Contenders take turns in one run; a ratio is the median over pairs of neighbours. "
        "The data is MNIST-shaped: 54,000 images of 28×28 unless fewer are named, 6,000 to validate on.",
        "",
        f"On {machine}; Python {platform.python_version()}, {packages}.",
        "",
        "| what | measured | promised | spread |",
        "|---|---:|---:|---|",
        *(f"| {' | '.join(row(finding))} |" for finding in findings),
        "",
        "## How cost grows",
        "",
        "Seconds of an epoch by examples and by width (13,500 examples), and of a run by its epochs (6,750 examples).",
        "",
        "| axis | size | seconds |",
        "|---|---:|---:|",
        *(f"| {point.axis} | {point.size:,} | {point.seconds:.3f} |" for point in points),
        "",
        "![Seconds against examples, width and epochs, on logarithmic axes](growth.png)",
        "",
    ]
    return "\n".join(lines)


def row(finding: Finding) -> tuple[str, str, str, str]:
    sign = "≥" if finding.is_floor else "≤"
    promised = "–" if finding.bound is None else f"{sign} {finding.bound:g} {finding.unit}"
    missed = "" if finding.holds else " **missed**"
    return finding.what, f"{finding.value:.1f} {finding.unit}{missed}", promised, finding.note or "–"


def drawn(points: Sequence[GrowthPoint]) -> bytes:
    axes_names = list(dict.fromkeys(point.axis for point in points))
    figure = Figure(figsize=(9, 3), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for ax, name in zip(figure.subplots(1, len(axes_names)), axes_names, strict=True):
        own = [point for point in points if point.axis == name]
        ax.loglog([point.size for point in own], [point.seconds for point in own], "o-", color="#0072B2")
        ax.set_xlabel(name)
        ax.set_ylabel("seconds")
        ax.grid(True, color="0.9")
    path = FOLDER / "growth.png"
    canvas.print_png(path)
    return path.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
