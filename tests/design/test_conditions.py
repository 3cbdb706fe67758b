"""Conditions: what they mean, and every text that is none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ablate.core.parse_error import Unreadable
from ablate.design import DesignSettings, Unfit, lay_out
from ablate.design._conditions import parse_condition

LEVELS: dict[str, Any] = {
    "model.dropout": 0.3,
    "head.rate": 1,
    "tail.rate": -2,
    "optimizer": "sgd",
    "model.hidden": [128, 64],
    "training.patience": None,
    "model.batch_norm": True,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('model.dropout < 0.5 or optimizer == "adam"', True),
        ("dropout < 0.3", False),
        ("0.1 < dropout <= 0.3", True),
        ("0.3 < dropout < 1", False),
        ("head.rate > 0 and not tail.rate >= -1", True),
        ("optimizer in ['sgd', 'adam']", True),
        ("optimizer not in ('sgd', 'adam')", False),
        ("hidden == [128, 64]", True),
        ("64 in hidden", True),
        ("patience == None and batch_norm", True),
        ("not (batch_norm and dropout != 0.3)", True),
        ("  dropout\n  < 1  ", True),
        ("head.rate > tail.rate", True),
    ],
)
def test_a_condition_means_what_python_means(text: str, expected: bool) -> None:
    assert parse_condition(text, LEVELS).holds(LEVELS) is expected


@pytest.mark.parametrize(
    ("text", "word", "nearest"),
    [
        ("model.dropuot < 0.5", "model.dropuot", "model.dropout"),
        ("optimizer == sgd", "sgd", None),
        ("'ä' == 'ö' or dropuot < 1", "dropuot", "dropout"),
        ("rate > 0", "rate", "tail.rate"),
        ("dropout + 1 < 2", "dropout + 1", None),
        ("dropout.real < 2", "dropout.real", "dropout"),
        ("dropout is None", "dropout is None", None),
        ("len(hidden) > 1", "len(hidden)", None),
        ("hidden[0] > 1", "hidden[0]", None),
        ("[x for x in hidden]", "[x for x in hidden]", None),
        ("lambda: 1", "lambda: 1", None),
        ("(dropout := 1)", "dropout := 1", None),
        ("f'{dropout}'", "f'{dropout}'", None),
        ("dropout < 1 extra", "extra", None),
        ("dropout <", None, None),
        ("1j < dropout", "1j", None),
        ("", "", None),
        ("a\0b", None, None),
        ("not " * 200 + "dropout", None, None),
    ],
)
def test_what_is_no_condition_is_pointed_at(text: str, word: str | None, nearest: str | None) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_condition(text, LEVELS)
    if word is not None:
        assert caught.value.word.strip() == word
        assert caught.value.nearest == nearest


PIECES = 'dropout|model.|<|<=|==|in|not|and|or|(|)|[|]|,|0.5|-1|is|lambda|:|"a"|\'|é|\\d|\0|\n'


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    text=st.one_of(
        st.text(),
        st.lists(st.sampled_from(PIECES.split("|"))).map(" ".join),
        st.lists(st.sampled_from(PIECES.split("|")), max_size=300).map("".join),
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Unreadable):
        parse_condition(text, LEVELS).holds(LEVELS)


def test_nothing_is_executed() -> None:
    for text in ["__import__('os').system('false')", "().__class__", "optimizer.__class__ == 1", "open('x')"]:
        with pytest.raises(Unreadable):
            parse_condition(text, LEVELS)


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ("dropout > 0", "where[1]"),  # the baseline does not satisfy it
        ("optimizer < 3", "where[1]"),  # a text and a number
        ("dropout == 0 or optimizer < 3", "where[1]"),  # only where the first half does not hold
    ],
)
def test_a_condition_that_arms_cannot_be_held_to_is_refused(condition: str, key: str) -> None:
    factors = {"dropout": (0.0, 0.3), "optimizer": ("sgd", "adam")}
    with pytest.raises(Unfit) as caught:
        lay_out("grid", factors, {"dropout": 0.0, "optimizer": "sgd"}, DesignSettings(where=("dropout < 1", condition)))
    assert [refusal.key for refusal in caught.value.refusals] == [key]
    assert caught.value.refusals[0].value == condition
