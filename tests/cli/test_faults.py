"""Faults on the way from a command to its report, through the real command line; training is pretended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from ablate.core.plans import StudyPlan
from ablate.operations import request
from ablate.operations.run import record_plan
from ablate.plots import figures
from ablate.runner.devices import resolve_device
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.conftest import Ablate, Said
from tests.cli.pretended import WORDS
from tests.runner.lives import forking
from tests.runner.scripted import scripted_study, tried

SWEEP = ("+sweep=dropout", "sweep.factors.model.dropout=[0.0,0.2]", "sweep.seeds=4", *WORDS)
STUDY = Path("results/studies/dropout")
TABLES = [STUDY / f"{name}.{ending}" for name in ("runs", "history", "verdicts") for ending in ("parquet", "csv")]


@pytest.fixture(autouse=True)
def quick_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty pages in place of the figures, which are not what is looked at here."""
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))


@pytest.fixture
def train(ablate: Ablate, folder: Path):
    return lambda *words: ablate(*SWEEP, "executor=inline", f"data_dir={folder}", *words)


def contents(folder: Path) -> dict[str, bytes]:
    """What must be equal at the end, byte for byte: specs, arrays, tables and the report."""
    runs = [path for path in folder.glob(f"results/runs/??/{'?' * 64}/*") if path.name in ("spec.json", "arrays.npz")]
    report = [path for path in (folder / "reports").rglob("*") if path.is_file() and path.suffix in (".md", ".png")]
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in [*runs, *(folder / t for t in TABLES), *report]
    }


# damage ------------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("name", ["arrays.npz", "spec.json", "record.json"])
def test_the_same_command_makes_again_what_was_damaged_and_nothing_else(train, folder: Path, name: str) -> None:
    """Bits that turned in the arrays show only where the tables are made: the plan opens records alone."""
    assert train().code == 0
    before, trained = contents(folder), Counter(tried(folder))
    damaged = sorted(Path("results/runs").glob("??/*"))[1]
    flip(damaged / name)
    TABLES[0].unlink()
    tear(TABLES[1])
    tear(Path("reports/dropout/report.md"))
    said = train()
    assert said.code == 0
    assert contents(folder) == before
    assert Counter(tried(folder)) - trained == {damaged.name: 1}
    assert damaged.with_name(f"{damaged.name}.corrupt").is_dir()
    assert ("1 run had been damaged" in said.err) == (name != "record.json")


def test_a_torn_plan_is_planned_again_and_costs_no_run(train, folder: Path) -> None:
    assert train().code == 0
    before, trained = contents(folder), tried(folder)
    tear(STUDY / "plans.jsonl")
    assert train().code == 0
    assert (contents(folder), tried(folder)) == (before, trained)
    assert (STUDY / "plans.jsonl.corrupt").is_file()


# death -------------------------------------------------------------------------------------------------


def live(folder: Path, write: int | None) -> None:
    """The command in a process of its own, which is killed in the midst of a write of its report."""
    from ablate.cli import main
    from ablate.publishing import writing

    os.chdir(folder)
    figures.DRAW = dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1)))
    whole, count = writing.write_atomically, 0

    def write_atomically(path: Path, content: bytes) -> None:
        nonlocal count
        count += 1
        if count == write:
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".tmp-torn").write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        whole(path, content)

    writing.write_atomically = write_atomically
    sys.exit(main([*SWEEP, "executor=inline", f"data_dir={folder}"]))


def test_killed_while_the_report_is_written_the_same_command_ends_with_the_same_report(train, folder: Path) -> None:
    codes = []
    for write in (1, 9, None):
        process = forking.Process(target=live, args=(folder, write))
        process.start()
        process.join()
        codes.append(process.exitcode)
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    killed = contents(folder)
    assert len(tried(folder)) == 8
    (folder / "undisturbed").mkdir()
    os.chdir(folder / "undisturbed")
    assert train().code == 0
    assert contents(folder / "undisturbed") == killed


@pytest.mark.parametrize("write", range(3))
def test_killed_while_a_plan_is_kept_no_addition_is_left_unnoted(tmp_path, monkeypatch, write: int) -> None:
    """Seeds that are added after there were results; the process dies at its first, second, … write, or at none."""
    folder = StudyFolder(tmp_path, "rates")
    store = RunStore(tmp_path)
    record_plan(folder, StudyPlan.of(scripted_study(seeds=(0, 1, 2))), (), store)
    folder.write("runs.csv", b"")
    more = StudyPlan.of(scripted_study(seeds=(0, 1, 2, 3), claims=("rate=0.1 < rate=0.2 on test_loss",)))
    from ablate.storage import journal

    writes: list[Path] = []
    whole = journal.write_atomically

    def write_atomically(path: Path, content: bytes) -> None:
        writes.append(path)
        if len(writes) == write + 1:
            raise KeyboardInterrupt
        whole(path, content)

    with monkeypatch.context() as dying:
        dying.setattr(journal, "write_atomically", write_atomically)
        with pytest.raises(KeyboardInterrupt):
            record_plan(folder, more, (), store)
    record_plan(folder, more, (), store)
    assert folder.plan() == more
    noted = [{key: event[key] for key in ("event", "rates")} for event in folder.events()]
    assert noted == [
        {"event": "post_hoc_seeds", "rates": [3]},
        {"event": "post_hoc_claims", "rates": ["rate=0.1 < rate=0.2 on test_loss"]},
    ]


# surroundings ------------------------------------------------------------------------------------------

NAMES = ["with blanks", "häßlich 漢字 🙂", "x" * 220, "CON", "semi;colon & 'quotes' \"too\""]
ODD = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Pacific/Apia"}


def test_place_locale_and_time_zone_change_no_byte(ablate: Ablate, folder: Path) -> None:
    """In a process of its own: an ASCII locale, another day, and a results folder that is a link to elsewhere."""
    words = [*SWEEP, "executor.workers=1", "data_dir=."]
    assert ablate(*words).code == 0
    expected = contents(folder)
    place = folder.joinpath(*NAMES)
    (place / "elsewhere").mkdir(parents=True)
    (place / "results").symlink_to("elsewhere", target_is_directory=True)
    environment = {**os.environ, **ODD, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-m", "ablate", *words], cwd=place, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    found = contents(place)
    # The figures are drawn in earnest there.
    assert {name: found[name] for name in expected if not name.endswith(".png")} == {
        name: content for name, content in expected.items() if not name.endswith(".png")
    }


def test_a_store_that_has_been_moved_is_the_same(train, folder: Path) -> None:
    assert train().code == 0
    before = contents(folder)
    elsewhere = folder / "another place"
    elsewhere.mkdir()
    for name in ("results", "reports"):
        (folder / name).rename(elsewhere / name)
    os.chdir(elsewhere)
    said: Said = train()
    assert "all done" in said.err
    assert contents(elsewhere) == before
    assert len(tried(folder)) == 8


# another machine ---------------------------------------------------------------------------------------


def test_a_gpu_that_is_not_there_is_exit_code_5_and_nothing_is_written(
    ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request, "resolve_device", partial(resolve_device, nodes=[folder / "absent"]))
    said = ablate("+sweep=dropout", "numerics.device=gpu")
    assert (said.code, said.out) == (5, "")
    assert said.err.startswith("numerics.device=gpu, but this machine has no NVIDIA device node")
    assert list(folder.iterdir()) == []


def test_other_threads_are_another_run_and_compared_on_demand_alone(ablate: Ablate, folder: Path) -> None:
    words = ("executor=inline", *WORDS, f"data_dir={folder}")
    for threads in (1, 2):
        assert ablate(*words, f"numerics.threads={threads}").code == 0
    one, two = (path.name for path in sorted(folder.glob("results/runs/??/*")))
    assert len(tried(folder)) == 2
    refused = ablate("compare", one, two)
    assert (refused.code, refused.out) == (2, "")
    assert "differ in numerics" in refused.err
    assert refused.err.endswith("To compare them all the same: --allow\n")
    allowed = ablate("compare", one, two, "--allow")
    assert allowed.code == 0
    assert "**Not comparable as they stand**" in allowed.out


# a failure to begin with -------------------------------------------------------------------------------


def test_runs_that_all_fail_alike_stop_the_sweep_with_one_message(ablate: Ablate, folder: Path) -> None:
    words = ("+sweep=dropout", "sweep.seeds=4", "trainer._target_=tests.runner.absent.Trainer", "executor=inline")
    said = ablate(*words, "--allow-target", "tests")
    assert said.code == 3
    assert "the first 3 runs failed alike (ConfigError: " in said.err
    assert "No module named 'tests.runner.absent'" in said.err
    assert said.err.splitlines()[-1] == "To try them all the same: executor.keep_going=true"
    assert len(list(Path("results/runs").glob("??/*"))) == 3
    assert ablate(*words, "executor.keep_going=true", "--allow-target", "tests").code == 3
    assert len(list(Path("results/runs").glob("??/*"))) == 16
