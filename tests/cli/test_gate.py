"""`ablate gate` as continuous integration sees it: a line, a summary, an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=6, optimizers={"adam": 0.001, "sgd": 0.01})
SIDES = ("optimizers:adam", "optimizers:sgd")


@pytest.fixture
def gated(ablate: Ablate) -> Ablate:
    keep(Path("results"), SWEEP, completed_runs(SWEEP))
    return ablate


@pytest.mark.parametrize(
    ("sides", "margin", "code", "says"),
    [
        (SIDES, "1", 0, "is shown not worse by more than 1"),
        (SIDES, "0.001", 7, "is shown worse by more than 0.001"),
        (SIDES, "{between}", 6, "fresh seeds give 80% power"),
    ],
)
def test_the_exit_code_says_what_was_shown(
    gated: Ablate, sides: tuple[str, str], margin: str, code: int, says: str
) -> None:
    row = json.loads(gated("gate", *sides, "--margin", "1", "--json").out)["rows"][0]
    said = gated("gate", *sides, "--margin", margin.format(between=row["diff"]))
    assert (said.code, said.err) == (code, "")
    assert says in said.out
    assert said.out.count("\n") == 1


def test_a_summary_for_a_pull_request_is_markdown(gated: Ablate) -> None:
    said = gated("gate", *SIDES, "--margin", "1", "--markdown")
    assert said.code == 0
    assert said.out.startswith("### ✓ Not worse: validation loss\n")
    assert said.out.rstrip().endswith("|")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "A gate has a base and a new side"),
        (SIDES[:1], "A gate has a base and a new side"),
        ((*SIDES, "--margin", "0"), "a margin must be positive"),
        ((*SIDES, "--metric", "val_accuracy"), "--margin in its unit"),
        (("optimizers", "nothing"), "nothing"),
        ((*SIDES, "--alpha", "2"), "alpha"),
        ((*SIDES, "--alpha", "1e-320"), "alpha is from 1e-9 to below 0.5"),
    ],
)
def test_what_cannot_be_asked_is_refused(gated: Ablate, words: tuple[str, ...], says: str) -> None:
    said = gated("gate", *words)
    assert said.code == 2
    assert says in said.err
    assert "Traceback" not in said.err


RUNS = "seed;acc;status\n0;0,50;completed\n1;0,60;completed\n2;0,{third};completed\n3;0,62;{ended}\n"
TABLES = ("base.csv", "new.csv", "--metric", "acc", "--direction", "max", "--margin", "0.1")


@pytest.fixture
def tables(folder: Path) -> None:
    (folder / "base.csv").write_text(RUNS.format(third=61, ended="completed"))
    (folder / "new.csv").write_text(RUNS.format(third=62, ended="diverged"))


def test_what_was_understood_of_tables_is_said(tables: None, ablate: Ablate) -> None:
    said = ablate("gate", *TABLES)
    assert said.code == 0
    base, new = said.err.splitlines()
    assert base == (
        "base.csv: Read as CSV with ;, decimal commas: 1 arm by file (base), pairs by seed (4), values of acc, without "
        "status, which has no numbers."
    )
    assert new.startswith("new.csv: Read as ")
    assert ablate("gate", *TABLES, "--quiet").err == ""


def test_a_table_is_read_as_analyse_reads_it(tables: None, ablate: Ablate, folder: Path) -> None:
    diverged = ablate("gate", *TABLES, "--status", "status", "--sep", ";", "--worst", "0")
    assert diverged.code == 6
    assert diverged.err.endswith("values of acc, 1 diverged.\n")
    assert "new.csv is shown neither way" in diverged.out
    (folder / "wide.csv").write_text("seed,adam,sgd\n0,0.5,0.4\n1,0.6,0.5\n2,0.55,\n3,0.5,0.4\n")
    wide = ("gate", "wide.csv:sgd", "wide.csv:adam", *TABLES[2:], "--wide")
    assert ablate(*wide).err.endswith("2 arms by column (adam, sgd), pairs by seed (4), values of acc, 1 missing.\n")
    assert "1 missing (counted as diverged)" in ablate(*wide, "--missing", "diverged").err
    assert ablate(*wide, "--sep", "tab").err.startswith("wide.csv: no column holds numbers")
