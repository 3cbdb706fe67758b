"""A name that stands for another study: refused by whoever plans or runs, in words, with both ways out."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.core.plans import StudyPlan
from ablate.core.specs import Study
from ablate.operations.request import read_request
from ablate.storage.studies import StudyFolder
from tests.cli.conftest import Ablate

WORDS = ("+sweep=dropout", "sweep.factors.model.dropout=[0.0,0.1]", "sweep.seeds=1", "training.epochs=1")
OTHER = {
    "training.epochs=2": "training.epochs was 1, is 2",
    "sweep.metric=test_loss": "sweep.metric was val_loss, is test_loss",
    "sweep.factors.model.dropout=[0.0,0.1,0.5]": "the arm dropout=0.5 is new",
}


@pytest.fixture
def planned(folder: Path) -> StudyFolder:
    """The study of WORDS, planned."""
    study = read_request(WORDS).work
    assert isinstance(study, Study)
    kept = StudyFolder(folder / "results", study.name)
    kept.record_plan(StudyPlan.of(study), WORDS)
    return kept


def with_word(word: str) -> list[str]:
    """WORDS with another value for a key of theirs, or with one more."""
    key = word.partition("=")[0]
    return [*(each for each in WORDS if each.partition("=")[0] != key), word]


@pytest.mark.parametrize(("word", "told"), OTHER.items())
def test_a_plan_refuses_what_a_run_would_refuse(word: str, told: str, planned: StudyFolder, ablate: Ablate) -> None:
    before = planned.plan_lines()
    said = ablate("plan", *with_word(word))
    assert said == ablate(*with_word(word))
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[0] == f"dropout is the name of another study: {told}"
    assert "study=dropout_2" in said.err
    assert "--replace" in said.err
    assert planned.plan_lines() == before
    assert ablate("plan", *with_word(word), "study=dropout_2").code == 0


def test_a_plan_of_the_same_study_or_of_its_replacement_changes_nothing(planned: StudyFolder, ablate: Ablate) -> None:
    before = planned.plan_lines()
    for words in (WORDS, with_word("sweep.seeds=2"), [*with_word("training.epochs=2"), "--replace"]):
        assert ablate("plan", *words).code == 0
    assert planned.plan_lines() == before


def test_a_run_that_replaces_starts_anew_and_keeps_the_old_folder(planned: StudyFolder, ablate: Ablate) -> None:
    planned.log("post_hoc_seeds", {"dropout": [7]})
    before = planned.plan_lines()
    words = [*with_word("sweep.metric=test_loss"), "model.hidden=[2]", "executor=inline"]
    assert ablate(*words).code == 2
    assert ablate(*words, "--replace").code == 0
    (line,) = planned.plan_lines()
    assert line.plan.sweeps[0].spec.metric == "test_loss"
    assert planned.events() == ()
    aside = planned.path.parent / "_replaced"
    assert StudyFolder(aside.parent.parent, "dropout").path == planned.path
    assert [path.name for path in aside.iterdir()] == ["dropout.1"]
    assert (aside / "dropout.1" / "plans.jsonl").read_text().count("\n") == len(before)
    # The same command again has nothing to replace; the old study has, and its runs were never touched.
    assert ablate(*words, "--replace").code == 0
    assert [path.name for path in aside.iterdir()] == ["dropout.1"]
    assert "dropout" in ablate("list").out
    assert "_replaced" not in ablate("list").out
    assert ablate("fsck").code == 0
