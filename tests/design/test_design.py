"""The designs: which arms they lay out, and what these are called."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings, strategies as st

from ablate.core.identity import canonical
from ablate.design import Assignment, DesignSettings, Unfit, available, lay_out, sobol
from ablate.testing.designs import check_arms

Factors = dict[str, tuple[Any, ...]]
Levels = dict[str, Any]

# Those that vary what they know, and no factor of anybody else: see test_contract.
OF_OWN_FACTORS = ("seed_parts",)
KEYS = st.sampled_from(["optimizer", "model", "model.dropout", "head.dropout", "training.batch_size"])
LEVELS = st.one_of(
    st.lists(st.floats(0, 1), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["sgd", "adam", "nadam"]), min_size=1, max_size=3, unique=True),
    st.lists(st.lists(st.integers(1, 9), max_size=2), min_size=1, max_size=3, unique_by=tuple),
)
SUBSETS = ("random", "sobol")
NOTHING = DesignSettings()


@st.composite
def questions(draw: st.DrawFn, levels: Any = LEVELS) -> tuple[Factors, Levels]:
    factors = {key: tuple(draw(levels)) for key in draw(st.lists(KEYS, min_size=1, max_size=3, unique=True))}
    return factors, {key: draw(st.sampled_from(levels)) for key, levels in factors.items()}


@st.composite
def askings(draw: st.DrawFn) -> tuple[str, Factors, Levels, DesignSettings]:
    """A design with a question that it can lay out."""
    design = draw(st.sampled_from([each for each in available() if each not in OF_OWN_FACTORS]))
    if design == "leave_one_out":
        factors, _ = draw(questions(st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True)))
        end = draw(st.sampled_from([0, 1]))
        return design, factors, {key: levels[end] for key, levels in factors.items()}, DesignSettings()
    factors, baseline = draw(questions())
    if design == "list":
        picked = st.fixed_dictionaries({}, optional={key: st.sampled_from(each) for key, each in factors.items()})
        arms = draw(st.lists(picked, min_size=1, max_size=4, unique_by=lambda arm: canonical({**baseline, **arm})))
        return design, factors, baseline, DesignSettings(arms=tuple(arms))
    most = math.prod(map(len, factors.values()))
    told = DesignSettings(size=draw(st.integers(1, most)), design_seed=draw(st.integers(0, 3)))
    return design, factors, baseline, told if design in SUBSETS else DesignSettings()


for_any_question = settings(deadline=None, derandomize=True, max_examples=100)


def texts(arms: tuple[Assignment, ...]) -> list[str]:
    return [canonical(arm.levels) for arm in arms]


def refused(design: str, factors: Factors, baseline: Levels, told: DesignSettings = NOTHING) -> list[str]:
    with pytest.raises(Unfit) as caught:
        lay_out(design, factors, baseline, told)
    return [refusal.key for refusal in caught.value.refusals]


def test_the_designs_are_the_modules_of_the_package() -> None:
    assert available() == ("grid", "leave_one_out", "list", "one_factor", "random", "seed_parts", "sobol")


def test_an_unknown_design_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'gird'; there are grid, .*, one_factor, random, seed_parts, sobol"):
        lay_out("gird", {"optimizer": ("sgd",)}, {"optimizer": "sgd"})


@for_any_question
@given(asked=askings())
def test_every_design_keeps_its_laws(asked: tuple[str, Factors, Levels, DesignSettings]) -> None:
    design, factors, baseline, told = asked
    arms = lay_out(design, factors, baseline, told)
    check_arms(arms, factors, baseline)
    assert lay_out(design, factors, baseline, told) == arms


@for_any_question
@given(asked=askings(), data=st.data())
def test_a_condition_holds_for_every_arm_and_keeps_the_baseline(
    asked: tuple[str, Factors, Levels, DesignSettings], data: st.DataObject
) -> None:
    design, factors, baseline, told = asked
    factor = data.draw(st.sampled_from(list(factors)))
    kept = [baseline[factor], *data.draw(st.lists(st.sampled_from(factors[factor]), max_size=2))]
    allowed = sum(
        math.prod(len(levels) for key, levels in factors.items() if key != factor)
        for each in factors[factor]
        if each in kept
    )
    assume(told.size is None or told.size <= allowed)
    told = replace(told, where=(f"{factor} in {kept!r}", f"not {factor} not in {kept!r}"))
    arms = lay_out(design, factors, baseline, told)
    assert all(arm.levels[factor] in kept for arm in arms)
    assert sum(arm.is_baseline for arm in arms) == 1
    if design not in SUBSETS:
        every = lay_out(design, factors, baseline, replace(told, where=()))
        assert arms == tuple(arm for arm in every if arm.levels[factor] in kept)


@for_any_question
@given(question=questions())
def test_one_factor_changes_at_most_one_factor(question: tuple[Factors, Levels]) -> None:
    factors, baseline = question
    arms = lay_out("one_factor", factors, baseline)
    assert all(sum(arm.levels[key] != baseline[key] for key in factors) <= 1 for arm in arms)
    assert len(arms) == 1 + sum(len(levels) - 1 for levels in factors.values())


@for_any_question
@given(question=questions())
def test_a_grid_is_the_cartesian_product_in_order(question: tuple[Factors, Levels]) -> None:
    factors, baseline = question
    arms = lay_out("grid", factors, baseline)
    assert [tuple(arm.levels[key] for key in factors) for arm in arms] == list(product(*factors.values()))
    assert len(arms) == math.prod(map(len, factors.values()))


class TestSubsets:
    @pytest.mark.parametrize("design", SUBSETS)
    @for_any_question
    @given(question=questions(), data=st.data())
    def test_are_arms_of_the_grid_as_many_as_asked_for(
        self, design: str, question: tuple[Factors, Levels], data: st.DataObject
    ) -> None:
        factors, baseline = question
        grid = lay_out("grid", factors, baseline)
        size = data.draw(st.integers(1, len(grid)))
        arms = lay_out(design, factors, baseline, DesignSettings(size=size))
        assert len(arms) == size
        assert [arm for arm in grid if arm in arms] == list(arms)
        if size < len(grid):
            assert set(texts(arms)) < set(texts(lay_out(design, factors, baseline, DesignSettings(size=size + 1))))

    @pytest.mark.parametrize("design", SUBSETS)
    def test_another_seed_gives_another_draw(self, design: str) -> None:
        factors: Factors = {key: tuple(range(5)) for key in "abc"}
        baseline = dict.fromkeys("abc", 0)
        draws = {
            tuple(texts(lay_out(design, factors, baseline, DesignSettings(size=12, design_seed=seed))))
            for seed in range(5)
        }
        assert len(draws) == 5

    def test_a_draw_stays_what_it_was(self) -> None:
        """A draw that changes here makes another study of every random sweep that was ever planned."""
        factors: Factors = {"a": (0, 1, 2, 3), "b": ("x", "y", "z")}
        drawn = {
            design: names(design, factors, {"a": 0, "b": "x"}, DesignSettings(size=4, design_seed=1))
            for design in SUBSETS
        }
        assert drawn == {
            "random": ["a=0,b=x", "a=3,b=x", "a=3,b=y", "a=3,b=z"],
            "sobol": ["a=0,b=x", "a=1,b=z", "a=2,b=z", "a=3,b=y"],
        }

    def test_every_arm_has_the_same_chance(self) -> None:
        factors: Factors = {"a": (0, 1, 2), "b": (0, 1, 2)}
        counts: dict[str, int] = {}
        for seed in range(600):
            for text in texts(lay_out("random", factors, {"a": 0, "b": 0}, DesignSettings(size=3, design_seed=seed))):
                counts[text] = counts.get(text, 0) + 1
        assert counts.pop(canonical({"a": 0, "b": 0})) == 600
        # 2 of 8 arms in each draw: 150 times each, with a standard deviation of √(600 · 0.25 · 0.75) = 10.6.
        assert len(counts) == 8
        assert all(abs(count - 150) < 4 * 10.6 for count in counts.values())

    def test_sobol_covers_the_levels_of_each_factor_evenly(self) -> None:
        factors: Factors = {key: tuple(range(4)) for key in "abc"}
        arms = lay_out("sobol", factors, dict.fromkeys("abc", 0), DesignSettings(size=16))
        for factor in factors:
            assert sorted(arm.levels[factor] for arm in arms) == sorted([*range(4)] * 4)

    @pytest.mark.parametrize("size", [None, 0, 13])
    @pytest.mark.parametrize("design", SUBSETS)
    def test_a_size_that_the_grid_has_not_is_refused(self, design: str, size: int | None) -> None:
        factors: Factors = {"a": (0, 1, 2, 3), "b": ("x", "y", "z")}
        assert refused(design, factors, {"a": 0, "b": "x"}, DesignSettings(size=size)) == ["size"]

    def test_a_size_is_of_the_arms_that_satisfy_the_conditions(self) -> None:
        factors: Factors = {"a": (0, 1, 2, 3), "b": ("x", "y", "z")}
        told = DesignSettings(size=6, where=("a < 2",))
        assert len(lay_out("random", factors, {"a": 0, "b": "x"}, told)) == 6
        assert refused("random", factors, {"a": 0, "b": "x"}, replace(told, size=7)) == ["size"]

    def test_a_sequence_that_meets_too_few_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sobol, "MOST_POINTS", 2)
        factors: Factors = {"a": (0, 1, 2, 3), "b": ("x", "y", "z")}
        assert len(lay_out("sobol", factors, {"a": 0, "b": "x"}, DesignSettings(size=4))) == 4
        assert refused("sobol", factors, {"a": 0, "b": "x"}, DesignSettings(size=5)) == ["size"]

    def test_a_grid_too_large_to_look_at_is_refused(self) -> None:
        factors: Factors = {key: tuple(range(100)) for key in "abc"}
        assert refused("random", factors, dict.fromkeys("abc", 0), DesignSettings(size=3)) == ["factors"]


INGREDIENTS: Factors = {"model.dropout": (0.0, 0.3), "model.l2": (0.0, 1e-4), "augment": ("none", "shift")}
ON: Levels = {"model.dropout": 0.3, "model.l2": 1e-4, "augment": "shift"}
OFF: Levels = {"model.dropout": 0.0, "model.l2": 0.0, "augment": "none"}


class TestLeaveOneOut:
    def test_from_everything_one_is_taken_away(self) -> None:
        arms = lay_out("leave_one_out", INGREDIENTS, ON)
        assert [arm.name for arm in arms] == [
            "everything",
            "without dropout",
            "without l2",
            "without augment",
            "nothing",
        ]
        assert arms[2].levels == {**ON, "model.l2": 0.0}
        assert arms[-1].levels == OFF

    def test_from_nothing_one_is_added(self) -> None:
        arms = lay_out("leave_one_out", INGREDIENTS, OFF)
        assert [arm.name for arm in arms] == ["nothing", "with dropout", "with l2", "with augment", "everything"]
        assert arms[2].levels == {**OFF, "model.l2": 1e-4}
        assert arms[-1].levels == ON

    def test_of_one_factor_there_are_two_arms(self) -> None:
        assert names("leave_one_out", {"a": (0, 1)}, {"a": 1}) == ["everything", "without a"]

    def test_a_baseline_between_the_ends_is_refused(self) -> None:
        assert refused("leave_one_out", INGREDIENTS, {**ON, "model.l2": 0.0}) == ["baseline"]

    def test_factors_have_two_levels(self) -> None:
        factors: Factors = {**INGREDIENTS, "a": (1,), "model.l2": (0, 1, 2)}
        assert refused("leave_one_out", factors, {**ON, "a": 1}) == ["factors.model.l2", "factors.a"]


CHOICES: Factors = {"optimizer": ("sgd", "adam"), "model.dropout": (0.0, 0.3)}
BASELINE: Levels = {"optimizer": "adam", "model.dropout": 0.0}


class TestList:
    def test_what_an_arm_does_not_set_is_at_the_baseline(self) -> None:
        arms = lay_out(
            "list",
            CHOICES,
            BASELINE,
            DesignSettings(arms=({"name": "noisy", "model.dropout": 0.3, "optimizer": "sgd"}, {"optimizer": "sgd"})),
        )
        assert [arm.name for arm in arms] == ["baseline", "noisy", "optimizer=sgd"]
        assert arms[1].levels == {"optimizer": "sgd", "model.dropout": 0.3}
        assert arms[2].levels == {"optimizer": "sgd", "model.dropout": 0.0}

    def test_the_baseline_can_be_among_them_under_a_name(self) -> None:
        told = DesignSettings(arms=({"optimizer": "sgd"}, {"name": "plain"}))
        arms = lay_out("list", CHOICES, BASELINE, told)
        assert [(arm.name, arm.is_baseline) for arm in arms] == [("optimizer=sgd", False), ("plain", True)]

    def test_repeats_are_refused(self) -> None:
        same = ({"optimizer": "sgd"}, {"name": "again", "optimizer": "sgd", "model.dropout": 0.0})
        assert refused("list", CHOICES, BASELINE, DesignSettings(arms=same)) == ["arms[1]"]
        named = ({"name": "x", "optimizer": "sgd"}, {"name": "x", "model.dropout": 0.3})
        assert refused("list", CHOICES, BASELINE, DesignSettings(arms=named)) == ["arms"]

    def test_there_is_one_at_least(self) -> None:
        assert refused("list", CHOICES, BASELINE) == ["arms"]


def test_settings_that_a_design_does_not_take_are_refused() -> None:
    told = DesignSettings(arms=({"a": 1},), size=3, design_seed=4)
    assert refused("grid", {"a": (1, 2)}, {"a": 1}, told) == ["arms", "size", "design_seed"]
    assert refused("random", {"a": (1, 2)}, {"a": 1}, replace(told, size=2)) == ["arms"]


def names(design: str, factors: Factors, baseline: Levels, told: DesignSettings = NOTHING) -> list[str]:
    return [arm.name for arm in lay_out(design, factors, baseline, told)]


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


def test_arms_that_cannot_be_told_apart_by_name_are_refused() -> None:
    assert refused("one_factor", {"x": (1, "1")}, {"x": 1}) == ["arms"]
