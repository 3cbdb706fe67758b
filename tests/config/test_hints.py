"""Which key is meant by one that is none."""

from __future__ import annotations

import pytest

from ablate.config.hints import ALIASES, meant_key
from tests.config.support import tree

KEYS = ("model.dropout", "model.hidden", "optimizer.learning_rate", "training.epochs", "sweep.seeds")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("optimizer.lr", "optimizer.learning_rate"),
        ("lr", "optimizer.learning_rate"),
        ("seeds", "sweep.seeds"),
        ("optimizer.epochs", "training.epochs"),
        ("optimizer.learning_rat", "optimizer.learning_rate"),
        ("nothing", None),
    ],
)
def test_the_key_that_was_meant(key: str, expected: str | None) -> None:
    assert meant_key(key, [each for each in KEYS if each.startswith("optimizer")], KEYS) == expected


def test_what_stands_beside_it_comes_before_what_stands_elsewhere() -> None:
    assert meant_key("a.x", ["a.b.x"], ["c.x", "a.b.x"]) == "a.b.x"
    assert meant_key("x", [], ["a.x", "b.x"]) == "a.x or b.x"
    assert meant_key("x", [], ["a.x", "b.x", "c.x", "d.x"]) == "a.x or b.x or c.x"


def test_no_name_that_others_use_is_one_of_ablates() -> None:
    """Else it would be taken for another where it is right."""
    texts = "\n".join(file.read_text() for file in tree().shipped.rglob("*.yaml"))
    assert not [alias for alias in ALIASES if f"\n{alias}:" in texts]
