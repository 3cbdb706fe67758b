"""What the arguments of a leaf may be: the names that its target takes, and the values that it declares.

A leaf declares the values under `_ranges_`, and conf/config.yaml those that all leaves of a group share:

    _ranges_:
      dropout: 0 <= x < 1
      hidden: x >= 1                # of a list or a mapping: each of its items
      activation: [relu, gelu]      # one of these
      learning_rate: null           # anything, whatever the group says
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ablate.config.hints import usual_name
from ablate.config.numbers import LARGEST, SMALLEST, as_float32, is_float32
from ablate.config.problems import Problem, nearest
from ablate.config.signatures import parameters

__all__ = ["RANGES", "argument_problems", "float32_problems"]

RANGES = "_ranges_"

_NUMBER = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_INTERVAL = re.compile(rf"(?:({_NUMBER})\s*(<=?)\s*)?x(?:\s*([<>]=?)\s*({_NUMBER}))?")
_COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    ">": (operator.gt, "above"),
    ">=": (operator.ge, "from"),
    "<": (operator.lt, "below"),
    "<=": (operator.le, "to"),
}
# Comparisons of x with a number: (">=", 0.0) and ("<", 1.0) for `0 <= x < 1`.
_Limits = Sequence[tuple[str, float]]


def argument_problems(key: str, target: object, arguments: Mapping[str, Any], ranges: Any) -> Iterator[Problem]:
    """What is wrong with the arguments of the leaf at `key`.

    Args:
        target: what they are passed to; its source is read, nothing is imported.
        ranges: the leaf's `_ranges_`: argument to an interval, a list of choices, or null. Those of arguments
            that the leaf does not have are no matter, for a group declares them for all of its leaves.
    """
    yield from _name_problems(key, target, arguments)
    if not isinstance(ranges, Mapping):
        yield Problem(f"{key}.{RANGES}", ranges, "a mapping from arguments to what they may be")
        return
    for name, rule in ranges.items():
        if name in arguments:
            yield from _value_problems(f"{key}.{name}", arguments[name], rule)


def float32_problems(key: str, value: Any) -> Iterator[Problem]:
    """Every number under `key` that would be another in float32, in which runs are computed: 0, or infinite."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from float32_problems(f"{key}.{name}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from float32_problems(f"{key}[{index}]", item)
    elif isinstance(value, float) and not is_float32(value):
        if abs(value) > 1:
            allowed = f"a number up to {LARGEST:.2g} in size, for in float32 it becomes {as_float32(value):g}"
        else:
            sizes = f"{SMALLEST:.2g} to {LARGEST:.2g} in size, or 0 where that is allowed"
            allowed = f"a number from {sizes}, for in float32 it becomes 0"
        yield Problem(key, value, allowed)


def _name_problems(key: str, target: object, arguments: Mapping[str, Any]) -> Iterator[Problem]:
    taken = parameters(target) if isinstance(target, str) else None
    if taken is None:
        return
    for name in arguments:
        if name not in taken:
            closest = usual_name(name) if usual_name(name) in taken else nearest(name, taken)
            allowed = f"one of the arguments of {target}: {', '.join(taken)}"
            yield Problem(f"{key}.{name}", arguments[name], allowed, closest and f"{key}.{closest}")


def _value_problems(key: str, value: Any, rule: Any) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value_problems(f"{key}[{index}]", item, rule)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _value_problems(f"{key}.{name}", item, rule)
    elif value is None or rule is None:
        return
    elif isinstance(rule, list):
        if value not in rule:
            yield Problem(key, value, f"one of {', '.join(map(str, rule))}", nearest(value, map(str, rule)))
    else:
        yield from _interval_problems(key, value, str(rule))


def _interval_problems(key: str, value: Any, rule: str) -> Iterator[Problem]:
    limits = _limits(rule)
    if limits is None:
        yield Problem(f"{key} in {RANGES}", rule, "an interval as in 0 <= x < 1, a list of choices, or null")
        return
    allowed = f"a number {' and '.join(f'{_COMPARISONS[sign][1]} {bound:g}' for sign, bound in limits)}"
    if not _is_number(value) or not all(_COMPARISONS[sign][0](value, bound) for sign, bound in limits):
        yield Problem(key, value, allowed)
    elif isinstance(value, float) and not _is_within_as_float32(value, limits):
        yield Problem(key, value, f"{allowed}, and in float32 this is {as_float32(value):g}")


def _is_within_as_float32(value: float, limits: _Limits) -> bool:
    """Whether the value is within the limits once both are rounded: 0.1 is not above 0.1."""
    if not is_float32(value):
        return True  # which is said once, by `float32_problems`
    return all(_COMPARISONS[sign][0](as_float32(value), as_float32(bound)) for sign, bound in limits)


def _limits(rule: str) -> _Limits | None:
    """The comparisons that a rule is made of; None where it is no interval."""
    found = _INTERVAL.fullmatch(rule.strip())
    if found is None:
        return None
    low, low_sign, high_sign, high = found.groups()
    lower = [(low_sign.replace("<", ">"), float(low))] if low else []
    return [*lower, *([(high_sign, float(high))] if high else [])]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
