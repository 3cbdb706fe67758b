"""What is told of two studies of one name, against what was typed."""

from __future__ import annotations

import pytest

from ablate.core.study_changes import sentences
from tests.config.conftest import remember_compositions
from tests.config.support import load_study

__all__ = ["remember_compositions"]

LEVELS = "sweep.factors.model.dropout=[{}]"


@pytest.mark.parametrize(
    ("kept", "asked", "expected"),
    [
        ("", "", []),
        ("sweep.seeds=3", "sweep.seeds=4", []),
        ("training.epochs=5", "training.epochs=7", ["training.epochs was 5, is 7"]),
        ("", "sweep.metric=val_accuracy sweep.margin=0.01", [
            "sweep.metric was val_loss, is val_accuracy", "sweep.margin was 10%, is 0.01"
        ]),
        (LEVELS.format("0.0,0.1"), LEVELS.format("0.0,0.1,0.5"), ["the arm dropout=0.5 is new"]),
        (LEVELS.format("0.0,0.1"), LEVELS.format("0.0,0.5"), [
            "the arm dropout=0.5 is new", "the arm dropout=0.1 is gone"
        ]),
        (LEVELS.format("0.0,0.1"), LEVELS.format("0.0,0.1,0.2,0.3,0.4,0.5"), [
            "the arms dropout=0.2, dropout=0.3, dropout=0.4 and 1 more are new"
        ]),
        ("", LEVELS.format("0.0,0.1") + " training.epochs=5", [
            "the arms dropout=0.3 and dropout=0.5 are gone", "training.epochs was 30, is 5"
        ]),
        ("", "optimizer=sgd", ["optimizer was Adam, is SGD"]),
        ("", "augment=flip", ["augment was null, is random_flip"]),
        ("", "training.early_stopping.patience=3", ["training.early_stopping.patience was null, is 3"]),
        ("", "model=small_cnn", ["model was mlp, is small_cnn", "numerics.engine was xla, is graph"]),
        ("", "+optimizer.weight_decay=0.1", ["optimizer.weight_decay=0.1 is new"]),
        ("dataset=npz dataset.path=a.npz dataset.classes=10", "dataset=npz dataset.path=b.npz dataset.classes=10", [
            "dataset.path was a.npz, is b.npz"
        ]),
    ],
)  # fmt: skip
def test_a_change_is_told_where_it_was_made(kept: str, asked: str, expected: list[str]) -> None:
    one, other = (load_study(f"+sweep=dropout {words}").definition() for words in (kept, asked))
    assert list(sentences(one, other)) == expected


def test_sweeps_that_came_and_went_and_the_sweep_of_a_change() -> None:
    one, other = (load_study(f"+sweep={words}").definition() for words in ("[dropout,l2]", "[dropout,epochs]"))
    assert list(sentences(one, other)) == ["the sweep epochs is new", "the sweep l2 is gone"]
    changed = load_study("+sweep=[dropout,l2] sweep.margin=5%").definition()
    assert list(sentences(one, changed)) == [f"sweep.margin was 10%, is 5% in {name}" for name in ("dropout", "l2")]


def test_what_is_another_in_some_arms_names_them_and_data_and_code_are_named() -> None:
    arms = {name: {"dataset": {"digest": "a"}, "code": {"mine": "a"}, "x": 1} for name in ("one", "two", "three")}
    changed = {**arms, "two": {**arms["two"], "x": 2}}
    assert sentences({"s": {"arms": arms}}, {"s": {"arms": changed}}) == ("x was 1, is 2 in two",)
    others = {name: {"dataset": {"digest": "b"}, "code": {"mine": "b"}, "x": 1} for name in arms}
    assert sentences({"s": {"arms": arms}}, {"s": {"arms": others}}) == ("the data changed", "the code of mine changed")
