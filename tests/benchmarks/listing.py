"""How soon `list` answers of ten thousand and of a hundred thousand runs, the whole process: before there is an index,
and with one; and the first page of runs and of arms, as the application asks for it.

Seconds on the wall, as whoever waits counts them, the least of several; those of the processor stand beside them.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from ablate.core.specs import Study
from ablate.operations.pages import arms_page, runs_page
from ablate.storage.atomic import sealed_text, unseal
from ablate.storage.runs import RECORD, RunStore, encode
from tests.benchmarks.findings import Finding
from tests.benchmarks.large import Spent, spent_by
from tests.benchmarks.many_runs import stored_run, write_study

__all__ = ["listing_findings"]

SEEDS = 20
# Runs → seconds that `list` may take once it has an index.
SIZES = {10_000: 0.5, 100_000: 2.0}
QUICK_SIZES = {1_000: 0.5}
PAGE_SECONDS = 0.3
TRIES = 5


def write_records(study: Study, results_dir: Path) -> None:
    """A completed run for every spec of the study, with a record of its own; what lies beside that, which nobody opens
    here, is that of the first seed of its arm, so that a hundred thousand runs are there in a minute."""
    store = RunStore(results_dir)
    for arm in study.sweeps[0].arms:
        first, *others = (arm.spec.with_seed(seed) for seed in study.sweeps[0].spec.seeds)
        run = stored_run(first)
        files = encode(run)
        origin = store.folder(first.run_id)
        origin.mkdir(parents=True)
        for name, content in files.items():
            (origin / name).write_bytes(content)
        sealed = unseal(files[RECORD])
        for spec in others:
            folder = store.folder(spec.run_id)
            folder.mkdir(parents=True)
            accuracy = int(spec.run_id[:4], 16) / 16**4
            metrics = {**run.record.metrics, "test_accuracy": accuracy}
            record = sealed_text({**sealed, "run_id": spec.run_id, "metrics": metrics})
            (folder / RECORD).write_text(f"{record}\n")
            for name in files.keys() - {RECORD}:
                (folder / name).hardlink_to(origin / name)


def listing_findings(is_quick: bool) -> Iterator[Finding]:
    for runs, ceiling in (QUICK_SIZES if is_quick else SIZES).items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_records(write_study(folder, runs // SEEDS, SEEDS), folder / "results")
            with patch.dict(os.environ, XDG_CACHE_HOME=str(folder / "cache")):
                yield from _findings(folder, runs, ceiling)


def _findings(folder: Path, runs: int, ceiling: float) -> Iterator[Finding]:
    what = f"`ablate list{{}}`, {runs:,} stored runs, whole process"
    yield _found(what.format(" --no-index"), [_listed(folder, "--no-index")], None)
    yield _found(f"{what.format('')}, the first time", [_listed(folder)], None)
    for words in ((), ("runs",), ("status=completed", "optimizer=adam", "seed=3")):
        tries = [_listed(folder, *words) for _ in range(TRIES)]
        yield _found(f"{what.format(''.join(f' {word}' for word in words))}, with an index", tries, ceiling)
    size = sum(file.stat().st_size for file in (folder / "cache").rglob("*.sqlite")) / 2**20
    yield Finding(f"index of {runs:,} runs", size, "MiB", None, False)
    # As a process that goes on serves it: what it imports is there.
    results = folder / "results"
    for kind, page in (("runs", runs_page), ("arms", arms_page)):
        spent = []
        for _ in range(TRIES):
            started = time.perf_counter()
            page(results, sort="-test_accuracy" if kind == "runs" else "-mean")
            spent.append(time.perf_counter() - started)
        bound = PAGE_SECONDS if ceiling < max(SIZES.values()) else None
        note = f"{max(spent[1:]):.2f} s at worst of {TRIES}, load {os.getloadavg()[0]:.1f}"
        yield Finding(
            f"first page of {kind}, sorted by a metric, {runs:,} stored runs", min(spent), "s", bound, False, note
        )


def _listed(folder: Path, *words: str) -> Spent:
    return spent_by(["-m", "ablate", "list", *words], folder)


def _found(what: str, tries: list[Spent], ceiling: float | None) -> Finding:
    best = min(tries, key=lambda tried: tried.wall_seconds)
    processor = min(tried.processor_seconds for tried in tries)
    worst = max(tried.wall_seconds for tried in tries)
    spread = f"{worst:.2f} s at worst of {len(tries)}; " if len(tries) > 1 else ""
    note = f"{spread}{processor:.2f} s of the processor, load {os.getloadavg()[0]:.1f}"
    return Finding(what, best.wall_seconds, "s", ceiling, False, note)
