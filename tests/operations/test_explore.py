"""`explore` from Python: a stored sweep at another margin, as it is and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ablate.analysis.exploring import BadMargin
from ablate.operations.as_json import to_json
from ablate.operations.explore import NoSuchSweep, explore
from ablate.operations.load import load
from ablate.storage.studies import UnknownStudy
from tests.cli.kept import keep
from tests.json_schema import validated
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(claims=("nadam ~ adam on val_loss",))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    keep(folder, SWEEP, completed_runs(SWEEP))
    return folder


def test_it_has_the_words_of_both_margins(results: Path) -> None:
    reported = load("optimizers", results_dir=results).results.sweeps[0]
    found = explore("optimizers", margin=0.3, sweep="optimizers", results_dir=results)
    assert [row.stated_word for row in found.arms] == [verdict.word for verdict in reported.verdicts]
    assert [row.word for row in found.arms] == ["equivalent"] * 5
    assert {row.subject for row in found.changed} >= {"optimizer=sgd"}
    assert explore("optimizers", margin=0.01, results_dir=results).is_stated


def test_its_json_is_that_of_its_schema(results: Path) -> None:
    found = explore("optimizers", margin=0.3, results_dir=results)
    content = validated(json.dumps(to_json(found)))
    assert (content["kind"], content["version"], content["is_stated"]) == ("explore", 1, False)
    assert [row["word"] for row in content["arms"]] == ["equivalent"] * 5
    assert content["arms"][0]["verdict"]["margin"] == 0.3
    assert content["seeds"]["margin"] == 0.3


def test_what_is_not_there_is_said(results: Path) -> None:
    with pytest.raises(UnknownStudy, match="no study none"):
        explore("none", margin=0.1, results_dir=results)
    with pytest.raises(NoSuchSweep, match="There are optimizers"):
        explore("optimizers", margin=0.1, sweep="none", results_dir=results)
    with pytest.raises(BadMargin, match="relative"):
        explore("optimizers", margin="10%", results_dir=results)
