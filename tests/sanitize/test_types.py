"""Types of data from files, held against what their dataclasses declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from ablate.core.identity import Json
from ablate.sanitize.types import as_declared


@dataclass(frozen=True)
class Inner:
    number: float


@dataclass(frozen=True)
class Outer:
    text: str = "a"
    whole: int = 1
    maybe: int | None = None
    either: float | str | None = None
    numbers: tuple[float, ...] = ()
    inner: Inner = Inner(1.0)
    inners: tuple[Inner, ...] = ()
    by_name: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    anything: Mapping[str, Json] = field(default_factory=dict)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"maybe": 3, "either": "x", "numbers": (1, 2.5)},
        {"either": 1.5, "inners": (Inner(2),), "by_name": {"a": {"b": 1}}, "anything": {"a": [None, {"b": True}]}},
    ],
)
def test_what_is_declared_passes(fields: dict[str, object]) -> None:
    instance = replace(Outer(), **fields)  # type: ignore[arg-type]
    assert as_declared(instance) is instance


@pytest.mark.parametrize(
    "fields",
    [
        {"text": None},
        {"text": 3},
        {"whole": True},
        {"whole": 1.0},
        {"maybe": "3"},
        {"either": []},
        {"numbers": [1.0]},
        {"numbers": (1.0, "x")},
        {"inner": Inner("x")},  # type: ignore[arg-type]
        {"inner": {"number": 1.0}},
        {"inners": (Inner(1.0), None)},
        {"by_name": {"a": 1.0}},
        {"by_name": {"a": {"b": "x"}}},
        {"anything": []},
    ],
)
def test_what_is_not_is_named(fields: dict[str, object]) -> None:
    with pytest.raises(TypeError, match=next(iter(fields))):
        as_declared(replace(Outer(), **fields))  # type: ignore[arg-type]
