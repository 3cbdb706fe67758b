"""What is measured: each function returns findings, and says which of them have a floor or a ceiling."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from tests.benchmarks.cases import Case
from tests.benchmarks.findings import Finding, quiet_environment
from tests.benchmarks.large import arms_seconds
from tests.benchmarks.pairs import Ratio, Running, paired_seconds, ratio

__all__ = [
    "AXES",
    "GrowthPoint",
    "growth",
    "loop_findings",
    "memory_finding",
    "report_findings",
    "streaming_findings",
    "sweep_findings",
]

MLP = Case("MLP 784-128-10, dropout, batch 32")
NORMALISED = Case("MLP 784-256-128-10, batch normalisation and dropout, batch 32", hidden=(256, 128), batch_norm=True)
SMALL_BATCH = Case("MLP 784-128-10, dropout, batch 8", batch_size=8, examples=13_500)
CNN = Case("CNN of 863,082 parameters, batch 64", model="cnn", batch_size=64, examples=3_200)
OPTIONAL = ("jax", "torch")
# Why a ratio to the loop may miss its floor.
THREADS = (
    "Both sides have two threads for an operation, and where two are slower than one for matrices of this size (the "
    "row of ours on two threads says), ours pays for that at every step; a run has one unless it asks for more."
)


def loop_findings(rounds: int) -> Iterator[Finding]:
    """Our loop against the other ways to train the same epochs."""
    others = [name for name in OPTIONAL if find_spec(name) is not None]
    yield from against(MLP, {"fit": 10.0, "steps": 7.0, **dict.fromkeys(others), "limit": None}, rounds)
    yield on_two_threads(MLP, rounds)
    yield two_workers(MLP, 13.0, rounds)
    yield from against(NORMALISED, {"fit": 6.0, "steps": None}, rounds)
    yield from against(SMALL_BATCH, {"fit": 10.0, "steps": None}, rounds)
    yield from against(CNN, {"fit": 1.0}, rounds)
    yield in_bfloat16(CNN, 1.5, rounds)


def against(case: Case, floors: dict[str, float | None], rounds: int) -> Iterator[Finding]:
    """How many times longer an epoch takes each of the others than ours."""
    with ExitStack() as stack:
        sides = [stack.enter_context(Running(name, case)) for name in ("ours", *floors)]
        seconds = paired_seconds(sides, rounds, epochs_of(case))
    for position, (name, floor) in enumerate(floors.items(), start=1):
        yield finding(f"{case.name}: {name} / ours", ratio([(row[0], row[position]) for row in seconds]), floor)


def on_two_threads(case: Case, rounds: int) -> Finding:
    """How much longer an epoch of ours takes on two threads than on one."""
    with Running("ours", replace(case, threads=1)) as one, Running("ours", replace(case, threads=2)) as two:
        seconds = paired_seconds([one, two], rounds, epochs_of(case))
    return finding(f"{case.name}: ours on two threads / ours on one", ratio([(a, b) for a, b in seconds]), None)


def two_workers(case: Case, floor: float, rounds: int) -> Finding:
    """Throughput of two single-threaded workers at once, against one `fit` that has the machine to itself."""
    pairs = []
    with ExitStack() as stack:
        workers = [stack.enter_context(Running("ours", replace(case, threads=1))) for _ in range(2)]
        fit = stack.enter_context(Running("fit", case))
        for _ in range(rounds):
            for worker in workers:
                worker.begin(4)
            together = max(worker.end() for worker in workers) / 8
            pairs.append((together, fit.seconds(2) / 2))
    return finding(f"{case.name}: fit / ours, epochs a second with two workers", ratio(pairs), floor)


def in_bfloat16(case: Case, floor: float, rounds: int) -> Finding:
    with Running("ours", replace(case, precision="mixed_bfloat16")) as ours, Running("fit", case) as fit:
        seconds = paired_seconds([ours, fit], rounds, 1)
    return finding(f"{case.name}: fit in float32 / ours in mixed_bfloat16", ratio([(a, b) for a, b in seconds]), floor)


def streaming_findings(rounds: int) -> Iterator[Finding]:
    """How much longer an epoch takes when its examples arrive through tf.data: the more, the longer the device
    waited for them. The device is one thread, as in every run that asks for nothing else, and what feeds it has
    a core of its own."""
    case = replace(MLP, threads=1)
    with Running("ours", case) as resident, Running("streamed", case) as arriving:
        seconds = paired_seconds([resident, arriving], rounds, epochs=6)
    measured = ratio([(a, b) for a, b in seconds])
    yield replace(finding(f"{case.name}, one thread: streamed / resident", measured, 1.2), is_floor=False)


def finding(what: str, measured: Ratio, floor: float | None) -> Finding:
    note = f"{measured.low:.1f} to {measured.high:.1f} over {measured.pairs} pairs"
    return Finding(what, measured.median, "×", floor, True, note, THREADS)


def epochs_of(case: Case) -> int:
    """Epochs a turn: enough that what a call costs once does not count."""
    return 1 if case.model == "cnn" else 2


def sweep_findings(rounds: int) -> Iterator[Finding]:
    """The main job from process start to report, against nested loops around fit; then again, with what XLA
    compiled before, and with nothing to do."""
    first, warm, again = [], [], []
    job = [sys.executable, "-m", "ablate", "+sweep=optimizers"]
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            first.append(timed_in_empty_folder(job, cache)[0])
            repeated = timed_in_empty_folder(job, cache, times=2)
            warm.append(repeated[0])
            again.append(repeated[1])
    plain = command_seconds([sys.executable, "-m", "tests.benchmarks.plain_sweep"], Path.cwd(), "")
    yield Finding("48-run digits sweep, from process start to report", median(first), "s", 30.0, False, spread(first))
    yield Finding(
        "the same 48 runs in loops around fit / ours", plain / median(first), "×", 6.0, True, f"{plain:.0f} s once"
    )
    yield Finding("the sweep in another folder, programs compiled before", median(warm), "s", None, False, spread(warm))
    yield Finding("the same sweep again, nothing to train", median(again), "s", 5.0, False, spread(again))


def timed_in_empty_folder(command: list[str], cache: str, times: int = 1) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        return [command_seconds(command, Path(folder), cache) for _ in range(times)]


def memory_finding(runs: int = 100) -> Finding:
    """How much a worker's memory grows from its tenth run to its last."""
    script = "from tests.benchmarks.memory import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, str(runs)], capture_output=True, text=True, check=True, env=quiet_environment()
    )
    grown = float(done.stdout.split()[-1])
    return Finding(f"growth of a worker's memory from its 10th to its {runs}th run", grown, "MiB", 30.0, False)


def report_findings() -> Iterator[Finding]:
    """From stored runs to verdicts, figures and report."""
    for arms, seeds, ceiling in ((20, 8, 3.0), (200, 20, 20.0)):
        command = [sys.executable, "-m", "tests.benchmarks.verdicts", str(arms), str(seeds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=quiet_environment())
        seconds, mebibytes = map(float, done.stdout.split())
        what = f"report of {arms} arms × {seeds} seeds, verdicts included, after imports"
        yield Finding(what, seconds, "s", ceiling, False)
        yield Finding(f"peak memory of that report of {arms} arms", mebibytes, "MiB", 1024.0, False)


@dataclass(frozen=True)
class GrowthPoint:
    """Seconds that something takes at one size, see `growth_section`."""

    axis: str
    size: int
    seconds: float


def growth(axes: Iterable[str] | None = None) -> Iterator[GrowthPoint]:
    """How cost grows along these axes, or all of them."""
    for axis in AXES if axes is None else axes:
        yield from (GrowthPoint(axis, size, seconds) for size, seconds in AXES[axis]())


def by_examples() -> Iterator[tuple[int, float]]:
    for examples in (6_750, 13_500, 27_000, 54_000):
        yield examples, epoch_seconds(replace(MLP, examples=examples))


def by_width() -> Iterator[tuple[int, float]]:
    for width in (32, 128, 512, 2048):
        yield width, epoch_seconds(replace(MLP, examples=13_500, hidden=(width,)))


def by_epochs() -> Iterator[tuple[int, float]]:
    with Running("ours", replace(MLP, examples=6_750)) as ours:
        for epochs in (1, 4, 16, 64):
            yield epochs, ours.seconds(epochs)


def by_runs() -> Iterator[tuple[int, float]]:
    counts = (1, 10, 40, 160)
    command = [sys.executable, "-m", "tests.benchmarks.runs", *map(str, counts)]
    printed = subprocess.run(
        command, capture_output=True, text=True, check=True, env=quiet_environment()
    ).stdout.split()
    yield from zip(counts, map(float, printed), strict=True)


def by_arms() -> Iterator[tuple[int, float]]:
    for arms in (50, 100, 200, 400):
        yield arms, arms_seconds(arms)


# Axis → sizes and seconds along it.
AXES: Mapping[str, Callable[[], Iterator[tuple[int, float]]]] = {
    "examples": by_examples,
    "width": by_width,
    "epochs": by_epochs,
    "runs": by_runs,
    "arms": by_arms,
}


def epoch_seconds(case: Case) -> float:
    with Running("ours", case) as ours:
        return min(ours.seconds(2) / 2 for _ in range(3))


def command_seconds(command: list[str], folder: Path, cache: str) -> float:
    """`cache` is the user's cache folder for the command, empty when nothing was compiled before."""
    environment = {**quiet_environment(), "PYTHONPATH": str(Path.cwd()), "XDG_CACHE_HOME": cache}
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


def spread(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f} over {len(seconds)} runs"
