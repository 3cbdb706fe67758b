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
    ],
)
def test_what_cannot_be_asked_is_refused(gated: Ablate, words: tuple[str, ...], says: str) -> None:
    said = gated("gate", *words)
    assert said.code == 2
    assert says in said.err
    assert "Traceback" not in said.err
