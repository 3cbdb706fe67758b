"""`keep`: asked for outside the spec, by the command line, by a study, and by what claims are about."""

from __future__ import annotations

import pytest

from ablate.core.claims import probes_of
from tests.config.support import load, problems, tree, write

STUDY = """
keep: [weights]
sweeps:
  - sweep: activations
    overrides: [sweep.seeds=2, training.epochs=1]
    claims: ["gelu < relu on dead_units"]
  - sweep: dropout
    overrides: [sweep.seeds=2, training.epochs=1]
"""


def test_keeping_more_is_the_same_run():
    plain, kept = load("seed=3"), load("seed=3 keep=[weights,step_losses]")
    assert plain.work == kept.work
    assert list(plain.keep.values()) == [()]
    assert kept.keep == {kept.work.run_id: ("weights", "step_losses")}


def test_a_name_that_is_no_artefact_is_refused_with_the_nearest():
    assert problems("keep=[sharpnes,weights]") == [("keep", "sharpnes", "sharpness")]


def test_probes_of_claims_are_named_once_and_metrics_need_none():
    claims = [
        "a > b on sharpness",
        "b < c on sharpness",
        "a ~ b on val_loss within 1",
        "no claim",
        "a < b on loss_jitter",
    ]
    assert probes_of(claims) == ("sharpness", "jitter")


def test_a_study_keeps_what_its_file_says_and_what_its_claims_are_about(tmp_path):
    write(tmp_path, {"experiments/mine/study.yaml": STUDY})
    asked = load("+experiment=mine keep=[jitter]", tree(tmp_path))
    activations, dropout = (
        {asked.keep[run.run_id] for run in sweep.planned_runs() if not run.is_baseline} for sweep in asked.work.sweeps
    )
    assert activations == {("weights", "jitter", "dead_units")}
    assert dropout == {("weights", "jitter")}
    assert asked.work == load("+experiment=mine", tree(tmp_path)).work


def test_fresh_seeds_that_confirm_a_selection_are_kept_alike():
    asked = load("+sweep=dropout sweep.seeds=2 sweep.confirm=3 keep=[weights]")
    assert len(asked.keep) == 5 * len(asked.work.sweeps[0].arms)
    assert set(asked.keep.values()) == {("weights",)}


@pytest.mark.parametrize("text", [STUDY.replace("[weights]", "[wheights]"), STUDY + "base: ['keep=[weights]']\n"])
def test_a_study_is_told_what_it_cannot_keep(tmp_path, text):
    write(tmp_path, {"experiments/mine/study.yaml": text})
    assert {key for key, _, _ in problems("+experiment=mine", tree(tmp_path))} == {"keep"}
