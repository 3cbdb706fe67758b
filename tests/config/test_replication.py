"""What a study says of a document, checked before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ablate.core.specs import SweepSpec
from tests.config.support import load_study, load_sweep, problems, tree, write

SWEEP = """
question: Which?
factors: {optimizer: [sgd, momentum, adam]}
design: one_factor
baseline: {optimizer: adam}
seeds: 3
metric: val_loss
claims: [sgd > adam on val_loss]
"""
STUDY = """
question: Why?
sweeps:
  - sweep: own
    setup: As they did.
    original:
      source: Task 7
      dataset: mnist
      numbers:
        val_loss: {sgd: 1, adam: 0.5}
        epochs_run: {momentum: 8}
    conclusions:
      - {said: SGD is slow, claims: ["sgd > adam on val_loss"]}
      - {said: Momentum is best, stated: '0.06', claims: ["momentum < sgd on val_loss", "momentum < adam on val_loss"]}
      - {said: It escapes minima, not_tested: no minimum is measured}
"""


def study(folder: Path, old: str = "", new: str = "") -> Any:
    assert old in STUDY
    return tree(write(folder, {"conf/sweep/own.yaml": SWEEP, "experiments/own/study.yaml": STUDY.replace(old, new)}))


def spec(folder: Path, words: str = "") -> SweepSpec:
    return load_sweep(f"+experiment=own {words}", study(folder)).spec


def test_conclusions_become_claims_each_once(tmp_path: Path) -> None:
    found = spec(tmp_path)
    assert found.claims == (
        "sgd > adam on val_loss",
        "momentum < sgd on val_loss",
        "momentum < adam on val_loss",
    )
    assert [each.said for each in found.conclusions] == ["SGD is slow", "Momentum is best", "It escapes minima"]
    assert found.conclusions[1].claims == found.claims[1:]
    assert found.original is not None
    assert found.original.numbers == {"val_loss": {"sgd": 1.0, "adam": 0.5}, "epochs_run": {"momentum": 8.0}}
    assert found.setup == "As they did."


def test_they_survive_their_json_and_are_no_part_of_the_definition(tmp_path: Path) -> None:
    found = spec(tmp_path)
    assert SweepSpec.from_json(found.to_json()) == found
    assert not {"setup", "original", "conclusions"} & found.definition().keys()
    bare = load_sweep("+sweep=own", tree(tmp_path)).spec
    assert not {"setup", "original", "conclusions"} & bare.to_json().keys()


def test_where_a_command_takes_an_arm_away_its_conclusions_and_numbers_go(tmp_path: Path) -> None:
    found = spec(tmp_path, "sweep.factors.optimizer=[sgd,adam]")
    assert found.claims == ("sgd > adam on val_loss",)
    assert [each.said for each in found.conclusions] == ["SGD is slow", "It escapes minima"]
    assert found.original is not None
    assert found.original.numbers == {"val_loss": {"sgd": 1.0, "adam": 0.5}}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("adam: 0.5", "adan: 0.5", "original.numbers.val_loss.adan"),
        ("adam: 0.5", "adam: low", "original.numbers.val_loss.adam"),
        ("epochs_run:", "epoch_run:", "original.numbers.epoch_run.momentum"),
        ("epochs_run: {momentum: 8}", "epochs_run: 8", "original.numbers.epochs_run"),
        ("momentum < sgd", "momentun < sgd", "sweep.claims[1]"),
        (", not_tested: no minimum is measured", "", "conclusions[2]"),
        ("stated: '0.06',", "not_tested: here,", "conclusions[1]"),
        ("said: SGD is slow", "sayed: SGD is slow", "sweeps[0].conclusions[0].sayed"),
        ("source: Task 7", "origin: Task 7", "sweeps[0].original.origin"),
    ],
)
def test_what_cannot_be_is_refused_at_its_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert key in [problem[0] for problem in problems("+experiment=own", study(tmp_path, old, new))]


OWN = """
question: Why?
sweeps:
  - name: rates
    asks:
      question: Which rate?
      factors: {optimizer.learning_rate: [0.001, 0.01]}
      design: one_factor
      baseline: {optimizer.learning_rate: 0.001}
      seeds: 2
      metric: val_loss
  - sweep: own
    asks: {seeds: 5, claims: []}
"""


class TestAStudyMayAskItsOwn:
    def own(self, folder: Path, old: str = "", new: str = "") -> Any:
        return tree(write(folder, {"conf/sweep/own.yaml": SWEEP, "experiments/own/study.yaml": OWN.replace(old, new)}))

    def test_beside_and_over_a_leaf(self, tmp_path: Path) -> None:
        rates, own = load_study("+experiment=own", self.own(tmp_path)).sweeps
        assert (rates.spec.name, len(rates.arms), rates.spec.seeds) == ("rates", 2, (0, 1))
        assert (own.spec.question, len(own.spec.seeds), own.spec.claims) == ("Which?", 5, ())

    @pytest.mark.parametrize(
        ("old", "new", "key"),
        [
            ("name: rates", "name: ''", "name"),
            ("metric: val_loss", "metric: val_los", "sweep.metric"),
            ("seeds: 2", "seed: 2", "sweep.seed"),
            ("asks: {seeds: 5, claims: []}", "asks: 5", "asks"),
        ],
    )
    def test_and_is_told_what_cannot_be(self, tmp_path: Path, old: str, new: str, key: str) -> None:
        assert key in [problem[0] for problem in problems("+experiment=own", self.own(tmp_path, old, new))]
