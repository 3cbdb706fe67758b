"""Casting: what a value may be where a default or a field declares its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ablate.config.casting import cast_fields, cast_like
from ablate.config.problems import ConfigError


def test_a_whole_number_becomes_a_float_where_the_default_is_one() -> None:
    cast = cast_like(1, 0.0, "key")
    assert cast == 1.0
    assert type(cast) is float


@pytest.mark.parametrize(
    ("value", "default"),
    [
        ("x", 0.0),
        (True, 0.0),
        (None, 0.0),
        (float("nan"), 0.0),
        (float("inf"), 0.0),
        (0.5, 1),
        (1.0, 1),
        (True, 1),
        ("1", 1),
        (1, True),
        ("true", True),
        (1, "text"),
        (None, "text"),
        (3, [1]),
        (["a"], [1]),
        (3, {"a": 1}),
    ],
)
def test_a_value_of_another_type_is_refused(value: Any, default: Any) -> None:
    with pytest.raises(ConfigError):
        cast_like(value, default, "key")


def test_anything_goes_where_the_default_declares_nothing() -> None:
    assert cast_like([1, "a"], None, "key") == [1, "a"]
    assert cast_like([1, "a"], [], "key") == [1, "a"]


def test_keys_are_cast_each_by_its_own_default_and_all_problems_are_named() -> None:
    default = {"a": 0.0, "b": {"c": 1}, "d": [0.0]}
    assert cast_like({"a": 1, "b": {"c": 2}, "d": [3], "new": "x"}, default, "root") == {
        "a": 1.0,
        "b": {"c": 2},
        "d": [3.0],
        "new": "x",
    }
    with pytest.raises(ConfigError) as caught:
        cast_like({"a": "x", "b": {"c": 0.5}, "d": [0.0, None]}, default, "root")
    assert [problem.key for problem in caught.value.problems] == ["root.a", "root.b.c", "root.d[1]"]


@dataclass(frozen=True)
class Inner:
    rate: float
    limit: int | None = None


@dataclass(frozen=True)
class Outer:
    inner: Inner
    names: tuple[str, ...] = ()
    on: bool = False

    def __post_init__(self) -> None:
        if self.inner.rate < 0:
            raise ValueError("rate is negative")


def test_a_dataclass_is_built_with_its_fields_cast() -> None:
    built = cast_fields(Outer, {"inner": {"rate": 1, "limit": None}, "names": ["a"]}, "outer")
    assert built == Outer(Inner(1.0, None), ("a",))
    assert type(built.inner.rate) is float


def test_every_problem_of_a_dataclass_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        cast_fields(Outer, {"inner": {"limit": "x"}, "nams": [], "on": 1}, "outer")
    found = [(problem.key, problem.allowed, problem.nearest) for problem in caught.value.problems]
    assert found == [
        ("outer.inner.limit", "a whole number, or null", None),
        ("outer.inner.rate", "a value; there is no default", None),
        ("outer.nams", "one of inner, names, on", "names"),
        ("outer.on", "true or false", None),
    ]


def test_what_a_dataclass_refuses_is_a_problem_even_beside_a_wrong_type() -> None:
    with pytest.raises(ConfigError) as caught:
        cast_fields(Outer, {"inner": {"rate": -1}, "on": "x"}, "outer")
    assert [problem.allowed for problem in caught.value.problems] == ["true or false", "rate is negative"]
