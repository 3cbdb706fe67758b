"""Large studies: commands over ten thousand stored runs, what keeping the books of a run costs, and what grows.

Times are of the processor, and the shortest of several: those of one command on a machine that does nothing else,
whatever else this one does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.findings import Finding, quiet_environment
from tests.benchmarks.many_runs import NAME, write_runs, write_study

__all__ = ["arms_seconds", "large_findings"]

ARMS, SEEDS, QUICK_ARMS = 500, 20, 50
# How often a command is tried that takes this many seconds at most, and one that takes longer.
SOON_SECONDS, OFTEN, ONCE = 10.0, 3, 1
MEMORY_MEBIBYTES = 1024.0
# The words of `ablate`, and how many seconds it may take.
COMMANDS: Sequence[tuple[str, float | None]] = (
    (f"plan +sweep={NAME}", 5.0),
    ("list", 5.0),
    ("list runs", 5.0),
    ("list model.dropout=0.3 optimizer=adam status=completed", 5.0),
    (f"report {NAME}", 60.0),
    (f"+sweep={NAME}", None),
)
IN_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Spent:
    """What a command took: seconds on the wall and of the processor, and the peak of its memory."""

    wall_seconds: float
    processor_seconds: float
    peak_mebibytes: float


def large_findings(is_quick: bool) -> Iterator[Finding]:
    yield speed_of_machine()
    arms = QUICK_ARMS if is_quick else ARMS
    runs = arms * SEEDS
    with tempfile.TemporaryDirectory() as name:
        write_runs(write_study(Path(name), arms, SEEDS), Path(name) / "results")
        for words, ceiling in COMMANDS:
            is_soon = ceiling is not None and ceiling <= SOON_SECONDS
            tries = [spent_by(["-m", "ablate", *words.split()], Path(name)) for _ in range(OFTEN if is_soon else ONCE)]
            spent = min(tries, key=lambda tried: tried.processor_seconds)
            slowest = max(tried.processor_seconds for tried in tries)
            what = f"`ablate {words}`, {runs:,} stored runs of {arms} arms"
            spread = f"{slowest:.1f} s at worst of {len(tries)}; " if is_soon else ""
            note = f"{spread}{spent.wall_seconds:.1f} s on the wall, load {os.getloadavg()[0]:.1f}"
            yield Finding(f"{what}, processor", spent.processor_seconds, "s", ceiling, False, note)
            yield Finding(f"{what}, memory", spent.peak_mebibytes, "MiB", MEMORY_MEBIBYTES, False)
    yield from bookkeeping(100 if is_quick else 1000)
    yield from flatness(100 if is_quick else 1000)


def speed_of_machine() -> Finding:
    """What bounds in seconds are to be read against: of a shared machine no two hours are alike."""
    started, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return Finding("ten million additions in Python, the measure of this machine", time.process_time() - started, "s")


def bookkeeping(runs: int) -> Iterator[Finding]:
    """What the parent does for a run that takes its workers no time, and how long a run then takes in all."""
    for folder, ceiling in ((IN_MEMORY, 5.0), (Path(tempfile.gettempdir()), None)):
        if not folder.is_dir():
            continue
        tries = [tuple(map(float, printed("tests.benchmarks.idle", str(runs), str(folder)))) for _ in range(OFTEN)]
        wall, processor = min(tries, key=lambda tried: tried[1])
        where = "in memory" if folder == IN_MEMORY else "forced to the disk"
        note = f"{wall:.1f} ms on the wall with two workers, load {os.getloadavg()[0]:.1f}"
        what = f"parent's processor for each of {runs:,} runs that train nothing, records {where}"
        yield Finding(what, processor, "ms", ceiling, False, note)


def flatness(runs: int) -> Iterator[Finding]:
    """How memory and file handles of a parent and its workers grow from the hundredth run to the last."""
    names = ("parent", "larger worker")
    mebibytes, handles = (grown.split(",") for grown in printed("tests.benchmarks.flat", str(runs)))
    for name, grown, more in zip(names, mebibytes, handles, strict=True):
        what = f"{name}, {runs:,} runs of one epoch on digits"
        yield Finding(f"growth of memory of the {what}", float(grown), "MiB", 30.0, False)
        yield Finding(f"growth of open files of the {what}", float(more), "", 0.0, False)


def arms_seconds(arms: int) -> float:
    """Processor seconds of a report of so many arms on four seeds each."""
    with tempfile.TemporaryDirectory() as name:
        write_runs(write_study(Path(name), arms, seeds=4), Path(name) / "results")
        return spent_by(["-m", "ablate", "report", NAME], Path(name)).processor_seconds


def printed(module: str, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=True, env=quiet_environment()
    )
    return done.stdout.split()


def spent_by(words: Sequence[str], folder: Path) -> Spent:
    """Of a command of Python's in a folder, and of it alone: not of all children so far.

    Raises:
        RuntimeError: when it fails.
    """
    environment = {**quiet_environment(), "PYTHONPATH": str(Path.cwd())}
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_seconds = time.perf_counter() - started
        if process.returncode:
            output.seek(0)
            raise RuntimeError(output.read().decode(errors="replace"))
    return Spent(wall_seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
