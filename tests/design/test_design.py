"""The designs: which arms they lay out, and what these are called."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.design import available, lay_out

Factors = dict[str, tuple[Any, ...]]

KEYS = st.sampled_from(["optimizer", "model", "model.dropout", "head.dropout", "training.batch_size"])
LEVELS = st.one_of(
    st.lists(st.floats(0, 1), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["sgd", "adam", "nadam"]), min_size=1, max_size=3, unique=True),
    st.lists(st.lists(st.integers(1, 9), max_size=2), min_size=1, max_size=3, unique_by=tuple),
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Factors, dict[str, Any]]:
    factors = {key: tuple(draw(LEVELS)) for key in draw(st.lists(KEYS, min_size=1, max_size=3, unique=True))}
    return factors, {key: draw(st.sampled_from(levels)) for key, levels in factors.items()}


for_any_question = settings(deadline=None, derandomize=True, max_examples=100)


def test_the_designs_are_the_modules_of_the_package() -> None:
    assert available() == ("grid", "one_factor")


def test_an_unknown_design_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'gird'; there are grid, one_factor"):
        lay_out("gird", {"optimizer": ("sgd",)}, {"optimizer": "sgd"})


@pytest.mark.parametrize("design", available())
@for_any_question
@given(question=questions())
def test_every_design_keeps_its_laws(design: str, question: tuple[Factors, dict[str, Any]]) -> None:
    factors, baseline = question
    arms = lay_out(design, factors, baseline)
    assert [arm.levels for arm in arms if arm.is_baseline] == [baseline]
    assert len({arm.name for arm in arms}) == len(arms)
    for factor, levels in factors.items():
        assert all(any(arm.levels[factor] == level for arm in arms) for level in levels)
    assert all(set(arm.levels) == set(factors) for arm in arms)


@for_any_question
@given(question=questions())
def test_one_factor_changes_at_most_one_factor(question: tuple[Factors, dict[str, Any]]) -> None:
    factors, baseline = question
    arms = lay_out("one_factor", factors, baseline)
    assert all(sum(arm.levels[key] != baseline[key] for key in factors) <= 1 for arm in arms)
    assert len(arms) == 1 + sum(len(levels) - 1 for levels in factors.values())


@for_any_question
@given(question=questions())
def test_a_grid_is_the_cartesian_product_in_order(question: tuple[Factors, dict[str, Any]]) -> None:
    factors, baseline = question
    arms = lay_out("grid", factors, baseline)
    assert [tuple(arm.levels[key] for key in factors) for arm in arms] == list(product(*factors.values()))
    assert len(arms) == math.prod(map(len, factors.values()))


def names(design: str, factors: Factors, baseline: dict[str, Any]) -> list[str]:
    return [arm.name for arm in lay_out(design, factors, baseline)]


def test_arms_stand_in_the_order_of_the_levels_as_written() -> None:
    factors = {"optimizer": ("sgd", "adam", "nadam")}
    expected = ["optimizer=sgd", "optimizer=adam", "optimizer=nadam"]
    assert names("one_factor", factors, {"optimizer": "adam"}) == expected


def test_a_dotted_factor_is_named_by_its_last_part_unless_two_share_it() -> None:
    alone: Factors = {"model.dropout": (0.0, 0.3)}
    assert names("one_factor", alone, {"model.dropout": 0.0}) == ["dropout=0.0", "dropout=0.3"]
    both: Factors = {"model.dropout": (0.0, 0.3), "head.dropout": (0.0,)}
    baseline = {"model.dropout": 0.0, "head.dropout": 0.0}
    assert names("grid", both, baseline)[1] == "model.dropout=0.3,head.dropout=0.0"
    assert names("one_factor", both, baseline) == ["baseline", "model.dropout=0.3"]


def test_levels_that_are_no_text_are_named_as_json() -> None:
    levels = (None, True, 1e-05, [128, 64])
    expected = ["x=null", "x=true", "x=1e-05", "x=[128,64]"]
    assert names("one_factor", {"x": levels}, {"x": None}) == expected


def test_true_and_one_are_two_levels() -> None:
    arms = lay_out("one_factor", {"x": (True, 1)}, {"x": 1})
    assert [(arm.name, arm.is_baseline) for arm in arms] == [("x=true", False), ("x=1", True)]
